"""Mail that brings notices to the owners of accounts, sent apart from requests. Several processes may run it."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from urllib.parse import unquote, urlsplit

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from vmodel.config import Settings
from vmodel.core.database import Database, now
from vmodel.service.accounts.notices import GIVEN_UP, SENT, WAITING, Notice, describe, notice_words
from vmodel.service.accounts.users import Account

PAUSE = timedelta(minutes=15)
"""Shortest time between two mails to one owner; what happens meanwhile is told together."""
MAILS_A_DAY = 10
WAITS = (PAUSE, *(timedelta(hours=each) for each in (1, 4, 12, 24)))
"""Delays after the first, second, ... failed try; a mail that fails after the last one is given up."""
_STALE = timedelta(days=2)
"""Age of a notice that nobody tried to send, since no mail server was set; it is on the page only."""
_LINES = 20
_LOOK_S = 5.0
_SMTP_S = 20.0
_PORTS = {"smtps": 465, "smtp": 587}


@dataclass(frozen=True)
class MailServer:
    """Mail server; it is only spoken to over TLS.

    Attributes:
        starttls: TLS begins after the greeting (RFC 3207); otherwise with the connection (RFC 8314).
        user, password: empty for a server that asks for none.
        sender: address from which the mail comes.
    """

    host: str
    port: int
    starttls: bool
    user: str
    password: str
    sender: str


@dataclass(frozen=True)
class Letter:
    """Notices that one mail tells.

    Attributes:
        tries: mails begun with the one that was tried least, this one included.
    """

    to: str
    ids: list[str]
    told: list[tuple[datetime, str, str]]
    tries: int


@dataclass(frozen=True)
class NoticeMailer:
    """Sender of an installation's mail.

    Attributes:
        database: of the installation.
        server: of the installation.
        place: address of the page, for the mail; None if not known.
        certificates: whose certificates are trusted; those of the system by default.
        clock: returns the current time.
    """

    database: Database
    server: MailServer
    place: str | None = None
    certificates: ssl.SSLContext | None = None
    clock: Callable[[], datetime] = now

    def run(self, stop: threading.Event) -> None:
        """Send due mail until asked to stop."""
        log = structlog.get_logger("vmodel.mail")
        while not stop.wait(_LOOK_S):
            try:
                while self.send_due() and not stop.is_set():
                    pass
            except SQLAlchemyError as error:
                log.warning("mail_waits", error=type(error).__name__)
            except Exception as error:  # the thread serves every owner, so one fault must not end it
                log.error("mail_fault", error=type(error).__name__)

    def send_due(self) -> int:
        """Send one mail to an owner with due notices, if there is one.

        Returns:
            Number of mails tried, 0 or 1.
        """
        letter = self._claim()
        if letter is None:
            return 0
        try:
            self._send(letter)
        except Exception as error:  # also an address or a password that no mail can hold: it is given up like others
            # The error's own words may hold the owner's address.
            structlog.get_logger("vmodel.mail").warning("mail_failed", error=type(error).__name__, tries=letter.tries)
            self._note_failure(letter)
            return 1
        with self.database.transaction() as session:
            session.execute(update(Notice).where(Notice.id.in_(letter.ids)).values(mail=SENT))
        return 1

    def _claim(self) -> Letter | None:
        at = self.clock()
        due = (Notice.mail == WAITING) & (Notice.next_at <= at)
        stale = due & (Notice.tries == 0) & (Notice.at < at - _STALE)
        owners = select(Notice.account_id).where(due).group_by(Notice.account_id).order_by(func.min(Notice.next_at))
        with self.database.reading() as session:
            if session.scalar(owners.limit(1)) is None:
                return None
        with self.database.transaction() as session:
            session.execute(update(Notice).where(stale).values(mail=GIVEN_UP))
            for account_id in session.scalars(owners.limit(100)).all():
                mine = due & (Notice.account_id == account_id)
                if (free_at := self._free_at(session, account_id, at)) > at:
                    session.execute(update(Notice).where(mine).values(next_at=free_at))
                elif (letter := self._take(session, account_id, at)) is not None:
                    return letter
        return None

    def _free_at(self, session: Session, account_id: str, at: datetime) -> datetime:
        """Return when the owner may get the next mail."""
        lately = (Notice.account_id == account_id) & (Notice.tried_at > at - timedelta(days=1))
        sent = session.scalars(select(Notice.tried_at).where(lately).distinct().order_by(Notice.tried_at.desc())).all()
        times = [each for each in sent if each is not None]
        if len(times) >= MAILS_A_DAY:
            return times[MAILS_A_DAY - 1] + timedelta(days=1)
        return times[0] + PAUSE if times else at

    def _take(self, session: Session, account_id: str, at: datetime) -> Letter | None:
        mine = (Notice.account_id == account_id) & (Notice.mail == WAITING) & (Notice.next_at <= at)
        email = session.scalar(select(Account.email).where(Account.id == account_id))
        if email is None:
            session.execute(update(Notice).where(mine).values(mail=GIVEN_UP))
            return None
        claim = update(Notice).where(mine).values(next_at=at + PAUSE, tried_at=at, tries=Notice.tries + 1)
        rows = session.scalars(claim.returning(Notice).execution_options(populate_existing=True)).all()
        rows = sorted(rows, key=lambda row: row.id)
        if not rows:
            return None
        told = [(row.at, row.kind, row.details) for row in rows]
        # The newest counts, so that it is not given up together with what has long been tried.
        return Letter(email, [row.id for row in rows], told, min(row.tries for row in rows))

    def _send(self, letter: Letter) -> None:
        secure, server = self.certificates or ssl.create_default_context(), self.server
        if server.starttls:
            line = smtplib.SMTP(server.host, server.port, timeout=_SMTP_S)
        else:
            line = smtplib.SMTP_SSL(server.host, server.port, timeout=_SMTP_S, context=secure)
        try:
            if server.starttls:
                line.starttls(context=secure)  # raises where the server does not offer it
            if server.user:
                line.login(server.user, server.password)
            line.send_message(self._write(letter))
            with contextlib.suppress(smtplib.SMTPException, OSError):  # the server has the mail already
                line.quit()
        finally:
            line.close()

    def _write(self, letter: Letter) -> EmailMessage:
        mail = EmailMessage()
        name, _, domain = letter.to.rpartition("@")
        # In parts, since a comma in an address would make two of it.
        mail["From"], mail["To"] = self.server.sender, Address(username=name, domain=domain)
        mail["Subject"] = " · ".join(notice_words(language)["mail"]["subject"] for language in ("en", "zh"))
        mail["Date"] = format_datetime(self.clock())
        mail["Message-ID"] = make_msgid(domain=self.server.sender.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content("\n\n".join(self._text(letter, language) for language in ("en", "zh")))
        return mail

    def _text(self, letter: Letter, language: str) -> str:
        words = notice_words(language)["mail"]
        lines = [
            f"- {at.astimezone(UTC):%Y-%m-%d %H:%M} {describe(kind, details, language)}"
            for at, kind, details in letter.told[-_LINES:]
        ]
        if len(letter.told) > _LINES:
            lines.append(f"- {words['more'].format(count=len(letter.told) - _LINES)}")
        last = [words["outro"], *([words["place"].format(url=self.place)] if self.place else [])]
        return "\n".join([words["intro"], "", *lines, "", *last])

    def _note_failure(self, letter: Letter) -> None:
        gone = letter.tries > len(WAITS)
        values = {"mail": GIVEN_UP} if gone else {"next_at": self.clock() + WAITS[letter.tries - 1]}
        with self.database.transaction() as session:
            session.execute(update(Notice).where(Notice.id.in_(letter.ids)).values(**values))


def find_server(settings: Settings) -> MailServer | None:
    """Return the mail server of the settings; None if none is set."""
    if settings.smtp_url is None or settings.mail_from is None:
        return None
    url = urlsplit(settings.smtp_url.get_secret_value())
    return MailServer(
        host=url.hostname or "",
        port=url.port or _PORTS[url.scheme],
        starttls=url.scheme == "smtp",
        user=unquote(url.username or ""),
        password=unquote(url.password or ""),
        sender=settings.mail_from,
    )
