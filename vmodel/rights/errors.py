"""What can stand against a picture's rights: the same base and the same stable codes as ``vmodel.errors``.

InputError
├── licence: CertificateInvalid LicenceUnknown LicenceRevoked
└── files: EvidenceUnreadable
SetupError
└── RightsKeysMissing
"""

from __future__ import annotations

from vmodel.errors import InputError, SetupError


class CertificateInvalid(InputError):
    """A licence certificate is not one of ours, or was changed."""

    code = "certificate_invalid"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The licence certificate {reason}; ask its seller for the original file.")
        self.reason = reason


class LicenceUnknown(InputError):
    """No licence has this id."""

    code = "licence_unknown"

    def __init__(self, licence: str) -> None:
        super().__init__(f"No licence {licence!r} in this registry; `vmodel verify FILE` shows a picture's licence.")
        self.licence = licence


class EvidenceUnreadable(InputError):
    """What is to be searched for copies cannot be read."""

    code = "evidence_unreadable"

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(
            f"{source} {reason}; give a folder of pictures, a ZIP file, or a text file with one address a line."
        )
        self.source = source


class RightsKeysMissing(SetupError):
    """The keys that sign are not there, or not whole."""

    code = "rights_keys_missing"

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}.")


class LicenceRevoked(InputError):
    """The picture was published before and its licence was taken back."""

    code = "licence_revoked"

    def __init__(self, licence: str, reason: str) -> None:
        super().__init__(f"The licence {licence} of this picture was revoked ({reason}); make a different picture.")
        self.licence = licence
