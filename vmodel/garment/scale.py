"""From photo pixels to centimetres: stated sizes, size charts, or the body that will wear the garment."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from vmodel.errors import SizeChartInvalid, SizeImplausible
from vmodel.garment import measure
from vmodel.garment.unroll import unroll
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
# A photo of a garment on an invisible body shows its projection, up to 1.45 times narrower than it lies flat;
# lengths do not change. Width and length stated together may therefore differ more in this direction.
FLATTER, ROUNDER = 1.25, 1.5
ROUNDEST_GUESS, ROUNDEST_FLAT = 1.6, 1.4
PROJECTED = 0.8
"""Width of a chest's projection over its half girth: 0.75 of an ellipse seven tenths as deep as wide, and seams."""
_SAMPLE_CHEST_CM, _SKIRT_CHEST_CM = 105.0, 95.0
"""Girth up to which a photo's proportions hold; sample sizes lie below it."""
NEXT_SIZE = 1.07
"""How much larger a garment of guessed size is tried if it does not go on, a little more than one size to the next."""
_MOST_CHART_BYTES = 1_000_000
LONG_TOP = 2.2
"""Length over width at the chest from which a top's length says nothing about its size."""


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
        garment: in photo pixels (``cm_per_px`` 0); a design stays as it is.
        measurements: of the wearer, used only where nothing is stated.
        gender: "woman", "man", "girl" or "boy".
        width_cm: flat width, armpit to armpit; of the waistband for trousers, shorts and skirts.
        length_cm: neck point to hem, or waist to hem or leg end.
    Returns:
        The garment in cm. Where its photo is narrower than it lies flat, torsos are unrolled (``unroll``) and
        garments from the waist are widened.
    Raises:
        SizeImplausible: a stated figure no such garment has, or width and length that contradict the photo.
    """
    if garment.scale_source in {"design", "pattern"}:  # cut to its measures already
        return garment
    wide, long = _flat_width(garment), measure.garment_length(garment)
    across = _stated(garment, "width", 0, width_cm)
    along = _stated(garment, "length", 1, length_cm)
    if across and along:
        ratio = (across / wide) / (along / long)
        if not 1 / FLATTER <= ratio <= ROUNDER:
            expected = across / wide * long
            raise SizeImplausible(
                f"A width of {across:g} cm and a length of {along:g} cm contradict the photo "
                f"(at that width the garment is about {expected:.0f} cm long)"
            )
        return _sized(garment, across / wide, along / long, "width")
    guess_x, guess_y = _guessed_scale(garment, measurements, gender)
    if across:
        return _sized(garment, across / wide, across / wide * guess_y / guess_x, "width")
    if along:
        return _sized(garment, along / long * guess_x / guess_y, along / long, "length")
    return _sized(garment, guess_x, guess_y, "guessed")


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


def _guessed_scale(garment: Garment, body: BodyMeasurements, gender: str) -> tuple[float, float]:
    """Centimetres a pixel, across and along.

    Along: a robust weighted mean, in log space, of what each measure of the body says. Across: the same, but
    wide enough for the body that the garment is put on.
    """
    upper = garment.kind.category.covers_upper
    cues = _upper_cues(garment, body, gender) if upper else _lower_cues(garment, body)
    cues = [cue for cue in cues if cue.pixels > 1]
    logs = np.log([cue.cm / cue.pixels for cue in cues])
    weights = np.array([1 / cue.spread**2 for cue in cues])
    middle = float((weights * logs).sum() / weights.sum())
    for _ in range(8):  # Huber: a cue far from the others counts by its distance, not its square
        away = np.abs(logs - middle) * np.sqrt(weights)
        kept = weights * np.minimum(1.0, 1.2 / np.maximum(away, 1e-9))
        middle = float((kept * logs).sum() / kept.sum())
    along = min(float(np.exp(middle)), _longest(garment, body) / measure.garment_length(garment))
    # Larger sizes are graded more in width than in length.
    graded = ROUNDEST_FLAT * float(np.clip(body.chest / _SAMPLE_CHEST_CM, 1.0, 1.15))
    flat = _flatness(garment) if upper else 1.0
    roundest = max(graded, float(np.interp(flat, [0, 1], [ROUNDEST_GUESS, ROUNDEST_FLAT])))
    return along * float(np.clip(_needed_width(garment, body, along), 1.0, roundest)), along


def _longest(garment: Garment, body: BodyMeasurements) -> float:
    """Length in cm that a garment of the kind does not exceed on this body."""
    category = garment.kind.category
    if category == Category.TOP:
        # Sleeves tell the scale of a coat that was taken for a top: it is long, not large.
        sleeved = garment.kind.sleeve in {Sleeve.THREE_QUARTER, Sleeve.LONG}
        is_long = sleeved and measure.garment_length(garment) > LONG_TOP * measure.chest_width(garment)
        return (2.2 if is_long else 1.25) * (body.neck_height - body.hip_height)
    if category == Category.TROUSERS:  # legs end above the floor, wherever the waist sits
        inseam_share = measure.inseam_length(garment) / measure.garment_length(garment)
        return min(0.98 * body.waist_height, 0.985 * body.inseam / max(inseam_share, 0.3))
    if not category.covers_upper:
        return (0.75 if category == Category.SHORTS else 0.99) * body.waist_height
    return 0.9 * body.neck_height


def _chest_ease(garment: Garment, body: BodyMeasurements, gender: str) -> float:
    kind = garment.kind
    ease = {Category.TOP: 8.0, Category.DRESS: 5.0, Category.JUMPSUIT: 7.0, Category.OUTERWEAR: 15.0}[kind.category]
    ease *= body.chest / 95.0
    if gender in {"man", "boy"}:
        ease *= 1.3
    return ease * (0.4 if kind.neckline == Neckline.STRAPLESS or kind.sleeve == Sleeve.STRAP else 1.0)


def _upper_cues(garment: Garment, body: BodyMeasurements, gender: str) -> list[_Cue]:
    kind = garment.kind
    half = (body.chest + _chest_ease(garment, body, gender)) / 2
    sleeved = kind.sleeve in {Sleeve.SHORT, Sleeve.THREE_QUARTER, Sleeve.LONG}
    flat = _flatness(garment)
    cues = [_Cue(measure.chest_width(garment), float(np.interp(flat, [0, 1], [PROJECTED, 1.0])) * half, 0.14)]
    if sleeved:
        span = float(np.interp(flat, [0, 1], [1.03, 1.08]))  # shoulders that lie flat are cut or dropped wider
        cues.append(_Cue(measure.shoulder_span(garment), body.shoulder_width * span, 0.10))
    elif kind.sleeve == Sleeve.NONE and kind.neckline != Neckline.STRAPLESS:
        # From armhole to armhole; a large size is cut wider than its wearer's bones, for her arms are rounder.
        graded = max(1.0, body.chest / _SAMPLE_CHEST_CM) ** 0.5
        span = graded * float(np.interp(flat, [0, 1], [0.94, 0.82]))
        cues.append(_Cue(measure.shoulder_span(garment), body.shoulder_width * span, 0.13))
    if kind.sleeve == Sleeve.LONG:
        cues.append(_Cue(measure.sleeve_length(garment), body.arm_length * 1.07, 0.08))
    if kind.sleeve == Sleeve.THREE_QUARTER:
        cues.append(_Cue(measure.sleeve_length(garment), body.arm_length * 0.8, 0.14))
    torso = body.neck_height - body.hip_height
    length = measure.garment_length(garment)
    if kind.category == Category.TOP:
        usual = 1.05 if kind.sleeve == Sleeve.STRAP else 1.14  # a loose top covers the hip
        cues.append(_Cue(length, torso * usual, 0.12 if length < LONG_TOP * measure.chest_width(garment) else 0.5))
    elif kind.category == Category.OUTERWEAR:
        cues.append(_Cue(length, torso * 1.2, 0.22))
    else:
        share = 0.66 if kind.category == Category.DRESS else 0.9
        cues.append(_Cue(length, body.neck_height * share, 0.20))
    waist = _waist_drop(garment)
    if waist is not None:
        cues.append(_Cue(waist, body.neck_height - body.waist_height + 2, 0.12))
    return cues


def _flatness(garment: Garment) -> float:
    """0 for a photo on a hidden form, 1 for one of a garment that lies flat.

    Lying flat, a chest of 47 cm meets shoulders of 40 cm, or 33 cm from armhole to armhole without sleeves; on a form
    the same chest shows 35 cm. A top of 66 cm is then 1.4 or 1.9 times as long as its chest is wide.
    """
    kind, chest = garment.kind, measure.chest_width(garment)
    if kind.neckline == Neckline.STRAPLESS:
        return 0.5
    sleeved = kind.sleeve in {Sleeve.SHORT, Sleeve.THREE_QUARTER, Sleeve.LONG}
    against_shoulders = chest / max(measure.shoulder_span(garment), 1e-6)
    opinions = [np.interp(against_shoulders, (0.92, 1.12) if sleeved else (1.05, 1.3), (0.0, 1.0))]
    if kind.category == Category.TOP:
        opinions.append(np.interp(measure.garment_length(garment) / chest, (1.5, 1.85), (1.0, 0.0)))
    return float(np.mean(opinions))


def _waist_drop(garment: Garment) -> float | None:
    """From the neck points down to a marked waist; None where the sides run straight."""
    marks = garment.landmarks_cm
    neck, armpit = (float(np.mean([marks[f"{n}_{s}"][1] for s in measure.SIDES])) for n in ("neck", "armpit"))
    if garment.kind.neckline == Neckline.STRAPLESS or armpit >= neck:
        return None
    rows = np.linspace(armpit - 0.25 * (neck - armpit), armpit - 1.6 * (neck - armpit), 40)
    widths = np.array([measure.width_at(garment, float(y)) or np.inf for y in rows])
    best = int(widths.argmin())
    if not 2 < best < 37 or not np.isfinite(widths[-1]):
        return None
    marked = widths[best] < 0.9 * measure.chest_width(garment) and widths[best] < 0.95 * widths[-1]
    return neck - float(rows[best]) if marked else None


def _lower_cues(garment: Garment, body: BodyMeasurements) -> list[_Cue]:
    kind, marks = garment.kind, garment.landmarks_cm
    # A skirt in a large size is wider, not longer: legs say how long trousers are, nothing else says it of a skirt.
    graded = min(1.0, _SKIRT_CHEST_CM / body.chest) if kind.category == Category.SKIRT else 1.0
    seat = graded * (body.waist + 0.3 * (body.hip - body.waist))  # most waistbands sit below the natural waist
    gathered = any("waist" in panel.elastic for panel in garment.panels)
    cues = [_Cue(measure.waistband_width(garment), 0.9 * (seat + 2) / 2, 0.25 if gathered else 0.14)]
    hip = _hip_width(garment)
    if hip:
        cues.append(_Cue(hip, 0.9 * 1.06 * graded * body.hip / 2, 0.12))
    length = measure.garment_length(garment)
    if kind.category.has_legs:
        rise = float(np.mean([marks[f"waist_{s}"][1] for s in measure.SIDES]) - marks["crotch"][1])
        cues.append(_Cue(rise, 0.95 * (body.waist_height - body.inseam), 0.14))
    if kind.category == Category.TROUSERS:
        cues.append(_Cue(measure.inseam_length(garment), body.inseam * 0.96, 0.09))
        cues.append(_Cue(length, body.waist_height * 0.95, 0.12))
    else:
        share, spread = (0.52, 0.35) if kind.category == Category.SKIRT else (0.38, 0.25)
        cues.append(_Cue(length, body.waist_height * share, spread))
    return cues


def _hip_width(garment: Garment) -> float | None:
    marks = garment.landmarks_cm
    waist = float(np.mean([marks[f"waist_{s}"][1] for s in measure.SIDES]))
    if garment.kind.category.has_legs:
        return measure.width_at(garment, 0.35 * waist + 0.65 * float(marks["crotch"][1]))
    return measure.width_at(garment, waist - 0.5 * measure.waistband_width(garment))


def _needed_width(garment: Garment, body: BodyMeasurements, scale: float) -> float:
    """Factor across that lets the garment go round chest, waist and hip; below 1 where it is wide anyway."""
    upper = garment.kind.category.covers_upper
    needs: list[tuple[float | None, float]] = []
    if upper:
        marks = garment.landmarks_cm
        # tops hang from the shoulders with 4 to 6 cm of ease, dresses may be cut to the body
        hangs = garment.kind.category in {Category.TOP, Category.OUTERWEAR}
        armpit = float(np.mean([marks[f"armpit_{s}"][1] for s in measure.SIDES]))
        needs.append((measure.chest_width(garment), (1.06 if hangs else 1.03) * body.chest))
        waist = armpit - (body.chest_height + 4 - body.waist_height) / scale
        needs.append((measure.width_at(garment, waist), 0.99 * body.waist))
        hip = armpit - (body.chest_height + 4 - body.hip_height) / scale
        needs.append((measure.width_at(garment, hip), (1.06 if hangs else 1.0) * body.hip))
    else:
        gathered = any("waist" in panel.elastic for panel in garment.panels)
        seat = body.waist + 0.3 * (body.hip - body.waist)
        needs.append((measure.waistband_width(garment), (0.85 if gathered else 1.0) * seat))
        needs.append((_hip_width(garment), 1.02 * body.hip))
    return max(girth / (2 * width * scale) for width, girth in needs if width)


def _sized(garment: Garment, across: float, along: float, source: str) -> Garment:
    """Scale x and y apart; where x exceeds y, a torso is unrolled instead of stretching its print."""
    if garment.kind.category.covers_upper and across > along:
        return _resized(unroll(garment, across / along), along, along, source)
    return _resized(garment, across, along, source)


def let_grow(garment: Garment, factor: float) -> Garment:
    """A garment in cm, larger by a factor: for a guessed size that is too narrow at armholes or shoulders."""
    return replace(_resized(garment, factor, factor, garment.scale_source), cm_per_px=garment.cm_per_px * factor)


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
    rows = read_chart_rows(path)
    found = [row for row in rows if row["size"].strip().casefold() == size.strip().casefold()]
    if not found:
        known = ", ".join(dict.fromkeys(label for row in rows[:12] if (label := row["size"].strip())))
        raise SizeChartInvalid(str(path), f"has no size {size!r} (it has {known})", "choose one with --garment-size")
    return _cell(path, found[0], "width_cm"), _cell(path, found[0], "length_cm")


def list_sizes(path: Path) -> list[str]:
    """Labels of a seller's chart, in its order, each once.

    Raises:
        SizeChartInvalid: no such file, or no such columns.
    """
    return list(dict.fromkeys(label for row in read_chart_rows(path) if (label := row["size"].strip())))


def read_chart_rows(path: Path) -> list[dict[str, str]]:
    """The cells of a seller's chart, a row a size, by their column's name in small letters.

    Raises:
        SizeChartInvalid: no such file, or no such columns.
    """
    text = _chart_text(path)
    delimiter = max((",", ";", "\t"), key=text[:4096].count)
    try:
        table = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise SizeChartInvalid(str(path), "cannot be read") from error
    rows = [{(k or "").strip().lower(): (v or "") for k, v in row.items() if not isinstance(v, list)} for row in table]
    if not rows or "size" not in rows[0] or not {"width_cm", "length_cm"} & set(rows[0]):
        raise SizeChartInvalid(str(path), "lacks the columns it needs")
    return rows


def _chart_text(path: Path) -> str:
    """A spreadsheet's text: UTF-8, or UTF-16 as Excel saves "Unicode text"."""
    try:
        if path.stat().st_size > _MOST_CHART_BYTES:
            raise SizeChartInvalid(str(path), "is too large for a size chart")
        content = path.read_bytes()
    except OSError as error:
        raise SizeChartInvalid(str(path), "cannot be read") from error
    try:
        return content.decode("utf-16" if content[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise SizeChartInvalid(str(path), "is not text in UTF-8", "in Excel, save it as CSV UTF-8") from error


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
