"""Tables of how messages leave."""

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, LargeBinary, Table, Text, UniqueConstraint, Uuid

from hub.core.db import METADATA

PROVIDER_ACCOUNTS = Table(
    "provider_accounts",
    METADATA,
    Column("workspace_id", Uuid, ForeignKey("workspaces.id"), primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("test", Boolean, nullable=False),  # speaks to the simulator, for test keys only
    Column("sender", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # credentials
    Column("held", Boolean, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("workspace_id", "name"),
)
