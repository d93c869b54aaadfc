"""What can go wrong with sellers' files; the base and the meaning of codes are those of ``vmodel.errors``."""

from __future__ import annotations

from vmodel.errors import InputError, SetupError, StageError


class StoredFileMissing(InputError):
    """No such file is kept for this account; another account's file looks just the same from outside."""

    code = "file_not_found"

    def __init__(self, key: str) -> None:
        super().__init__(f"No file {key} is kept for this account; it may have been deleted, so upload it again.")
        self.key = key


class StoredFileDamaged(StageError):
    """A kept file is not what was put there."""

    code = "file_damaged"
    retryable = False

    def __init__(self, key: str) -> None:
        super().__init__(f"The kept file {key} is damaged; upload it or make the picture again.")
        self.key = key


class StoreUnavailable(SetupError):
    """The place where files are kept does not answer or refuses."""

    code = "store_unavailable"
    retryable = True

    def __init__(self, reason: str) -> None:
        super().__init__(f"The file store cannot be reached ({reason}); check VMODEL_FILES_URL and its credentials.")
        self.reason = reason


class LinkInvalid(InputError):
    """A link's signature or time is not right."""

    code = "link_invalid"

    def __init__(self) -> None:
        super().__init__("This link has expired or was changed; open the page again to get a fresh one.")
