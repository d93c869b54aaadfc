"""Sellers' designs: a block with a print, a technical flat or a sewing pattern, in every colourway.

Each design is stored as a garment for jobs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from vmodel.body.model.roster import Roster
from vmodel.errors import BadUsage
from vmodel.garment.blocks.library import BLOCKS
from vmodel.garment.blocks.print_repeat import PrintRepeat, recolour_tile
from vmodel.garment.designs.block_design import Design, check_colour
from vmodel.garment.designs.pattern_design import SewnDesign
from vmodel.service.garments.records import PAGE, StoredGarment
from vmodel.service.storage.errors import StoredFileMissing
from vmodel.service.storage.file_store import FileStore
from vmodel.studio.design_wearer import choose_wearer
from vmodel.types import BodyMeasurements, ByteArray

MOST_COLORWAYS = 12
_NAME = re.compile(r"\w[\w-]{0,39}")
_FILE = re.compile(r"[0-9a-f]{64}\.(svg|dxf|json|png|jpg|webp|tif)")
_KEPT_MEASURES: dict[tuple[str, str | None, str | None], tuple[str, BodyMeasurements]] = {}


@dataclass(frozen=True)
class Colorway:
    """One design in other colours: ``colours`` maps replaced "#rrggbb" to new ones."""

    name: str
    colours: Mapping[str, str]


@dataclass(frozen=True)
class Recipe:
    """Choices of a designer for a block, a flat or a pattern.

    Attributes:
        block: a key of ``vmodel.garment.blocks.library.BLOCKS``.
        flat: id of an uploaded technical flat.
        pattern: id of an uploaded sewing pattern.
        print: id of an uploaded repeat, on a block or on the pieces of a pattern.
        size: to which a block is cut; None to cut it to the measures of ``model``.
        model: id of the virtual model that wears it; None for one of ``size``, otherwise of sample size.
        repeat_cm, rotate_deg, offset_cm: see ``PrintRepeat``.
        ground: "#rrggbb" of a block, or of pieces that have no colour.
        trim: "#rrggbb" of a block; None for the ground's.
        material: name in the drape's materials; None for the block's own, or cotton for pieces.
        piece_materials: piece of a pattern, or word in several pieces' names -> material.
        category, width_cm, length_cm: of a flat, as for photos.
    """

    block: str | None = None
    flat: str | None = None
    pattern: str | None = None
    print: str | None = None
    size: str | None = None
    model: str | None = None
    repeat_cm: float = 10.0
    rotate_deg: float = 0.0
    offset_cm: tuple[float, float] = (0.0, 0.0)
    ground: str = "#f4f2ee"
    trim: str | None = None
    material: str | None = None
    piece_materials: Mapping[str, str] = field(default_factory=dict)
    category: str | None = None
    width_cm: float | None = None
    length_cm: float | None = None
    colorways: tuple[Colorway, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as it is stored: plain values that ``json`` can write."""
        return asdict(self) | {"offset_cm": list(self.offset_cm), "colorways": [asdict(way) for way in self.colorways]}

    def colours_of(self, colorway: str) -> Mapping[str, str]:
        """Return the colours that a colourway replaces; the design's own, "", replaces none.

        Raises:
            BadUsage: there is none of this name.
        """
        if not colorway:
            return {}
        found = next((way for way in self.colorways if way.name == colorway), None)
        if found is None:
            raise BadUsage(f"There is no colourway {colorway!r}; name one of the design's own.")
        return found.colours


def check_recipe(recipe: Recipe, roster: Roster) -> Recipe:
    """Reject a recipe that could only fail later.

    Returns:
        The same recipe with colours in lower case.
    Raises:
        VModelError: the first problem found.
    """
    from vmodel.drape.cloth.materials import load_material

    if sum(kind is not None for kind in (recipe.block, recipe.flat, recipe.pattern)) != 1:
        raise BadUsage("A design is a block, a flat or a pattern; name one of the three.")
    _check_pattern(recipe)
    if recipe.flat is not None and recipe.print is not None:
        raise BadUsage("A print lies on a block or a pattern; leave it out for a flat, which has its own.")
    if recipe.block is not None and recipe.block not in BLOCKS:
        raise BadUsage(f"Unknown block {recipe.block!r}; use one of: {', '.join(BLOCKS)}.")
    if recipe.model is not None:
        _ = roster[recipe.model]
    if recipe.size is not None and all(model.size != recipe.size for model in roster.values()):
        raise BadUsage(f"No virtual model has the size {recipe.size}, so nobody can be measured; see /v1/models.")
    for material in (*recipe.piece_materials.values(), *([recipe.material] if recipe.material is not None else [])):
        load_material(material)
    for file in (recipe.flat, recipe.pattern, recipe.print):
        if file is not None and not _FILE.fullmatch(file):
            raise StoredFileMissing(file)
    names = [way.name for way in recipe.colorways]
    if len(names) > MOST_COLORWAYS:
        raise BadUsage(f"A design has at most {MOST_COLORWAYS} colourways; leave some out.")
    if len(set(names)) < len(names) or not all(_NAME.fullmatch(name) for name in names):
        raise BadUsage("A colourway needs a name of its own, of letters, digits and dashes, at most 40 long.")
    ways = tuple(
        replace(way, colours={check_colour(old): check_colour(new) for old, new in way.colours.items()})
        for way in recipe.colorways
    )
    trim = None if recipe.trim is None else check_colour(recipe.trim)
    return replace(recipe, ground=check_colour(recipe.ground), trim=trim, colorways=ways)


