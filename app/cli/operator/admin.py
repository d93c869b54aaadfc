"""``vmodel admin``: accounts and keys of an installation, for its operator."""

from __future__ import annotations

import json
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from app.cli.errors import cli_errors, cli_transaction, writing
from vmodel.limits import GRACE_HOURS, MOST_GRACE_HOURS, KeyDays

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from vmodel.service.accounts.users import Account

admin_app = typer.Typer(
    no_args_is_help=True, help="Manage accounts, API keys, backups and the audit log of the service."
)

WhichKey = Annotated[str, typer.Argument(metavar="KEY-ID", help="Key id, see `vmodel admin list`.")]
WhichAccount = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Account id or e-mail address.")]
Email = Annotated[str, typer.Option(help="E-mail address that the owner signs in with.")]
Name = Annotated[str, typer.Option(help="Name on statements. Default: the e-mail address.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Days = Annotated[
    KeyDays | None, typer.Option(help="Days after which the new key ends. Default: VMODEL_KEY_DAYS, or 365.")
]
FromInput = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input. Default: generate one.")
]


@admin_app.command("init")
def init(email: Email, name: Name = "", password_stdin: FromInput = False, as_json: AsJson = False) -> None:
    """Create the first operator of a new installation; prints the generated password."""
    from vmodel.service.accounts.users import list_accounts
    from vmodel.service.errors import OperatorExists

    with cli_transaction(as_json) as session:
        if any(account.closed_at is None for account in list_accounts(session, "operator")):
            raise OperatorExists
        _create(session, email, name, "operator", "house", password_stdin, as_json)


@admin_app.command("create-account")
def create_account(
    email: Email,
    name: Name = "",
    role: Annotated[str, typer.Option(help="seller, designer or operator.")] = "seller",
    plan: Annotated[str, typer.Option(help="Plan name, see vmodel/service/accounts/plans.yaml.")] = "free",
    password_stdin: FromInput = False,
    as_json: AsJson = False,
) -> None:
    """Create an account; prints the generated password."""
    with cli_transaction(as_json) as session:
        _create(session, email, name, role, plan, password_stdin, as_json)


def _create(session: Session, email: str, name: str, role: str, plan: str, password_stdin: bool, as_json: bool) -> None:
    from vmodel.config import Settings
    from vmodel.service.accounts.audit_log import audit
    from vmodel.service.accounts.plans import read_plans
    from vmodel.service.accounts.users import create_account

    read_plans(Settings()).plan(plan)
    password = _password(password_stdin)
    account = create_account(session, name, email, role, plan, password)
    audit(session, None, "account.create", account.id, role=role, plan=plan, by="command line")
    made = {"id": account.id, "email": account.email, "role": role, "plan": plan}
    _show(made if password_stdin else {**made, "password": password}, as_json)


@admin_app.command("set-password")
def set_password(
    account: WhichAccount,
    password_stdin: FromInput = False,
    keep_keys: Annotated[bool, typer.Option("--keep-keys", help="Leave the account's API keys valid.")] = False,
    as_json: AsJson = False,
) -> None:
    """Set a new password for an account, end its logins and revoke its keys; prints the generated password."""
    from dataclasses import asdict

    from vmodel.service.accounts.audit_log import audit
    from vmodel.service.accounts.notices import tell
    from vmodel.service.accounts.users import find_account, set_password

    with cli_transaction(as_json) as session:
        found = find_account(session, account)
        password = _password(password_stdin)
        ended = asdict(set_password(session, found.id, password, keep_keys))
        tell(session, found.id, "password.reset")
        audit(session, None, "account.password", found.id, **ended, by="command line")
        _show({"id": found.id, **({} if password_stdin else {"password": password}), "ended": ended}, as_json)


