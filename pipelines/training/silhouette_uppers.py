"""Drawn garments that hang from the shoulders."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipelines.training.silhouette_drawing import SIDES, Drawing, arc, flip, point, wavy
from pipelines.training.silhouette_lowers import jumpsuit_leg, paint_legs
from pipelines.training.silhouette_necks import add_neck
from vmodel.types import Category, FloatArray, Neckline, Sleeve

ALONG_TORSO = 0.22
"""Share of long sleeves that lie against the torso, or partly on it or under it, so that the outline hides them."""


@dataclass
class _Cut:
    """Numbers shared by both sides of a garment that hangs from the shoulders."""

    chest: float
    neck: float
    neck_depth: float
    shoulder: float
    slope: float
    armpit_y: float
    waist_y: float
    waist: float
    hem_y: float
    hem: float
    sleeve_length: float
    sleeve_angle: float
    elbow: float
    cuff: float


def _neckline_of(rng: np.random.Generator, category: Category, sleeve: Sleeve) -> Neckline:
    kinds = [Neckline.CREW, Neckline.V, Neckline.SCOOP, Neckline.SQUARE, Neckline.COLLAR, Neckline.HIGH, Neckline.HOOD]
    weight = np.array([0.28, 0.16, 0.16, 0.06, 0.17, 0.12, 0.05])
    if category == Category.OUTERWEAR:
        weight = np.array([0.13, 0.22, 0.02, 0.0, 0.38, 0.08, 0.17])
    elif sleeve == Sleeve.STRAP:
        weight = np.array([0.05, 0.35, 0.35, 0.25, 0.0, 0.0, 0.0])
    elif category in {Category.DRESS, Category.JUMPSUIT} or sleeve == Sleeve.NONE:
        weight = np.array([0.34, 0.22, 0.22, 0.08, 0.07, 0.06, 0.01])
    if sleeve == Sleeve.NONE and category != Category.OUTERWEAR and rng.random() < 0.10:
        return Neckline.STRAPLESS
    return kinds[rng.choice(len(kinds), p=weight / weight.sum())]


def _sleeve_of(rng: np.random.Generator, category: Category) -> Sleeve:
    kinds = [Sleeve.NONE, Sleeve.STRAP, Sleeve.SHORT, Sleeve.THREE_QUARTER, Sleeve.LONG]
    weight = {
        Category.TOP: [0.16, 0.10, 0.34, 0.12, 0.28],
        Category.DRESS: [0.36, 0.16, 0.22, 0.08, 0.18],
        Category.JUMPSUIT: [0.38, 0.20, 0.22, 0.05, 0.15],
        Category.OUTERWEAR: [0.08, 0.0, 0.04, 0.08, 0.80],
    }[category]
    return kinds[rng.choice(len(kinds), p=weight)]


def draw_upper(rng: np.random.Generator, category: Category) -> Drawing:
    """A top, dress, jumpsuit or coat."""
    sleeve = _sleeve_of(rng, category)
    neckline = _neckline_of(rng, category, sleeve)
    drawing = Drawing(category, sleeve, neckline)
    cut = _upper_cut(rng, drawing)
    if category == Category.OUTERWEAR:
        drawing.open_front = bool(rng.random() < 0.35)
    halves, seed = [], int(rng.integers(1 << 31))
    for name, sign in SIDES:
        own = _Cut(**{k: v * rng.normal(1, 0.015) for k, v in vars(cut).items()})
        if rng.random() < 0.25:
            own.sleeve_angle *= rng.uniform(0.8, 1.2)
            own.elbow += rng.normal(0, 8)
        own.hem_y, own.armpit_y = cut.hem_y * rng.normal(1, 0.006), cut.armpit_y * rng.normal(1, 0.02)
        # the same numbers on both sides: a garment is symmetric but for the jitter above
        halves.append(_upper_side(np.random.default_rng(seed), drawing, own, name, sign))
    _close_upper(rng, drawing, cut, halves[0], halves[1])
    return drawing


def _upper_cut(rng: np.random.Generator, drawing: Drawing) -> _Cut:
    category, sleeve = drawing.category, drawing.sleeve
    chest = 15.5 + {
        Category.TOP: 14 * rng.beta(1.6, 2.2), Category.DRESS: rng.uniform(0, 8.5),
        Category.JUMPSUIT: rng.uniform(0, 9), Category.OUTERWEAR: rng.uniform(4, 17),
    }[category]  # fmt: skip
    fitted = rng.random()
    length = {
        Category.TOP: np.clip(rng.normal(64, 8), 38, 82),
        Category.DRESS: rng.uniform(83, 148),
        Category.OUTERWEAR: np.clip(rng.normal(72, 18), 44, 125),
        Category.JUMPSUIT: 70.0,
    }[category]
    armpit = rng.uniform(17, 26) + (4 if category == Category.OUTERWEAR else 0)
    shoulder = chest * (rng.uniform(0.6, 1.07) if sleeve == Sleeve.NONE else rng.uniform(0.74, 1.0))
    neck = rng.uniform(7, 13) if drawing.neckline != Neckline.SCOOP else rng.uniform(9, 16)
    if drawing.neckline == Neckline.HIGH:
        neck = rng.uniform(6, 9.5)
    neck = min(neck, shoulder * 0.8)
    depth = {
        Neckline.CREW: rng.uniform(4, 11), Neckline.V: rng.uniform(11, 28), Neckline.SCOOP: rng.uniform(8, 20),
        Neckline.SQUARE: rng.uniform(9, 20), Neckline.COLLAR: rng.uniform(4, 18), Neckline.HIGH: rng.uniform(-4, 1),
        Neckline.HOOD: rng.uniform(5, 15), Neckline.STRAPLESS: 0.0, Neckline.NONE: 0.0,
    }[drawing.neckline]  # fmt: skip
    waist_y = max(armpit + 8, rng.uniform(36, 46))
    if category == Category.DRESS and rng.random() < 0.2:
        waist_y = armpit + rng.uniform(4, 10)
    waist = chest * (rng.uniform(0.68, 0.95) if fitted < 0.55 else rng.uniform(0.92, 1.12))
    flare = rng.uniform(0.9, 1.15) if rng.random() < 0.5 else rng.uniform(1.1, 1.5)
    if category == Category.DRESS:
        flare = rng.uniform(0.85, 1.2) if rng.random() < 0.4 else rng.uniform(1.2, 2.4)
    reach = {
        Sleeve.NONE: 0.0, Sleeve.STRAP: 0.0, Sleeve.SHORT: rng.uniform(6, 31),
        Sleeve.THREE_QUARTER: rng.uniform(34, 52), Sleeve.LONG: rng.uniform(57, 68),
    }[sleeve]  # fmt: skip
    angle = rng.uniform(18, 70) if sleeve == Sleeve.SHORT else rng.uniform(35, 93)
    if rng.random() < 0.06:
        angle = rng.uniform(-5, 25)
    return _Cut(
        chest=chest, neck=neck, neck_depth=depth, shoulder=shoulder, slope=rng.uniform(1.5, 7.5), armpit_y=armpit,
        waist_y=waist_y, waist=waist, hem_y=length, hem=chest * flare, sleeve_length=reach, sleeve_angle=angle,
        elbow=rng.normal(4, 8), cuff=rng.uniform(8, 14) if reach > 30 else rng.uniform(13, 24),
    )  # fmt: skip


def _strap_top(rng: np.random.Generator, drawing: Drawing, cut: _Cut) -> tuple[FloatArray, FloatArray]:
    """Neck and shoulder points of one side, wearer's left."""
    if drawing.sleeve == Sleeve.STRAP:
        width = rng.uniform(0.5, 2.2) if rng.random() < 0.65 else rng.uniform(2, 5)
        x = rng.uniform(0.35, 0.75) * cut.chest
        return point(x, 0), point(x + width, rng.uniform(0, 0.8))
    if drawing.neckline == Neckline.STRAPLESS:
        x = cut.chest * rng.uniform(0.82, 1.0)
        return point(x, cut.armpit_y), point(x + 0.5, cut.armpit_y + 0.4)
    return point(cut.neck, 0), point(cut.shoulder, cut.slope)