def _check_pattern(recipe: Recipe) -> None:
    if recipe.pattern is None:
        if recipe.piece_materials:
            raise BadUsage("Materials by piece belong to a pattern; give one material for the whole garment.")
        return
    stated = [name for name in ("size", "category", "width_cm", "length_cm") if getattr(recipe, name) is not None]
    if stated:
        raise BadUsage(f"A pattern is worn as it is cut, so leave {' and '.join(stated)} out.")


def measures_for(recipe: Recipe, roster: Roster) -> tuple[str, BodyMeasurements]:
    """Return the id of a block's wearer, and the measures that it is cut to; a body is measured once per process.

    Raises:
        BadUsage: no virtual model has this size.
    """
    key = (recipe.block or "", recipe.model, recipe.size)
    if key not in _KEPT_MEASURES:
        wearer, body = choose_wearer(recipe.block or "", recipe.model, recipe.size, roster)
        if len(_KEPT_MEASURES) > 500:
            _KEPT_MEASURES.clear()
        _KEPT_MEASURES[key] = (wearer.id, body)
    return _KEPT_MEASURES[key]


def design_in(recipe: Recipe, colorway: str, tile: ByteArray | None, body: BodyMeasurements) -> Design:
    """Return a block's design in one of its colourways.

    Args:
        recipe: of a block.
        colorway: its name; empty for its own colours.
        tile: of the print, from ``vmodel.garment.blocks.print_repeat.read_tile``.
        body: the measures that it is cut to.
    Raises:
        BadUsage: the print cannot be laid out this way, or there is no such colourway.
    """
    colours = recipe.colours_of(colorway)
    print_ = _print_of(recipe, recolour_tile(tile, dict(colours)) if tile is not None and colours else tile)
    ground, trim = recipe.ground, recipe.trim or recipe.ground
    return Design(
        recipe.block or "", body, print_, colours.get(ground, ground), colours.get(trim, trim), recipe.material
    )


def sewn_in(recipe: Recipe, colorway: str, content: bytes, tile: ByteArray | None) -> SewnDesign:
    """Return a pattern's design in one of its colourways.

    Args:
        recipe: of a pattern.
        colorway: its name; empty for its own colours.
        content: the pattern's file.
        tile: of the print, see ``design_in``.
    Raises:
        BadUsage: the print cannot be laid out this way, or there is no such colourway.
    """
    colours = recipe.colours_of(colorway)
    name = f"pattern.{(recipe.pattern or '').rpartition('.')[2]}"
    design = SewnDesign(
        name, content, _print_of(recipe, tile), recipe.ground, recipe.material, dict(recipe.piece_materials)
    )
    return design.in_colours(colours) if colours else design


def _print_of(recipe: Recipe, tile: ByteArray | None) -> PrintRepeat | None:
    return None if tile is None else PrintRepeat(tile, recipe.repeat_cm, recipe.rotate_deg, recipe.offset_cm)


def file_of(store: FileStore, account_id: str, file_id: str) -> bytes:
    """Return the content of an uploaded print, flat or pattern.

    Raises:
        StoredFileMissing: the account has no such file.
    """
    if not _FILE.fullmatch(file_id):
        raise StoredFileMissing(file_id)
    return store.get(account_id, f"{account_id}/{file_id}")


def list_designs(
    session: Session, account_id: str, limit: int = PAGE, before: str | None = None
) -> list[StoredGarment]:
    """List designs of an account, the newest first; see ``vmodel.service.garments.records.list_garments``."""
    wanted = select(StoredGarment).where(
        StoredGarment.account_id == account_id,
        StoredGarment.deleted_at.is_(None),
        StoredGarment.design.is_not(None),
    )
    if before is not None:
        wanted = wanted.where(StoredGarment.id < before)
    return list(session.scalars(wanted.order_by(StoredGarment.id.desc()).limit(max(1, min(limit, PAGE)))))


def every_colorway(recipe: Recipe) -> Iterator[str]:
    """Yield "" for the design's own colours, then the name of each further colourway."""
    yield ""
    yield from (way.name for way in recipe.colorways)


def drawn_key_of(session: Session, account_id: str, photo_key: str) -> str | None:
    """Return the key of what a browser can show of a job's garment: the photo, or the drawing of an existing design."""
    if not photo_key.endswith((".design", ".svg")):
        return photo_key
    for garment in list_designs(session, account_id):
        if garment.photo_key == photo_key:
            return garment.cutout_key
        for way in garment.colorways.values():
            if way["photo_key"] == photo_key:
                return str(way["drawn_key"])
    return None
