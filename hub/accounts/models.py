"""Tables of who may use the hub."""

from sqlalchemy import ARRAY, Boolean, Column, DateTime, ForeignKey, Integer, LargeBinary, Table, Text, Uuid

from hub.core.db import METADATA

WORKSPACES = Table(
    "workspaces",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("region", Text, nullable=False),  # ISO 3166: how a number without "+" is read
    Column("opt_out_purposes", ARRAY(Text), nullable=False),  # purposes that need no recorded consent
    Column("created_at", DateTime(timezone=True), nullable=False),
)

API_KEYS = Table(
    "api_keys",
    METADATA,
    Column("workspace_id", Uuid, ForeignKey("workspaces.id"), primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),  # what a person may see of it again
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("purposes", ARRAY(Text), nullable=False),
    Column("test", Boolean, nullable=False),
    Column("requests_per_minute", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
)
