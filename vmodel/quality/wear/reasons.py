"""Messages for the seller if a garment is not worn right: the fault, then the remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_POINTS: Final = "check its points with `vmodel inspect`, or state the kind with --category"
_SIZE: Final = "state its true size with --width-cm or --length-cm, or choose another --model"
_POSE: Final = "choose another --pose or --model, or check its points with `vmodel inspect`"

REASONS: Final[Mapping[str, str]] = {
    "whole": f"The cloth is torn, crumpled or incomplete on the model; {_POSE}.",
    "on the body": f"The garment has slipped off the model; {_POINTS}.",
    "right side out": f"The garment is worn inside out; {_POINTS}.",
    "front": f"The garment is turned round the model, so that its front is not in front; {_POINTS}.",
    "neck": f"The neck does not lie round the model's neck; {_POINTS}.",
    "top edge": f"The upper edge has slipped, or cloth lies on a shoulder that the garment leaves bare; {_POINTS}.",
    "shoulders": f"The shoulders of the garment do not lie on the model's shoulders; {_POINTS}.",
    "opening": "The open front does not hang on its two sides; wear it closed with --closed, or choose another --pose.",
    "waistband": f"The waistband does not lie round the model's waist; {_POINTS}.",
    "sleeves": f"A sleeve is not on its arm, or ends elsewhere than it should; {_POSE}.",
    "legs": f"A leg of the garment is not on its leg, or ends elsewhere than it should; {_POINTS}.",
    "hem": f"The hem does not hang where the garment's length puts it; {_POINTS}.",
    "cover": f"Parts of the body show that the garment covers; {_POSE}.",
    "print": f"The front of the garment is not upright and in its place on the model; {_POINTS}.",
    "outside the body": f"The garment lies inside the model's body in places; {_SIZE}.",
    "stretch": f"The garment is stretched or squeezed out of its shape; {_SIZE}.",
}
"""Name of a score -> message if it is missed; the most telling comes first."""
