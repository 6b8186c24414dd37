"""People: users, their places in workspaces, their sessions; who asked for a message may be one of them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APP, JOBS = "hub_app", "hub_jobs"
TENANT = "workspace_id = nullif(current_setting('hub.workspace_id', true), '')::uuid"
SLUG = "coalesce(nullif(trim('-' from regexp_replace(lower(name), '[^a-z0-9]+', '-', 'g')), ''), id::text)"
TWICE = "slug IN (SELECT slug FROM workspaces GROUP BY slug HAVING count(*) > 1)"


def upgrade() -> None:
    _describe_workspaces()
    _add_people()
    op.add_column("api_keys", sa.Column("owner_id", sa.Uuid()))
    op.add_column("provider_accounts", sa.Column("owner_id", sa.Uuid()))
    op.add_column("audit", sa.Column("address", sa.Text()))
    op.create_index("ix_audit_actor", "audit", ["workspace_id", "actor", "id"])
    op.alter_column("messages", "api_key_id", nullable=True)
    op.add_column("messages", sa.Column("user_id", sa.Uuid()))
    op.create_foreign_key(
        op.f("fk_messages_workspace_id_members"),
        "messages",
        "members",
        ["workspace_id", "user_id"],
        ["workspace_id", "user_id"],
    )
    op.create_check_constraint(op.f("ck_messages_one_sender"), "messages", "num_nonnulls(api_key_id, user_id) = 1")
    _give_rights()


def _describe_workspaces() -> None:
    op.add_column("workspaces", sa.Column("slug", sa.Text()))
    op.add_column("workspaces", sa.Column("time_zone", sa.Text()))
    op.add_column("workspaces", sa.Column("language", sa.Text()))
    op.execute(f"UPDATE workspaces SET slug = {SLUG}, time_zone = 'UTC', language = 'en'")  # noqa: S608 - constants
    op.execute(f"UPDATE workspaces SET slug = id::text WHERE {TWICE}")  # noqa: S608 - constants
    for name in ("slug", "time_zone", "language"):
        op.alter_column("workspaces", name, nullable=False)
    op.create_unique_constraint(op.f("uq_workspaces_slug"), "workspaces", ["slug"])


def _add_people() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email_index", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("password", sa.Text()),
        sa.Column("uniquifier", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("has_second_factor", sa.Boolean(), nullable=False),
        sa.Column("language", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_sign_in_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email_index", name=op.f("uq_users_email_index")),
        sa.UniqueConstraint("uniquifier", name=op.f("uq_users_uniquifier")),
    )
    op.create_table(
        "members",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("invited_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True)),
        sa.Column("left_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_members_workspace_id_workspaces")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_members_user_id_users")),
        sa.PrimaryKeyConstraint("workspace_id", "user_id", name=op.f("pk_members")),
    )
    op.create_index("ix_members_user", "members", ["user_id"])
    op.create_table(
        "sessions",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id_users")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_user", "sessions", ["user_id"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])


def _give_rights() -> None:
    """Let the application read who is in its workspace; people and their sessions are for identity alone."""
    op.execute(f"GRANT SELECT ON members TO {APP}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON users, members, sessions TO {JOBS}")
    op.execute("ALTER TABLE members ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON members TO {APP} USING ({TENANT})")
    op.execute(f"CREATE POLICY everything ON members TO {JOBS} USING (true)")
