"""Pictures are found by the time they ended: operators' figures and retention ask so."""

from __future__ import annotations

from alembic import op

revision = "0007_ended_shots"
down_revision = "0006_descriptors"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_index("ix_job_shot_ended_at", "job_shot", ["ended_at"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_job_shot_ended_at", "job_shot")
