"""Index of pictures by the time they ended, for operators' figures and retention."""

from __future__ import annotations

from alembic import op

revision = "0007_ended_shots"
down_revision = "0006_descriptors"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.create_index("ix_job_shot_ended_at", "job_shot", ["ended_at"])


def downgrade() -> None:
    """Revert the migration."""
    op.drop_index("ix_job_shot_ended_at", "job_shot")
