"""One kill drill from start to verdict."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.drills import traffic
from tests.drills.judge import Verdict, judge
from tests.drills.kills import AWAY_SECONDS, KINDS, LONG_KINDS, Kill, Killer, plan
from tests.drills.traffic import Sent
from tests.support.live import LiveHub

PRESENT, ABSENT = (rf'"attempt": "(\w+)", "proof": "{proof}"' for proof in ("present", "absent"))
LATE = timedelta(seconds=2)
QUICK = {
    "SIM_RECEIPT_SECONDS": "0.3",
    "SIM_STEP_SECONDS": "0.2",
    "SIM_TIMEOUT_SECONDS": "0.5",
    "SETTLE_SECONDS": "4",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything. Times are in seconds."""

    messages: int
    kinds: Sequence[str]
    killing_seconds: float
    ttl_seconds: int
    short_ttl_seconds: int
    patience_seconds: float

    @property
    def sending_seconds(self) -> float:
        """Return how long to send: for as long as something dies."""
        return self.killing_seconds + AWAY_SECONDS * sum(kind in LONG_KINDS for kind in self.kinds)


SMALL = Size(messages=400, kinds=KINDS, killing_seconds=10, ttl_seconds=50, short_ttl_seconds=20, patience_seconds=100)
FULL = Size(
    messages=5000,
    kinds=(*KINDS, *KINDS, *LONG_KINDS),
    killing_seconds=60,
    ttl_seconds=180,
    short_ttl_seconds=90,
    patience_seconds=400,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a drill shows."""

    seed: int
    verdict: Verdict
    kills: Sequence[Kill]
    sent: Sent
    messages: dict[str, dict[str, Any]]
    taken: list[dict[str, Any]]
    output: str

    def table(self) -> str:
        """Sum it up."""
        found, absent = (set(re.findall(proof, self.output)) for proof in (PRESENT, ABSENT))
        attempts = [attempt for message in self.messages.values() for attempt in message["attempts"]]
        # Only the answer to a call tells the segments, so a known id without them was learnt in another way.
        learnt = {a["id"] for a in attempts if a["provider_message_id"] and a["segments"] is None}
        lines: list[tuple[str, object]] = [
            ("seed", self.seed),
            ("messages accepted", len(self.sent.asked)),
            ("taken by the provider", len(self.taken)),
            *((f"killed: {kind}", count) for kind, count in Counter(kill.kind for kill in self.kills).items()),
            *((f"answered: {word}", count) for word, count in self.sent.answers.most_common()),
            *((f"ended: {status}", count) for status, count in self.verdict.statuses.most_common()),
            ("lost answers, resolved by receipt", len(learnt - found)),
            ("lost answers, found by look-up", len(found)),
            ("lost answers, proved absent by look-up", len(absent)),
            ("final more than 2 s after the deadline", sum(map(_is_late, self.messages.values()))),
            *(
                (f"{name.upper()}", len(getattr(self.verdict, name)))
                for name in ("unproved", "lost", "doubled", "wrong")
            ),
        ]
        return "\n".join(f"{name:42}{value:>8}" for name, value in lines)


def run(hub: LiveHub, size: Size, seed: int, say: Callable[[str], None]) -> Outcome:
    """Send, kill, wait until all is final, and judge."""
    made = traffic.wishes(seed, size.messages, ttl_seconds=size.ttl_seconds, short_ttl_seconds=size.short_ttl_seconds)
    packed = traffic.parcels(seed, made[traffic.FIRST :])
    kills = plan(seed, size.killing_seconds, size.kinds)
    killer = threading.Thread(target=Killer(hub.running).carry_out, args=(kills, say))
    sent = Sent()
    traffic.send_first(hub, made, sent)
    begun = time.monotonic()
    killer.start()
    traffic.send_all(hub, packed, size.sending_seconds, sent)
    killer.join()
    say(f"{time.monotonic() - begun:6.2f} s  all sent: {dict(sent.answers)}")
    messages = _wait_final(hub, size.patience_seconds, lambda text: say(f"{time.monotonic() - begun:6.2f} s  {text}"))
    taken = hub.carrier.received()
    markers = [entry["body"].removeprefix("Drill: ") for entry in taken]
    verdict = judge(sent.asked, traffic.told(messages), markers)
    verdict.lost += sent.refusals
    output = hub.running.output
    return Outcome(seed=seed, verdict=verdict, kills=kills, sent=sent, messages=messages, taken=taken, output=output)


def _is_late(message: dict[str, Any]) -> bool:
    ended, deadline = (datetime.fromisoformat(at) for at in (message["timeline"][-1]["at"], message["deadline_at"]))
    return ended - deadline > LATE


def _wait_final(hub: LiveHub, seconds: float, say: Callable[[str], None]) -> dict[str, dict[str, Any]]:
    end = time.monotonic() + seconds
    open_before = -1
    while True:
        messages = traffic.read_all(hub)
        still = sum(not message["final"] for message in messages.values())
        if still != open_before:
            say(f"{still} of {len(messages)} not final")
            open_before = still
        if not still or time.monotonic() > end:
            return messages
        time.sleep(2)
