"""Errors of sellers' files; ``vmodel.errors`` defines the base classes and the meaning of codes."""

from __future__ import annotations

from vmodel.errors import InputError, SetupError, StageError


class StoredFileMissing(InputError):
    """Unknown file of this account; another account's file raises the same error."""

    code = "file_not_found"

    def __init__(self, key: str) -> None:
        super().__init__(f"No file {key} is kept for this account; it may have been deleted, so upload it again.")
        self.key = key


class StoredFileDamaged(StageError):
    """Stored file whose content has changed."""

    code = "file_damaged"
    retryable = False

    def __init__(self, key: str) -> None:
        super().__init__(f"The kept file {key} is damaged; upload it or make the picture again.")
        self.key = key


class StoreUnavailable(SetupError):
    """File store that does not answer or that refuses."""

    code = "store_unavailable"
    retryable = True

    def __init__(self, reason: str) -> None:
        super().__init__(f"The file store cannot be reached ({reason}); check VMODEL_FILES_URL and its credentials.")
        self.reason = reason


class LinkInvalid(InputError):
    """Link that has expired or has a wrong signature."""

    code = "link_invalid"

    def __init__(self) -> None:
        super().__init__("This link has expired or was changed; open the page again to get a fresh one.")
