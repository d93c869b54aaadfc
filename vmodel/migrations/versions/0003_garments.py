"""Sellers' garments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_garments"
down_revision = "0002_jobs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "garment",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("account_id", sa.String(32), sa.ForeignKey("account.id"), nullable=False, index=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("photo_key", sa.String(160), nullable=False),
        sa.Column("mask_key", sa.String(160)),
        sa.Column("back_key", sa.String(160)),
        sa.Column("cutout_key", sa.String(160)),
        sa.Column("category", sa.String(32)),
        sa.Column("material", sa.String(64)),
        sa.Column("width_cm", sa.Float),
        sa.Column("length_cm", sa.Float),
        sa.Column("landmarks", sa.JSON),
        sa.Column("understood", sa.JSON),
        sa.Column("problem", sa.JSON),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("deleted_at", moment),
    )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_table("garment")
