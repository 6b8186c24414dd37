"""Tables of how messages leave."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

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
    Column("owner_id", Uuid),  # the person who looks after it
    Column("currency", Text),  # of the two amounts below; ISO 4217
    Column("segment_price_micros", BigInteger),  # what a segment costs until the provider says it
    Column("ceiling_micros", BigInteger),  # a calendar month's spend (UTC)
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("workspace_id", "name"),
)

SPEND = Table(
    "spend",
    METADATA,
    Column("workspace_id", Uuid, primary_key=True),
    Column("month", Date, primary_key=True),  # the first day, UTC
    Column("provider_account_id", Uuid, primary_key=True),
    Column("spender_id", Uuid, primary_key=True),  # the API key, or the person, whose messages cost it
    Column("currency", Text, primary_key=True),
    Column("slot", SmallInteger, primary_key=True),
    Column("micros", BigInteger, nullable=False),
    ForeignKeyConstraint(
        ["workspace_id", "provider_account_id"], ["provider_accounts.workspace_id", "provider_accounts.id"]
    ),
)
