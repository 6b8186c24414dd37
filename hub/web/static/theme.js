// Runs before anything is painted, so that no page flashes in the wrong theme.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => { root.dataset.bsTheme = dark.matches ? "dark" : "light"; };
  if (root.dataset.theme === "auto") {
    follow();
    dark.addEventListener("change", follow);
  }
})();
