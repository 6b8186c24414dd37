"""The feed as the API writes it: what happened, with the caller's own reference and metadata."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hub.core import ids
from hub.core.crypto import Vault
from hub.core.feed import Numbered
from hub.messages import ledger_store
from hub.messages.snapshots import show_time


def show(session: Session, vault: Vault, workspace_id: UUID, news: Sequence[Numbered]) -> list[dict[str, Any]]:
    """Return the news; metadata is read from the messages, so that it is kept, and forgotten, in one place."""
    sealed = ledger_store.sealed(session, {(workspace_id, item.subject) for item in news}) if news else {}
    metadata = {key: vault.unseal(token)["metadata"] for key, token in sealed.items()}
    return [
        {
            "id": ids.show("evt", item.id),
            "type": item.type,
            "at": show_time(item.at),
            "data": {"message_id": ids.show("msg", item.subject)}
            | item.data
            | {"metadata": metadata.get(item.subject)},
        }
        for item in news
    ]
