"""Reserved models, consents to likenesses, attestations of sellers, and garment photos under review."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from vmodel.core.database import UtcDateTime

revision = "0008_rights"
down_revision = "0007_ended_shots"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "reserved_model",
        sa.Column("model_id", sa.String(length=100), nullable=False),
        sa.Column("seller_id", sa.String(length=64), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("reserved_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("model_id", name="pk_reserved_model"),
    )
    op.create_index("ix_reserved_model_seller_id", "reserved_model", ["seller_id"])
    op.create_table(
        "consent",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("model_id", sa.String(length=100), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("pay", sa.Text(), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("valid_until", sa.String(length=10), nullable=False),
        sa.Column("noted_by", sa.String(length=200), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
    )
    op.create_index("ix_consent_model_id", "consent", ["model_id"])
    op.create_table(
        "seller_attestation",
        sa.Column("seller_id", sa.String(length=64), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("attested_by", sa.String(length=200), nullable=False),
        sa.Column("attested_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", name="pk_seller_attestation"),
    )
    op.create_table(
        "garment_photo",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("seller_id", sa.String(length=64), nullable=False),
        sa.Column("photo_sha256", sa.String(length=64), nullable=False),
        sa.Column("pdq", sa.LargeBinary(), nullable=False),
        sa.Column("points", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("attested_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_garment_photo"),
        sa.UniqueConstraint("seller_id", "photo_sha256", name="uq_garment_photo_seller_id_photo_sha256"),
    )
    op.create_index("ix_garment_photo_state", "garment_photo", ["state"])
    op.create_index("ix_registered_shot_model_id", "registered_shot", ["model_id"])


def downgrade() -> None:
    """Revert the migration."""
    op.drop_index("ix_registered_shot_model_id", "registered_shot")
    for table in ("garment_photo", "seller_attestation", "consent", "reserved_model"):
        op.drop_table(table)
