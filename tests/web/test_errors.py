"""A failure of a screen is a page in words; a failure of the API stays a problem document."""

import pytest

STATUSES = (400, 403, 404, 409, 413, 422, 429, 500, 503)


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("status", STATUSES)
def test_each_failure_says_what_to_do_and_its_request(web, language, status):
    web.set_cookie("language", language)

    answer = web.get(f"/fail/{status}", headers={"X-Request-Id": "req-7"})

    assert (status, "text/html") == (answer.status_code, answer.mimetype)
    assert "req-7" in answer.text
    assert f'<html lang="{language}"' in answer.text
    assert '<main id="main"' in answer.text


def test_an_expected_failure_is_told_in_the_readers_language(web):
    web.set_cookie("language", "ru")

    answer = web.get("/fail/conflict")

    assert 409 == answer.status_code
    assert "Такой же запрос уже выполняется." in answer.text


@pytest.mark.parametrize("what", ["down", "boom"])
def test_what_failed_inside_is_not_told(web, what):
    assert [] == [
        word for word in ("db-1", "boom", "ZeroDivision") if word in web.get(f"/fail/{what}").text.split("<main")[1]
    ]


def test_a_part_of_a_page_gets_the_words_alone(web):
    answer = web.get("/fail/403", headers={"HX-Request": "true"})

    assert 403 == answer.status_code
    assert "<html" not in answer.text
    assert "You may not do this" in answer.text


@pytest.mark.parametrize("path", ["/api", "/api/v1/nothing", "/hooks/nothing", "/t/x", "/health/nothing", "/metrics/x"])
def test_programs_get_problem_documents(web, path):
    assert "application/problem+json" == web.get(path).content_type


@pytest.mark.parametrize("path", ["/apifoo", "/teams", "/w/north/api"])
def test_a_persons_path_is_not_a_programs_because_it_begins_alike(web, path):
    assert "text/html" == web.get(path).mimetype


def test_somebody_signed_in_keeps_the_sidebar(web):
    assert 'id="sidebar"' in web.get("/fail/404").text
    assert 'id="sidebar"' not in web.get("/fail/500").text  # who it is may be what cannot be asked
