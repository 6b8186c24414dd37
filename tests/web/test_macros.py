"""The macros are those that screens need, each shown in the style guide."""

import re
from pathlib import Path

import pytest

HUB = Path(__file__).parents[2] / "hub"
MACROS = HUB / "web/templates/macros"
GUIDE = HUB / "web/templates/styleguide.html"
NAMES = [
    name
    for path in sorted(MACROS.glob("*.html"))
    for name in re.findall(r"\{% macro ([a-z]\w*)\(", path.read_text())
    if path.name != "preferences.html"
]


def uses(name: str, path: Path) -> bool:
    """Tell whether a template calls a macro."""
    return bool(re.search(rf"(?<![\w.]){name}\(", re.sub(r"\{% macro .*?%\}", "", path.read_text())))


@pytest.mark.parametrize("name", NAMES)
def test_each_is_shown_and_used_by_a_screen(name):
    """One that no screen uses is deleted."""
    screens = [path for path in HUB.glob("*/templates/**/*.html") if path != GUIDE]

    assert uses(name, GUIDE) or name == "sparkline"  # within the tile
    assert any(uses(name, path) for path in screens)
