"""Notices to the owner of an account: what happened to it, for the page, the API and mail."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, delete, func, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from vmodel.core.database import Database, Table, UtcDateTime, new_id, now
from vmodel.core.files import read_own_yaml
from vmodel.service.accounts.audit_log import audit
from vmodel.service.accounts.rate_limit import check_rate, forget_rates
from vmodel.service.accounts.users import Account, ApiKey
from vmodel.service.errors import RateLimited

WAITING, SENT, GIVEN_UP = "waiting", "sent", "given_up"
FEW_CODES = 2
"""Recovery codes left at which their owner is told."""
KEPT = timedelta(days=180)
"""Age at which notices, and browsers and networks that were not used since, are deleted."""
REFUSED_LOGINS, REFUSED_CODES = 10, 5
"""Wrong passwords, and wrong codes after the right password, in a day of which the owner is told."""
_DAY_S = 86_400
_REFUSED, _REFUSED_CODE = "refused:", "refused-code:"
_WORDS = Path(__file__).with_name("notice_words.yaml")


class Notice(Table):
    """Something that happened to an account.

    Attributes:
        kind: a word, of those in ``notice_words.yaml``.
        details: JSON object of plain values; never a secret, nor an address.
        read_at: when its owner had seen it on the page or over the API.
        mail: waiting, sent or given_up.
        tries: mails begun with it.
        tried_at: when the last one began.
        next_at: when the next one is due.
    """

    __tablename__ = "notice"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    details: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    mail: Mapped[str] = mapped_column(String(16))
    tries: Mapped[int]
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    __table_args__ = (
        Index(
            "ix_notice_due",
            "next_at",
            sqlite_where=text("mail = 'waiting'"),
            postgresql_where=text("mail = 'waiting'"),
        ),
    )


class KnownOrigin(Table):
    """Kind of browser or network from which somebody signed in to an account.

    Attributes:
        what: browser or network.
        value: see ``vmodel.service.accounts.login_origin``; empty if not known.
        seen_at: when a login last came from there.
    """

    __tablename__ = "known_origin"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    what: Mapped[str] = mapped_column(String(8), primary_key=True)
    value: Mapped[str] = mapped_column(String(45), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


def tell(session: Session, account_id: str, kind: str, **details: str | int) -> None:
    """Note what happened to an account, in the transaction in which it happens; the mail follows later.

    Args:
        session: of that transaction; call this before ``audit``, which locks the log.
        account_id: whose owner is told.
        kind: of those in ``notice_words.yaml``.
        details: that its sentence names; never a secret, nor a whole address.
    """
    at, kept = now(), json.dumps(details, sort_keys=True, ensure_ascii=False)
    session.add(
        Notice(
            id=new_id(), account_id=account_id, kind=kind, details=kept, at=at, mail=WAITING, tries=0, next_at=at
        )
    )  # fmt: skip
    session.flush()


def note_origin(session: Session, account_id: str, browser: str, network: str) -> None:
    """Note where a login comes from, and tell the owner of a kind of browser or a network that is new.

    Args:
        session: of an open transaction that has locked the account.
        account_id: the owner.
        browser: see ``kind_of_browser``.
        network: see ``nearby_network``.
    """
    new = False
    for what, value in (("browser", browser), ("network", network)):
        seen = session.get(KnownOrigin, (account_id, what, value))
        new = new or seen is None
        session.merge(KnownOrigin(account_id=account_id, what=what, value=value, seen_at=now()))
    if new:
        tell(session, account_id, "login.new", browser=browser, network=network)


def note_refusal(database: Database, email: str, origin: str) -> None:
    """Record a login with a wrong password, and tell the owner of many in a day."""
    address = email.strip().lower()[:200]
    asked = select(Account.id).where(Account.email == address, Account.closed_at.is_(None))
    with database.transaction() as session:
        # Counted for addresses of nobody too, which would otherwise be known by a quicker answer.
        many = _is_many(session, f"{_REFUSED}{address}", REFUSED_LOGINS)
        account_id = session.scalar(asked)
        if many and account_id is not None:
            _tell_daily(session, account_id, "login.refused", REFUSED_LOGINS)
        audit(session, None, "login.refused", account_id, origin=origin[:100])


def note_wrong_code(session: Session, account_id: str, origin: str) -> None:
    """Record a wrong code of somebody who knows the password, and tell the owner of many in a day."""
    if _is_many(session, f"{_REFUSED_CODE}{account_id}", REFUSED_CODES):
        _tell_daily(session, account_id, "code.refused", REFUSED_CODES)
    audit(session, None, "login.code-refused", account_id, origin=origin[:100])


def tell_key(session: Session, new_id: str, old_id: str | None = None) -> None:
    """Tell the owner that an API key was made, or that it replaces another one.

    Args:
        session: of the transaction in which it is made.
        new_id: id of the key.
        old_id: id of the key that it replaces.
    """
    new = session.get_one(ApiKey, new_id)
    # Their names are whatever the maker typed, which nobody should get in a mail of ours.
    if old_id is None:
        tell(session, new.account_id, "key.made", prefix=new.prefix)
    else:
        tell(session, new.account_id, "key.replaced", prefix=new.prefix, old=session.get_one(ApiKey, old_id).prefix)


def forget_owner(session: Session, account_id: str) -> None:
    """Delete all notices of an account that is closed, and where it was used from."""
    session.execute(delete(Notice).where(Notice.account_id == account_id))
    session.execute(delete(KnownOrigin).where(KnownOrigin.account_id == account_id))


def list_notices(session: Session, account_id: str, limit: int = 20) -> list[Notice]:
    """List the latest notices of an account, the newest first."""
    mine = select(Notice).where(Notice.account_id == account_id).order_by(Notice.id.desc())
    return list(session.scalars(mine.limit(limit)))


def count_unread(session: Session, account_id: str) -> int:
    """Count the notices that the owner has not seen."""
    unread = select(func.count()).where(Notice.account_id == account_id, Notice.read_at.is_(None))
    return session.scalar(unread) or 0


def mark_read(session: Session, account_id: str, until: str) -> None:
    """Note that the owner has seen the notices up to this id; later ones stay unread."""
    unread = (Notice.account_id == account_id) & Notice.read_at.is_(None) & (Notice.id <= until)
    session.execute(update(Notice).where(unread).values(read_at=now()))


def forget_notices(session: Session) -> None:
    """Delete what is older than ``KEPT``, and counts that no longer matter."""
    session.execute(delete(Notice).where(Notice.at < now() - KEPT))
    session.execute(delete(KnownOrigin).where(KnownOrigin.seen_at < now() - KEPT))
    for counted in (_REFUSED, _REFUSED_CODE):
        forget_rates(session, counted, _DAY_S)


def describe(kind: str, details: str, language: str) -> str:
    """Return the sentence of a notice.

    Args:
        kind: of the notice.
        details: JSON text, as the notice has it.
        language: "en" or "zh".
    """
    words = notice_words(language)
    values = {name: words["unknown"] if value == "" else value for name, value in json.loads(details).items()}
    sentence: str = words["kinds"][kind].format_map(values)
    return sentence


@cache
def notice_words(language: str) -> dict[str, Any]:
    """Return the words of notices and of their mail in a language, "en" or "zh"."""
    words: dict[str, Any] = read_own_yaml(_WORDS)[language]
    return words


def _is_many(session: Session, subject: str, many: int) -> bool:
    """Count one more; return whether there were that many within a day."""
    try:
        check_rate(session, subject, many - 1, _DAY_S)
    except RateLimited:
        return True
    return False


def _tell_daily(session: Session, account_id: str, kind: str, count: int) -> None:
    """Tell the owner unless they were told of this within a day, so that nobody fills their mailbox."""
    lately = Notice.at > now() - timedelta(seconds=_DAY_S)
    told = select(Notice.id).where(Notice.account_id == account_id, Notice.kind == kind, lately).limit(1)
    if session.scalar(told) is None:
        tell(session, account_id, kind, count=count)
