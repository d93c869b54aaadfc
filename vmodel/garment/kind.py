"""What the garment is: category, sub-kinds and landmarks of a cut-out photo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from vmodel.config import Settings
from vmodel.garment.front import FrontReading, read_front
from vmodel.garment.landmarks import check_order, complete, loop_order, names_of, read_landmarks, snap_to_contour
from vmodel.garment.outline import arc_between, extent, trace_contour
from vmodel.garment.proportions import SIDES, is_wide_strap, mend_armpits, mend_cuffs, mirror_doubtful
from vmodel.garment.silhouette import garment_mask
from vmodel.garment.silhouette_net import (
    CATEGORIES,
    NECKLINES,
    SLEEVES,
    SilhouetteReading,
    load_readers,
    read_silhouette,
)
from vmodel.garment.working import working_copy
from vmodel.types import (
    Category,
    Cutout,
    FlatLay,
    FloatArray,
    GarmentKind,
    Landmarks,
    Length,
    Neckline,
    Sleeve,
)

# a garment's span of shoulders over its length, above which the shoulders are dropped
LARGEST_SPAN = 0.67
# closed coats of the reading benchmark stay below 0.34; the picture has to show a gap as well
OPEN_FRONT = 0.4
# the same where the picture shows a gap, and where it shows buttons
LEAST_OPEN, SURELY_OPEN = 0.02, 0.7
# in chest widths; a sleeveless garment that closes down to its hem and ends above this is a vest
VEST_LENGTH = 1.8
# log odds against shorter sleeves on coats and jackets, whose dropped shoulders make long sleeves look short
RARE_SLEEVE = 2.6


def understand(
    flat_lay: FlatLay, cutout: Cutout, category: Category | None = None, landmarks: Path | None = None
) -> tuple[GarmentKind, Landmarks]:
    """Tell the garment's kind and find its landmarks.

    Args:
        flat_lay: the photo.
        cutout: its garment.
        category: stated by the seller; overrides the guess.
        landmarks: JSON file of landmarks that override the found ones, all or some.
    Raises:
        LandmarksInvalid: the file is not understood.
        WeightsMissing: the network's weights are not installed.
    """
    given = read_landmarks(landmarks, cutout.mask.shape) if landmarks is not None else {}
    flat_lay, cutout, scale = working_copy(flat_lay, cutout)
    given = {name: point * scale for name, point in given.items()}
    reading = read_silhouette(load_readers(Settings().weights), flat_lay.rgb, cutout.mask)
    front = read_front(flat_lay.rgb, cutout.mask, reading.points_px)
    kind = decide_kind(reading, category, front)
    points = dict(reading.points_px) | _lowest_inside(reading.inside, kind, reading.points_px)
    if kind.category.covers_upper:
        points |= mirror_doubtful(points, reading.confidence, extent(cutout.mask))
        points |= mend_cuffs(kind, points | given)
    points |= mend_armpits(cutout.mask, kind, points | given) | given
    sure = dict(reading.confidence) | dict.fromkeys(given, 1.0)
    if landmarks is not None:
        check_order(landmarks, given, {name: points[name] for name in names_of(kind) if name in points})
    mask = garment_mask(flat_lay.rgb, cutout.mask, kind, points)
    contour, size = trace_contour(mask), extent(mask)
    order = loop_order(kind)
    wanted = {name: points[name] for name in order}
    places = snap_to_contour(contour, size, wanted, order, 0.03)
    points |= {name: contour[place] for name, place in places.items()} | given
    points |= _waist_and_hip(contour, places, points, set(given))
    found = complete(kind, {name: point / scale for name, point in points.items()}, sure)
    return replace(kind, length=judge_length(kind, found)), found


def decide_kind(
    reading: SilhouetteReading, category: Category | None, front: FrontReading | None = None
) -> GarmentKind:
    """The likeliest kind; sub-kinds only where the category has them.

    Args:
        reading: of the network.
        category: stated by the seller.
        front: what closes or parts the front; the outline alone decides without.
    """
    share = _weighed(reading, front)
    chosen = category or CATEGORIES[int(share.argmax())]
    confidence = 1.0 if category is not None else float(share.max())
    if not chosen.covers_upper:
        return GarmentKind(chosen, confidence, stated=category is not None)
    sleeve = _sleeve_of(reading, chosen)
    score = np.array(reading.neckline)
    score[NECKLINES.index(Neckline.NONE)] = 0
    if sleeve not in {Sleeve.NONE}:
        score[NECKLINES.index(Neckline.STRAPLESS)] = 0
    return GarmentKind(
        category=chosen,
        confidence=confidence,
        sleeve=sleeve,
        neckline=NECKLINES[int(score.argmax())],
        open_front=chosen == Category.OUTERWEAR and _lies_open(reading, front),
        stated=category is not None,
    )


def _lies_open(reading: SilhouetteReading, front: FrontReading | None) -> bool:
    """True where lining or ground shows between two fronts, or the outline says so and nothing closes them."""
    if front is None:
        return reading.open_front > OPEN_FRONT
    if front.is_parted:
        return reading.open_front > LEAST_OPEN or front.gap_is_darker
    return reading.open_front > (SURELY_OPEN if front.rows else OPEN_FRONT)


def _weighed(reading: SilhouetteReading, front: FrontReading | None) -> FloatArray:
    """Category shares, with tops and dresses told apart by length, and outerwear by what closes or parts the front.

    In size charts tops end at the hip, about 66 cm below the neck, and dresses begin at 84 cm; flat chest widths
    of both lie round 40 cm, so the border is at a ratio of about 2.3.
    """
    share = np.array(reading.category, np.float64)
    points = reading.points_px
    length = (points["hem_left"] + points["hem_right"] - points["neck_left"] - points["neck_right"])[1] / 2
    width = float(np.linalg.norm(points["armpit_left"] - points["armpit_right"]))
    odds = float(np.clip(14 * np.log(max(length, 1.0) / max(width, 1.0) / 2.3), -2.5, 2.5))
    top, dress = CATEGORIES.index(Category.TOP), CATEGORIES.index(Category.DRESS)
    both = share[top] + share[dress]
    against = share[top] / max(share[dress], 1e-6) * np.exp(-odds)
    share[top], share[dress] = both * against / (1 + against), both / (1 + against)
    # a coat taken for a top still hangs well, a blouse taken for a coat turns stiff: doubt goes to the top
    if reading.open_front < 0.5 and (front is None or front.odds_of_outerwear <= 0):
        share[CATEGORIES.index(Category.OUTERWEAR)] *= 0.6
    if front is not None:
        odds = front.odds_of_outerwear
        if odds > 1 and reading.sleeve[SLEEVES.index(Sleeve.NONE)] > 0.5 and front.length < VEST_LENGTH:
            odds += 1.2
        share[CATEGORIES.index(Category.OUTERWEAR)] *= np.exp(odds)
    return np.asarray(share / share.sum())


def _sleeve_of(reading: SilhouetteReading, category: Category) -> Sleeve:
    """Sleeve class from the network and from the sleeve's length against the span of the shoulders.

    With a span of 40 cm, short sleeves end by 40 cm below the shoulder point; long ones begin at about 59 cm where the
    chest is photographed as a body's projection, narrower than the shoulders, and at about 51 cm on garments that lie
    flat and wide, which are cut with wider shoulders.
    """
    points = reading.points_px
    best = SLEEVES[int(reading.sleeve.argmax())]
    if best == Sleeve.STRAP and is_wide_strap(points):
        return Sleeve.NONE
    if best in {Sleeve.NONE, Sleeve.STRAP}:
        return best
    wide, ratio = _reach_of_sleeves(points)
    long_from = float(np.interp(wide, [0.9, 1.1], [1.48, 1.28]))
    past_short, past_middle = (1 / (1 + np.exp(-np.log(ratio / border) / 0.04)) for border in (1.0, long_from))
    by_length = {
        Sleeve.SHORT: 1 - past_short,
        Sleeve.THREE_QUARTER: past_short * (1 - past_middle),
        Sleeve.LONG: past_middle,
    }
    scores = {
        sleeve: max(np.log(share + 1e-9), -2.2) + 0.35 * np.log(reading.sleeve[SLEEVES.index(sleeve)] + 1e-3)
        for sleeve, share in by_length.items()
    }
    if category == Category.OUTERWEAR:
        for sleeve in (Sleeve.SHORT, Sleeve.THREE_QUARTER):
            scores[sleeve] -= RARE_SLEEVE
    return max(scores, key=lambda sleeve: float(scores[sleeve]))


def _reach_of_sleeves(points: Mapping[str, FloatArray]) -> tuple[float, float]:
    """Chest width and sleeve length, both in spans of the wearer's shoulders.

    A dropped shoulder widens the garment's span and shortens its sleeve by as much: a span of more than two thirds of
    the garment's length, from neck to hem, is cut down to that.
    """
    runs = [float(np.linalg.norm(points[f"cuff_outer_{s}"] - points[f"shoulder_{s}"])) for s in SIDES]
    span = max(float(np.linalg.norm(points["shoulder_left"] - points["shoulder_right"])), 1.0)
    chest = float(np.linalg.norm(points["armpit_left"] - points["armpit_right"]))
    length = float(np.mean([points[f"hem_{s}"][1] - points[f"neck_{s}"][1] for s in SIDES]))
    own = min(span, LARGEST_SPAN * length) if length > 0.75 * chest else span
    return chest / own, max(float(np.mean(runs)) + (span - own) / 2, 1.0) / own


def _lowest_inside(inside: FloatArray, kind: GarmentKind, points: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Where the visible inside of the back ends on the garment's middle line, if any shows."""
    upper = kind.category.covers_upper
    name, ends = ("neck_front", "neck") if upper else ("waist_front", "waist")
    left, right = points[f"{ends}_left"], points[f"{ends}_right"]
    third = abs(left[0] - right[0]) / 6
    centre = (points["neck_front"][0] if upper else (left[0] + right[0]) / 2) - 0.5
    band = inside[:, max(0, round(centre - third)) : max(1, round(centre + third))] > (0.5 if upper else 0.75)
    rows = np.nonzero(band.mean(1) > 0.3)[0]
    # what is taken for an inside far below the opening is a shadow or a print
    if not len(rows) or kind.open_front or rows[0] > max(left[1], right[1]) + abs(left[0] - right[0]):
        return {}
    last = int(rows[np.r_[np.diff(rows) > 2, True].argmax()])  # end of the first run: dark prints below are no inside
    low = np.array([centre + 0.5, float(last + 1)])
    if upper:  # two readings of the same point: the heat of the landmark, and the edge of the inside
        low = (low + points["neck_front"]) / 2
    return {name: low}


