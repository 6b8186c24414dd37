"""The OpenAPI document: complete, current in the documentation, and kept by the application."""

import json
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import pytest

from tests.api.openapi_document import COPY, RENEW, served, written
from tests.api.test_access import EXEMPT, SCOPES

OPERATIONS = {
    (method.upper(), re.sub(r"\{(\w+)\}", r"<\1>", path)): operation
    for path, item in served()["paths"].items()
    for method, operation in item.items()
    if method in {"get", "post", "patch", "put", "delete"}
}
OF_THE_API = {route for route in SCOPES if route[1].startswith("/api/v1")}


def test_the_copy_in_the_documentation_is_what_the_application_serves(client):
    """The document changes with the code, in the same commit."""
    document = client.get("/api/openapi.json").json

    assert COPY.read_text() == written(document), f"Renew it: {RENEW}"


def test_the_document_needs_no_key_and_nothing_from_elsewhere(client):
    response = client.get("/api/openapi.json")

    assert (200, "application/json") == (response.status_code, response.content_type)
    assert "3.1.0" == response.json["openapi"]
    assert [] == re.findall(r"https?://[^\"]*", json.dumps(response.json))


def test_every_route_of_the_api_is_in_the_document():
    assert OF_THE_API == set(OPERATIONS)


@pytest.mark.parametrize("route", sorted(OF_THE_API), ids=" ".join)
def test_an_operation_tells_all_that_a_client_needs(route):
    """What it does, what it answers, how it fails, and on POST the idempotency key."""
    operation = OPERATIONS[route]

    assert operation["summary"]
    assert {"400", "401", "403", "404", "409", "413", "415", "422", "429", "503"} < operation["responses"].keys()
    assert 1 == sum(status.startswith("2") for status in operation["responses"])
    keys = [p for p in operation.get("parameters", []) if p["name"] == "Idempotency-Key"]
    assert (route[0] == "POST") == bool(keys)


@pytest.mark.parametrize("route", sorted(OF_THE_API), ids=" ".join)
def test_a_failure_is_documented_as_a_problem(route):
    for status, answer in OPERATIONS[route]["responses"].items():
        if status[0] in "45":
            assert ["application/problem+json"] == list(answer["content"])


def test_no_shape_is_anything_at_all(client):
    """An item of a batch is a message, in the document as well."""
    batch = client.get("/api/openapi.json").json["components"]["schemas"]["Batch"]

    assert {"$ref": "#/components/schemas/SendMessage"} == batch["properties"]["messages"]["items"]


class Links(HTMLParser):
    """Collects what a page loads, and its scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in {"script", "img", "iframe", "link", "style"}:
            self.loaded.append(urljoin("/api/docs/", given.get("href") or given.get("src") or ""))


def test_the_documentation_page_shows_every_operation_and_loads_only_our_style(client):
    """No script, nothing from another host; what it loads is there."""
    page, links = client.get("/api/docs/"), Links()
    links.feed(page.text)

    assert (200, ["/api/docs/style.css"]) == (page.status_code, links.loaded)
    assert 200 == client.get("/api/docs/style.css").status_code
    assert [] == [path for _, path in OF_THE_API if path.replace("<", "{").replace(">", "}") not in page.text]
    assert "script" not in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("route", sorted(route for route in EXEMPT if "<" not in route[1]), ids=" ".join)
def test_what_needs_no_key_answers_without_one(client, route):
    assert 200 == client.open(route[1], method=route[0]).status_code


def test_the_hub_says_whether_it_is_ready(client):
    """Ready is PostgreSQL, reachable and migrated; Redis is only reported."""
    ready: dict[str, Any] = client.get("/health/ready").json

    assert {"status": "ready", "database": "ready", "redis": "ready"} == ready
    assert {"status": "live"} == client.get("/health/live").json
