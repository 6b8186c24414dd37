"""What a month has cost, by provider account and by who sent, and the ceilings on it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

APP, JOBS = "hub_app", "hub_jobs"
TENANT = "workspace_id = nullif(current_setting('hub.workspace_id', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "spend",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("provider_account_id", sa.Uuid(), nullable=False),
        sa.Column("spender_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("micros", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "provider_account_id"],
            ["provider_accounts.workspace_id", "provider_accounts.id"],
            name=op.f("fk_spend_workspace_id_provider_accounts"),
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "month", "provider_account_id", "spender_id", "currency", "slot", name=op.f("pk_spend")
        ),
    )
    op.add_column("api_keys", sa.Column("ceiling_micros", sa.BigInteger()))
    op.add_column("api_keys", sa.Column("ceiling_currency", sa.Text()))
    op.add_column("provider_accounts", sa.Column("currency", sa.Text()))
    op.add_column("provider_accounts", sa.Column("segment_price_micros", sa.BigInteger()))
    op.add_column("provider_accounts", sa.Column("ceiling_micros", sa.BigInteger()))
    op.add_column("attempts", sa.Column("counted_micros", sa.BigInteger()))
    op.add_column("attempts", sa.Column("counted_currency", sa.Text()))
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON spend TO {APP}, {JOBS}")
    op.execute("ALTER TABLE spend ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON spend TO {APP} USING ({TENANT})")
    op.execute(f"CREATE POLICY everything ON spend TO {JOBS} USING (true)")
