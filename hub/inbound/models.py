"""Tables of what providers said that we could not place."""

from sqlalchemy import Column, DateTime, Index, LargeBinary, Table, Text, Uuid

from hub.core.db import METADATA

ORPHANS = Table(
    "uncorrelated_receipts",
    METADATA,
    Column("workspace_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("provider_account_id", Uuid, nullable=False),
    Column("provider_message_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # the callback as it came
    Column("received_at", DateTime(timezone=True), nullable=False),
    Index("ix_uncorrelated_receipts_received_at", "received_at"),
)
