"""Registry of published pictures: shots, files, revocations, codes, refusals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from vmodel.core.database import UtcDateTime

revision = "0005_registry"
down_revision = "0004_webhooks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    _refusal()
    _registered_shot()
    _external_code()
    _rendition()
    _revocation()


def downgrade() -> None:
    """Revert the migration."""
    for table in (
        "revocation",
        "rendition",
        "external_code",
        "registered_shot",
        "refusal",
    ):
        op.drop_table(table)


def _refusal() -> None:
    op.create_table(
        "refusal",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("seller_id", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("model_id", sa.String(length=100), nullable=False),
        sa.Column("declared", sa.String(length=60), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_refusal"),
    )
    op.create_index("ix_refusal_created_at", "refusal", ["created_at"], unique=False)


def _registered_shot() -> None:
    op.create_table(
        "registered_shot",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("seller_id", sa.String(length=64), nullable=False),
        sa.Column("seller", sa.String(length=200), nullable=False),
        sa.Column("job_id", sa.String(length=64), nullable=True),
        sa.Column("work_sha256", sa.String(length=64), nullable=False),
        sa.Column("rendered_sha256", sa.String(length=64), nullable=False),
        sa.Column("picture_sha256", sa.String(length=64), nullable=False),
        sa.Column("record_sha256", sa.String(length=64), nullable=False),
        sa.Column("garment_sha256", sa.String(length=64), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.Column("model_id", sa.String(length=100), nullable=False),
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("iscc", sa.String(length=200), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.String(length=10), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_registered_shot"),
        sa.UniqueConstraint("mark", name="uq_registered_shot_mark"),
        sa.UniqueConstraint("work_sha256", name="uq_registered_shot_work_sha256"),
    )
    op.create_index("ix_registered_shot_garment_sha256", "registered_shot", ["garment_sha256"], unique=False)
    op.create_index("ix_registered_shot_picture_sha256", "registered_shot", ["picture_sha256"], unique=False)
    op.create_index(
        "ix_registered_shot_seller_id_created_at", "registered_shot", ["seller_id", "created_at"], unique=False
    )


def _external_code() -> None:
    op.create_table(
        "external_code",
        sa.Column("shot_id", sa.String(length=32), nullable=False),
        sa.Column("scheme", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("added_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["shot_id"], ["registered_shot.id"], name="fk_external_code_shot_id_registered_shot", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("shot_id", "scheme", name="pk_external_code"),
    )


def _rendition() -> None:
    op.create_table(
        "rendition",
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("shot_id", sa.String(length=32), nullable=False),
        sa.Column("file_format", sa.String(length=10), nullable=False),
        sa.Column("manifest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["shot_id"], ["registered_shot.id"], name="fk_rendition_shot_id_registered_shot", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("file_sha256", name="pk_rendition"),
    )
    op.create_index("ix_rendition_shot_id", "rendition", ["shot_id"], unique=False)


def _revocation() -> None:
    op.create_table(
        "revocation",
        sa.Column("shot_id", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("revoked_by", sa.String(length=200), nullable=False),
        sa.Column("revoked_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["shot_id"], ["registered_shot.id"], name="fk_revocation_shot_id_registered_shot", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("shot_id", name="pk_revocation"),
    )
