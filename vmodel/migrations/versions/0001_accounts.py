"""Accounts, keys, logins, audit log, rate limits, and the ledger; ledger and audit log are append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001_accounts"
down_revision = None
branch_labels = None
depends_on = None

#: Append-only tables.
GROWING = ("ledger_entry", "ledger_head", "ledger_head_leaf", "ledger_closed_period", "audit_event")
#: Their unique columns: SQLite's INSERT OR REPLACE would delete a row without firing the delete trigger.
UNIQUE = {
    "ledger_entry": (
        ("id",),
        ("account_id", "number"),
        ("account_id", "kind", "key"),
        ("ends",),
        ("reservation_id", "picture"),
    ),
    "ledger_head": (("number",),),
    "ledger_head_leaf": (("head", "account_id"),),
    "ledger_closed_period": (("period",),),
    "audit_event": (("id",),),
}


def upgrade() -> None:
    """Apply the migration."""
    _create_accounts()
    _create_books()
    _create_heads()
    if op.get_bind().dialect.name == "postgresql":
        _refuse_changes_on_postgres()
    else:
        _refuse_changes_on_sqlite()


def downgrade() -> None:
    """Raise NotImplementedError, since reverting would delete the ledger."""
    raise NotImplementedError("the ledger is never deleted; restore a backup instead")


def _moment() -> sa.DateTime:
    return sa.DateTime(timezone=True)


def _create_accounts() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(320), unique=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("plan", sa.String(64), nullable=False),
        sa.Column("password_hash", sa.String(200)),
        sa.Column("created_at", _moment(), nullable=False),
        sa.Column("closed_at", _moment()),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("account_id", sa.String(32), sa.ForeignKey("account.id"), nullable=False, index=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("prefix", sa.String(16), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("scopes", sa.String(200), nullable=False),
        sa.Column("created_at", _moment(), nullable=False),
        sa.Column("last_used_at", _moment()),
        sa.Column("revoked_at", _moment()),
    )
    op.create_table(
        "login_session",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("account_id", sa.String(32), sa.ForeignKey("account.id"), nullable=False, index=True),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("created_at", _moment(), nullable=False),
        sa.Column("expires_at", _moment(), nullable=False, index=True),
    )
    op.create_table(
        "audit_event",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("at", _moment(), nullable=False, index=True),
        sa.Column("who", sa.String(32), index=True),
        sa.Column("what", sa.String(64), nullable=False),
        sa.Column("whom", sa.String(64)),
        sa.Column("details", sa.Text, nullable=False),
    )
    op.create_table(
        "rate_window",
        sa.Column("subject", sa.String(320), primary_key=True),
        sa.Column("window", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("requests", sa.Integer, nullable=False),
    )


def _create_books() -> None:
    credits = [
        sa.Column(name, sa.BigInteger, nullable=False)
        for name in (
            "issued",
            "available",
            "reserved",
            "consumed",
            "available_after",
            "reserved_after",
            "consumed_after",
        )
    ]
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("account_id", sa.String(32), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        *credits,
        sa.Column("key", sa.String(200)),
        sa.Column("body_hash", sa.String(128)),
        sa.Column("reservation_id", sa.String(32), sa.ForeignKey("ledger_entry.id")),
        sa.Column("ends", sa.String(32), unique=True),
        sa.Column("picture", sa.String(200)),
        sa.Column("corrects", sa.String(32), sa.ForeignKey("ledger_entry.id"), index=True),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("note", sa.String(400), nullable=False),
        sa.Column("at", _moment(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.UniqueConstraint("account_id", "number"),
        sa.UniqueConstraint("account_id", "kind", "key"),
        sa.UniqueConstraint("reservation_id", "picture"),
        sa.CheckConstraint("issued + available + reserved + consumed = 0", "zero_sum"),
        sa.CheckConstraint("available_after >= 0 AND reserved_after >= 0 AND consumed_after >= 0", "no_debt"),
        sa.Index("ix_ledger_entry_account_id_period", "account_id", "period"),
    )
    op.create_table(
        "ledger_tip",
        sa.Column("account_id", sa.String(32), sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("available", sa.BigInteger, nullable=False),
        sa.Column("reserved", sa.BigInteger, nullable=False),
        sa.Column("consumed", sa.BigInteger, nullable=False),
        sa.Column("open_period", sa.String(7), nullable=False),
        sa.Column("quota_period", sa.String(7), nullable=False),
    )
    op.create_table(
        "ledger_open_reservation",
        sa.Column("reservation_id", sa.String(32), sa.ForeignKey("ledger_entry.id"), primary_key=True),
        sa.Column("account_id", sa.String(32), sa.ForeignKey("account.id"), nullable=False, index=True),
        sa.Column("expires_at", _moment(), nullable=False, index=True),
    )
    op.create_table(
        "ledger_closed_period",
        sa.Column("period", sa.String(7), primary_key=True),
        sa.Column("closed_at", _moment(), nullable=False),
    )


def _create_heads() -> None:
    op.create_table(
        "ledger_head",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("at", _moment(), nullable=False),
        sa.Column("accounts", sa.Integer, nullable=False),
        sa.Column("entries", sa.BigInteger, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("signature", sa.String(128), nullable=False),
    )
    op.create_table(
        "ledger_head_leaf",
        sa.Column("head", sa.Integer, sa.ForeignKey("ledger_head.number"), primary_key=True),
        sa.Column("account_id", sa.String(32), sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
    )


def _refuse_changes_on_postgres() -> None:
    op.execute(
        "CREATE FUNCTION vmodel_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '% only grows: % is refused', TG_TABLE_NAME, TG_OP "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for table in GROWING:
        op.execute(
            f"CREATE TRIGGER {table}_rows_stay BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION vmodel_only_grows()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION vmodel_only_grows()"
        )


def _refuse_changes_on_sqlite() -> None:
    for table in GROWING:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} only grows: {verb} is refused'); END"
            )
        there = " OR ".join(
            "(" + " AND ".join(f'"{column}" = NEW."{column}"' for column in columns) + ")" for columns in UNIQUE[table]
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {there}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} only grows: REPLACE is refused'); END"
        )
