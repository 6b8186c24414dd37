"""A workspace with a live key, and messages whose outcomes the ledger's own code writes."""

import itertools
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from hub.core import clock, ids
from hub.core.runtime import Runtime
from hub.messages import ledger_store, outcomes
from hub.messages.outcomes import Changed
from tests.conftest import Caller, make_caller
from tracking.delivery import FINAL, Status

_people = itertools.count()


@pytest.fixture
def caller(hub: Runtime, client: FlaskClient) -> Caller:
    """Make a workspace with a live key that may do everything; its clock is Moscow's."""
    made = make_caller(hub, client, test=False)
    set_zone(hub, made, "Europe/Moscow")
    return made


@pytest.fixture
def conclude(hub: Runtime, caller: Caller) -> Callable[..., list[UUID]]:
    """Have messages accepted at a time and brought to a status."""

    def bring(status: Status, at: datetime | None = None, count: int = 1) -> list[UUID]:
        made = [accept(hub, caller, at or clock.now()) for _ in range(count)]
        for message_id in made:
            move(hub, caller, message_id, status)
        return made

    return bring


def accept(hub: Runtime, caller: Caller, at: datetime) -> UUID:
    """Have a message accepted at a time."""
    body = {"to": {"phone": f"+7916{next(_people):07d}"}, "body": "Code 4312", "purpose": "transactional"}
    message_id = ids.read("msg", (caller.post("/api/v1/messages", body).json or {})["id"])
    run(hub, "UPDATE messages SET created_at = :at WHERE id = :id", at=at, id=message_id)
    return message_id


def move(hub: Runtime, caller: Caller, message_id: UUID, status: Status) -> None:
    """Give a message another status, as the ledger does."""
    with hub.db.across_workspaces() as session:
        (locked,) = ledger_store.lock(session, [(caller.workspace.id, message_id)])
        change = Changed(message=locked, status=status, final=status in FINAL, reason_code=None)
        outcomes.write(session, [change], clock.now())


def set_zone(hub: Runtime, caller: Caller, zone: str) -> None:
    """Move a workspace."""
    run(hub, "UPDATE workspaces SET time_zone = :zone WHERE id = :id", zone=zone, id=caller.workspace.id)


def run(hub: Runtime, statement: str, **parameters: Any) -> None:
    """Run SQL over all workspaces."""
    with hub.db.as_owner() as session:
        session.execute(text(statement), parameters)


def report(caller: Caller, **query: str) -> dict[str, Any]:
    """Ask for the home report."""
    response = caller.get("/api/v1/reports/home", **query)
    assert 200 == response.status_code, response.text
    return dict(response.json or {})


def counts(answer: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Return (count, a week ago) by metric."""
    return {figure["metric"]: (figure["count"], figure["week_ago"]) for figure in answer["figures"]}
