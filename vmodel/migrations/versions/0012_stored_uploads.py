"""Files that sellers keep, counted against the storage of their plan."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012_stored_uploads"
down_revision = "0011_worn_open"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "stored_upload",
        sa.Column("key", sa.String(160), primary_key=True),
        sa.Column("account_id", sa.String(32), sa.ForeignKey("account.id"), nullable=False, index=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("needed_at", sa.DateTime(timezone=True), nullable=False, index=True),
    )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_table("stored_upload")
