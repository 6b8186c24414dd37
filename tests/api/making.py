"""What tests of the API send, what they put into the database, and how they read a problem."""

import itertools
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, insert, text
from werkzeug.test import TestResponse

from hub.core import clock, ids
from hub.core.problems import Fault
from hub.core.runtime import Runtime
from hub.messages.models import ATTEMPTS
from hub.routing import service as routing
from hub.routing.service import AddProviderAccount
from hub.routing.store import ProviderAccount
from tests.conftest import Caller
from tracking.delivery import AttemptStatus

MESSAGES = "/api/v1/messages"
ACCOUNTS = "/api/v1/provider-accounts"
CREDENTIALS = {"account_sid": "AC" + "0" * 32, "auth_token": "1" * 32}
KEPT = ("messages", "outbox", "idempotency_keys", "feed", "provider_accounts", "suppressions", "attempts")
PROBLEM_FIELDS = {"type", "title", "status", "detail", "code", "request_id"}
_people = itertools.count()
_names = itertools.count()


def phone() -> str:
    """Make up a number that no other test writes to."""
    return f"+7916{next(_people):07d}"


def make_message(**fields: Any) -> dict[str, Any]:
    """Write a message that is accepted as it is."""
    return {"to": {"phone": phone()}, "body": "Your code is 4312", "purpose": "transactional", **fields}


def send(caller: Caller, **fields: Any) -> dict[str, Any]:
    """Have a message accepted and return the answer."""
    response = caller.post(MESSAGES, make_message(**fields))
    assert 202 == response.status_code, response.text
    return dict(json_of(response))


def make_account(hub: Runtime, caller: Caller, **fields: Any) -> ProviderAccount:
    """Give the caller's workspace a provider account."""
    given = {"name": f"Account {next(_names)}", "provider": "twilio", "sender": "+15005550006", "test": True, **fields}
    with hub.db.across_workspaces() as session:
        command = AddProviderAccount(**{"credentials": CREDENTIALS, **given})
        return routing.add(hub, session, caller.workspace.id, command, actor="tests")


def make_attempt(
    hub: Runtime,
    caller: Caller,
    message: dict[str, Any],
    status: AttemptStatus,
    number: int = 1,
    account: ProviderAccount | None = None,
) -> None:
    """Write down that a message is, or was, in a provider's hands."""
    account = account or make_account(hub, caller)
    row = {
        "workspace_id": caller.workspace.id,
        "message_id": ids.read("msg", message["id"]),
        "number": number,
        "channel": "sms",
        "provider": account.provider,
        "provider_account_id": account.id,
        "sender": account.sender,
        "status": status.value,
        "marked_at": clock.now(),
    }
    with hub.db.across_workspaces() as session:
        session.execute(insert(ATTEMPTS).values(row))


def run(hub: Runtime, statement: str, **parameters: Any) -> list[Any]:
    """Run SQL over all workspaces and return its rows."""
    with hub.db.across_workspaces() as session:
        result = session.execute(text(statement), parameters)
        return list(result.all()) if isinstance(result, CursorResult) and result.returns_rows else []


def stored(hub: Runtime, workspace_id: UUID | None = None) -> dict[str, int]:
    """Count what is kept, in one workspace or in all."""
    where = "" if workspace_id is None else f"WHERE workspace_id = '{workspace_id}'"
    counts = ", ".join(f"(SELECT count(*) FROM {table} {where}) AS {table}" for table in KEPT)
    (row,) = run(hub, f"SELECT {counts}")
    return dict(row._mapping)


def json_of(response: TestResponse) -> Any:
    """Return the JSON of an answer."""
    return response.json


def problem_of(response: TestResponse, status: int, code: str | None = None) -> dict[str, Any]:
    """Return a problem after checking that it is one, in every field."""
    assert status == response.status_code, response.text
    assert "application/problem+json" == response.content_type
    problem: dict[str, Any] = json_of(response)
    assert PROBLEM_FIELDS == problem.keys() - {"errors"}
    assert (status, response.headers["X-Request-Id"]) == (problem["status"], problem["request_id"])
    assert all(isinstance(problem[name], str) and problem[name] for name in PROBLEM_FIELDS - {"status"})
    assert code in {None, problem["code"]}
    return problem


def faults_of(problem: dict[str, Any]) -> list[Fault]:
    """Return what a problem finds wrong, as values."""
    return [Fault(**fault) for fault in problem.get("errors", ())]


def pointers_of(response: TestResponse) -> set[str]:
    """Return where a 422 finds mistakes."""
    return {fault.pointer for fault in faults_of(problem_of(response, 422, "invalid_request"))}


def moment(text: str) -> datetime:
    """Read a time as the API writes it."""
    return datetime.fromisoformat(text)
