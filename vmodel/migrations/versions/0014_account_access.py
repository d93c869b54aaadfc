"""End of an API key; browser and network of a login."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014_account_access"
down_revision = "0013_mark_generation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration; keys made before it never end, and of older logins nothing is known."""
    op.add_column("api_key", sa.Column("expires_at", sa.DateTime(timezone=True)))
    op.add_column("login_session", sa.Column("browser", sa.String(40), nullable=False, server_default=""))
    op.add_column("login_session", sa.Column("network", sa.String(45), nullable=False, server_default=""))


def downgrade() -> None:
    """Revert the migration."""
    op.drop_column("login_session", "network")
    op.drop_column("login_session", "browser")
    op.drop_column("api_key", "expires_at")
