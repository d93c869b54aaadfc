"""Notices to owners of accounts, and the browsers and networks that they sign in from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017_notices"
down_revision = "0016_audit_chain"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration; what owners are signed in with now counts as seen."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "notice",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("account_id", sa.String(32), sa.ForeignKey("account.id"), nullable=False, index=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("read_at", moment),
        sa.Column("mail", sa.String(16), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("tried_at", moment),
        sa.Column("next_at", moment, nullable=False),
    )
    only = sa.text("mail = 'waiting'")
    op.create_index("ix_notice_due", "notice", ["next_at"], sqlite_where=only, postgresql_where=only)
    op.create_table(
        "known_origin",
        sa.Column("account_id", sa.String(32), sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("what", sa.String(8), primary_key=True),
        sa.Column("value", sa.String(45), primary_key=True),
        sa.Column("seen_at", moment, nullable=False),
    )
    for what in ("browser", "network"):
        op.execute(
            f"INSERT INTO known_origin SELECT account_id, '{what}', {what}, max(created_at) FROM login_session "
            f"GROUP BY account_id, {what}"
        )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_table("known_origin")
    op.drop_table("notice")
