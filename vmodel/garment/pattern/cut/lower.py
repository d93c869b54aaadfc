"""Fit of garments that hang from the waist: skirts, and trousers of any length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from scipy.interpolate import PchipInterpolator

from vmodel.garment.blocks.parts import Block, Edges, both_sides, edge_of, mirrored_edges
from vmodel.garment.blocks.trousers import draft_legs
from vmodel.garment.imaging.contour import SIDES, outline_across, outline_beside
from vmodel.garment.pattern.cut.sizes import SAMPLE_HIP, Size, shown_of_width, solve_sizes
from vmodel.garment.pattern.cut.upper_draft import level_hollow
from vmodel.types import BodyMeasurements, Category, GarmentPhoto

_SIDE_SHARES: Final = (0.15, 0.3, 0.5, 0.75, 1.0)
_LEG_SHORTEST: Final = {Category.SHORTS: 0.05, Category.TROUSERS: 0.55}
_LEG_LONGEST: Final = {Category.SHORTS: 0.62, Category.TROUSERS: 0.985}
"""Ends of legs below the crotch, as shares of the body's inseam."""


_INSEAM_BY_SHAPE: Final = (1.35, 1.6), (0.6, 0.95)
"""Side seam over the hip's flat width -> the inseam as a share of the body's. Photos from above shorten legs by up to
half: of 461 labelled pairs of trousers 27 have less than 1.6, some 20 of them cropped or small children's; 33 of the
others, chosen by chance, are all long."""
_RISE_SHOWN: Final = {Category.SHORTS: 1.15, Category.TROUSERS: 1.35}
"""Depth at which the legs part in a photo over that of the crotch: they lie side by side below it. Rises measured to
the parting are 0.72 and 0.61 of the flat width at the hip (medians of 393 and 152 labelled photos); sewn ones are about
0.53."""
_USUAL_RISE, _LEAST_RISE, _MOST_RISE = 0.82, 0.6, 1.1
"""Rises, as shares of the way from the crotch to the natural waist."""


_HIP_EASE_CM: Final = {Category.SHORTS: (5.0, 2.0), Category.TROUSERS: (3.0, 1.5), Category.SKIRT: (5.0, 2.5)}
"""Ease at the hip, usual and least. Trousers with more room stand off below the waistband."""
_OVER_THE_SHOE: Final = (16.0, 23.0), (0.895, _LEG_LONGEST[Category.TROUSERS])
"""Flat width in cm of a leg's end -> its lowest place, as a share of the inseam. Narrow ends stop at the ankle; further
down they would rest on the shoe and the leg would fold above."""
LEG_FOLLOWS: Final = 0.4
"""Share of the hip's grading and stretch that the ends of long legs follow."""
_OPENING_HUNG: Final = {Category.SHORTS: 0.77, Category.TROUSERS: 0.66}
"""Flat width of a leg's end over that at the hip on a hanger, as a share of what flat garments show: 0.37 of 16 and
0.49 of 136 labelled pairs of shorts, 0.25 of 107 and 0.38 of 285 pairs of trousers (medians). The camera looks down
from the waistband, so that ends of legs are further away, and legs hang in folds."""
_OPENING_SPREAD, _HUNG_SPREAD = 0.08, 0.15
"""Deviation of a leg's end as it is seen lying flat and hanging, see ``Size``."""
_LEG_POINTS: Final = ("leg_outer", "leg_inner", "waist")
_LEAST_KNEE, _MOST_KNEE = 0.185, 0.5
"""Flat width of a leg at the knee, as shares of the body's hip."""


def seat_girth(body: BodyMeasurements, lowered: float = 0.0) -> float:
    """Return the girth in cm where a waistband sits, a little below the natural waist or ``lowered`` cm more."""
    share = min(0.3 + 0.7 * lowered / (body.waist_height - body.hip_height), 1.0)
    return body.waist + share * (body.hip - body.waist) + 1.0


