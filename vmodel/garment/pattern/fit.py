"""Garment for one wearer from a photo that was read: a fitted block with the photo warped onto it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from vmodel.garment.blocks.paint import FINEST_PX_PER_CM, Canvas, lay_out
from vmodel.garment.blocks.parts import Block
from vmodel.garment.delighting.exposure import exposed
from vmodel.garment.delighting.remove_light import even_light
from vmodel.garment.delighting.white_balance import in_white_light
from vmodel.garment.imaging.inpaint import bleed, clean_cloth, mirrored_at, taken_from
from vmodel.garment.pattern.cloth import Cloth, paint
from vmodel.garment.pattern.cut.lower import fit_legs, fit_skirt
from vmodel.garment.pattern.cut.swim import in_two
from vmodel.garment.pattern.cut.upper import fit_upper
from vmodel.garment.pattern.cut.upper_draft import draft_upper
from vmodel.garment.pattern.details.collar import at_fold, find_collar, fold_line, in_placket
from vmodel.garment.pattern.details.front_edge import front_alone
from vmodel.garment.pattern.details.front_opening import between, find_opening
from vmodel.garment.pattern.details.neck import inside_of_neck
from vmodel.garment.pattern.details.neck_edge import neck_edge
from vmodel.garment.pattern.details.sleeves_seen import find_lying
from vmodel.garment.pattern.upright import bounded, upright
from vmodel.garment.recognition.surface import Surface
from vmodel.garment.sizing.stated_sizes import stated_sizes
from vmodel.garment.vector.technical_flat import is_drawing
from vmodel.types import (
    BodyMeasurements,
    BoolArray,
    ByteArray,
    Category,
    Cutout,
    FlatLay,
    Garment,
    GarmentKind,
    GarmentPhoto,
    Landmarks,
    Neckline,
    Panel,
)

_RIM: Final = 0.005
"""Width of the rim in which ground, shadow and lens mix the colours, as a share of the garment's extent."""
_PRINTED: Final = 0.5
"""Probability from which on a place is printed."""
MOST_STRETCH: Final = 1.35
"""Ratio of a print's two directions above which the seller is warned."""
PhotoOfBack = tuple[FlatLay, Cutout, Landmarks, Surface | None]
"""Photo of a garment's back, its cut-out, its landmarks, and its surface where that is known."""
USUAL_BODY: Final = BodyMeasurements(
    height=172.0, chest=90.0, waist=73.0, hip=96.0, neck=31.0, shoulder_width=38.0, arm_length=55.0, inseam=80.0,
    chest_height=127.0, waist_height=109.0, hip_height=90.0, neck_height=147.0,
)  # fmt: skip
"""Wearer for whom a garment is cut by default: a woman in size M."""


def make_pattern(
    flat_lay: FlatLay,
    cutout: Cutout,
    kind: GarmentKind,
    landmarks: Landmarks,
    back: PhotoOfBack | None = None,
    material: str | None = None,
    worn_open: bool | None = None,
    inside: BoolArray | None = None,
    surface: Surface | None = None,
) -> Garment:
    """Take what a pattern needs from a photo; ``fit_garment`` cuts it for a wearer.

    Args:
        flat_lay: the photo.
        cutout: its garment.
        kind: from ``understand``.
        landmarks: from ``understand``.
        back: of the same garment, if there is a photo of it.
        material: name in the drape's materials; guessed from the category when None.
        worn_open: the front is worn open, or closed; as it was photographed when None.
        inside: (H, W) bool, where an open front shows the inner side of the back; None for nowhere.
        surface: prints and foreign places of the photo, and its light's colour; None where nothing is known.
    Returns:
        The garment without panels: those depend on who wears it. Its photo is no larger than textures need.
    """
    flat_lay, cutout, landmarks, surface, inside = bounded(flat_lay, cutout, landmarks, surface, inside)
    seen = GarmentPhoto(flat_lay.rgb, cutout.mask, landmarks.points_px, kind, is_drawing(Path(flat_lay.name)))
    collar = None if seen.is_drawn or not kind.category.covers_upper else find_collar(seen, flat_lay.rgb)
    shown = replace(kind, open_front=kind.open_front or bool(worn_open))
    front = replace(_photo_of(flat_lay, cutout, landmarks, surface, shown, collar), kind=kind)
    if surface is not None and not seen.is_drawn:
        front = replace(front, lying=find_lying(surface, cutout.mask, kind))
    if kind.open_front or worn_open:
        front = _parted(front, np.zeros_like(front.mask) if inside is None else inside)
    if worn_open is not None:
        kind = replace(kind, open_front=worn_open)
        front = replace(front, kind=kind)
    front = _with_neck_edge(front, flat_lay.rgb)
    behind = None if back is None else _photo_of(*bounded(*back)[:4], kind, is_back=True)
    return Garment(
        kind, (), (), (), {}, material=material or guess_material(kind), warnings=cutout.warnings, photo=front,
        back_photo=behind,
    )  # fmt: skip


