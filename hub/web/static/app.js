// The little that HTML cannot do by itself: menus, dialogs, copying, live updates, and calling a person.
(() => {
  "use strict";
  const text = (name) => document.body.dataset[`text${name}`];
  const kept = {
    is: (name) => localStorage.getItem(name) === "on",
    set: (name, on) => localStorage.setItem(name, on ? "on" : "off"),
  };
  const press = (button, on) => button?.setAttribute("aria-pressed", String(on));

  function say(words) {
    const notice = document.createElement("div");
    notice.className = "notice";
    notice.textContent = words;
    document.getElementById("status").append(notice);
    setTimeout(() => notice.remove(), 4000);
  }

  // --- Clicks -------------------------------------------------------------------------------------------------------
  const sidebar = document.getElementById("sidebar");

  function toggleSidebar(open = !document.body.classList.contains("sidebar-open")) {
    document.body.classList.toggle("sidebar-open", open);
    document.querySelector(".curtain").hidden = !open;
    document.querySelector(".topbar-menu").setAttribute("aria-expanded", String(open));
    (open ? sidebar.querySelector("a") : document.querySelector(".topbar-menu")).focus();
  }

  async function copy(field) {
    try {
      await navigator.clipboard.writeText(field.value ?? field.innerText);
      say(text("Copied"));
    } catch {
      if (field.select) field.select();
      else getSelection().selectAllChildren(field);
      say(document.execCommand("copy") ? text("Copied") : text("NotCopied"));
    }
  }

  const actions = {
    "data-open": (button) => document.getElementById(button.dataset.open).showModal(),
    "data-close": (button) => button.closest("dialog").close(),
    "data-copy": (button) => copy(document.getElementById(button.dataset.copy)),
    "data-dismiss": (button) => button.parentElement.remove(),
    "data-sidebar-toggle": () => toggleSidebar(),
    "data-pause": () => pause(!kept.is("paused")),
    "data-notify": askToNotify,
    "data-sound": (button) => { kept.set("sound", !kept.is("sound")); press(button, kept.is("sound")); if (kept.is("sound")) chime(); },
  };

  document.addEventListener("click", (event) => {
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
    for (const [name, act] of Object.entries(actions)) {
      const button = event.target.closest(`[${name}]`);
      if (button) act(button);
    }
  });

  if (matchMedia("(max-width: 35.99rem)").matches) {
    document.querySelectorAll("details[data-fold]").forEach((part) => { part.open = false; });
  }

  document.addEventListener("keydown", (event) => {
    const menu = document.querySelector("details[data-menu][open]");
    if (event.key === "Escape" && menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (event.key === "Escape" && document.body.classList.contains("sidebar-open")) {
      toggleSidebar(false);
    }
  });

  // --- Live parts: polled, morphed, paused by the person, slow on a hidden tab ----------------------------------------
  const HIDDEN_EVERY = 60_000;
  const pauseButton = document.querySelector("[data-pause]");
  const updated = document.querySelector("[data-updated]");
  const lastAsked = new Map();
  let failed = false;

  const liveParts = () => document.querySelectorAll("[data-live][hx-trigger]");

  function pause(on) {
    kept.set("paused", on);
    press(pauseButton, on);
    tellAge();
  }

  function tellAge() {
    const parts = [...document.querySelectorAll("[data-live]")];
    const running = liveParts().length > 0;
    if (pauseButton) pauseButton.hidden = !running;
    if (!updated) return;
    updated.hidden = !running;
    updated.classList.toggle("is-stale", failed);
    const oldest = Math.min(...parts.map((part) => Number(part.dataset.live)));
    const age = Math.max(0, Math.round(Date.now() / 1000 - oldest));
    updated.textContent = failed ? text("Stale") : kept.is("paused") ? text("Paused") : text("Updated").replace("{n}", age);
  }

  const isLive = (event) => event.detail.ctx?.sourceElement?.hasAttribute("data-live");

  document.addEventListener("htmx:before:request", (event) => {
    if (!isLive(event)) return;
    const id = event.detail.ctx.sourceElement.id;
    const tooSoon = document.hidden && Date.now() - (lastAsked.get(id) ?? 0) < HIDDEN_EVERY;
    if (kept.is("paused") || tooSoon) event.preventDefault();
    else lastAsked.set(id, Date.now());
  });

  document.addEventListener("htmx:before:response", (event) => {
    const answer = event.detail.ctx.response.raw;
    if (!isLive(event)) return;
    failed = answer.redirected || !answer.ok;
    if (answer.redirected) event.preventDefault(); // to the sign-in page, say: not a part of this one
    tellAge();
  });

  document.addEventListener("htmx:error", (event) => {
    if (!isLive(event)) return;
    failed = true;
    tellAge();
  });

  document.addEventListener("htmx:after:swap", tellAge);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    liveParts().forEach((part) => window.htmx.trigger(part, "every"));
  });
  setInterval(tellAge, 1000);

  // --- What needs a person reaches them, also when updates are paused or the tab is hidden -----------------------------
  const bell = document.querySelector("[data-attention]");
  const title = document.title;
  let known = null;

  async function attend() {
    let answer;
    try {
      answer = await fetch(bell.dataset.attention, { headers: { Accept: "application/json" } });
    } catch {
      return;
    }
    if (!answer.ok || answer.redirected) return;
    const { count, text: words } = await answer.json();
    const badge = bell.querySelector(".count");
    badge.textContent = count;
    badge.hidden = !count;
    document.title = count ? `(${count}) ${title}` : title;
    const line = bell.querySelector("[data-attention-words]");
    line.textContent = count ? words : line.dataset.textNone;
    if (known !== null && count > known) callThePerson(words);
    known = count;
  }

  function callThePerson(words) {
    say(words);
    if (kept.is("notify") && window.Notification?.permission === "granted") new Notification("Trunkline", { body: words, tag: "attention" });
    if (kept.is("sound")) chime();
  }

  async function askToNotify(button) {
    const wanted = !kept.is("notify");
    const allowed = wanted && window.Notification && (await Notification.requestPermission()) === "granted";
    if (wanted && !allowed) say(text("Denied"));
    kept.set("notify", wanted && allowed);
    press(button, kept.is("notify"));
  }

  function chime() {
    const audio = new AudioContext();
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = 660;
    volume.gain.setValueAtTime(0.08, audio.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + 0.4);
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.4);
    tone.onended = () => audio.close();
  }

  press(pauseButton, kept.is("paused"));
  press(document.querySelector("[data-notify]"), kept.is("notify"));
  press(document.querySelector("[data-sound]"), kept.is("sound"));
  document.querySelector("[data-focus]")?.focus();
  tellAge();
  if (bell) {
    attend();
    setInterval(attend, 30_000);
  }
})();
