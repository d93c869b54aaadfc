"""``vmodel ledger``: credits of the sellers, for the operator of the service."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.errors import cli_errors, cli_transaction, writing
from app.cli.operator.admin import AsJson, WhichAccount, id_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from vmodel.service.ledger.entries import Entry
    from vmodel.service.ledger.statements import Statement

ledger_app = typer.Typer(
    no_args_is_help=True, help="Credits: balances, statements, grants, refunds, and checks of the ledger."
)

Units = Annotated[int, typer.Argument(help="Number of credits, a whole number.")]
Key = Annotated[
    str, typer.Option(help="Unique key of this change, such as the invoice number; repeating it has no effect.")
]
Note = Annotated[str, typer.Option(help="Text on the statement; no personal data.")]


@ledger_app.command("balance")
def show_balance(account: WhichAccount, as_json: AsJson = False) -> None:
    """Show a seller's credits: available, reserved, consumed."""
    from vmodel.service.ledger.reservations import balance

    with cli_transaction(as_json) as session:
        there = balance(session, id_of(session, account))
    books = {"available": there.available, "reserved": there.reserved, "consumed": there.consumed}
    print(json.dumps(books) if as_json else "\n".join(f"{name}: {units}" for name, units in books.items()))


@ledger_app.command("statement")
def show_statement(
    account: WhichAccount,
    period: Annotated[str | None, typer.Option(help="Month, such as 2026-11. Default: this month.")] = None,
    file_format: Annotated[str, typer.Option("--format", help="csv, json or html.")] = "csv",
    language: Annotated[str, typer.Option(help="Language of the HTML page: en or zh.")] = "en",
    out: Annotated[Path | None, typer.Option(help="File to write. Default: standard output.")] = None,
) -> None:
    """Write a seller's statement for one month."""
    from vmodel.core.database import now
    from vmodel.core.files import write_whole
    from vmodel.errors import BadUsage
    from vmodel.service.ledger.entries import period_of
    from vmodel.service.ledger.statements import make_statement

    with cli_transaction() as session:
        write = _writers(language).get(file_format)
        if write is None:
            raise BadUsage("Give --format csv, json or html.")
        content = write(make_statement(session, id_of(session, account), period or period_of(now())))
        if out is None:
            sys.stdout.write(content)
        else:
            write_whole(out, content.encode())
            print(out)


def _writers(language: str) -> dict[str, Callable[[Statement], str]]:
    from vmodel.core.database import now
    from vmodel.errors import BadUsage
    from vmodel.service.ledger.statement_html import LANGUAGES, as_html
    from vmodel.service.ledger.statements import as_csv, as_json

    if language not in LANGUAGES:
        raise BadUsage(f"Give --language {' or '.join(LANGUAGES)}.")
    return {"csv": as_csv, "json": lambda s: as_json(s, now()) + "\n", "html": lambda s: as_html(s, now(), language)}


@ledger_app.command("grant")
def grant(account: WhichAccount, units: Units, key: Key, note: Note = "") -> None:
    """Give credits to a seller, once per key."""
    from vmodel.service.ledger.grants import grant

    with cli_transaction() as session:
        _tell(session, "ledger.grant", grant(session, id_of(session, account), units, key, note))


@ledger_app.command("withdraw")
def withdraw(account: WhichAccount, units: Units, key: Key, note: Note = "") -> None:
    """Take available credits back from a seller, to correct a grant."""
    from vmodel.service.ledger.grants import withdraw

    with cli_transaction() as session:
        _tell(session, "ledger.withdraw", withdraw(session, id_of(session, account), units, key, note))


@ledger_app.command("refund")
def refund(
    account: WhichAccount,
    entry: Annotated[str, typer.Argument(help="Id of the charge, as the statement shows it.")],
    units: Units,
    key: Key,
    note: Note = "",
) -> None:
    """Refund credits of a charge. The charge stays in the ledger; a correcting entry offsets it."""
    from vmodel.service.ledger.grants import refund

    with cli_transaction() as session:
        _tell(session, "ledger.refund", refund(session, id_of(session, account), entry, units, key, note))


@ledger_app.command("verify")
def verify(
    public_key: Annotated[
        list[Path] | None,
        typer.Option(help="File of another public key to accept for signed heads; may be repeated."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify every chain, balance and signed head, and the audit log.

    Exit codes: 0 all correct, 1 faults found, 2 bad usage.
    What a wrong clock has dated ahead of its time is named too; it is no fault.
    """
    from dataclasses import asdict

    from vmodel.config import Settings
    from vmodel.core.database import open_database
    from vmodel.service.ledger.checkpoints import read_witness
    from vmodel.service.ledger.integrity_check import find_ahead, verify
    from vmodel.service.ledger.signing_key import read_public_key, signing_key

    settings = Settings()
    with cli_errors(as_json):
        keys = [signing_key(settings).public_key(), *(read_public_key(path) for path in public_key or [])]
        database = open_database(settings)
        faults = verify(database, keys, read_witness(settings))
        notes = find_ahead(database)
        database.close()
    for fault in (*faults, *notes):
        print(json.dumps(asdict(fault)) if as_json else f"{fault.problem}: {fault.message}")
    if not faults and not as_json:
        print("Every entry, every head and every audit event is as it was written.")
    raise typer.Exit(1 if faults else 0)


@ledger_app.command("sign")
def sign() -> None:
    """Sign the state of all chains now. The service also does this once a day."""
    from vmodel.config import Settings
    from vmodel.core.database import open_database
    from vmodel.service.ledger.checkpoints import append_witness_log, sign_head
    from vmodel.service.ledger.signing_key import signing_key

    settings = Settings()
    with cli_errors():
        database = open_database(settings)
        head = sign_head(database, signing_key(settings))
        append_witness_log(settings, head)
        database.close()
    print(f"head {head.number}: {head.entries} entries, {head.digest}")


@ledger_app.command("close")
def close(period: Annotated[str, typer.Argument(help="Month that is over, such as 2026-10.")]) -> None:
    """Close a month and all earlier ones for every seller. Later entries go into the next month."""
    from vmodel.config import Settings
    from vmodel.core.database import open_database
    from vmodel.service.ledger.accounting_periods import close_period

    with cli_errors():
        database = open_database(Settings())
        sellers = close_period(database, period)
        database.close()
    print(f"{period}: {sellers} sellers closed")


@ledger_app.command("export")
def export(
    out: Annotated[Path, typer.Argument(help="File to write, with one JSON object per line.")],
) -> None:
    """Export the whole ledger, its signed heads and the public key, for an auditor or another system."""
    from vmodel.config import Settings
    from vmodel.core.database import open_database
    from vmodel.service.ledger.export import export_ledger
    from vmodel.service.ledger.signing_key import signing_key

    settings = Settings()
    with cli_errors():
        database = open_database(settings)
        with writing(out) as stream:
            written = export_ledger(database, stream, signing_key(settings).public_key())
        database.close()
    print(f"{out}: {written} entries")


def _tell(session: Session, what: str, entry: Entry) -> None:
    from vmodel.service.accounts.audit_log import audit

    audit(session, None, what, entry.account_id, entry=entry.id, by="command line")
    print(entry.id)
