"""What can stand against a picture's rights: the same base and the same stable codes as ``vmodel.errors``.

InputError
├── policy: RefusedByPolicy ConsentMissing ModelReserved ModelTooClose GarmentNotAttested GarmentOfAnother
├── licence: CertificateInvalid LicenceUnknown LicenceRevoked
└── files: EvidenceUnreadable
SetupError
└── RightsKeysMissing
"""

from __future__ import annotations

from vmodel.errors import InputError, SetupError


class RefusedByPolicy(InputError):
    """A rule on who may be shown how stands against the shot."""

    code = "refused_by_policy"

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"This shot is not allowed: {reason}; {remedy}.")
        self.reason = reason


class ConsentMissing(InputError):
    """A real person's likeness is asked for without a consent that covers the shot."""

    code = "consent_missing"

    def __init__(self, model: str, reason: str) -> None:
        super().__init__(
            f"The model {model} is a real person's likeness and {reason}; "
            "record a consent with `vmodel rights consent`."
        )
        self.model = model


class ModelReserved(InputError):
    """Another seller has reserved the model for itself."""

    code = "model_reserved"

    def __init__(self, model: str) -> None:
        super().__init__(f"The model {model} is reserved for another seller; `vmodel models list` shows others.")
        self.model = model


class ModelTooClose(InputError):
    """A model looks too much like one that another seller has reserved."""

    code = "model_too_close"

    def __init__(self, model: str, other: str, distance: float, least: float) -> None:
        super().__init__(
            f"The model {model} looks too much like {other} of another seller "
            f"(distance {distance:.2f}, at least {least:.2f}); choose another model or another --seed."
        )
        self.model, self.distance = model, distance


class GarmentOfAnother(InputError):
    """The photo was registered by another seller first."""

    code = "garment_of_another"

    def __init__(self, photo: str, since: str) -> None:
        super().__init__(
            f"{photo} was registered by another seller on {since}; "
            "use your own photo, or ask the operator for a review."
        )
        self.photo = photo


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
