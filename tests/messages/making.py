"""Messages in every state, as the ledger would have left them."""

from datetime import timedelta
from typing import Any

from sqlalchemy import insert, update

from hub.core import clock, ids
from hub.core.runtime import Runtime
from hub.messages.models import ATTEMPTS, EVENTS, MESSAGES
from tests.api.making import make_account, run, send
from tests.conftest import Caller
from tracking.delivery import FINAL, AttemptStatus, Status


def make_ended(
    hub: Runtime, caller: Caller, status: Status, reason: str | None = None, code: str | None = None, **fields: Any
) -> dict[str, Any]:
    """Have a message accepted, tried once and ended three seconds later."""
    message = send(caller, **fields)
    message_id = ids.read("msg", message["id"])
    account = make_account(hub, caller)
    now = clock.now() + timedelta(seconds=3)
    keys = {"workspace_id": caller.workspace.id, "message_id": message_id, "number": 1}
    attempt = {
        **keys,
        "channel": "sms",
        "provider": account.provider,
        "provider_account_id": account.id,
        "sender": account.sender,
        "status": (AttemptStatus.REJECTED if status is Status.FAILED else AttemptStatus(status.value)).value,
        "marked_at": clock.now(),
        "finished_at": now,
        "provider_message_id": f"SM{message_id.hex}",
        "segments": 2,
        "cost_micros": 15_800,
        "cost_currency": "USD",
        "reason_code": reason,
        "provider_code": code,
    }
    with hub.db.across_workspaces() as session:
        session.execute(insert(ATTEMPTS).values(attempt))
        heard = {"kind": status.word, "digest": b"1", "received_at": now, "reason_code": reason, "provider_code": code}
        session.execute(insert(EVENTS).values(**keys, **heard))
        changed = {"status": status.value, "final": status in FINAL, "reason_code": reason, "provider_code": code}
        session.execute(
            update(MESSAGES)
            .where(MESSAGES.c.workspace_id == caller.workspace.id, MESSAGES.c.id == message_id)
            .values(**changed, finished_at=now)
        )
    return message


def acts(hub: Runtime, caller: Caller, action: str) -> list[Any]:
    """Return who did this to what, in the order of time."""
    return run(
        hub,
        "SELECT actor, object FROM audit WHERE workspace_id = :workspace AND action = :action ORDER BY id",
        workspace=caller.workspace.id,
        action=action,
    )
