"""Rules of the style guide that a machine can see."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from channels import registry
from hub.core.log import FORBIDDEN

ROOT = Path(__file__).parents[2]
PRODUCT = sorted(path for package in ("channels", "tracking", "hub") for path in (ROOT / package).rglob("*.py"))
NAMELESS = [*(path for path in PRODUCT if path.relative_to(ROOT).parts[0] != "channels"), ROOT / "wsgi.py"]
NAMELESS += sorted((ROOT / "migrations").rglob("*.py"))
TEMPLATES = sorted(path for path in (ROOT / "hub").rglob("templates/*") if path.is_file())
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
EVENT = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")
MOST_LINES = 60
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, Function):
            yield node


def log_calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {f"log.{level}" for level in LEVELS}:
            yield node


@pytest.mark.parametrize("path", [*NAMELESS, *TEMPLATES], ids=name_of)
def test_providers_are_named_under_channels_only(path):
    """Routing, dispatch and the API know capabilities, not names; a new provider touches none of them."""
    names = {adapter.name for adapter in registry.ADAPTERS}
    text = path.read_text().lower()

    assert set() == {name for name in names if name in text}


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_logs_are_events_and_not_sentences(path):
    """`noun.verb`, a constant, and whatever else is told as fields."""
    for call in log_calls(path):
        assert 1 == len(call.args), ast.unparse(call)
        (event,) = call.args
        assert isinstance(event, ast.Constant), ast.unparse(call)
        assert EVENT.fullmatch(str(event.value)), ast.unparse(call)


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_no_log_has_a_field_that_is_hidden_anyway(path):
    """Fields that may hold personal data are masked by name; to use one is to say nothing."""
    used = {(call.lineno, field.arg) for call in log_calls(path) for field in call.keywords}

    assert [] == [(line, field) for line, field in used if field in FORBIDDEN]


def test_there_are_logs_to_judge():
    """The rules above look at real calls."""
    assert 10 < sum(len(list(log_calls(path))) for path in PRODUCT)


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_no_function_is_too_long_to_be_read(path):
    lengths = {f.name: (f.end_lineno or f.lineno) - f.lineno + 1 for f in functions(path)}

    assert {} == {name: length for name, length in lengths.items() if length > MOST_LINES}


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_nothing_is_imported_inside_a_function(path):
    """A cycle that hides there would come back as a surprise."""
    inside = [
        (node.lineno, ast.unparse(node))
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert [] == inside


@pytest.mark.parametrize("path", [path for path in NAMELESS if path.name != "clock.py"], ids=name_of)
def test_only_the_clock_reads_the_time(path):
    """Times are passed in as arguments; a monotonic clock measures and tells no time."""
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}

    assert set() == calls & {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}


def test_tests_do_not_patch_our_own_code():
    """No mocks: PostgreSQL and Redis are real, providers are the simulator."""
    words = ("unittest" + ".mock", "mock" + "er.", "monkeypatch.set" + "attr")
    tests = sorted((ROOT / "tests").rglob("*.py"))

    assert [] == [(name_of(path), word) for path in tests for word in words if word in path.read_text()]
