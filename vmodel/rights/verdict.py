"""What is found out about a picture: a verdict, and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from vmodel.rights.certificate import Licence

if TYPE_CHECKING:
    from vmodel.rights.resemblance import Resemblance

CHANGED = "it was changed after it was signed"


class Verdict(StrEnum):
    """First word of an answer."""

    AUTHENTIC = "authentic"
    ALTERED = "altered"
    COPY = "copy"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Verification:
    """What was found out about a picture.

    Attributes:
        verdict: in one word.
        reason: in one sentence.
        found_by: "manifest", "pixels", "mark" or "likeness"; "" for an unknown picture.
        licence: that was given for the picture; None for an unknown one.
        state: of the licence: "valid", "revoked", "expired", "not yet valid", or "unchecked" where no registry knows
            it; "" without a licence.
        codes: scheme -> code of registration centres.
        film_second: of the published film, where a frame of it is what the picture shows.
        at_second: of the file, where it is a film and one of its frames was recognised.
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
        """Plain values that anybody may see."""
        plain = asdict(self) | {"verdict": self.verdict.value, "codes": dict(self.codes)}
        if self.licence is not None:
            plain["licence"] = self.licence.to_json()
        return plain


def named(shown: Resemblance, which: str) -> str:
    """A picture or film in a sentence: "a registered film at second 3.2"."""
    return f"{which} picture" if shown.second is None else f"{which} film at second {shown.second:.1f}"
