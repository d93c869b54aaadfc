"""Accounts: lookup and login by the owner's id, address and password only."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from vmodel.core.database import Database
from vmodel.service.accounts.users import (
    Account,
    authenticate_password,
    close_account,
    create_account,
    find_account,
    list_accounts,
    set_password,
)
from vmodel.service.errors import (
    AccountClosed,
    EmailInvalid,
    EmailTaken,
    PasswordWeak,
    RoleUnknown,
    UnknownAccount,
    WrongPassword,
)

PASSWORD = "a long enough password"


@pytest.fixture
def seller(any_database: Database) -> Account:
    with any_database.transaction() as session:
        return create_account(session, "Lin's Shop", "Lin@Shop.example", password=PASSWORD)


def test_an_account_is_found_by_id_and_by_address_in_any_case(any_database: Database, seller: Account) -> None:
    with any_database.transaction() as session:
        assert find_account(session, seller.id).name == "Lin's Shop"
        assert find_account(session, " LIN@shop.EXAMPLE").id == seller.id
        assert (seller.email, seller.role, seller.plan) == ("lin@shop.example", "seller", "free")
        with pytest.raises(UnknownAccount):
            find_account(session, "nobody@shop.example")


def test_an_address_has_one_account_and_the_transaction_lives_on(any_database: Database, seller: Account) -> None:
    with any_database.transaction() as session:
        with pytest.raises(EmailTaken):
            create_account(session, "Other", "lin@shop.example")
        other = create_account(session, "Other", "other@shop.example", role="designer")
    with any_database.transaction() as session:
        assert [account.id for account in list_accounts(session)] == [seller.id, other.id]
        assert [account.id for account in list_accounts(session, "designer")] == [other.id]


def test_what_is_no_address_is_refused(any_database: Database) -> None:
    with any_database.transaction() as session:
        for email in ("", "lin", "lin@shop", "a b@shop.example", "<b>@shop.example", "a@b@shop.example"):
            with pytest.raises(EmailInvalid):
                create_account(session, "Lin", email)


def test_roles_and_passwords_are_checked(any_database: Database) -> None:
    with any_database.transaction() as session:
        with pytest.raises(RoleUnknown):
            create_account(session, "Lin", "lin@shop.example", role="king")
        for password in ("short", "x" * 201):
            with pytest.raises(PasswordWeak):
                create_account(session, "Lin", "lin@shop.example", password=password)


def test_only_the_right_password_opens_and_none_is_kept(any_database: Database, seller: Account) -> None:
    assert authenticate_password(any_database, "LIN@shop.example ", PASSWORD).id == seller.id
    for email, password in [("lin@shop.example", "a wrong password"), ("nobody@shop.example", PASSWORD)]:
        with pytest.raises(WrongPassword):
            authenticate_password(any_database, email, password)
    with any_database.engine.connect() as connection:
        kept = str(connection.execute(text("SELECT * FROM account")).all())
    assert PASSWORD not in kept
    assert "$argon2id$" in kept


def test_a_new_password_replaces_the_old_one(any_database: Database, seller: Account) -> None:
    with any_database.transaction() as session:
        set_password(session, seller.id, "quite another password")
    assert authenticate_password(any_database, "lin@shop.example", "quite another password").id == seller.id
    with pytest.raises(WrongPassword):
        authenticate_password(any_database, "lin@shop.example", PASSWORD)


def test_a_closed_account_leaves_no_person_behind_and_its_address_is_free(
    any_database: Database, seller: Account
) -> None:
    with any_database.transaction() as session:
        close_account(session, seller.id)
    with any_database.transaction() as session:
        with pytest.raises(AccountClosed):
            find_account(session, seller.id)
        create_account(session, "Lin again", "lin@shop.example")
    with pytest.raises(WrongPassword):
        authenticate_password(any_database, "lin@shop.example", PASSWORD)
    with any_database.engine.connect() as connection:
        kept = connection.execute(text("SELECT name, email FROM account ORDER BY id")).all()
    assert [tuple(row) for row in kept] == [("closed", None), ("Lin again", "lin@shop.example")]
