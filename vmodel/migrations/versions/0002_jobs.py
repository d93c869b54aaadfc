"""Jobs: lanes, jobs, turns, pictures, workers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_jobs"
down_revision = "0001_accounts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    _create_queue()
    _create_jobs()
    _create_shots()


def downgrade() -> None:
    """Revert the migration."""
    for table in ("job_shot", "job_part", "job", "job_worker", "job_lane", "job_clock"):
        op.drop_table(table)


def _moment() -> sa.DateTime:
    return sa.DateTime(timezone=True)


def _create_queue() -> None:
    clock = op.create_table(
        "job_clock",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
    )
    op.bulk_insert(clock, [{"id": 1, "turn": 0}])
    op.create_table(
        "job_lane",
        sa.Column("account_id", sa.String(32), primary_key=True),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
    )
    waiting = sa.text("waiting > 0")
    op.create_index(
        "ix_job_lane_turn_account_id",
        "job_lane",
        ["turn", "account_id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_table(
        "job_worker",
        sa.Column("id", sa.String(100), primary_key=True),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_at", _moment(), nullable=False),
        sa.Column("seen_at", _moment(), nullable=False),
    )


def _create_jobs() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("idempotency_key", sa.String(200), nullable=False),
        sa.Column("body_hash", sa.String(64), nullable=False),
        sa.Column("garment", sa.JSON(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("reservation_id", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("cancelling", sa.Boolean(), nullable=False),
        sa.Column("created_at", _moment(), nullable=False),
        sa.Column("started_at", _moment()),
        sa.Column("ended_at", _moment()),
        sa.UniqueConstraint("account_id", "idempotency_key"),
    )
    still_open = sa.text("state IN ('queued', 'running')")
    op.create_index("ix_job_account_id", "job", ["account_id"])
    op.create_index(
        "ix_job_state", "job", ["state", "created_at"], sqlite_where=still_open, postgresql_where=still_open
    )
    op.create_table(
        "job_part",
        sa.Column("id", sa.String(60), primary_key=True),
        sa.Column("job_id", sa.String(32), sa.ForeignKey("job.id"), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("handed", sa.Boolean(), nullable=False),
        sa.Column("worker_id", sa.String(100)),
        sa.Column("released_at", _moment()),
        sa.Column("ended_at", _moment()),
    )
    in_lane, not_ended = sa.text("state = 'waiting'"), sa.text("state IN ('released', 'running')")
    op.create_index("ix_job_part_job_id", "job_part", ["job_id"])
    op.create_index(
        "ix_job_part_in_lane",
        "job_part",
        ["account_id", "priority", "id"],
        sqlite_where=in_lane,
        postgresql_where=in_lane,
    )
    op.create_index("ix_job_part_not_ended", "job_part", ["state"], sqlite_where=not_ended, postgresql_where=not_ended)


def _create_shots() -> None:
    op.create_table(
        "job_shot",
        sa.Column("id", sa.String(60), primary_key=True),
        sa.Column("job_id", sa.String(32), sa.ForeignKey("job.id"), nullable=False),
        sa.Column("part_id", sa.String(60), sa.ForeignKey("job_part.id"), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("pipeline", sa.String(64), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("worker_id", sa.String(100)),
        sa.Column("stage", sa.String(64)),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("preview_key", sa.String(200)),
        sa.Column("picture_key", sa.String(200)),
        sa.Column("sidecar_key", sa.String(200)),
        sa.Column("seconds", sa.Float()),
        sa.Column("error_code", sa.String(64)),
        sa.Column("error_message", sa.Text()),
        sa.Column("created_at", _moment(), nullable=False),
        sa.Column("started_at", _moment()),
        sa.Column("ended_at", _moment()),
        sa.Column("deleted_at", _moment()),
    )
    made = sa.text("seconds IS NOT NULL")
    op.create_index("ix_job_shot_job_id", "job_shot", ["job_id"])
    op.create_index("ix_job_shot_part_id", "job_shot", ["part_id"])
    op.create_index("ix_job_shot_account_id_created_at", "job_shot", ["account_id", "created_at"])
    op.create_index(
        "ix_job_shot_pipeline_ended_at",
        "job_shot",
        ["pipeline", "ended_at"],
        sqlite_where=made,
        postgresql_where=made,
    )
