"""Reading of the seller's files: the sewing pattern, and the rules on who may wear it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vmodel.core.files import identity, sha256_of
from vmodel.errors import BadUsage
from vmodel.garment.cutout.segment import cut_out
from vmodel.garment.designs.block_design import is_design, make_garment, read_design
from vmodel.garment.designs.flat_shape import DrawnShape, paint_shape, understand_drawing
from vmodel.garment.designs.pattern_design import read_sewn_design, sew_design
from vmodel.garment.load_photo import read_back_of_drawing, read_flat_lay
from vmodel.garment.pattern.details.sleeves_seen import find_beside
from vmodel.garment.pattern.fit import PhotoOfBack, make_pattern
from vmodel.garment.recognition.kind import (
    KindQuestion,
    ask_kind,
    can_be_open,
    check_worn_open,
    detected_kind,
    is_worn_open,
    read_kinds,
    second_kind,
    seen_bands,
    seen_part,
    seen_parts,
    understand,
)
from vmodel.garment.recognition.surface import Surface
from vmodel.garment.sewing.formats.load import start_reader
from vmodel.garment.vector.technical_flat import TechnicalFlat, in_plain_colours, is_drawing, read_flat
from vmodel.rights.policy.minors import check_declared, check_detected, read_category
from vmodel.shot.pipeline_interface import GarmentReading
from vmodel.shot.request import GarmentSource
from vmodel.shot.stages import Stage
from vmodel.studio.stage_cache import StageCache
from vmodel.types import BoolArray, Category, Cutout, FlatLay, Garment, GarmentKind, Landmarks, VirtualModel

_INSIDE = 0.4
"""Probability from which on a place in the middle of an open front is not the front's outer face."""


def read_pattern(source: GarmentSource, stages: StageCache, fitting: bool = False) -> GarmentReading:
    """Turn the photo, and that of the back if there is one, into a sewing pattern that has no size yet.

    Args:
        source: what the seller gave.
        stages: keeps the results of earlier readings.
        fitting: for a fast preview, which needs less of a drawing's or a sewing pattern's detail.
    Raises:
        VModelError: a file cannot be read or shows no single garment.
    """
    if fitting:
        start_reader()  # previews of designs come in series, and one of them may be a DXF
    if is_design(source.photo):
        if source.worn_open is not None:
            raise BadUsage("A design is worn as it is cut; leave --open and --closed out.")
        return _read_design(source, stages, fitting)
    # The pixels of a mask and of landmarks refer to the drawing as rendered for the final picture.
    if fitting and is_drawing(source.photo) and not (source.mask or source.landmarks or source.back):
        return _read_drawing(source, stages)
    photo, mask = identity(source.photo), identity(source.mask)
    category = read_category(source.category)
    key = (photo, mask, category, identity(source.landmarks))
    flat_lay = stages.get_or_compute(Stage.READING, photo, lambda: read_flat_lay(source.photo, stages.settings))
    swims = category == Category.SWIMWEAR
    cutout = stages.get_or_compute(Stage.CUTOUT, (photo, mask, swims), lambda: cut_out(flat_lay, source.mask, category))
    kind, landmarks = stages.get_or_compute(
        Stage.UNDERSTANDING, key, lambda: understand(flat_lay, cutout, category, source.landmarks)
    )
    check_worn_open(kind, source.worn_open)
    back = _read_back(source, stages, kind)
    whole_key = (*key, identity(source.back), source.material, source.worn_open)
    garment = stages.get_or_compute(
        Stage.PATTERN, whole_key, lambda: _cut_from(flat_lay, cutout, kind, landmarks, back, source)
    )
    if category is not None:
        return GarmentReading(whole_key, flat_lay, cutout, garment.kind, landmarks, garment)
    others, question = stages.get_or_compute(
        Stage.HYPOTHESES, whole_key, lambda: _doubts(flat_lay, cutout, kind, source)
    )
    return GarmentReading(whole_key, flat_lay, cutout, garment.kind, landmarks, garment, others, question)


def digest_of(source: GarmentSource, reading: GarmentReading, stages: StageCache) -> str:
    """Return the SHA-256 of a garment's photo, by which people and pieces are chosen for it."""
    return stages.get_or_compute(Stage.DIGEST, reading.key, lambda: sha256_of(source.photo))


def _doubts(
    flat_lay: FlatLay, cutout: Cutout, kind: GarmentKind, source: GarmentSource
) -> tuple[tuple[Garment, ...], KindQuestion | None]:
    """Return the garment as its other possible kinds, and the question for the seller."""
    return _others(flat_lay, cutout, kind, source), ask_kind(read_kinds(flat_lay, cutout))


def _cut_from(
    flat_lay: FlatLay,
    cutout: Cutout,
    kind: GarmentKind,
    landmarks: Landmarks,
    back: PhotoOfBack | None,
    source: GarmentSource,
) -> Garment:
    surface = _surface_of(flat_lay, cutout)
    inside = _inside(flat_lay, cutout, surface) if kind.open_front or source.worn_open else None
    worn_open = source.worn_open if can_be_open(kind) else None
    if kind.open_front and worn_open is None and surface is not None:
        worn_open = is_worn_open(read_kinds(flat_lay, cutout))
    garment = make_pattern(flat_lay, cutout, kind, landmarks, back, source.material, worn_open, inside, surface)
    if surface is None or garment.photo is None:
        return garment
    photo = replace(garment.photo, bands=seen_bands(flat_lay, cutout, kind, landmarks))
    return replace(garment, photo=replace(photo, beside=find_beside(seen_parts(flat_lay, cutout), photo)))


