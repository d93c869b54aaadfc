"""The registry of published pictures: shots, files, revocations, codes, garment photos, models, consents, reviews."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from vmodel.database import Moment

revision = "0005_registry"
down_revision = "0004_webhooks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    _consent()
    _garment_photo()
    _model_reservation()
    _refusal()
    _registered_shot()
    _review()
    _external_code()
    _rendition()
    _revocation()


def downgrade() -> None:
    """Take it back."""
    for table in (
        "revocation",
        "rendition",
        "external_code",
        "review",
        "registered_shot",
        "refusal",
        "model_reservation",
        "garment_photo",
        "consent",
    ):
        op.drop_table(table)


def _consent() -> None:
    op.create_table(
        "consent",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("model_id", sa.String(length=100), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("pay", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.String(length=10), nullable=False),
        sa.Column("ends_on", sa.String(length=10), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", Moment, nullable=False),
        sa.Column("withdrawn_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
    )
    op.create_index("ix_consent_model_id", "consent", ["model_id"], unique=False)


def _garment_photo() -> None:
    op.create_table(
        "garment_photo",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("seller_id", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("pdq", sa.String(length=64), nullable=False),
        sa.Column("attested_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_garment_photo"),
        sa.UniqueConstraint("seller_id", "sha256", name="uq_garment_photo_seller_id_sha256"),
    )
    op.create_index("ix_garment_photo_sha256", "garment_photo", ["sha256"], unique=False)


def _model_reservation() -> None:
    op.create_table(
        "model_reservation",
        sa.Column("model_id", sa.String(length=100), nullable=False),
        sa.Column("seller_id", sa.String(length=64), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("reserved_at", Moment, nullable=False),
        sa.Column("ends_on", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("model_id", name="pk_model_reservation"),
    )


def _refusal() -> None:
    op.create_table(
        "refusal",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("seller_id", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("model_id", sa.String(length=100), nullable=False),
        sa.Column("declared", sa.String(length=60), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
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
        sa.Column("created_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_registered_shot"),
        sa.UniqueConstraint("mark", name="uq_registered_shot_mark"),
        sa.UniqueConstraint("work_sha256", name="uq_registered_shot_work_sha256"),
    )
    op.create_index("ix_registered_shot_garment_sha256", "registered_shot", ["garment_sha256"], unique=False)
    op.create_index("ix_registered_shot_picture_sha256", "registered_shot", ["picture_sha256"], unique=False)
    op.create_index(
        "ix_registered_shot_seller_id_created_at", "registered_shot", ["seller_id", "created_at"], unique=False
    )


def _review() -> None:
    op.create_table(
        "review",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("seller_id", sa.String(length=64), nullable=False),
        sa.Column("subject_sha256", sa.String(length=64), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decided_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_review"),
        sa.UniqueConstraint("kind", "seller_id", "subject_sha256", name="uq_review_kind_seller_id_subject_sha256"),
    )
    op.create_index("ix_review_state_created_at", "review", ["state", "created_at"], unique=False)


def _external_code() -> None:
    op.create_table(
        "external_code",
        sa.Column("shot_id", sa.String(length=32), nullable=False),
        sa.Column("scheme", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("added_at", Moment, nullable=False),
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
        sa.Column("created_at", Moment, nullable=False),
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
        sa.Column("revoked_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["shot_id"], ["registered_shot.id"], name="fk_revocation_shot_id_registered_shot", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("shot_id", name="pk_revocation"),
    )
