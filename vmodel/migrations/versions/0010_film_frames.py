"""Frames by which published films are recognised."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_film_frames"
down_revision = "0009_designs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "film_frame",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("shot_id", sa.String(length=32), nullable=False),
        sa.Column("frames_sha256", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.Integer(), nullable=False),
        sa.Column("pdq", sa.LargeBinary(), nullable=False),
        sa.Column("points", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shot_id"], ["registered_shot.id"], name="fk_film_frame_shot_id_registered_shot", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_film_frame"),
    )
    op.create_index("ix_film_frame_shot_id", "film_frame", ["shot_id"])


def downgrade() -> None:
    """Revert the migration."""
    op.drop_table("film_frame")
