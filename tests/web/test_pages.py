"""What surrounds every screen: headers, files, languages, errors, weight."""

import brotli  # type: ignore[import-untyped] # it has no types
import pytest

from tests.web.small import small_app

PAGES = ("/w/north/", "/w/north/messages", "/styleguide", "/nothing", "/fail/boom")
FIRST_VISIT = 150_000
LATER_VISIT = 15_000
BROTLI = {"Accept-Encoding": "br"}


@pytest.mark.parametrize("path", PAGES)
def test_every_page_forbids_the_browser_all_but_our_own(web, path):
    headers = web.get(path).headers

    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert ("DENY", "same-origin", "no-store") == tuple(
        headers[name] for name in ("X-Frame-Options", "Referrer-Policy", "Cache-Control")
    )
    assert "Strict-Transport-Security" not in headers


def test_a_hub_behind_https_says_so_for_two_years(tmp_path):
    web = small_app(tmp_path, "https://hub.example.com").test_client()

    assert "max-age=63072000" == web.get("/nothing").headers["Strict-Transport-Security"]
    assert "Secure" in web.post("/preferences", data={"theme": "dark"}).headers["Set-Cookie"]


@pytest.mark.parametrize("path", PAGES)
def test_no_page_needs_what_the_policy_forbids(web, path):
    """No inline script, style or handler; what would be one is dead, so it must not be there."""
    html = web.get(path).text

    assert [] == [word for word in ("<style", "style=", "<script>", " onclick", "hx-on", "js:") if word in html]


def test_files_are_kept_for_ever_under_the_hash_of_their_content(app, web):
    with app.test_request_context():
        url = app.jinja_env.globals["asset"]("app.css")
    answer = web.get(url)

    assert 200 == answer.status_code
    assert "public, max-age=31536000, immutable" == answer.headers["Cache-Control"]
    assert "text/css; charset=utf-8" == answer.content_type
    assert "no-store" == web.get("/static/0123456789abcdef/app.css").headers["Cache-Control"]


def test_compressed_files_are_the_files(web):
    plain = web.get("/static/x/app.css")
    small = web.get("/static/x/app.css", headers={"Accept-Encoding": "gzip, br"})

    assert "br" == small.headers["Content-Encoding"]
    assert "Accept-Encoding" in small.headers["Vary"]
    assert plain.data == brotli.decompress(small.data)


@pytest.mark.parametrize("name", ["", "nothing.css", "../shell.py", "%2e%2e/shell.py", "../../core/settings.py"])
def test_only_the_files_are_served(web, name):
    assert 404 == web.get(f"/static/x/{name}").status_code
    assert 404 == web.get(f"/static/x//{name}", follow_redirects=True).status_code


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_screen_is_light(web, language):
    """First visit with nothing kept; later visits fetch the page alone."""
    web.set_cookie("language", language)
    page = web.get("/styleguide", headers=BROTLI)
    files = ["vendor/tabler/tabler.min.css", "app.css", "theme.js", "app.js", "vendor/htmx/htmx.min.js", "icon.svg"]
    files += ["vendor/inter/latin.woff2", *(["vendor/inter/cyrillic.woff2"] if language == "ru" else [])]
    weight = sum(len(web.get(f"/static/x/{name}", headers=BROTLI).data) for name in files)

    assert LATER_VISIT > len(page.data)
    assert FIRST_VISIT > len(page.data) + weight


def test_the_browsers_language_is_spoken_until_one_is_chosen(web):
    asked = {"Accept-Language": "ru-RU,ru;q=0.9,en;q=0.5"}

    assert '<html lang="ru"' in web.get("/styleguide", headers=asked).text
    assert '<html lang="en"' in web.get("/styleguide", headers={"Accept-Language": "de"}).text
    web.post("/preferences", data={"language": "en"})
    assert '<html lang="en"' in web.get("/styleguide", headers=asked).text


def test_a_choice_is_kept_for_a_year_and_leads_back(web):
    answer = web.post("/preferences", data={"theme": "dark", "next": "/w/north/?period=7d"})

    assert (303, "/w/north/?period=7d") == (answer.status_code, answer.location)
    assert {"theme=dark", "Max-Age=31536000", "SameSite=Lax"} <= set(answer.headers["Set-Cookie"].split("; "))
    assert 'data-bs-theme="dark" data-theme="dark"' in web.get("/w/north/").text


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil",
        "javascript:1",
        "/\n/evil",
        "",
    ],
)
def test_preferences_lead_nowhere_else(web, target):
    assert "/" == web.post("/preferences", data={"theme": "dark", "next": target}).location


def test_there_are_no_other_choices(web):
    assert 422 == web.post("/preferences", data={"theme": "pink"}).status_code


def test_times_are_the_workspaces_and_numbers_the_readers(web):
    """20:00 UTC is six the next morning in Vladivostok."""
    web.set_cookie("language", "ru")

    shown = web.get("/w/north/times").text.replace("\xa0", " ")

    assert '<time datetime="2026-01-31T20:00:00+00:00">1 февр. 2026, 06:00</time>; 1 234 567; 0,0079 €' == shown


def test_a_constant_is_shown_in_each_readers_language(web):
    """Jinja would compute it once."""
    assert "1,234,567" in web.get("/w/north/times").text
    web.set_cookie("language", "ru")
    assert "1,234,567" not in web.get("/w/north/times").text


def test_what_a_person_typed_is_only_text(web):
    html = web.get("/w/north/messages").text

    assert "North Star &lt;Dental&gt;" in html
    assert "Saved &lt;b&gt;" in html


def test_a_query_changes_links_but_never_where_they_lead(app):
    """What stands in an address is only a parameter, also if it is named like an option of Flask's."""
    with app.test_request_context("/w/north/?_scheme=javascript&_external=1&tag=a&tag=b&after=x"):
        here = app.jinja_env.globals["here"]

        assert "/w/north/?_scheme=javascript&_external=1&tag=a&tag=b&sort=-cost" == here(sort="-cost", after=None)