def _upper_side(rng: np.random.Generator, drawing: Drawing, cut: _Cut, name: str, sign: float) -> FloatArray:
    """Outline of one side from neck point to hem end; adds the sleeve and the landmarks."""
    neck, shoulder = _strap_top(rng, drawing, cut)
    armpit = point(cut.chest, cut.armpit_y)
    if drawing.neckline == Neckline.STRAPLESS:
        armpit = shoulder + point(0.3, 0.6)
    marks = {"neck": neck, "shoulder": shoulder, "armpit": armpit, "cuff_outer": shoulder, "cuff_inner": armpit}
    parts = [neck[None], arc(neck, shoulder, rng.uniform(-0.05, 0.08), 6)]
    if cut.sleeve_length:
        marks |= _sleeve(rng, drawing, cut, shoulder, armpit, sign)
        parts.append(armpit[None])
    elif drawing.sleeve == Sleeve.STRAP:
        low = point(neck[0] + rng.uniform(0.5, 4), cut.armpit_y * rng.uniform(0.55, 0.85))
        low[0] = min(low[0], cut.chest * 0.92)
        marks["strap_foot"] = low
        parts += [arc(shoulder, low, rng.uniform(-0.04, 0.04), 6), arc(low, armpit, rng.uniform(-0.35, 0.05))]
    else:
        parts.append(arc(shoulder, armpit, rng.uniform(-0.5, 0.05)))
    parts += _torso_side(rng, drawing, cut, armpit, marks)
    for key, place in marks.items():
        drawing.landmarks[f"{key}_{name}"] = flip(place, sign)
    return flip(np.concatenate(parts), sign)


