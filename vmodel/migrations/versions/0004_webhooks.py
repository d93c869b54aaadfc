"""Webhooks and their calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_webhooks"
down_revision = "0003_garments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("account_id", sa.String(32), sa.ForeignKey("account.id"), nullable=False, index=True),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("events", sa.String(200), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("ended_at", moment),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("webhook_id", sa.String(32), sa.ForeignKey("webhook.id"), nullable=False, index=True),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("error", sa.String(200)),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("next_at", moment, nullable=False),
        sa.Column("ended_at", moment),
    )
    only = sa.text("state = 'waiting'")
    op.create_index(
        "ix_webhook_delivery_due", "webhook_delivery", ["next_at"], sqlite_where=only, postgresql_where=only
    )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_table("webhook_delivery")
    op.drop_table("webhook")
