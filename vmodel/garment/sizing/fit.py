"""Fit of a garment on one body: ease at chest, waist and hip."""

from __future__ import annotations

from vmodel.garment.sizing import measure
from vmodel.types import BodyMeasurements, FitReport, Garment

# share of the body's girth: below the first the cloth must stretch visibly, above the second it hangs free
TIGHT = {"chest": -0.02, "waist": -0.04, "hip": -0.05}
LOOSE = {"chest": 0.20, "hip": 0.24}
LOOSE_WAISTBAND = 0.14


def report_fit(garment: Garment, measurements: BodyMeasurements) -> FitReport:
    """Compare a scaled garment with a body.

    Args:
        garment: in cm.
        measurements: of the wearer.
    Returns:
        Eases in cm, garment girth minus body girth; "tight" if any girth lacks ease, "loose" if chest (or hip,
        for garments from the waist) has more than wearers choose, else "as cut".
    """
    upper = garment.kind.category.covers_upper
    eases = _upper_eases(garment, measurements) if upper else _lower_eases(garment, measurements)
    girths = {"chest": measurements.chest, "waist": measurements.waist, "hip": measurements.hip}
    shares = {name: ease / girths[name] for name, ease in eases.items() if ease is not None}
    verdict = "as cut"
    if any(share < TIGHT[name] for name, share in shares.items()):
        verdict = "tight"
    elif _is_loose(upper, shares):
        verdict = "loose"
    return FitReport(
        verdict=verdict,
        ease_chest_cm=_rounded(eases.get("chest")),
        ease_waist_cm=_rounded(eases.get("waist")),
        ease_hip_cm=_rounded(eases.get("hip")),
        length_cm=round(measure.garment_length(garment), 1),
        scale_source=garment.scale_source,
    )


def _is_loose(upper: bool, shares: dict[str, float]) -> bool:
    if upper:
        return shares.get("chest", 0.0) > LOOSE["chest"]
    return shares.get("waist", 0.0) > LOOSE_WAISTBAND or shares.get("hip", 0.0) > LOOSE["hip"]


def _upper_eases(garment: Garment, body: BodyMeasurements) -> dict[str, float | None]:
    """Compute eases at the body's own heights, with the neck points beside the base of the neck."""
    neck = (garment.landmarks_cm["neck_left"][1] + garment.landmarks_cm["neck_right"][1]) / 2
    armpit = (garment.landmarks_cm["armpit_left"][1] + garment.landmarks_cm["armpit_right"][1]) / 2
    if garment.kind.neckline == "strapless":
        neck = armpit + body.neck_height - body.chest_height
    waist = measure.width_at(garment, min(armpit - 2, neck - (body.neck_height - body.waist_height)))
    hip = measure.width_at(garment, neck - (body.neck_height - body.hip_height))
    return {
        "chest": 2 * measure.chest_width(garment) - body.chest,
        "waist": None if waist is None else 2 * waist - body.waist,
        "hip": None if hip is None else 2 * hip - body.hip,
    }


def _lower_eases(garment: Garment, body: BodyMeasurements) -> dict[str, float | None]:
    waist_y = (garment.landmarks_cm["waist_left"][1] + garment.landmarks_cm["waist_right"][1]) / 2
    hip = measure.width_at(garment, waist_y - 0.85 * (body.waist_height - body.hip_height))
    seat = body.waist + 0.3 * (body.hip - body.waist)
    return {
        "waist": 2 * measure.waistband_width(garment) - seat,
        "hip": None if hip is None else 2 * hip - body.hip,
    }


def _rounded(ease: float | None) -> float | None:
    return None if ease is None else round(ease, 1)