def _torso_side(
    rng: np.random.Generator, drawing: Drawing, cut: _Cut, armpit: FloatArray, marks: dict[str, FloatArray]
) -> list[FloatArray]:
    waist, hem = point(cut.waist, cut.waist_y), point(cut.hem, cut.hem_y)
    if cut.hem_y < cut.waist_y + 6:
        middle = armpit * 0.5 + hem * 0.5 - [rng.uniform(0, 1.5), 0]
        marks |= {"waist": middle, "hem": hem}
        return [arc(armpit, middle, 0.02), arc(middle, hem, 0.02)]
    marks |= {"waist": waist, "hem": hem}
    if drawing.category == Category.JUMPSUIT:
        marks |= jumpsuit_leg(rng, waist, cut.waist_y)
        return [arc(armpit, waist, rng.uniform(-0.1, 0.04))]
    parts = [arc(armpit, waist, rng.uniform(-0.1, 0.04))]
    peplum = cut.hem > cut.waist * 1.15 and rng.random() < 0.3
    start = waist + point(rng.uniform(1, 6), rng.uniform(0, 1.5)) if peplum else waist
    parts.append(arc(start, hem, rng.uniform(-0.14, 0.04)))
    if drawing.category == Category.TOP and rng.random() < 0.12:  # gathered hem band
        band = hem + point(-rng.uniform(1.5, 4), 0)
        parts[-1] = arc(start, hem + point(1.5, -5), -0.08)
        parts += [arc(hem + point(1.5, -5), band, -0.2), (band + point(0, 3))[None]]
        marks["hem"] = band + point(0, 3)
    return parts


def _beside_torso(cut: _Cut, shoulder: FloatArray) -> _Cut:
    """The same cut with the sleeve lifted until most of its cuff shows beside the torso."""
    angle = cut.sleeve_angle
    while angle > 20:
        bent = np.radians([angle, np.clip(angle + cut.elbow, -10, 125)])
        cuff = shoulder + cut.sleeve_length / 2 * np.array([np.cos(bent).sum(), np.sin(bent).sum()])
        torso = np.interp(cuff[1], [cut.armpit_y, cut.waist_y, cut.hem_y], [cut.chest, cut.waist, cut.hem])
        if cuff[0] > torso + cut.cuff * 0.7 or cuff[1] > cut.hem_y + 8:
            break
        angle -= 3
    return replace(cut, sleeve_angle=angle)


def _along_torso(rng: np.random.Generator, cut: _Cut, shoulder: FloatArray) -> _Cut:
    """The same cut with the sleeve laid down until only a part of its cuff shows beside the torso, or next to none."""
    shown, cut = rng.uniform(0.35, 1.0) * cut.cuff, replace(cut, elbow=rng.normal(0, 4))
    for angle in np.arange(104.0, 40.0, -2.0):
        bent = np.radians([angle, angle + cut.elbow])
        outer = shoulder + cut.sleeve_length / 2 * np.array([np.cos(bent).sum(), np.sin(bent).sum()])
        torso = np.interp(outer[1], [cut.armpit_y, cut.waist_y, cut.hem_y], [cut.chest, cut.waist, cut.hem])
        if outer[0] > torso + shown:
            break
    return replace(cut, sleeve_angle=float(angle))


