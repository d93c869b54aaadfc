"""From photo pixels to centimetres: stated sizes, size charts, or the body that will wear the garment."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from vmodel.errors import SizeChartInvalid, SizeImplausible
from vmodel.garment import measure
from vmodel.types import BodyMeasurements, Category, FloatArray, Garment, Neckline, Panel, Sleeve

# flat width and length in cm that any garment of the kind can have, toddler to 6XL
PLAUSIBLE_CM = {
    Category.TOP: ((18, 95), (18, 130)),
    Category.DRESS: ((18, 95), (35, 180)),
    Category.JUMPSUIT: ((18, 95), (35, 185)),
    Category.OUTERWEAR: ((20, 110), (22, 160)),
    Category.TROUSERS: ((15, 80), (25, 135)),
    Category.SHORTS: ((15, 80), (10, 80)),
    Category.SKIRT: ((14, 80), (12, 125)),
}
DISAGREEMENT = 1.25


@dataclass(frozen=True)
class _Cue:
    """One opinion on the scale: a length of the garment in pixels and in cm on this body."""

    pixels: float
    cm: float
    spread: float


def scale_garment(
    garment: Garment,
    measurements: BodyMeasurements,
    gender: str,
    width_cm: float | None = None,
    length_cm: float | None = None,
) -> Garment:
    """Give the pattern its size.

    Args:
        garment: in photo pixels (``cm_per_px`` 0).
        measurements: of the wearer, used only where nothing is stated.
        gender: "woman", "man", "girl" or "boy".
        width_cm: flat width, armpit to armpit; of the waistband for trousers, shorts and skirts.
        length_cm: neck point to hem, or waist to hem or leg end.
    Returns:
        The garment in cm. Width and length both stated scale x and y apart.
    Raises:
        SizeImplausible: a stated figure no such garment has, or width and length that contradict the photo.
    """
    wide, long = _flat_width(garment), measure.garment_length(garment)
    across = _stated(garment, "width", 0, width_cm)
    along = _stated(garment, "length", 1, length_cm)
    if across and along:
        ratio = (across / wide) / (along / long)
        if not 1 / DISAGREEMENT <= ratio <= DISAGREEMENT:
            expected = across / wide * long
            raise SizeImplausible(
                f"A width of {across:g} cm and a length of {along:g} cm contradict the photo "
                f"(at that width the garment is about {expected:.0f} cm long)"
            )
        return _resized(garment, across / wide, along / long, "width")
    if across:
        return _resized(garment, across / wide, across / wide, "width")
    if along:
        return _resized(garment, along / long, along / long, "length")
    guess = _guessed_scale(garment, measurements, gender)
    return _resized(garment, guess, guess, "guessed")


def _flat_width(garment: Garment) -> float:
    upper = garment.kind.category.covers_upper
    return measure.chest_width(garment) if upper else measure.waistband_width(garment)


def _stated(garment: Garment, what: str, which: int, value: float | None) -> float | None:
    if value is None:
        return None
    low, high = PLAUSIBLE_CM[garment.kind.category][which]
    if not low <= value <= high:  # also refuses NaN
        raise SizeImplausible(f"A {what} of {value:g} cm is not that of a {garment.kind.category} ({low} to {high} cm)")
    return float(value)


def _guessed_scale(garment: Garment, body: BodyMeasurements, gender: str) -> float:
    """Robust weighted mean, in log space, of what each measure of the body says."""
    upper = garment.kind.category.covers_upper
    cues = [cue for cue in (_upper_cues if upper else _lower_cues)(garment, body, gender) if cue.pixels > 1]
    logs = np.log([cue.cm / cue.pixels for cue in cues])
    weights = np.array([1 / cue.spread**2 for cue in cues])
    middle = float((weights * logs).sum() / weights.sum())
    for _ in range(8):  # Huber: a cue far from the others counts by its distance, not its square
        away = np.abs(logs - middle) * np.sqrt([1 / cue.spread**2 for cue in cues])
        kept = weights * np.minimum(1.0, 1.0 / np.maximum(away, 1e-9))
        middle = float((kept * logs).sum() / kept.sum())
    return _wearable(garment, body, float(np.exp(middle)))


def _upper_cues(garment: Garment, body: BodyMeasurements, gender: str) -> list[_Cue]:
    kind = garment.kind
    ease = {Category.TOP: 8.0, Category.DRESS: 5.0, Category.JUMPSUIT: 7.0, Category.OUTERWEAR: 15.0}[kind.category]
    ease *= body.chest / 95.0
    if gender in {"man", "boy"}:
        ease *= 1.3
    if kind.neckline == Neckline.STRAPLESS or kind.sleeve == Sleeve.STRAP:
        ease *= 0.4
    cues = [_Cue(measure.chest_width(garment), (body.chest + ease) / 2, 0.07)]
    sleeved = kind.sleeve in {Sleeve.SHORT, Sleeve.THREE_QUARTER, Sleeve.LONG}
    if sleeved:
        cues.append(_Cue(measure.shoulder_span(garment), body.shoulder_width * 1.03, 0.11))
    if kind.sleeve == Sleeve.LONG:
        cues.append(_Cue(measure.sleeve_length(garment), body.arm_length * 1.06, 0.08))
    torso = body.neck_height - body.hip_height
    if kind.category in {Category.TOP, Category.OUTERWEAR}:
        cues.append(_Cue(measure.garment_length(garment), torso * 1.12, 0.20))
    else:
        cues.append(_Cue(measure.garment_length(garment), body.neck_height * 0.70, 0.22))
    return cues


def _lower_cues(garment: Garment, body: BodyMeasurements, gender: str) -> list[_Cue]:
    del gender
    kind = garment.kind
    seat = body.waist + 0.3 * (body.hip - body.waist)  # most waistbands sit below the natural waist
    gathered = any("waist" in panel.elastic for panel in garment.panels)
    cues = [_Cue(measure.waistband_width(garment), (seat + 2) / 2, 0.16 if gathered else 0.08)]
    marks = garment.landmarks_cm
    if kind.category.has_legs:
        hip_y = 0.35 * marks["waist_left"][1] + 0.65 * marks["crotch"][1]
        hip = measure.width_at(garment, float(hip_y))
        if hip:
            cues.append(_Cue(hip, (body.hip + 8 * body.hip / 98) / 2, 0.10))
    if kind.category == Category.TROUSERS:
        cues.append(_Cue(measure.inseam_length(garment), body.inseam * 0.95, 0.12))
        cues.append(_Cue(measure.garment_length(garment), body.waist_height * 0.93, 0.12))
    elif kind.category == Category.SKIRT:
        cues.append(_Cue(measure.garment_length(garment), body.waist_height * 0.55, 0.4))
    else:
        cues.append(_Cue(measure.garment_length(garment), body.waist_height * 0.38, 0.25))
    return cues


def _wearable(garment: Garment, body: BodyMeasurements, scale: float) -> float:
    """Enlarge a guess until the narrowest place below the chest goes round the body without strain."""
    kind = garment.kind
    if not kind.category.covers_upper:
        return scale
    marks = garment.landmarks_cm
    armpit = float(np.mean([marks[f"armpit_{s}"][1] for s in measure.SIDES]))
    needs = [(2 * measure.chest_width(garment) * scale, 0.96 * body.chest)]
    waist = measure.narrowest_between(garment, armpit, armpit - 22 / scale)
    if waist is not None:
        needs.append((2 * waist * scale, 0.98 * body.waist))
    hip = measure.width_at(garment, armpit - (body.chest_height + 4 - body.hip_height) / scale)
    if hip is not None:
        needs.append((2 * hip * scale, 0.97 * body.hip))
    return scale * min(1.2, max(1.0, *(need / have for have, need in needs)))


def _resized(garment: Garment, across: float, along: float, source: str) -> Garment:
    factor = np.array([across, along])
    return replace(
        garment,
        panels=tuple(_resized_panel(panel, factor) for panel in garment.panels),
        landmarks_cm={name: np.asarray(point) * factor for name, point in garment.landmarks_cm.items()},
        cm_per_px=float(np.sqrt(across * along)),
        scale_source=source,
    )


def _resized_panel(panel: Panel, factor: FloatArray) -> Panel:
    to_texture = np.array(panel.panel_to_texture)
    to_texture[:, :2] /= factor
    return replace(
        panel,
        edges={name: np.asarray(points) * factor for name, points in panel.edges.items()},
        holes=tuple(np.asarray(hole) * factor for hole in panel.holes),
        panel_to_texture=to_texture,
    )


def read_size_chart(path: Path, size: str) -> tuple[float | None, float | None]:
    """Look a size up in a seller's chart.

    Args:
        path: CSV with a header row: size, width_cm, length_cm (either measure may be left out).
        size: label to find, compared without case or surrounding blanks.
    Returns:
        (width_cm, length_cm); None where the chart leaves a cell empty.
    Raises:
        SizeChartInvalid: no such file, no such column, no such size, or a cell that is no number.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            sample = file.read(4096)
            file.seek(0)
            rows = list(csv.DictReader(file, delimiter=";" if sample.count(";") > sample.count(",") else ","))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SizeChartInvalid(str(path), "cannot be read") from error
    rows = [{(k or "").strip().lower(): (v or "") for k, v in row.items() if isinstance(v, str)} for row in rows]
    if not rows or "size" not in rows[0] or not {"width_cm", "length_cm"} & set(rows[0]):
        raise SizeChartInvalid(str(path), "lacks the columns it needs")
    found = [row for row in rows if row["size"].strip().casefold() == size.strip().casefold()]
    if not found:
        known = ", ".join(row["size"].strip() for row in rows[:12])
        raise SizeChartInvalid(str(path), f"has no size {size!r} (it has {known})")
    return _cell(path, found[0], "width_cm"), _cell(path, found[0], "length_cm")


def _cell(path: Path, row: dict[str, str], column: str) -> float | None:
    text = row.get(column, "").strip().replace(",", ".")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise SizeChartInvalid(str(path), f"holds {text!r} in {column}") from error
    if not np.isfinite(value) or value <= 0:
        raise SizeChartInvalid(str(path), f"holds {text!r} in {column}")
    return value
