"""Designs of garments, and 3D models of pictures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_designs"
down_revision = "0008_rights"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.add_column("garment", sa.Column("design", sa.JSON))
    op.add_column("job_shot", sa.Column("model3d_key", sa.String))


def downgrade() -> None:
    """Revert the migration."""
    op.drop_column("job_shot", "model3d_key")
    op.drop_column("garment", "design")
