"""How much a run does. Raw and hub are measured in turns, so that both see the same moods of the machine."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Size:
    """How often raw and hub alternate, and the share of the full counts that each turn does."""

    rounds: int
    share: float

    def of(self, count: int) -> int:
        """Return how many of `count` things that a full run does this one does."""
        return max(1, int(count * self.share))


FULL: Final = Size(6, 1.0)
QUICK: Final = Size(2, 0.1)
