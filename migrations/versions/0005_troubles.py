"""Indexes over what went wrong: few rows, and what people look for."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TROUBLED = "status IN (50, 51, 52, 53, 60, 70)"
FAILED = "status IN (31, 32, 70)"


def upgrade() -> None:
    op.create_index(
        "ix_messages_troubled", "messages", ["workspace_id", "status", "id"], postgresql_where=sa.text(TROUBLED)
    )
    op.create_index(
        "ix_attempts_failed",
        "attempts",
        ["workspace_id", "provider_account_id", "message_id"],
        postgresql_where=sa.text(FAILED),
    )
