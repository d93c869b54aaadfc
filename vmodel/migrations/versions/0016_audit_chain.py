"""Chain of the audit log, and its end in the signed heads; events from before are chained in their order."""

from __future__ import annotations

import hashlib
from datetime import UTC

import sqlalchemy as sa
from alembic import op

from vmodel.core.hashing import canonical_json

revision = "0016_audit_chain"
down_revision = "0015_second_factor"
branch_labels = None
depends_on = None

_ROWS = 2000
_EVENT = sa.table(
    "audit_event",
    sa.column("id", sa.String),
    sa.column("at", sa.DateTime(timezone=True)),
    *(sa.column(name, sa.String) for name in ("who", "what", "whom", "details", "previous", "digest")),
    sa.column("number", sa.BigInteger),
)


def upgrade() -> None:
    """Apply the migration; while it runs, and only then, events can be changed."""
    _let_change()
    op.add_column("audit_event", sa.Column("number", sa.BigInteger))
    op.add_column("audit_event", sa.Column("previous", sa.String(64)))
    op.add_column("audit_event", sa.Column("digest", sa.String(64)))
    number, digest = _chain()
    with op.batch_alter_table("audit_event") as table:
        for name, kind in (("number", sa.BigInteger()), ("previous", sa.String(64)), ("digest", sa.String(64))):
            table.alter_column(name, existing_type=kind, nullable=False)
        table.create_unique_constraint("uq_audit_event_number", ["number"])
    tip = op.create_table(
        "audit_tip",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
    )
    op.bulk_insert(tip, [{"id": 1, "number": number, "digest": digest}])
    op.add_column("ledger_head", sa.Column("audit_number", sa.BigInteger))
    op.add_column("ledger_head", sa.Column("audit_digest", sa.String(64)))
    _refuse_changes("id", "number")


def downgrade() -> None:
    """Revert the migration.

    Raises:
        NotImplementedError: a signed head vouches for the chain.
    """
    heads = sa.table("ledger_head", sa.column("audit_number", sa.BigInteger))
    if op.get_bind().scalar(sa.select(sa.func.max(heads.c.audit_number))):
        raise NotImplementedError("a signed head vouches for the audit log; restore a backup instead")
    _let_change()
    op.drop_column("ledger_head", "audit_digest")
    op.drop_column("ledger_head", "audit_number")
    op.drop_table("audit_tip")
    with op.batch_alter_table("audit_event") as table:
        table.drop_constraint("uq_audit_event_number", type_="unique")
        for name in ("number", "previous", "digest"):
            table.drop_column(name)
    _refuse_changes("id")


def _let_change() -> None:
    on_postgres = op.get_bind().dialect.name == "postgresql"
    for trigger in ("rows_stay", "stays") if on_postgres else ("no_update", "no_delete", "no_replace"):
        op.execute(f"DROP TRIGGER audit_event_{trigger}" + (" ON audit_event" if on_postgres else ""))


def _chain() -> tuple[int, str]:
    bind, number, digest, last = op.get_bind(), 0, "0" * 64, ""
    change = (
        _EVENT.update()
        .where(_EVENT.c.id == sa.bindparam("of"))
        .values({name: sa.bindparam(f"new_{name}") for name in ("number", "previous", "digest")})
    )
    asked = sa.select(*(_EVENT.c[name] for name in ("id", "at", "who", "what", "whom", "details")))
    while rows := bind.execute(asked.where(_EVENT.c.id > last).order_by(_EVENT.c.id).limit(_ROWS)).all():
        links = []
        for row in rows:
            at = row.at.replace(tzinfo=UTC) if row.at.tzinfo is None else row.at.astimezone(UTC)
            content = _seal({**row._mapping, "at": at.isoformat(timespec="microseconds")})
            number, previous = number + 1, digest
            digest = _seal({"number": number, "previous": previous, "content": content})
            links.append({"of": row.id, "new_number": number, "new_previous": previous, "new_digest": digest})
        bind.execute(change, links)
        last = rows[-1].id
    return number, digest


def _seal(content: dict[str, object]) -> str:
    return hashlib.sha256(canonical_json(content)).hexdigest()


def _refuse_changes(*unique: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for trigger, when, each in (("rows_stay", "UPDATE OR DELETE", "ROW"), ("stays", "TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER audit_event_{trigger} BEFORE {when} ON audit_event "
                f"FOR EACH {each} EXECUTE FUNCTION vmodel_only_grows()"
            )
        return
    refuse = "BEGIN SELECT RAISE(ABORT, 'audit_event only grows: {} is refused'); END"
    for verb in ("UPDATE", "DELETE"):
        op.execute(f"CREATE TRIGGER audit_event_no_{verb.lower()} BEFORE {verb} ON audit_event {refuse.format(verb)}")
    there = " OR ".join(f"{column} = NEW.{column}" for column in unique)
    op.execute(
        "CREATE TRIGGER audit_event_no_replace BEFORE INSERT ON audit_event "
        f"WHEN EXISTS (SELECT 1 FROM audit_event WHERE {there}) {refuse.format('REPLACE')}"
    )