def fit_skirt(
    photo: GarmentPhoto, body: BodyMeasurements, stated_cm: Mapping[str, float], material: str, trust: float = 1.0
) -> tuple[Block, float]:
    """Fit a skirt.

    Args:
        photo: the garment as read.
        body: of the wearer.
        stated_cm: "width" (of the waistband, lying flat) and "length" as the seller stated them.
        material: name in the drape's materials.
        trust: in the photo, see ``solve_sizes``.
    Returns:
        The block, and cm per pixel.
    """
    seat = seat_girth(body) / 4
    stated = {"length": stated_cm["length"]} if "length" in stated_cm else {}
    half_waist = seat
    if "width" in stated_cm:
        half_waist = stated["waist"] = stated_cm["width"] / 2
    waist_px = photo.half("waist")
    roomy, least = _HIP_EASE_CM[Category.SKIRT]
    length_px = float(np.linalg.norm(photo.middle("hem") - photo.middle("waist")))
    sizes, scale = solve_sizes(
        [
            # waistbands are drawn in and stretch: the band says less about the scale than the hip
            Size("waist", waist_px, 0.14, seat, 0.08, 0.85 * seat, 1.3 * seat, True),
            Size("hip", _width_at(photo, 0.32), 0.06, (body.hip + roomy) / 4, 0.12,
                 (body.hip + least) / 4, (body.hip + 120) / 4, True),
            Size("length", length_px, 0.03, 0.5 * body.waist_height, 0.4,
                 0.27 * body.waist_height, 0.96 * body.waist_height),
        ],
        photo.kind,
        stated,
        trust,
        body.hip / body.height / SAMPLE_HIP,
    )  # fmt: skip
    length = sizes["length"]
    hip_y = -(body.waist_height - body.hip_height)

    def shown_at(share: float) -> float:
        return float(shown_of_width(body.waist_height - share * length, photo.kind.laid, body))

    shares = sorted({*_SIDE_SHARES, *([-hip_y / length] if hip_y > -0.97 * length else [])})
    widths = []
    for share in shares:
        measured = _width_at(photo, share)
        y = -share * length
        need = float(np.interp(-y, [0, -hip_y], [half_waist, (body.hip + least) / 4]))
        wanted = sizes["hip"] * measured / max(_width_at(photo, 0.32), 1.0) * shown_at(0.32) / shown_at(share)
        # cloth gathered at the waist lies narrower there than it is wide
        widths.append(float(np.clip(wanted, need, (body.hip + 220) / 4)))
    down = -np.linspace(1, 0, 64) * length
    x = PchipInterpolator(np.r_[0.0, shares], np.r_[half_waist, widths])(-down / length)
    below = float(photo.points["hem_mid"][1] - photo.middle("hem")[1]) * scale if "hem_mid" in photo.points else 2.0
    side: Edges = {"side_left": np.stack([x, down], axis=1)}
    below = max(float(np.clip(below, -8, 6)), level_hollow(side["side_left"]))
    hem = edge_of((-x[0], -length), (x[0], -length), bow=(0, -below))
    loop = {"hem": hem, **side, "waist": edge_of((half_waist, 0.0), (-half_waist, 0.0)), **mirrored_edges(side)}
    marks = {
        "waist_left": (half_waist, 0.0),
        "hip_left": (float(np.interp(hip_y, down, x)), max(hip_y, -0.6 * length)),
        "hem_left": (float(x[0]), -length),
    }
    return Block(
        photo.kind, loop, {name: line.copy() for name, line in loop.items()}, both_sides(marks), material
    ), scale


def _width_at(photo: GarmentPhoto, share: float) -> float:
    """Return the half width in pixels at a share of the way from waist to hem."""
    spots = []
    for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
        at = (1 - share) * photo.points[f"waist_{side}"] + share * photo.points[f"hem_{side}"]
        x = at[0] if share == 1 else outline_beside(photo.mask, at, 0.6 * photo.half("waist"), sign)
        spots.append(np.array([x, at[1]]))
    return float(np.linalg.norm(spots[0] - spots[1])) / 2


