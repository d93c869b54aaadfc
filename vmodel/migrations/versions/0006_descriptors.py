"""Descriptors by which published pictures are recognised."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_descriptors"
down_revision = "0005_registry"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "shot_descriptors",
        sa.Column("shot_id", sa.String(length=32), nullable=False),
        sa.Column("pdq", sa.LargeBinary(), nullable=False),
        sa.Column("points", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shot_id"],
            ["registered_shot.id"],
            name="fk_shot_descriptors_shot_id_registered_shot",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("shot_id", name="pk_shot_descriptors"),
    )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_table("shot_descriptors")
