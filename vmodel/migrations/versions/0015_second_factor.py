"""Second factor of logins, and its recovery codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015_second_factor"
down_revision = "0014_account_access"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration; no account has a second factor yet."""
    op.create_table(
        "second_factor",
        sa.Column("account_id", sa.String(32), sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "recovery_code",
        sa.Column("account_id", sa.String(32), sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("code_hash", sa.String(64), primary_key=True),
    )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_table("recovery_code")
    op.drop_table("second_factor")
