"""Who may know whom, and what only the edge of the program may do."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[2]
PACKAGES = ("channels", "tracking", "hub")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
EDGES = {
    "hub/cli.py",
    "channels/simulator/__main__.py",
    "hub/operations/metrics_page.py",  # follows prometheus_client, which decides by the environment when it is imported
}
MOST_LINES = 400


def names_used(path: Path) -> Iterator[str]:
    """Yield every dotted name such as `os.environ` that a module reads."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"


def test_imports_go_down_and_never_back(monkeypatch):
    """The contracts in pyproject.toml, the same that `make check` runs."""
    monkeypatch.chdir(ROOT)

    assert 0 == lint_imports(no_cache=True)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_edges_read_the_environment(path):
    """Everything else is told its settings."""
    if str(path.relative_to(ROOT)) not in EDGES:
        assert not {"os.environ", "os.getenv", "os.environb"} & set(names_used(path))


def test_packages_do_nothing_when_imported():
    assert not [path for path in MODULES if path.name == "__init__.py" and path.read_text().strip()]


def test_no_module_is_too_long_to_be_read():
    assert not [path for path in MODULES if len(path.read_text().splitlines()) > MOST_LINES]
