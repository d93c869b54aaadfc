"""An operator's commands: accounts, keys, credits and their proof."""

from __future__ import annotations

import io
import json
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import text

from app.cli.main import run
from vmodel.config import Settings
from vmodel.core.database import Database, database_url, now
from vmodel.service.accounts.auth import find_api_key, find_session, log_in
from vmodel.service.accounts.second_factor import begin_factor, finish_factor
from vmodel.service.accounts.users import authenticate_password
from vmodel.service.errors import KeyInvalid, SessionInvalid
from vmodel.service.ledger.reservations import charge, reserve

LIN = "lin@shop.example"


class Desk:
    """An operator's terminal."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def say(self, *words: str, code: int = 0) -> str:
        """Run a command and return its standard output, or its error output where it must fail."""
        assert run(list(words)) == code
        said = self._capsys.readouterr()
        return (said.out if code == 0 else said.out + said.err).strip()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    monkeypatch.setenv("VMODEL_HOME", str(tmp_path))
    return Desk(capsys)


@pytest.fixture
def seller(desk: Desk) -> str:
    """Return the id of a seller with 100 credits."""
    made = json.loads(desk.say("admin", "create-account", "--email", LIN, "--name", "Lin", "--json"))
    desk.say("ledger", "grant", LIN, "100", "--key", "invoice 1", "--note", "bank transfer")
    return str(made["id"])


def test_the_first_operator_is_made_once_with_a_password_that_works(desk: Desk) -> None:
    made = json.loads(desk.say("admin", "init", "--email", "Ops@House.example", "--json"))
    database = Database(database_url(Settings()))
    found = authenticate_password(database, "ops@house.example", made["password"])
    database.close()
    assert (found.id, found.role, found.plan) == (made["id"], "operator", "house")
    assert desk.say("admin", "init", "--email", "other@house.example", code=2).startswith("operator_exists")


def test_a_password_is_taken_from_standard_input_and_not_shown(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, seller: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("一个足够长的密码不要告诉别人\n"))
    said = desk.say("admin", "set-password", LIN, "--password-stdin")
    assert said == f"id: {seller}\nended: logins 0, keys 0"
    database = Database(database_url(Settings()))
    assert authenticate_password(database, LIN, "一个足够长的密码不要告诉别人").id == seller
    database.close()


def test_keys_are_made_listed_and_revoked(desk: Desk, seller: str) -> None:
    made = json.loads(desk.say("admin", "create-key", LIN, "--scope", "read", "--name", "stock", "--json"))
    listed = json.loads(desk.say("admin", "list", "--json"))
    (key,) = listed[0]["keys"]
    assert (key["id"], key["name"], key["scopes"], key["revoked"]) == (made["id"], "stock", "read", False)
    assert listed[0]["available"] == 100
    assert LIN in desk.say("admin", "list")
    desk.say("admin", "revoke-key", made["id"])
    database = Database(database_url(Settings()))
    with database.transaction() as session, pytest.raises(KeyInvalid):
        find_api_key(session, made["key"])
    database.close()
    events = [json.loads(line) for line in desk.say("admin", "audit").splitlines()]
    assert [event["what"] for event in events] == ["key.revoke", "key.create", "ledger.grant", "account.create"]
    assert made["key"] not in str(events)
    assert desk.say("admin", "create-key", LIN, "--scope", "operate", code=2).startswith("scope_unknown")
    assert desk.say("admin", "create-account", "--email", "x@y.example", "--plan", "gold", code=2).startswith(
        "plan_unkn"
    )


def test_keys_end_as_the_operator_says_and_are_replaced_without_a_pause(
    desk: Desk, seller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends_in_days() -> list[int | None]:
        (account,) = json.loads(desk.say("admin", "list", "--json"))
        ends = [key["expires_at"] for key in account["keys"]]
        return [each and round((datetime.fromisoformat(each) - now()) / timedelta(days=1)) for each in ends]

    first = json.loads(desk.say("admin", "create-key", LIN, "--json"))
    monkeypatch.setenv("VMODEL_KEY_DAYS", "never")
    desk.say("admin", "create-key", LIN)
    desk.say("admin", "create-key", LIN, "--days", "90")
    assert ends_in_days() == [365, None, 90]
    new = json.loads(desk.say("admin", "replace-key", first["id"], "--grace-hours", "72", "--days", "30", "--json"))
    assert ends_in_days() == [3, None, 90, 30]
    database = Database(database_url(Settings()))
    with database.reading() as session:
        assert [find_api_key(session, key["key"]).account_id for key in (first, new)] == [seller, seller]
    database.close()
    assert "never used; never ends" in desk.say("admin", "list")
    assert desk.say("admin", "replace-key", "nothing", code=2).startswith("key_invalid")
    assert "30" in desk.say("admin", "create-key", LIN, "--days", "31", code=2)
    monkeypatch.setenv("VMODEL_KEY_DAYS", "31")
    assert "VMODEL_KEY_DAYS must be '30', '90', '365' or 'never'" in desk.say("admin", "create-key", LIN, code=2)


def test_an_operator_turns_the_second_factor_of_a_lost_phone_off_and_it_is_on_record(desk: Desk, seller: str) -> None:
    password = json.loads(desk.say("admin", "set-password", LIN, "--json"))["password"]
    database, secret = Database(database_url(Settings())), b"of this test alone, 32 bytes or more"
    login = log_in(database, LIN, password)
    shared = begin_factor(database, secret, login.identity, password, "vmodel").shared
    finish_factor(database, secret, login.identity, pyotp.TOTP(shared).now())
    assert json.loads(desk.say("admin", "list", "--json"))[0]["second_factor"] is True
    key = json.loads(desk.say("admin", "create-key", LIN, "--json"))["key"]
    assert desk.say("admin", "reset-second-factor", LIN) == seller
    with database.reading() as session, pytest.raises(SessionInvalid):
        find_session(session, login.token)
    with database.reading() as session:
        assert find_api_key(session, key).account_id == seller
    assert log_in(database, LIN, password).identity.account_id == seller
    database.close()
    assert json.loads(desk.say("admin", "list", "--json"))[0]["second_factor"] is False
    events = [json.loads(line) for line in desk.say("admin", "audit").splitlines()]
    (reset,) = [event for event in events if event["what"] == "second-factor.reset"]
    assert (reset["who"], reset["whom"], reset["by"]) == (None, seller, "command line")
    assert (reset["logins"], reset["keys"]) == (1, 0)
    assert desk.say("admin", "reset-second-factor", LIN, code=2).startswith("second_factor_off")


def test_a_reset_of_the_second_factor_revokes_keys_only_if_asked(desk: Desk, seller: str) -> None:
    made = json.loads(desk.say("admin", "set-password", LIN, "--json"))
    database, secret = Database(database_url(Settings())), b"0" * 32
    login = log_in(database, LIN, made["password"])
    shared = begin_factor(database, secret, login.identity, made["password"], "vmodel").shared
    finish_factor(database, secret, login.identity, pyotp.TOTP(shared).now())
    key = json.loads(desk.say("admin", "create-key", LIN, "--json"))["key"]
    said = json.loads(desk.say("admin", "reset-second-factor", LIN, "--revoke-keys", "--json"))
    assert said == {"id": seller, "ended": {"logins": 1, "keys": 1}}
    with database.reading() as session, pytest.raises(KeyInvalid):
        find_api_key(session, key)
    database.close()


def test_a_password_that_an_operator_sets_ends_all_logins_and_keys_unless_they_are_kept(
    desk: Desk, seller: str
) -> None:
    first = json.loads(desk.say("admin", "set-password", LIN, "--json"))
    assert first["ended"] == {"logins": 0, "keys": 0}
    database, logins = Database(database_url(Settings())), []
    logins += [log_in(database, LIN, first["password"]).token for _ in range(2)]
    key = json.loads(desk.say("admin", "create-key", LIN, "--json"))["key"]
    second = json.loads(desk.say("admin", "set-password", LIN, "--keep-keys", "--json"))
    assert second["ended"] == {"logins": 2, "keys": 0}
    with database.reading() as session:
        assert find_api_key(session, key).account_id == seller
        for token in logins:
            with pytest.raises(SessionInvalid):
                find_session(session, token)
    assert json.loads(desk.say("admin", "set-password", LIN, "--json"))["ended"]["keys"] == 1
    with database.reading() as session, pytest.raises(KeyInvalid):
        find_api_key(session, key)
    database.close()


def test_an_operator_exports_the_audit_log_and_is_told_of_a_change(desk: Desk, seller: str, tmp_path: Path) -> None:
    desk.say("admin", "create-account", "--email", "mei@shop.example")
    desk.say("admin", "revoke-key", json.loads(desk.say("admin", "create-key", LIN, "--json"))["id"])
    written = tmp_path / "audit.jsonl"

    def exported(*flags: str) -> list[str]:
        desk.say("admin", "export-audit", str(written), *flags)
        return [line["what"] for line in map(json.loads, written.read_text().splitlines()) if line["type"] == "event"]

    assert exported() == ["account.create", "ledger.grant", "account.create", "key.create", "key.revoke"]
    assert exported("--account", LIN) == ["account.create", "ledger.grant", "key.create", "key.revoke"]
    assert exported("--account", LIN, "--until", "2020-01-01") == []
    assert "--since" in desk.say("admin", "export-audit", str(written), "--since", "May 2020", code=2)
    assert desk.say("admin", "export-audit", str(tmp_path / "no" / "where"), code=2).startswith("output_not_writable")
    assert desk.say("admin", "export-audit", str(written), "--account", "a@b.example", code=2).startswith("account_unk")
    assert "audit event" in desk.say("ledger", "verify")
    database = Database(database_url(Settings()))
    with database.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_event_no_update"))
        connection.execute(text("UPDATE audit_event SET what = 'login' WHERE number = 4"))
    database.close()
    assert desk.say("ledger", "verify", code=1).startswith("changed: Audit event 4 (login, ")


def test_credits_are_granted_charged_refunded_and_stated(desk: Desk, seller: str, tmp_path: Path) -> None:
    desk.say("ledger", "grant", LIN, "100", "--key", "invoice 1")
    desk.say("ledger", "withdraw", LIN, "10", "--key", "correction 1")
    database = Database(database_url(Settings()))
    with database.transaction() as session:
        paid = charge(session, reserve(session, seller, "order 1", 20, "hash").id, "shot 1", 12)
    database.close()
    desk.say("ledger", "refund", LIN, paid.id, "5", "--key", "complaint 1")
    assert json.loads(desk.say("ledger", "balance", LIN, "--json")) == {"available": 75, "reserved": 8, "consumed": 7}
    assert desk.say("ledger", "balance", seller) == "available: 75\nreserved: 8\nconsumed: 7"
    table = desk.say("ledger", "statement", LIN).splitlines()
    assert len(table) == 7
    assert ",75,8,7," in table[-1]
    page = tmp_path / "statement.html"
    assert desk.say("ledger", "statement", LIN, "--format", "html", "--language", "zh", "--out", str(page)) == str(page)
    assert "对账单" in page.read_text(encoding="utf-8")
    assert desk.say("ledger", "refund", LIN, paid.id, "8", "--key", "complaint 2", code=2).startswith("refund_too")
    assert desk.say("ledger", "statement", LIN, "--format", "pdf", code=2).startswith("usage")
    assert desk.say("ledger", "statement", LIN, "--period", "May", code=2).startswith("period_invalid")


def test_a_closed_account_keeps_its_ledger(desk: Desk, seller: str) -> None:
    desk.say("admin", "close-account", LIN)
    assert desk.say("ledger", "balance", LIN, code=2).startswith("account_unknown")
    assert json.loads(desk.say("ledger", "balance", seller, "--json"))["available"] == 100
    assert "Every entry" in desk.say("ledger", "verify")


def test_proof_names_a_changed_row_and_a_foreign_key(desk: Desk, seller: str, tmp_path: Path) -> None:
    assert desk.say("ledger", "sign").startswith("head 1: 1 entries")
    exported = tmp_path / "ledger.jsonl"
    assert desk.say("ledger", "export", str(exported)) == f"{exported}: 1 entries"
    key, entry, head = (json.loads(line) for line in exported.read_text(encoding="utf-8").splitlines())
    assert (entry["account_id"], entry["available"], head["leaves"]) == (seller, 100, [[seller, 1, entry["digest"]]])
    own = tmp_path / "own.pem"
    own.write_text(key["public_key"], encoding="utf-8")
    assert "Every entry" in desk.say("ledger", "verify", "--public-key", str(own))
    with sqlite3.connect(tmp_path / "vmodel.db") as connection:
        connection.execute("DROP TRIGGER ledger_entry_no_update")
        connection.execute("UPDATE ledger_entry SET note = 'gift'")
    connection.close()
    fault = json.loads(desk.say("ledger", "verify", "--json", code=1))
    assert (fault["account_id"], fault["number"], fault["problem"]) == (seller, 1, "changed")
    own.write_text("nothing", encoding="utf-8")
    assert desk.say("ledger", "verify", "--public-key", str(own), code=2).startswith("ledger_key_unreadable")


def test_a_month_that_runs_is_not_closed_and_one_that_is_over_is(desk: Desk, seller: str) -> None:
    assert desk.say("ledger", "close", "2020-01") == "2020-01: 0 sellers closed"
    assert desk.say("ledger", "close", "2999-01", code=2).startswith("period_not_over")
    assert desk.say("ledger", "export", "/nowhere/ledger.jsonl", code=2).startswith("output_not_writable")


def test_a_database_that_does_not_answer_is_named_in_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VMODEL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DATABASE_URL", f"postgresql://nobody:hidden@/none?host={tmp_path}")
    assert run(["ledger", "verify"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("database_unavailable: ")
    assert f"{tmp_path}/.s.PGSQL" in told
    assert "check DATABASE_URL" in told
    assert "hidden" not in told
