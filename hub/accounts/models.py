"""Tables of who may use the hub."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
)

from hub.core.db import METADATA

WORKSPACES = Table(
    "workspaces",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("slug", Text, nullable=False, unique=True),  # the name in addresses of screens; never changes
    Column("region", Text, nullable=False),  # ISO 3166: how a number without "+" is read
    Column("time_zone", Text, nullable=False),  # IANA: whose midnight a day of its screens begins at
    Column("language", Text, nullable=False),
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
    Column("owner_id", Uuid),  # the person who made it, or took it over
    Column("ceiling_micros", BigInteger),  # a calendar month's spend (UTC), in `ceiling_currency`
    Column("ceiling_currency", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
)

USERS = Table(
    "users",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("email_index", LargeBinary, nullable=False, unique=True),
    Column("sealed", LargeBinary, nullable=False),  # email, name, phone, second factor's secret and rescue codes
    Column("password", Text),  # argon2; none until the person has chosen one
    Column("uniquifier", Text, nullable=False, unique=True),  # changes with the password: older links and sessions end
    Column("active", Boolean, nullable=False),
    Column("has_second_factor", Boolean, nullable=False),  # plain, so that those without one are counted unopened
    Column("language", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("last_sign_in_at", DateTime(timezone=True)),
)

MEMBERS = Table(
    "members",
    METADATA,
    Column("workspace_id", Uuid, ForeignKey("workspaces.id"), primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id"), primary_key=True),
    Column("role", Text, nullable=False),
    Column("invited_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("accepted_at", DateTime(timezone=True)),  # until then the place opens nothing
    Column("left_at", DateTime(timezone=True)),  # what they did stays theirs
    Index("ix_members_user", "user_id"),
)

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),  # SHA-256 of what the cookie holds
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # what Flask keeps in it; address and browser
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("ix_sessions_user", "user_id"),
    Index("ix_sessions_expires_at", "expires_at"),
)