def fit_legs(
    photo: GarmentPhoto, body: BodyMeasurements, stated_cm: Mapping[str, float], material: str, trust: float = 1.0
) -> tuple[Block, float]:
    """Fit trousers or shorts; see ``fit_skirt``."""
    kind = photo.kind
    seat = seat_girth(body) / 4
    parting_px = float(photo.points["crotch"][1] - photo.middle("waist")[1])
    rise_px = parting_px / _RISE_SHOWN[kind.category]
    rise = body.waist_height - body.inseam
    inseam_px = parting_px - rise_px
    inseam_px += float(
        np.mean([np.linalg.norm(photo.points[f"leg_inner_{s}"] - photo.points["crotch"]) for s in SIDES])
    )
    stated: dict[str, float] = {}
    if "width" in stated_cm:
        stated["waist"] = stated_cm["width"] / 2
    is_short = kind.category == Category.SHORTS
    long = (
        photo.distance("waist", "leg_outer") / (2 * photo.half("hip")) if photo.has("hip") else _INSEAM_BY_SHAPE[0][1]
    )
    usual_inseam = 0.26 if is_short else float(np.interp(long, *_INSEAM_BY_SHAPE))
    low, high = _LEG_SHORTEST[kind.category], _LEG_LONGEST[kind.category]
    roomy, least = _HIP_EASE_CM[kind.category]
    hung = kind.laid in {"hanger", "held"}
    opening_px = photo.distance("leg_outer", "leg_inner") / (_OPENING_HUNG[kind.category] if hung else 1.0)
    sizes, scale = solve_sizes(
        [
            Size("waist", photo.half("waist"), 0.18, seat, 0.07, 0.8 * seat, 1.3 * seat, True),
            Size("hip", photo.half("hip") if photo.has("hip") else None, 0.1 if is_short else 0.08,
                 (body.hip + roomy) / 4, 0.08 if is_short else 0.06,
                 (body.hip + least) / 4, (body.hip + 34) / 4, True),
            Size("rise", rise_px, 0.07 if is_short else 0.15, _USUAL_RISE * rise, 0.14,
                 _LEAST_RISE * rise, _MOST_RISE * rise),
            Size("inseam", inseam_px, 0.04 if is_short else 0.15, usual_inseam * body.inseam, 0.4 if is_short else 0.06,
                 low * body.inseam, high * body.inseam),
            Size("opening", opening_px, _HUNG_SPREAD if hung else _OPENING_SPREAD,
                 (0.3 if is_short else 0.2) * body.hip, 0.3,
                 (0.28 if is_short else 0.145) * body.hip, 0.55 * body.hip, True, 1.0 if is_short else LEG_FOLLOWS),
        ],
        photo.kind,
        stated,
        trust,
        body.hip / body.height / SAMPLE_HIP,
    )  # fmt: skip
    inseam = sizes["inseam"]
    if not is_short:
        inseam = min(inseam, float(np.interp(sizes["opening"], *_OVER_THE_SHOE)) * body.inseam)
    if "length" in stated_cm:
        inseam = float(np.clip(stated_cm["length"] - sizes["rise"], low * body.inseam, 0.99 * body.inseam))
    lowered = max(rise - sizes["rise"], 0.0)
    half_waist = stated.get("waist", seat_girth(body, lowered) / 4)
    knee = None if is_short else _knee(photo, sizes, body)
    block = draft_legs(
        kind, body, inseam, sizes["opening"], half_waist, lowered=lowered, quarter=sizes["hip"], knee=knee
    )
    return block, scale


def _knee(photo: GarmentPhoto, sizes: Mapping[str, float], body: BodyMeasurements) -> float:
    """Measure the flat width in cm of a leg halfway between the place where the legs part and its end.

    The photo's scale there is assumed to lie between those at the hip and at the leg's end.
    """
    points, widths = photo.points, []
    for side in SIDES:
        parting, outer, inner, waist = (points[n] for n in ("crotch", *(f"{n}_{side}" for n in _LEG_POINTS)))
        middle = (parting[1] + inner[1]) / 2
        share = float(np.clip((middle - waist[1]) / max(outer[1] - waist[1], 1.0), 0.1, 0.95))
        centre = (waist + outer + inner + parting) / 4
        ends = (
            outline_across(photo.mask, waist, outer, share, centre),
            outline_across(photo.mask, parting, inner, 0.5, centre),
        )
        widths.append(float(np.linalg.norm(ends[0] - ends[1])))
    px = {"hip": photo.half("hip") if photo.has("hip") else photo.half("waist")}
    px["opening"] = photo.distance("leg_outer", "leg_inner")
    scales = [sizes[name] / max(px[name], 1.0) for name in px]
    return float(np.clip(np.mean(widths) * np.sqrt(np.prod(scales)), _LEAST_KNEE * body.hip, _MOST_KNEE * body.hip))
