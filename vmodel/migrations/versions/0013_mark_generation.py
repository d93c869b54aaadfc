"""Generation of the key that embedded a picture's mark."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013_mark_generation"
down_revision = "0012_stored_uploads"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.add_column("registered_shot", sa.Column("mark_generation", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    """Revert the migration."""
    op.drop_column("registered_shot", "mark_generation")
