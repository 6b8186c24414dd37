"""Debian's Chromium for every test that looks at a screen.

A test that asks for `page` fails by itself on any breach of the content policy, script error or request to elsewhere.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

AXE = Path(__file__).parents[1] / "web/vendor/axe.min.js"
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
WATCH_THE_POLICY = """
window.__csp = [];
document.addEventListener("securitypolicyviolation", (e) => __csp.push(`${e.violatedDirective} ${e.blockedURI}`));
"""
OF_THIS_MACHINE = re.compile(r"(http://127\.0\.0\.1:\d+/|data:|about:)")
REFUSED = re.compile(r"Failed to load resource: the server responded with a status of \d{3}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Run Debian's Chromium; without it the tests in a browser are skipped, and say so."""
    program = shutil.which("chromium")
    if program is None:
        give_up = pytest.fail if os.environ.get("BROWSER_TESTS") == "required" else pytest.skip
        give_up("Chromium is not installed (Debian's package chromium): no screen was looked at in a browser.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """Give a tab of an English reader at a desk who wants nothing to move.

    At the end nothing may have gone wrong in it. A page that answers with a failure is no error: the test asked for it.
    """
    context = chromium.new_context(
        locale="en-US", timezone_id="UTC", reduced_motion="reduce", viewport={"width": 1280, "height": 800}
    )
    context.add_init_script(WATCH_THE_POLICY)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.on("request", lambda request: wrong.append(request.url) if not OF_THIS_MACHINE.match(request.url) else None)
    yield page
    breaches = page.evaluate("window.__csp || []")
    context.close()
    assert [] == breaches + [text for text in wrong if not REFUSED.match(text)]


@pytest.fixture
def axe(page: Page) -> Callable[[], list[str]]:
    """Return what axe finds against WCAG 2.2 AA on the page as it is now, each with the elements."""
    script = f"{AXE.read_text()};axe.run(document, {{runOnly: {list(WCAG)}, resultTypes: ['violations']}})"

    def found() -> list[str]:
        violations = page.evaluate(script)["violations"]
        return [f"{rule['id']}: {node['html']}" for rule in violations for node in rule["nodes"]]

    return found


@pytest.fixture
def overflow(page: Page) -> Callable[[], int]:
    """Return by how many pixels the page is wider than the window."""
    return lambda: int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))