def _sleeve(
    rng: np.random.Generator, drawing: Drawing, cut: _Cut, shoulder: FloatArray, armpit: FloatArray, sign: float
) -> dict[str, FloatArray]:
    """Paint one sleeve; returns the cuff's ends."""
    along = cut.sleeve_length > 30 and rng.random() < ALONG_TORSO
    cut = _along_torso(rng, cut, shoulder) if along else _beside_torso(cut, shoulder)
    first, second = np.radians(cut.sleeve_angle), np.radians(np.clip(cut.sleeve_angle + cut.elbow, -10, 125))
    way1, way2 = (np.array([np.cos(a), np.sin(a)]) for a in (first, second))
    normal = np.array([-way2[1], way2[0]])
    long = cut.sleeve_length > 30
    elbow = shoulder + way1 * cut.sleeve_length * (0.5 if long else 1.0)
    outer = elbow + way2 * cut.sleeve_length * 0.5 if long else elbow
    cuff = cut.cuff * (rng.uniform(1.2, 2.2) if long and rng.random() < 0.12 else 1.0)
    inner = outer + normal * cuff + way2 * rng.uniform(-2.5, 2)
    puff = rng.random() < 0.18
    bulge = rng.uniform(0.12, 0.35) if puff else rng.uniform(-0.03, 0.08)
    top = (
        np.concatenate([arc(shoulder, elbow, bulge), arc(elbow, outer, bulge if puff else 0.02)])
        if long
        else arc(shoulder, outer, bulge)
    )
    under = arc(inner, armpit, bulge * 0.7 if puff else rng.uniform(-0.08, 0.06))
    mouth = arc(outer, inner, rng.uniform(-0.12, 0.12))
    if rng.random() < 0.1:
        mouth = wavy(mouth, rng.uniform(0.3, 0.9), rng.uniform(2, 5), rng.uniform(0, 6))
    if rng.random() < 0.06:
        tiers = rng.integers(2, 5)
        saw = (np.linspace(0, tiers, len(top)) % 1.0)[:, None] * rng.uniform(2, 7)
        out = np.array([way1[1], -way1[0]])
        top = top + saw * out
        under = under - saw[: len(under)] * out * 0.6
    deep = np.array([[armpit[0] * 0.75, armpit[1]], [shoulder[0] * 0.75, shoulder[1] + 3]])
    drawing.layers.append(("cloth", flip(np.concatenate([top, mouth, under, deep]), sign)))
    drawing.lines.append(flip(arc(shoulder, armpit, rng.uniform(-0.25, 0.02)), sign))
    if rng.random() < 0.5:
        drawing.lines.append(flip(mouth - way2 * rng.uniform(1.5, 6), sign))
    return {"cuff_outer": outer, "cuff_inner": inner}


def _close_upper(rng: np.random.Generator, drawing: Drawing, cut: _Cut, left: FloatArray, right: FloatArray) -> None:
    """Join both sides by neckline and hem; add collar, hood, legs and the inside of the back."""
    front, top = add_neck(rng, drawing, cut.neck_depth, left, right)
    if drawing.category == Category.JUMPSUIT:
        crotch = point(rng.normal(0, 0.5), cut.waist_y + rng.uniform(24, 34))
        drawing.landmarks["crotch"] = crotch
        paint_legs(rng, drawing, crotch)
        hem = np.stack([left[-1] + point(0, 3), right[-1] + point(0, 3)])
        drawing.landmarks = {k: v for k, v in drawing.landmarks.items() if not k.startswith("hem")}
    else:
        hem = arc(left[-1], right[-1], rng.uniform(-0.05, 0.14))
        if rng.random() < 0.12:
            hem = wavy(hem, rng.uniform(0.3, 1.2), rng.uniform(3, 9), rng.uniform(0, 6))
        if rng.random() < 0.06:  # asymmetric hem
            hem = np.stack([hem[:, 0], hem[:, 1] + np.linspace(0, 1, len(hem)) * rng.uniform(-8, 8)], 1)
            drawing.landmarks["hem_right"] = hem[-1]
    where = 0 if rng.random() < 0.5 else len(drawing.layers)
    drawing.layers.insert(where, ("cloth", np.concatenate([left, hem, right[::-1], front])))
    if top is not None:
        drawing.layers.append(("inside", np.concatenate([top, front])))
    if rng.random() < 0.4:
        drawing.lines.append(hem - [0, rng.uniform(1, 5)])
    if rng.random() < 0.25:
        drawing.lines.append(np.stack([drawing.landmarks["waist_left"], drawing.landmarks["waist_right"]]))
    if rng.random() < 0.05 and drawing.category != Category.JUMPSUIT:  # tie that hangs below
        x = rng.uniform(-0.8, 0.8) * cut.chest
        y = cut.hem_y * rng.uniform(0.5, 0.8)
        end = point(x + rng.normal(0, 4), cut.hem_y + rng.uniform(2, 14))
        drawing.layers.append(("cloth", np.stack([point(x, y), point(x + 2, y), end + point(1.5, 0), end])))
