"""API keys that end by themselves, and keys that replace others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import update

from vmodel.core.database import Database, now
from vmodel.limits import KeyDays
from vmodel.service.accounts.auth import (
    MOST_KEYS,
    create_api_key,
    find_api_key,
    find_session,
    list_api_keys,
    open_session,
    replace_api_key,
    revalidate_identity,
    revoke_api_key,
)
from vmodel.service.accounts.logins import list_logins
from vmodel.service.accounts.users import Account, ApiKey, create_account
from vmodel.service.errors import KeyExpired, KeyInvalid, TooManyKeys


@pytest.fixture
def seller(any_database: Database) -> Account:
    with any_database.transaction() as session:
        return create_account(session, "Lin's Shop", "lin@shop.example")


def end(database: Database, key_id: str) -> None:
    """Let the days of a key be over."""
    with database.transaction() as session:
        over = update(ApiKey).where(ApiKey.id == key_id)
        session.execute(over.values(expires_at=now() - timedelta(seconds=1)))


@pytest.mark.parametrize("days", list(KeyDays))
def test_a_key_ends_after_its_days_or_never(any_database: Database, seller: Account, days: KeyDays) -> None:
    with any_database.transaction() as session:
        create_api_key(session, seller.id, days=days)
    with any_database.reading() as session:
        (kept,) = list_api_keys(session, seller.id)
    if days is KeyDays.NEVER:
        assert kept.expires_at is None
    else:
        assert kept.expires_at == kept.created_at + timedelta(days=int(days))


def test_a_key_that_has_ended_opens_nothing_and_says_when_it_ended_and_what_helps(
    any_database: Database, seller: Account
) -> None:
    with any_database.transaction() as session:
        key = create_api_key(session, seller.id, days=KeyDays.MONTH)
        identity = find_api_key(session, key.token)
        revalidate_identity(session, identity)
    end(any_database, key.id)
    with any_database.reading() as session:
        with pytest.raises(KeyExpired, match=rf"{key.token[:11]}… ended on \d{{4}}-.* UTC; make a new one") as told:
            find_api_key(session, key.token)
        assert key.token not in str(told.value)
        with pytest.raises(KeyExpired):  # an open stream ends too
            revalidate_identity(session, identity)
    with any_database.transaction() as session:
        revoke_api_key(session, key.id)
        with pytest.raises(KeyInvalid):
            find_api_key(session, key.token)


def test_keys_that_have_ended_leave_room_for_new_ones(any_database: Database, seller: Account) -> None:
    with any_database.transaction() as session:
        keys = [create_api_key(session, seller.id, days=KeyDays.YEAR) for _ in range(MOST_KEYS)]
        with pytest.raises(TooManyKeys):
            create_api_key(session, seller.id)
    end(any_database, keys[0].id)
    with any_database.transaction() as session:
        create_api_key(session, seller.id)


def test_a_replaced_key_stays_valid_for_its_grace_and_the_new_one_may_do_the_same(
    any_database: Database, seller: Account
) -> None:
    with any_database.transaction() as session:
        old = create_api_key(session, seller.id, ["read"], "stock system")
        new = replace_api_key(session, old.id, KeyDays.QUARTER, 2, seller.id)
    with any_database.transaction() as session:
        assert find_api_key(session, old.token).scopes == find_api_key(session, new.token).scopes == {"read"}
        rows = {key.id: key for key in list_api_keys(session, seller.id)}
        assert rows[new.id].name == "stock system"
        ends = rows[old.id].expires_at
        assert ends is not None
        assert abs(ends - now() - timedelta(hours=2)) < timedelta(minutes=5)
        replace_api_key(session, old.id, KeyDays.QUARTER, 24)
    with any_database.reading() as session:  # a second replacement does not make its life longer
        assert {key.id: key.expires_at for key in list_api_keys(session, seller.id)}[old.id] == ends


def test_keys_and_logins_from_before_the_upgrade_stay_and_such_keys_never_end(
    any_database: Database, seller: Account
) -> None:
    with any_database.transaction() as session:
        key, login = create_api_key(session, seller.id, days=KeyDays.MONTH), open_session(session, seller.id)
    config = Config()
    config.set_main_option("script_location", "vmodel:migrations")
    with any_database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0013_mark_generation")
    any_database.upgrade()
    with any_database.reading() as session:
        assert find_api_key(session, key.token).account_id == seller.id
        assert find_session(session, login.token).identity == login.identity
        assert [each.expires_at for each in list_api_keys(session, seller.id)] == [None]
        assert [(each.browser, each.network) for each in list_logins(session, seller.id)] == [("", "")]


def test_an_ended_key_is_replaced_and_a_revoked_one_is_not(any_database: Database, seller: Account) -> None:
    with any_database.transaction() as session:
        ended, revoked = (create_api_key(session, seller.id, days=KeyDays.MONTH) for _ in range(2))
        revoke_api_key(session, revoked.id)
    end(any_database, ended.id)
    with any_database.transaction() as session:
        new = replace_api_key(session, ended.id, KeyDays.MONTH)
        assert find_api_key(session, new.token).account_id == seller.id
        with pytest.raises(KeyExpired):
            find_api_key(session, ended.token)
        with pytest.raises(KeyInvalid):
            replace_api_key(session, revoked.id, KeyDays.MONTH)


def test_a_key_without_grace_ends_at_once_and_nobody_replaces_the_key_of_another(
    any_database: Database, seller: Account
) -> None:
    with any_database.transaction() as session:
        old = create_api_key(session, seller.id)
        stranger = create_account(session, "Other", "other@shop.example")
        with pytest.raises(KeyInvalid):
            replace_api_key(session, old.id, KeyDays.MONTH, 24, stranger.id)
        new = replace_api_key(session, old.id, KeyDays.MONTH, 0, seller.id)
    with any_database.reading() as session:
        with pytest.raises(KeyExpired):
            find_api_key(session, old.token)
        assert find_api_key(session, new.token).account_id == seller.id