@admin_app.command("reset-second-factor")
def reset_second_factor(
    account: WhichAccount,
    revoke_keys: Annotated[bool, typer.Option("--revoke-keys", help="Revoke the account's API keys too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Turn the second factor of an account off, for an owner who lost phone and recovery codes, and end its logins."""
    from dataclasses import asdict

    from vmodel.service.accounts.audit_log import audit
    from vmodel.service.accounts.second_factor import reset_factor
    from vmodel.service.accounts.users import find_account

    with cli_transaction(as_json) as session:
        found = find_account(session, account)
        ended = asdict(reset_factor(session, found.id, not revoke_keys))
        audit(session, None, "second-factor.reset", found.id, **ended, by="command line")
        if as_json:
            _show({"id": found.id, "ended": ended}, as_json)
        else:
            print(found.id)
            print(f"ended: {_counted(ended)}", file=sys.stderr)


@admin_app.command("close-account")
def close_account(account: WhichAccount) -> None:
    """Close an account permanently: remove its name, address and password, and revoke its keys. Its ledger stays."""
    from vmodel.service.accounts.audit_log import audit
    from vmodel.service.accounts.notices import forget_owner
    from vmodel.service.accounts.users import close_account, find_account

    with cli_transaction() as session:
        found = find_account(session, account)
        close_account(session, found.id)
        forget_owner(session, found.id)
        audit(session, None, "account.close", found.id, by="command line")
        print(found.id)


@admin_app.command("erase-files")
def erase_files(account: WhichAccount) -> None:
    """Delete all files of an open or closed account and cancel its jobs. Its ledger and licences stay."""
    from vmodel.config import Settings
    from vmodel.core.database import open_database
    from vmodel.service.accounts.audit_log import audit
    from vmodel.service.maintenance.retention import erase_account
    from vmodel.service.storage.file_store import open_store

    with cli_transaction() as session:
        account_id = id_of(session, account)
    with cli_errors():
        settings = Settings()
        database = open_database(settings)
        deleted = erase_account(settings, database, open_store(settings), account_id)
        with database.transaction() as session:
            audit(session, None, "account.erase", account_id, files=deleted, by="command line")
        database.close()
    print(f"{account_id}: {deleted} files deleted")


@admin_app.command("create-key")
def create_key(
    account: WhichAccount,
    name: Annotated[str, typer.Option(help="Name of the key, such as what it is for.")] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option(help="read, shoot, manage or operate; may be repeated. Default: all but operate."),
    ] = None,
    days: Days = None,
    as_json: AsJson = False,
) -> None:
    """Create an API key and print it. You cannot see it again later."""
    from vmodel.config import Settings
    from vmodel.service.accounts.audit_log import audit
    from vmodel.service.accounts.auth import create_api_key
    from vmodel.service.accounts.notices import tell_key
    from vmodel.service.accounts.users import find_account

    with cli_transaction(as_json) as session:
        found = find_account(session, account)
        lasting = days or Settings().key_days
        key = create_api_key(session, found.id, scope, name, lasting)
        tell_key(session, key.id)
        audit(session, None, "key.create", key.id, account=found.id, days=lasting, by="command line")
        _show({"id": key.id, "key": key.token, "days": lasting}, as_json)


@admin_app.command("replace-key")
def replace_key(
    key: WhichKey,
    grace_hours: Annotated[
        int,
        typer.Option(
            min=0, max=MOST_GRACE_HOURS, help="Hours for which the old key stays valid, unless it ends earlier."
        ),
    ] = GRACE_HOURS,
    days: Days = None,
    as_json: AsJson = False,
) -> None:
    """Create an API key with the name and scopes of another one, which ends after some hours, and print it."""
    from vmodel.config import Settings
    from vmodel.service.accounts.audit_log import audit
    from vmodel.service.accounts.auth import find_own_key, replace_api_key
    from vmodel.service.accounts.notices import tell_key

    with cli_transaction(as_json) as session:
        lasting = days or Settings().key_days
        made = replace_api_key(session, key, lasting, grace_hours)
        tell_key(session, made.id, key)
        audit(
            session,
            None,
            "key.replace",
            key,
            account=find_own_key(session, key, None).account_id,
            by_key=made.id,
            days=lasting,
            grace_hours=grace_hours,
            by="command line",
        )
        _show({"id": made.id, "key": made.token, "days": lasting}, as_json)


@admin_app.command("revoke-key")
def revoke_key(key: WhichKey) -> None:
    """Revoke an API key; it stops working at once."""
    from vmodel.service.accounts.audit_log import audit
    from vmodel.service.accounts.auth import find_own_key, revoke_api_key

    with cli_transaction() as session:
        revoke_api_key(session, key)
        owner = find_own_key(session, key, None).account_id
        audit(session, None, "key.revoke", key, account=owner, by="command line")
        print(key)


@admin_app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List all accounts with their plans, balances and keys."""
    from vmodel.service.accounts.users import list_accounts

    with cli_transaction(as_json) as session:
        rows = [_describe(session, account) for account in list_accounts(session)]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    console = Console()
    # Not a terminal: do not wrap lines.
    wide = Console(width=None if console.is_terminal else 400)
    columns = ("id", "name", "email", "role", "plan", "available", "reserved", "consumed", "keys")
    table = Table(*(Column(name, overflow="fold") for name in columns), box=None)
    for row in rows:
        keys = ", ".join(_key_in_words(key) for key in row["keys"] if not key["revoked"])
        table.add_row(*(str("" if row[name] is None else row[name]) for name in columns[:-1]), keys)
    wide.print(table)


@admin_app.command("audit")
def show_audit(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Number of events to show.")] = 50,
) -> None:
    """Show who did what, newest first, as one JSON object per line."""
    from vmodel.service.accounts.audit_log import list_audit

    with cli_transaction() as session:
        for event in list_audit(session, limit):
            plain = {"at": event.at.isoformat(), "who": event.who, "what": event.what, "whom": event.whom}
            print(json.dumps({**plain, **json.loads(event.details)}, ensure_ascii=False))


@admin_app.command("export-audit")
def export_audit(
    out: Annotated[Path, typer.Argument(help="File to write, with one JSON object per line.")],
    since: Annotated[datetime | None, typer.Option(help="First moment (UTC), such as 2026-11-01.")] = None,
    until: Annotated[datetime | None, typer.Option(help="First moment (UTC) that is left out.")] = None,
    account: Annotated[str | None, typer.Option(help="Id or e-mail address of the account it is about.")] = None,
) -> None:
    """Export the audit log, or what one account did and had done to it, so that anybody can check it."""
    from vmodel.config import Settings
    from vmodel.core.database import open_database
    from vmodel.service.ledger.export import export_audit
    from vmodel.service.ledger.signing_key import signing_key

    settings = Settings()
    with cli_transaction() as session:
        account_id = None if account is None else id_of(session, account)
    with cli_errors():
        database = open_database(settings)
        first, end = (at and at.replace(tzinfo=at.tzinfo or UTC) for at in (since, until))
        with writing(out) as stream:
            written = export_audit(database, stream, signing_key(settings), first, end, account_id)
        database.close()
    print(f"{out}: {written} events")


@admin_app.command("migrate")
def migrate() -> None:
    """Bring the database's tables to the newest state, as their owner, and give the service's role its rights.

    The owner's address is VMODEL_OWNER_DATABASE_URL, the service's DATABASE_URL. Needed for two roles only.
    """
    from vmodel.config import Settings
    from vmodel.service.maintenance.database_roles import migrate

    with cli_errors():
        role = migrate(Settings())
    print("The tables are up to date" + (f"; {role} may use them and not change their form." if role else "."))


@admin_app.command("backup")
def backup(
    folder: Annotated[Path, typer.Argument(help="Folder to write to, new or empty.")],
    files: Annotated[bool, typer.Option(help="Include the pictures, if they are in the state folder.")] = True,
) -> None:
    """Back up the database, the keys and the pictures into a folder, while the service runs."""
    from vmodel.config import Settings
    from vmodel.service.maintenance.backup import back_up

    with cli_errors():
        written = back_up(Settings(), folder, files)
    print(f"{folder}: {written / 1e6:.1f} MB")


@admin_app.command("restore")
def restore(folder: Annotated[Path, typer.Argument(help="Folder that `vmodel admin backup` wrote.")]) -> None:
    """Restore a backup into an empty state folder and an empty database."""
    from vmodel.config import Settings
    from vmodel.service.maintenance.backup import restore

    with cli_errors():
        restore(Settings(), folder)
    print("Restored; prove it with `vmodel ledger verify`.")


def _describe(session: Session, account: Account) -> dict[str, Any]:
    from vmodel.service.accounts.auth import list_api_keys
    from vmodel.service.accounts.one_time_codes import factor_state
    from vmodel.service.ledger.reservations import balance

    there = balance(session, account.id)
    keys = [
        {
            "id": key.id,
            "name": key.name,
            "scopes": key.scopes,
            "revoked": key.revoked_at is not None,
            "last_used_at": _plain(key.last_used_at),
            "expires_at": _plain(key.expires_at),
        }
        for key in list_api_keys(session, account.id)
    ]
    books = {"available": there.available, "reserved": there.reserved, "consumed": there.consumed}
    who = {name: getattr(account, name) for name in ("id", "name", "email", "role", "plan")}
    states = {
        "closed": account.closed_at is not None,
        "second_factor": factor_state(session, account.id).on_since is not None,
    }
    return {**who, **books, **states, "keys": keys}


def id_of(session: Session, account: str) -> str:
    """Return the account's id; a closed account is still found by its id, since its ledger stays."""
    from vmodel.service.accounts.users import find_account
    from vmodel.service.errors import AccountClosed

    try:
        return find_account(session, account).id
    except AccountClosed as error:
        return error.account_id


def _plain(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _key_in_words(key: dict[str, Any]) -> str:
    used, ends = key["last_used_at"], key["expires_at"]
    last = f"last used {used[:10]}" if used else "never used"
    return f"{key['id']} ({key['scopes']}; {last}; {f'ends {ends[:10]}' if ends else 'never ends'})"


def _password(from_input: bool) -> str:
    return sys.stdin.readline().rstrip("\r\n") if from_input else secrets.token_urlsafe(12)


def _show(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(made, ensure_ascii=False))
        return
    for name, value in made.items():
        print(f"{name}: {_counted(value) if isinstance(value, dict) else value}")


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{what} {count}" for what, count in counts.items())
