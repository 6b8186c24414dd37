"""What a run found: figures beside their raw limits, as a table and as JSON."""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

RESULTS: Final = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A limit that a value must keep: at most `limit`, or at least `limit`."""

    limit: float
    at_least: bool = False

    def is_met(self, value: float) -> bool:
        """Tell whether the value keeps the limit."""
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.limit:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table. `ratio` is hub / raw, the median over the rounds; the bar is about it if it is there."""

    what: str
    unit: str
    hub: float
    raw: float | None = None
    raw_what: str = ""
    ratio: float | None = None
    bar: Bar | None = None
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def is_met(self) -> bool | None:
        """Tell whether the bar is met; None where there is none."""
        return None if self.bar is None else self.bar.is_met(self.hub if self.ratio is None else self.ratio)


def show(figures: Sequence[Figure]) -> str:
    """Return the table."""
    head = ("what", "unit", "hub", "raw limit", "", "ratio", "bar", "met")
    rows = [head, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    right = {2, 3, 5, 6}
    lines = [
        "  ".join(
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def keep(figures: Sequence[Figure], *, quick: bool) -> Path:
    """Write the figures as JSON and return where."""
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    content = {
        "at": now.isoformat(timespec="seconds"),
        "quick": quick,
        "machine": {"system": platform.platform(), "python": platform.python_version()},
        "figures": [asdict(figure) | {"met": figure.is_met} for figure in figures],
    }
    path = RESULTS / f"{now:%Y%m%dT%H%M%S}.json"
    path.write_text(json.dumps(content, indent=2) + "\n")
    return path


def _cells(figure: Figure) -> tuple[str, ...]:
    met = {None: "", True: "yes", False: "NO"}[figure.is_met]
    return (
        figure.what,
        figure.unit,
        _number(figure.hub),
        _number(figure.raw),
        figure.raw_what,
        _number(figure.ratio),
        str(figure.bar or ""),
        met,
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