def fit_garment(
    garment: Garment,
    measurements: BodyMeasurements,
    gender: str,
    width_cm: float | None = None,
    length_cm: float | None = None,
    trust: float = 1.0,
) -> Garment:
    """Cut a photo's garment for a wearer.

    Args:
        garment: from ``make_pattern``; a design or a sewing pattern stays as it is.
        measurements: of the wearer.
        gender: "woman", "man", "girl" or "boy".
        width_cm: flat width as stated, armpit to armpit; of the waistband for trousers, shorts and skirts.
        length_cm: neck point to hem, or waist to hem or leg end, as stated.
        trust: in the photo's proportions, see ``solve_sizes``.
    Raises:
        SizeImplausible: no garment of the kind has such a size.
    """
    if garment.photo is None:
        return garment
    stated = stated_sizes(garment.kind.category, width_cm, length_cm)
    fitted = fit_photo(garment.photo, measurements, gender, garment.material, stated, garment.back_photo, trust)
    return replace(fitted, warnings=(*garment.warnings, *fitted.warnings))


def worn_closed(garment: Garment) -> Garment:
    """Close the front of a garment from ``make_pattern``, however it was photographed."""
    kind = replace(garment.kind, open_front=False)
    photo = garment.photo and replace(garment.photo, kind=kind)
    return replace(garment, kind=kind, photo=photo)


def guess_material(kind: GarmentKind) -> str:
    """Return a material that drapes like most garments of the kind."""
    if kind.category == Category.OUTERWEAR:
        return "coat-wool"
    if kind.category in {Category.TOP, Category.DRESS}:
        return "cotton" if kind.neckline == Neckline.COLLAR else "jersey"
    return "cotton"


def _photo_of(
    flat_lay: FlatLay,
    cutout: Cutout,
    landmarks: Landmarks,
    surface: Surface | None,
    kind: GarmentKind,
    collar: BoolArray | None = None,
    is_back: bool = False,
) -> GarmentPhoto:
    """Take light and its colour from the photo, and extend its cloth past the outline: no ground may show at a seam."""
    drawn, mask, points = is_drawing(Path(flat_lay.name)), cutout.mask, landmarks.points_px
    printed = None if surface is None else surface.over("print", mask.shape)
    if not drawn and cutout.source != "mask":
        foreign = None if surface is None else surface.over("foreign", mask.shape)
        mask, points = front_alone(flat_lay.rgb, mask, landmarks, kind.category, foreign)
        if foreign is not None and kind.category.covers_upper and not is_back:
            inside = inside_of_neck(kind, points, foreign)
            if collar is not None:
                inside &= ~collar
                fold = fold_line(GarmentPhoto(flat_lay.rgb, mask, points, kind), collar)
                if fold is not None:
                    inside &= ~in_placket(inside, collar, fold)
            mask = mask & ~inside
    extent = float(max(np.ptp(np.nonzero(mask.any(axis))[0]) for axis in (0, 1))) + 1
    sources = mirrored_at(clean_cloth(flat_lay.rgb, mask, max(2, round(_RIM * extent))))
    lit = flat_lay.rgb
    if not drawn and surface is not None:
        lit = in_white_light(lit, mask, surface.illuminant, surface.white)
    rgb = taken_from(lit, sources)
    if not drawn:  # past the outline the cloth goes on without its light
        rgb = taken_from(even_light(rgb, mask, dict(kind.cloth), printed), sources)
        if surface is not None:  # on cloth without its light, so that a lit place sets no bound
            rgb = exposed(rgb, mask, surface.exposure, surface.white)
    shown = None if drawn or printed is None else mask & (printed > _PRINTED)
    return GarmentPhoto(rgb, mask, points, kind, drawn, collar=collar, printed=shown)


def _parted(photo: GarmentPhoto, inside: BoolArray) -> GarmentPhoto:
    """Find the edges of an open front and extend its own cloth past them, so that no inside shows at an edge."""
    opening = find_opening(photo, inside)
    gap = between(opening, photo.mask.shape) | inside
    if not gap.any():
        return replace(photo, opening=opening)
    return replace(photo, opening=opening, rgb=bleed(photo.rgb, photo.mask & ~gap, 1), mask=photo.mask | gap)


