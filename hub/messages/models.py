"""Tables of what was asked, tried and heard.

`messages`, `attempts` and `events` are partitioned by the message's id, which sorts by time, so that old months are
dropped whole and the cost of a message does not grow with history.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from hub.core.db import METADATA

PARTITIONED = ("messages", "attempts", "events")
TROUBLED = "status IN (50, 51, 52, 53, 60, 70)"
"""Messages that ended otherwise than delivered: few, and what people look for."""
FAILED = "status IN (31, 32, 70)"
"""Attempts that a provider, or its absence, failed."""

MESSAGES = Table(
    "messages",
    METADATA,
    Column("workspace_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("api_key_id", Uuid),  # who asked for it: a key,
    Column("user_id", Uuid),  # or a person at a screen
    Column("test", Boolean, nullable=False),
    Column("channel", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("final", Boolean, nullable=False),
    Column("reason_code", Text),
    Column("provider_code", Text),
    Column("reference", Text),
    Column("to_index", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # to, body, metadata
    Column("route", JSONB, nullable=False),
    Column("step", SmallInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("send_at", DateTime(timezone=True)),
    Column("deadline_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    ForeignKeyConstraint(["workspace_id", "api_key_id"], ["api_keys.workspace_id", "api_keys.id"]),
    ForeignKeyConstraint(["workspace_id", "user_id"], ["members.workspace_id", "members.user_id"]),
    CheckConstraint("num_nonnulls(api_key_id, user_id) = 1", name="one_sender"),
    Index("ix_messages_reference", "workspace_id", "reference", postgresql_where="reference IS NOT NULL"),
    Index("ix_messages_to", "workspace_id", "to_index"),
    Index("ix_messages_troubled", "workspace_id", "status", "id", postgresql_where=TROUBLED),
    postgresql_partition_by="RANGE (id)",
)

ATTEMPTS = Table(
    "attempts",
    METADATA,
    Column("workspace_id", Uuid, primary_key=True),
    Column("message_id", Uuid, primary_key=True),
    Column("number", SmallInteger, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("provider_account_id", Uuid, nullable=False),
    Column("sender", Text, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("marked_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Column("provider_message_id", Text),
    Column("segments", SmallInteger),
    Column("cost_micros", BigInteger),
    Column("cost_currency", Text),
    Column("counted_micros", BigInteger),  # what it has added to the month's spend
    Column("counted_currency", Text),
    Column("reason_code", Text),
    Column("provider_code", Text),
    Column("sealed", LargeBinary),  # the provider's words
    ForeignKeyConstraint(["workspace_id", "message_id"], ["messages.workspace_id", "messages.id"]),
    ForeignKeyConstraint(
        ["workspace_id", "provider_account_id"], ["provider_accounts.workspace_id", "provider_accounts.id"]
    ),
    Index("ix_attempts_failed", "workspace_id", "provider_account_id", "message_id", postgresql_where=FAILED),
    postgresql_partition_by="RANGE (message_id)",
)

EVENTS = Table(
    "events",
    METADATA,
    Column("workspace_id", Uuid, primary_key=True),
    Column("message_id", Uuid, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("number", SmallInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("occurred_at", DateTime(timezone=True)),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("reason_code", Text),
    Column("provider_code", Text),
    ForeignKeyConstraint(
        ["workspace_id", "message_id", "number"],
        ["attempts.workspace_id", "attempts.message_id", "attempts.number"],
    ),
    postgresql_partition_by="RANGE (message_id)",
)

PROVIDER_IDS = Table(
    "provider_ids",
    METADATA,
    Column("workspace_id", Uuid, primary_key=True),
    Column("provider_account_id", Uuid, primary_key=True),
    Column("provider_message_id", Text, primary_key=True),
    Column("message_id", Uuid, nullable=False),
    Column("number", SmallInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("ix_provider_ids_created_at", "created_at", postgresql_using="brin"),
)
"""Whose message a provider's id is: unique per account, so that two attempts can never claim one message."""

ROLLUPS = Table(
    "message_rollups",
    METADATA,
    Column("workspace_id", Uuid, primary_key=True),
    Column("hour", DateTime(timezone=True), primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("outcome", SmallInteger, primary_key=True),
    Column("slot", SmallInteger, primary_key=True),
    Column("count", BigInteger, nullable=False),
)