def _waist_and_hip(
    contour: FloatArray, places: dict[str, int], points: dict[str, FloatArray], fixed: set[str]
) -> dict[str, FloatArray]:
    """Waist (narrowest between armpit and hem) and hip on the outline."""
    moved: dict[str, FloatArray] = {}
    for name in ("waist_right", "hip_right", "waist_left", "hip_left"):
        side = "right" if name.endswith("right") else "left"
        top = next((t for t in (f"armpit_{side}", f"waist_{side}", f"neck_{side}") if t in places), None)
        low = next((t for t in (f"hem_{side}", f"leg_outer_{side}") if t in places), None)
        if name in places or name in fixed or top is None or low is None:
            continue
        way = arc_between(contour, *((places[top], places[low]) if side == "right" else (places[low], places[top])))
        moved[name] = way[int(np.abs(way[:, 1] - points[name][1]).argmin())]
    return moved


def judge_length(kind: GarmentKind, found: Landmarks) -> Length:
    """Length class from proportions: the garment's length against its width at chest or waist."""
    points = found.points_px
    if kind.category.covers_upper:
        top = (points["neck_left"] + points["neck_right"])[1] / 2
        width = np.linalg.norm(points["armpit_left"] - points["armpit_right"])
    else:
        top = (points["waist_left"] + points["waist_right"])[1] / 2
        width = 1.25 * np.linalg.norm(points["waist_left"] - points["waist_right"])
    ends = [points[n][1] for n in ("hem_left", "hem_right", "leg_outer_left", "leg_outer_right") if n in points]
    ratio = (float(np.mean(ends)) - top) / max(float(width), 1.0)
    steps = _LENGTHS[kind.category]
    return next(length for limit, length in steps if ratio < limit)


_BY_LEG = ((0.9, Length.MINI), (1.35, Length.KNEE), (2.0, Length.MIDI), (np.inf, Length.ANKLE))
# A photo on a hidden form is up to 1.4 times narrower than the cloth: such a hip-long top reaches a ratio of 2.2.
_BY_TORSO = ((1.0, Length.CROPPED), (2.3, Length.HIP), (np.inf, Length.TUNIC))
_BY_COAT = ((0.95, Length.CROPPED), (1.5, Length.HIP), (2.0, Length.KNEE), (np.inf, Length.MIDI))
_BY_BODY = ((2.15, Length.MINI), (2.6, Length.KNEE), (3.7, Length.MIDI), (np.inf, Length.ANKLE))
_LENGTHS = {
    Category.TOP: _BY_TORSO,
    Category.OUTERWEAR: _BY_COAT,
    Category.DRESS: _BY_BODY,
    Category.JUMPSUIT: _BY_BODY,
    Category.SKIRT: _BY_LEG,
    Category.SHORTS: _BY_LEG,
    Category.TROUSERS: _BY_LEG,
}
