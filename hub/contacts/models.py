"""Tables of whom we may write to."""

from sqlalchemy import Column, DateTime, ForeignKey, LargeBinary, Table, Text, Uuid

from hub.core.db import METADATA

SUPPRESSIONS = Table(
    "suppressions",
    METADATA,
    Column("workspace_id", Uuid, ForeignKey("workspaces.id"), primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("address_index", LargeBinary, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),  # the address
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
)