def _surface_of(flat_lay: FlatLay, cutout: Cutout) -> Surface | None:
    """Return the surface of each place in a photo; None for a drawing, which states it itself."""
    return None if is_drawing(Path(flat_lay.name)) else read_kinds(flat_lay, cutout).surface


def _inside(flat_lay: FlatLay, cutout: Cutout, surface: Surface | None) -> BoolArray:
    """Find where the back's inner side shows, (H, W) bool."""
    if surface is None:
        return seen_part(flat_lay, cutout, "inside")
    return cutout.mask & (surface.over("foreign", cutout.mask.shape) > _INSIDE)


def _others(flat_lay: FlatLay, cutout: Cutout, kind: GarmentKind, source: GarmentSource) -> tuple[Garment, ...]:
    """Return the garment as the second likeliest kind, where the network is in doubt."""
    second = second_kind(flat_lay, cutout)
    if second is None or second == kind.category:
        return ()
    other, landmarks = understand(flat_lay, cutout, second, source.landmarks)
    return (_cut_from(flat_lay, cutout, replace(other, stated=False), landmarks, None, source),)


def check_rights(
    model: VirtualModel, source: GarmentSource, reading: GarmentReading, stages: StageCache
) -> frozenset[Category]:
    """Apply the rules for child models to the declared and to the detected garment; the stricter wins.

    The reading of a fitting does not count: the garment is checked as for the final picture.

    Returns:
        Categories for the rules of pose and framing: that of the cut, and for a child also that of the photo.
    Raises:
        NotAllowedForChildren: the model is under 18 and the garment is not surely everyday clothes.
    """
    if not model.is_child:
        return frozenset({reading.kind.category})
    check_declared(model, source.category, source.material)
    # Detected again without the seller's statement, which would hide what the photo shows.
    whole = read_pattern(source, stages)
    seen = stages.get_or_compute(
        Stage.DETECTING, whole.key, lambda: detected_kind(whole.flat_lay, whole.cutout, whole.garment)
    )
    check_detected(model, seen, reading.garment.material)
    return frozenset({reading.kind.category, seen.category})


def _read_drawing(source: GarmentSource, stages: StageCache) -> GarmentReading:
    """Read a technical flat for a fitting; parts that no colourway changes are recognised and cut once for all."""
    photo, category = identity(source.photo), read_category(source.category)
    flat, plain = stages.get_or_compute(Stage.READING, ("fitting", photo), lambda: _read_plain(source.photo))
    shape: DrawnShape = stages.get_or_compute(
        Stage.UNDERSTANDING, (plain.sha256, category), lambda: understand_drawing(plain, category)
    )
    check_worn_open(shape.kind, source.worn_open)
    key = ("fitting", photo, category, source.material, source.worn_open)
    flat_lay, cutout, garment = stages.get_or_compute(
        Stage.PATTERN, key, lambda: paint_shape(shape, flat, source.material, source.worn_open)
    )
    return GarmentReading(key, flat_lay, cutout, garment.kind, shape.landmarks, garment)


def _read_plain(photo: Path) -> tuple[TechnicalFlat, TechnicalFlat]:
    flat = read_flat(photo)
    return flat, in_plain_colours(flat)


def _read_back(source: GarmentSource, stages: StageCache, kind: GarmentKind) -> PhotoOfBack | None:
    if source.back is None:
        return _drawn_back(source, stages, kind)
    path, key = source.back, identity(source.back)
    flat_lay = stages.get_or_compute(Stage.READING, key, lambda: read_flat_lay(path, stages.settings))
    return _back_landmarks(
        flat_lay, stages.get_or_compute(Stage.CUTOUT, (key, None), lambda: cut_out(flat_lay, None, kind.category)), kind
    )


def _back_landmarks(flat_lay: FlatLay, cutout: Cutout, kind: GarmentKind) -> PhotoOfBack:
    """Find the landmarks of a back, which is of the front's kind, whatever it looks like by itself."""
    return flat_lay, cutout, understand(flat_lay, cutout, kind.category)[1], _surface_of(flat_lay, cutout)


def _drawn_back(source: GarmentSource, stages: StageCache, kind: GarmentKind) -> PhotoOfBack | None:
    """Return the back that a technical flat contains."""
    if not is_drawing(source.photo):
        return None
    key = ("back", identity(source.photo))
    flat_lay = stages.get_or_compute(Stage.READING, key, lambda: read_back_of_drawing(source.photo))
    if flat_lay is None:
        return None
    return _back_landmarks(
        flat_lay, stages.get_or_compute(Stage.CUTOUT, key, lambda: cut_out(flat_lay, None, kind.category)), kind
    )


def _read_design(source: GarmentSource, stages: StageCache, fitting: bool) -> GarmentReading:
    """Read a design, which is cut to its own measures and needs no recognition."""
    sewn_design = stages.get_or_compute(
        Stage.UNDERSTANDING, identity(source.photo), lambda: read_sewn_design(source.photo)
    )
    key = (identity(source.photo), source.material, fitting and sewn_design is not None)

    def make() -> GarmentReading:
        if sewn_design is not None:
            chosen = replace(sewn_design, material=source.material or sewn_design.material)
            sewn = sew_design(chosen, sha256_of(source.photo), fitting)
            flat_lay = replace(sewn.flat_lay, name=source.photo.name)
            return GarmentReading(key, flat_lay, sewn.cutout, sewn.garment.kind, sewn.landmarks, sewn.garment)
        design = read_design(source.photo)
        design = replace(design, material=source.material or design.material)
        flat_lay, cutout, landmarks, garment = make_garment(design, source.photo.name, sha256_of(source.photo))
        return GarmentReading(key, flat_lay, cutout, garment.kind, landmarks, garment)

    return stages.get_or_compute(Stage.PATTERN, key, make)
