"""Faults of what keeps the state: a database that is locked, away or newer than the program, a disk that is full."""

from __future__ import annotations

import errno
import sqlite3
from typing import TYPE_CHECKING, Final

from vmodel.errors import SetupError

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError

_AGAIN_S: Final = 5
#: Primary result code of SQLite -> what is wrong; other codes are faults of the program.
_OF_SQLITE: Final = {
    sqlite3.SQLITE_BUSY: "another process has been writing for long",
    sqlite3.SQLITE_LOCKED: "another process has been writing for long",
    sqlite3.SQLITE_READONLY: "it can only be read",
    sqlite3.SQLITE_IOERR: "its disk does not take what is written",
    sqlite3.SQLITE_CANTOPEN: "its file cannot be opened",
}
#: Beginning of Postgres's SQLSTATE -> what is wrong.
_OF_POSTGRES: Final = {
    "25006": "it can only be read",
    "25P03": "a change took too long",
    "40": "two changes met",
    "53300": "it has no connection left",
    "55P03": "another change holds what is needed",
    "57014": "a query took too long",
    "08": "it does not answer",
    "57P": "it does not answer",
}
_NO_SPACE_STATE: Final = "53100"


class DatabaseUnavailable(SetupError):
    """A database that cannot do now what is asked of it.

    Attributes:
        reason: in words, without statements or values.
        retry_after_s: seconds until another try makes sense.
    """

    code = "database_unavailable"
    retryable = True
    retry_after_s = _AGAIN_S

    def __init__(self, reason: str) -> None:
        super().__init__(f"The database cannot be used at this moment ({reason}); try again in {_AGAIN_S} s.")
        self.reason = reason


class NoSpaceLeft(SetupError):
    """A disk of the installation that is full."""

    code = "no_space_left"
    retryable = True
    retry_after_s = 60
    reason = "its disk is full"

    def __init__(self) -> None:
        super().__init__("The disk of this installation is full; its operator has to make room, then try again.")


class DatabaseNewer(SetupError):
    """A database whose tables a newer version of the program has changed."""

    code = "database_newer"

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database was brought up to date by a newer vmodel (revision {revision}), and this one is older; "
            "install that version again, or restore the backup that was made before the update."
        )
        self.revision = revision


class DatabaseNeedsOwner(SetupError):
    """A database whose tables have to be brought up to date, by a role that may not."""

    code = "database_needs_owner"

    def __init__(self) -> None:
        super().__init__(
            "The database's tables are not those of this version, and the role of DATABASE_URL may not change them; "
            "run `vmodel admin migrate` with the address of their owner in VMODEL_OWNER_DATABASE_URL."
        )


def explain_fault(error: BaseException) -> DatabaseUnavailable | NoSpaceLeft | None:
    """Return the error for users where a disk or a database is at fault; None for any other fault."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return NoSpaceLeft()
    if not type(error).__module__.startswith("sqlalchemy."):
        return None
    from sqlalchemy.exc import DBAPIError, TimeoutError

    if isinstance(error, TimeoutError):
        return DatabaseUnavailable("every connection to it is in use")
    return _explain(error) if isinstance(error, DBAPIError) else None


def _explain(error: DBAPIError) -> DatabaseUnavailable | NoSpaceLeft | None:
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the rest tells variants apart
        if code == sqlite3.SQLITE_FULL:
            return NoSpaceLeft()
        return DatabaseUnavailable(_OF_SQLITE[code]) if code in _OF_SQLITE else None
    state = getattr(error.orig, "sqlstate", None)
    if state == _NO_SPACE_STATE:
        return NoSpaceLeft()
    if error.connection_invalidated or (state is None and type(error).__name__ == "OperationalError"):
        return DatabaseUnavailable("it does not answer")
    why = next((words for begin, words in _OF_POSTGRES.items() if str(state).startswith(begin)), None)
    return None if why is None else DatabaseUnavailable(why)