def fit_photo(
    photo: GarmentPhoto,
    body: BodyMeasurements,
    gender: str,
    material: str,
    stated_cm: Mapping[str, float] | None = None,
    back: GarmentPhoto | None = None,
    trust: float = 1.0,
    finest_px_per_cm: float = FINEST_PX_PER_CM,
) -> Garment:
    """Cut the garment of a photo for a wearer.

    Args:
        photo: the garment as read.
        body: of the wearer.
        gender: "woman", "man", "girl" or "boy".
        material: name in the drape's materials.
        stated_cm: "width" and "length" that the seller stated, either, both or none.
        back: the garment's back as read, if there is a photo of it.
        trust: in the photo's proportions, see ``solve_sizes``.
        finest_px_per_cm: resolution of the textures, see ``lay_out``.
    Returns:
        The garment in centimetres; its textures hold the photo's own pixels.
    """
    stated = stated_cm or {}
    photo = upright(photo)
    block, scale = fit_block(photo, body, gender, material, stated, trust)
    canvas = lay_out(block, finest_px_per_cm)
    cloth = paint(photo, block, canvas, None if back is None else _seen_from_front(upright(back)), scale)
    return _garment(block, canvas, cloth, scale, stated, material)


def fit_block(
    photo: GarmentPhoto,
    body: BodyMeasurements,
    gender: str,
    material: str,
    stated_cm: Mapping[str, float],
    trust: float = 1.0,
) -> tuple[Block, float]:
    """Fit the cut alone, without textures; see ``fit_photo``.

    Returns:
        The block, and cm per pixel of the photo, which lies upright.
    """
    if photo.kind.category.covers_upper:
        cut, scale = fit_upper(photo, body, gender, stated_cm, trust)
        block = draft_upper(photo.kind, cut, material)
        return (block if cut.midriff is None else in_two(block, cut.midriff)), scale
    if photo.kind.category == Category.SKIRT:
        return fit_skirt(photo, body, stated_cm, material, trust)
    return fit_legs(photo, body, stated_cm, material, trust)


def _garment(
    block: Block, canvas: Canvas, cloth: Cloth, scale: float, stated: Mapping[str, float], material: str
) -> Garment:
    panels = tuple(
        Panel(
            each.name, each.side, each.edges, canvas.panel_to_texture, texture=int(each.side == "back"),
            elastic={name: share for name, share in block.elastic.items() if name in each.edges},
            bands={name: band for name, band in block.bands.items() if name in each.edges}, laid=each.laid,
        )
        for each in block.cut
    )  # fmt: skip
    warnings: tuple[str, ...] = () if cloth.doubt is None else (cloth.doubt,)
    if cloth.stretch > MOST_STRETCH:
        share = f"{cloth.stretch - 1:.0%}"
        warnings += (f"the print is stretched by {share} where the photo shows it askew; a photo from above helps",)
    return Garment(
        kind=block.kind,
        panels=panels,
        seams=block.seams,
        textures=(cloth.front, cloth.back, *([] if cloth.collar is None else [cloth.collar])),
        landmarks_cm=block.landmarks_cm,
        cm_per_px=scale,
        scale_source=next((name for name in ("width", "length") if name in stated), "guessed"),
        sleeve_angle_deg=block.sleeve_angle_deg,
        material=material,
        warnings=warnings,
        collar_cm=cloth.leaf.widths_cm,
        collar_px=cloth.leaf.lines_px,
        collar_texture=0 if cloth.collar is None else 2,
    )


def _with_neck_edge(photo: GarmentPhoto, rgb: ByteArray) -> GarmentPhoto:
    """Add the neck's edge that the photo shows: the front's own, or the line along which its collar folds over.

    A drawing stays as it is: all its colourways are cut alike.
    """
    if photo.is_drawn or not photo.kind.category.covers_upper:
        return photo
    edge = neck_edge(photo, rgb) if photo.collar is None else fold_line(photo, photo.collar)
    if edge is None:
        return replace(photo, collar=None)
    points = {"neck_front": edge[len(edge) // 2]}
    if photo.collar is None:
        points |= {"neck_left": edge[0], "neck_right": edge[-1]}
    collar = None if photo.collar is None else at_fold(photo.collar, edge)
    return replace(photo, neck_edge=edge, collar=collar, points={**photo.points, **points})


def _seen_from_front(back: GarmentPhoto) -> GarmentPhoto:
    """Rename a back's landmarks to the wearer's sides: seen from behind, left is on the left."""
    swapped = {
        name.replace("left", "right") if name.endswith("left") else name.replace("right", "left"): point
        for name, point in back.points.items()
    }
    return replace(back, points=swapped)
