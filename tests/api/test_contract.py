"""Whatever a client can make of the OpenAPI document, the application answers as the document says."""

import warnings
from typing import Any

import jsonschema
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hub.accounts.roles import Role
from hub.core import ids
from hub.core.runtime import Runtime
from tests.api.making import ACCOUNTS, MESSAGES, json_of, make_account, make_attempt, make_message, send
from tests.api.test_openapi import OF_THE_API
from tests.conftest import Caller
from tests.support.people import make_person
from tracking.delivery import AttemptStatus

CHECKS = (
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
EXAMPLES = 60


@pytest.fixture
def schema(app: Flask) -> Any:
    """Read the document from the application itself."""
    return schemathesis.openapi.from_wsgi("/api/openapi.json", app)


@pytest.mark.parametrize("route", sorted(OF_THE_API), ids=" ".join)
def test_answers_are_as_documented(hub: Runtime, caller: Caller, schema: Any, route: tuple[str, str]) -> None:
    """Generated requests, right and wrong ones, with ids that exist and ids that do not."""
    method, path = route[0], route[1].replace("<", "{").replace(">", "}")
    known = {
        "message_id": send(caller)["id"],
        "account_id": ids.show("acc", make_account(hub, caller).id),
        "key_id": json_of(caller.post("/api/v1/api-keys", {"name": "k", "scopes": ["messages:read"], "test": True}))[
            "id"
        ],
        "user_id": ids.show("usr", make_person(hub, caller.workspace, Role.AGENT).user_id),
    }
    operation = schema[path][method]
    generators = [operation.as_strategy(generation_mode=mode) for mode in schemathesis.GenerationMode]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        case = data.draw(st.one_of(generators))
        if case.path_parameters and data.draw(st.booleans()):
            case.path_parameters = {name: known[name] for name in case.path_parameters}
        case.call_and_validate(headers=caller.headers, checks=CHECKS)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ask()
    assert 200 == caller.get(MESSAGES).status_code


@pytest.mark.parametrize(
    ("shape", "path"),
    [
        ("Message", f"{MESSAGES}/{{message}}"),
        ("MessageList", MESSAGES),
        ("NewsList", "/api/v1/events"),
        ("ProviderAccountList", ACCOUNTS),
        ("Problem", f"{MESSAGES}/nothing"),
    ],
)
def test_answers_with_everything_in_them_fit_their_shapes(hub, caller, shape, path):
    """A message with attempt, reason and reference; a feed with an event; a problem."""
    message = send(caller, reference="r", metadata={"n": 1})
    make_attempt(hub, caller, message, AttemptStatus.ABSENT)
    caller.post(f"{MESSAGES}/{message['id']}/cancel")

    answer = caller.get(path.format(message=message["id"])).json

    components = caller.get("/api/openapi.json").json["components"]
    jsonschema.validate(answer, {"$ref": f"#/components/schemas/{shape}", "components": components})


def test_the_answer_to_a_batch_fits_its_shape(caller):
    answer = caller.post(f"{MESSAGES}/batch", {"messages": [make_message(), {}]}).json

    components = caller.get("/api/openapi.json").json["components"]
    jsonschema.validate(answer, {"$ref": "#/components/schemas/BatchAnswer", "components": components})
