"""Two roles and row-level security: the application sees one workspace, jobs see all, the audit log only grows."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APP, JOBS = "hub_app", "hub_jobs"
TENANT_TABLES = (
    "audit",
    "attempts",
    "events",
    "feed",
    "feed_heads",
    "idempotency_keys",
    "message_rollups",
    "messages",
    "outbox",
    "provider_accounts",
    "provider_ids",
    "suppressions",
    "uncorrelated_receipts",
)
IDENTITY_TABLES = ("workspaces", "api_keys", "installation")
APPEND_ONLY = ("audit",)
TENANT = "workspace_id = nullif(current_setting('hub.workspace_id', true), '')::uuid"


def upgrade() -> None:
    """Give the two roles their rights; `hub.core.migrate` made them, because they belong to the server."""
    for role in (APP, JOBS):
        op.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
        op.execute(f"GRANT SELECT ON alembic_version TO {role}")
    for table in TENANT_TABLES:
        rights = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        op.execute(f"GRANT {rights} ON {table} TO {APP}, {JOBS}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} TO {APP} USING ({TENANT})")
        op.execute(f"CREATE POLICY everything ON {table} TO {JOBS} USING (true)")
    for table in IDENTITY_TABLES:
        op.execute(f"GRANT SELECT ON {table} TO {APP}")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {JOBS}")
