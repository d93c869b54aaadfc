"""End of an API key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014_key_expiry"
down_revision = "0013_mark_generation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration; keys made before it never end."""
    op.add_column("api_key", sa.Column("expires_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Revert the migration."""
    op.drop_column("api_key", "expires_at")
