"""Flag of garments whose front is worn open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_worn_open"
down_revision = "0010_film_frames"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.add_column("garment", sa.Column("worn_open", sa.Boolean(), nullable=True))


def downgrade() -> None:
    """Revert the migration."""
    op.drop_column("garment", "worn_open")
