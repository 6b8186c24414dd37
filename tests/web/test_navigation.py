"""The sidebar shows what exists and what the person may open."""

import re

from tests.web.small import small_app

LINK = re.compile(r'<a href="([^"]+)"( aria-current="page")?><svg')


def sidebar(html: str) -> list[tuple[str, str]]:
    return LINK.findall(html.split("</nav>", maxsplit=1)[0])


def test_only_screens_that_exist_are_shown(web):
    """Provider accounts, keys, people and the audit log have no screen in the small application."""
    assert [("/w/north/", ' aria-current="page"'), ("/w/north/messages", "")] == sidebar(web.get("/w/north/").text)


def test_only_what_the_person_may_open_is_shown(tmp_path):
    web = small_app(tmp_path, scopes=frozenset({"audit:read"})).test_client()

    assert [] == sidebar(web.get("/w/north/").text)


def test_where_one_is_is_marked(web):
    assert ("/w/north/messages", ' aria-current="page"') in sidebar(web.get("/w/north/messages").text)


def test_the_search_box_waits_for_its_screen(web):
    assert 'class="search"' not in web.get("/w/north/").text


def test_signed_out_nothing_of_a_workspace_is_shown(tmp_path):
    html = small_app(tmp_path).test_client().get("/nothing").text

    assert "sidebar" not in html
    assert "North Star" not in html
