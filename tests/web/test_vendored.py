"""What others wrote is byte for byte what `make vendor` fetched, and all of Tabler that we name is there."""

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "hub/web/static"
FOLDERS = [STATIC / "vendor", ROOT / "tests/web/vendor"]
TEMPLATES = sorted((ROOT / "hub").glob("**/templates/**/*.html"))
CLASS = re.compile(r"\.(-?[a-z][\w-]*)")
ATTRIBUTE = re.compile(r'class="((?:[^"{]|\{\{.*?\}\}|\{%.*?%\})*)"')


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_nothing_was_changed_added_or_lost(folder):
    listed = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())
    found = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }

    assert listed == found


@pytest.mark.parametrize("name", ["htmx", "icons", "inter", "tabler"])
def test_each_has_its_licence(name):
    assert "Permission" in (STATIC / f"vendor/{name}/LICENSE").read_text().replace("PERMISSION", "Permission")


def test_every_class_of_tabler_that_a_template_names_is_in_the_trimmed_file():
    """If not: `make vendor`."""
    every = set((ROOT / "tests/web/vendor/tabler-classes.txt").read_text().split())
    kept = set(CLASS.findall((STATIC / "vendor/tabler/tabler.min.css").read_text()))
    ours = set(CLASS.findall((STATIC / "app.css").read_text()))
    named = {
        word
        for path in TEMPLATES
        for classes in ATTRIBUTE.findall(path.read_text())
        for word in re.split(r"\s+|\{\{.*?\}\}|\{%.*?%\}", classes)
    }

    assert set() == (named & every) - kept - ours
    assert len(named & kept) > 20


def test_every_icon_that_a_template_names_is_there():
    icons = {path.stem for path in (STATIC / "vendor/icons").glob("*.svg")}
    named = {name for path in TEMPLATES for name in re.findall(r'icon\("([a-z-]+)"', path.read_text())}

    assert set() == named - icons
    assert named
