"""Result of verifying a picture: a verdict and its reason."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from vmodel.rights.licence.certificate import Licence

if TYPE_CHECKING:
    from vmodel.rights.fingerprint.registry_match import Resemblance

CHANGED = "it was changed after it was signed"


class Verdict(StrEnum):
    """Verdict on a picture in one word."""

    AUTHENTIC = "authentic"
    ALTERED = "altered"
    COPY = "copy"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Verification:
    """Result of verifying a picture.

    Attributes:
        verdict: in one word.
        reason: in one sentence.
        found_by: "manifest", "pixels", "mark" or "likeness"; "" for an unknown picture.
        licence: that was given for the picture; None for an unknown one.
        state: of the licence: "valid", "revoked", "expired", "not yet valid", or "unchecked" where no registry knows
            it; "" without a licence.
        codes: scheme -> code of registration centres.
        film_second: second of the published film, if the picture shows one of its frames.
        at_second: second of the file, if it is a film and one of its frames was recognised.
    """

    verdict: Verdict
    reason: str
    found_by: str = ""
    licence: Licence | None = None
    state: str = ""
    codes: tuple[tuple[str, str], ...] = ()
    film_second: float | None = None
    at_second: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON that anybody may see."""
        plain = asdict(self) | {"verdict": self.verdict.value, "codes": dict(self.codes)}
        if self.licence is not None:
            plain["licence"] = self.licence.to_json()
        return plain


def describe_match(shown: Resemblance, which: str) -> str:
    """Name a picture or film for a sentence: "a registered film at second 3.2"."""
    return f"{which} picture" if shown.second is None else f"{which} film at second {shown.second:.1f}"
