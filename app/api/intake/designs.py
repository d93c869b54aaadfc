"""Intake of designs: every colourway of a design is made and drawn before anything is stored."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from app.api.http.errors import BodyTooLarge
from app.api.http.state import AppState
from vmodel.rights.admission.garment_review import GarmentReviewer
from vmodel.rights.admission.uploaded_rasters import by_pixels, rasters_in
from vmodel.service.garments.design_preview import (
    Drawn,
    colours_in,
    colours_written,
    decode_limit,
    describe_block,
    draw_block,
    draw_drawing,
    tile_of,
)
from vmodel.service.garments.designs import (
    Recipe,
    check_recipe,
    design_in,
    every_colorway,
    file_of,
    measures_for,
    sewn_in,
)
from vmodel.service.garments.errors import GarmentUnknown
from vmodel.service.garments.pattern_preview import colours_of, describe_sewn, draw_pieces, draw_sewn
from vmodel.service.garments.records import (
    GarmentFiles,
    RecognitionResult,
    StatedAttributes,
    StoredGarment,
    change_garment,
    check_stated,
    find_garment,
    keep_garment,
    plain_name,
    suffix_of,
    unneeded_files,
)
from vmodel.types import ByteArray

if TYPE_CHECKING:
    from vmodel.garment.designs.pattern_design import SewnDesign
    from vmodel.garment.sewing.assemble import Sewn


@dataclass(frozen=True)
class _Made:
    """One colourway: the file that is shot, its suffix, and its drawing."""

    name: str
    content: bytes
    suffix: str
    drawn: Drawn


@dataclass(frozen=True)
class _Outcome:
    """Every colourway, what is known of the garment, and the sewn garment of a pattern."""

    made: list[_Made]
    understood: RecognitionResult
    sewn: Sewn | None = None


def take_print(here: AppState, account_id: str, content: bytes, name: str) -> tuple[str, ByteArray]:
    """Check and store an uploaded repeat.

    Returns:
        Its id, and the tile.
    Raises:
        VModelError: it is no picture or drawing, or one that is refused.
    """
    _check_bytes(here, content)
    suffix = "svg" if _is_svg(content) else suffix_of(content)
    tile = tile_of(content, suffix, _shown(name, suffix))
    _examine(here, account_id, [by_pixels(tile)])
    key = here.keep(account_id, content, suffix)
    return key.rpartition("/")[2], tile


def take_flat(here: AppState, account_id: str, content: bytes, name: str) -> tuple[str, bool, list[str]]:
    """Check and store an uploaded technical flat.

    Returns:
        Its id, whether it has a back, and the colours that it writes.
    Raises:
        VModelError: it is no drawing, or one that is refused.
    """
    _check_bytes(here, content)
    called = _shown(name, "svg")
    colours = colours_written(content, called)
    drawn = draw_drawing(content, called, {})
    _examine(here, account_id, rasters_in(content, called))
    key = here.keep(account_id, content, "svg")
    return key.rpartition("/")[2], has_back(drawn), colours


def take_pattern(here: AppState, account_id: str, content: bytes, name: str) -> tuple[str, Sewn]:
    """Check, sew and store an uploaded sewing pattern.

    Args:
        here: the installation.
        account_id: whose it is.
        content: of the file, untrusted.
        name: of the file, whose ending says how it is read.
    Returns:
        Its id, and the garment in plain cloth.
    Raises:
        VModelError: it is no pattern, or its pieces do not fit together; see ``sew_design``.
    """
    from vmodel.garment.designs.pattern_design import SewnDesign, sew_design

    _check_bytes(here, content)
    suffix = Path(name).suffix.lower().removeprefix(".")
    sewn = sew_design(SewnDesign(_shown(name, suffix) if suffix else plain_name(name), content))
    key = here.keep(account_id, content, suffix)
    return key.rpartition("/")[2], sewn


def draw_preview(here: AppState, account_id: str, recipe: Recipe, colorway: str) -> Drawn:
    """Draw a design lying flat, without storing anything.

    Raises:
        VModelError: a part of the design is invalid.
    """
    checked = check_recipe(recipe, here.roster)
    colours = checked.colours_of(colorway)
    if checked.pattern is not None:
        return _sewn(here, account_id, checked, colorway)[1]
    if checked.flat is not None:
        return draw_drawing(file_of(here.store, account_id, checked.flat), "the flat", dict(colours))
    _, body = measures_for(checked, here.roster)
    return draw_block(design_in(checked, colorway, _tile(here, account_id, checked), body))


def keep_design(
    here: AppState, account_id: str, name: str, recipe: Recipe, design_id: str | None = None
) -> StoredGarment:
    """Make a design or replace an existing one; run it in the reading pool, since it takes seconds.

    Raises:
        GarmentUnknown: no design of this account.
        VModelError: a part of the design is invalid; nothing has changed then.
    """
    old = None if design_id is None else _find(here, account_id, design_id)
    checked = check_recipe(recipe, here.roster)
    stated = StatedAttributes(checked.category, checked.material, checked.width_cm, checked.length_cm)
    if checked.flat is None:
        stated = StatedAttributes(material=checked.material)
    check_stated(stated)
    outcome = _make(here, account_id, checked, stated, old)
    files, design = _write(here, account_id, outcome)
    design |= {"recipe": checked.to_json(), **_shown_of(here, account_id, checked, outcome)}
    called = plain_name(name) if name.strip() else (checked.block or ("flat" if checked.flat else "pattern"))
    with here.database.transaction() as session:
        if old is None:
            kept = keep_garment(session, account_id, called, files, stated, outcome.understood)
            kept.design = design
            session.flush()
            return kept
        kept = find_garment(session, account_id, old.id)
        change_garment(kept, files, stated, outcome.understood)
        kept.name, kept.photo_key, kept.design = called, files.photo, design
        session.flush()
        gone = unneeded_files(session, account_id, old.file_keys)
    here.drop(account_id, gone)
    return kept


def _find(here: AppState, account_id: str, design_id: str) -> StoredGarment:
    with here.database.reading() as session:
        found = find_garment(session, account_id, design_id)
    if found.design is None:
        raise GarmentUnknown(design_id)
    return found


def _make(
    here: AppState, account_id: str, recipe: Recipe, stated: StatedAttributes, old: StoredGarment | None
) -> _Outcome:
    if recipe.flat is not None:
        return _make_flat(here, account_id, recipe, stated, old)
    if recipe.pattern is not None:
        return _make_sewn(here, account_id, recipe)
    from vmodel.garment.designs.block_design import write_design

    wearer, body = measures_for(recipe, here.roster)
    tile = _tile(here, account_id, recipe)
    designs = {way: design_in(recipe, way, tile, body) for way in every_colorway(recipe)}
    made = [_Made(way, write_design(design), "design", draw_block(design)) for way, design in designs.items()]
    return _Outcome(made, describe_block(designs[""], wearer, made[0].drawn))


def _make_sewn(here: AppState, account_id: str, recipe: Recipe) -> _Outcome:
    from vmodel.garment.designs.pattern_design import write_sewn_design

    made, own = [], None
    for way in every_colorway(recipe):
        sewn, drawn, design = _sewn(here, account_id, recipe, way)
        own = own or sewn
        made.append(_Made(way, write_sewn_design(design), "design", drawn))
    assert own is not None
    return _Outcome(made, describe_sewn(own, made[0].drawn), own)


def _sewn(here: AppState, account_id: str, recipe: Recipe, colorway: str) -> tuple[Sewn, Drawn, SewnDesign]:
    from vmodel.garment.designs.pattern_design import sew_design

    content = file_of(here.store, account_id, recipe.pattern or "")
    design = sewn_in(recipe, colorway, content, _tile(here, account_id, recipe))
    sewn = sew_design(design)
    return sewn, draw_sewn(sewn), design


def _make_flat(
    here: AppState, account_id: str, recipe: Recipe, stated: StatedAttributes, old: StoredGarment | None
) -> _Outcome:
    from vmodel.garment.vector.svg_sanitiser import read_svg, recoloured, write_svg
    from vmodel.service.garments.recognition import read_photo, understand_garment

    svg = file_of(here.store, account_id, recipe.flat or "")
    made = []
    for way in every_colorway(recipe):
        colours = dict(recipe.colours_of(way))
        content = write_svg(recoloured(read_svg(svg, "the flat"), colours)) if colours else svg
        made.append(_Made(way, content, "svg", draw_drawing(svg, "the flat", colours)))
    same = old is not None and old.photo_key.endswith(f"/{recipe.flat}") and old.stated == stated
    if same and old is not None and old.understood is not None:
        # The outline has not changed, and reading it takes longest.
        return _Outcome(made, RecognitionResult(old.understood, made[0].drawn.png))
    flat_lay = read_photo(svg, "the flat", here.settings, ".svg")
    found = understand_garment(flat_lay, None, stated, here.roster, here.settings)
    return _Outcome(made, RecognitionResult(found.found, made[0].drawn.png))


def _shown_of(here: AppState, account_id: str, recipe: Recipe, outcome: _Outcome) -> dict[str, Any]:
    """Return what a page needs so that a visitor can continue with a design."""
    tile = _tile(here, account_id, recipe)
    if recipe.flat is not None:
        colours = colours_written(file_of(here.store, account_id, recipe.flat), "the flat")
    else:
        colours = [] if tile is None else colours_in(tile)
    of_pattern: dict[str, Any] = {}
    if outcome.sewn is not None:
        colours = [*colours_of(outcome.sewn), *colours]
        of_pattern = {
            "pattern_key": f"{account_id}/{recipe.pattern}",
            "pieces_key": here.keep(account_id, draw_pieces(outcome.sewn), "png"),
            "pieces": outcome.sewn.marker["pieces"],
        }
    return {
        **of_pattern,
        "print_key": None if recipe.print is None else f"{account_id}/{recipe.print}",
        "tile_key": None if tile is None else here.keep(account_id, small_png(tile), "png"),
        "colours": colours,
        "has_back": has_back(outcome.made[0].drawn),
    }


def has_back(drawn: Drawn) -> bool:
    """Return True if the back is drawn too."""
    return bool(drawn.picture[:, drawn.picture.shape[1] // 2 :, 3].any())


def _write(here: AppState, account_id: str, outcome: _Outcome) -> tuple[GarmentFiles, dict[str, Any]]:
    """Put every file into the store, and return what the design's row records of them."""
    put = here.keep
    own, *ways = [
        {
            "name": each.name,
            "photo_key": put(account_id, each.content, each.suffix),
            "drawn_key": put(account_id, each.drawn.png, "png"),
        }
        for each in outcome.made
    ]
    files = GarmentFiles(own["photo_key"], cutout=put(account_id, outcome.understood.cutout_png, "png"))
    return files, {"drawn_key": own["drawn_key"], "colorways": ways}


def _tile(here: AppState, account_id: str, recipe: Recipe) -> ByteArray | None:
    if recipe.print is None:
        return None
    # Ownership is checked each time; only the decoding is cached, for visitors who move a slider.
    content = file_of(here.store, account_id, recipe.print)
    return _decoded(content, recipe.print.rpartition(".")[2])


@lru_cache(maxsize=6)
def _decoded(content: bytes, suffix: str) -> ByteArray:
    return tile_of(content, suffix, f"print.{suffix}")


def small_png(tile: ByteArray, side: int = 320) -> bytes:
    """Encode one repeat as a small PNG."""
    picture = Image.fromarray(np.ascontiguousarray(tile))
    picture.thumbnail((side, side))
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def _examine(here: AppState, account_id: str, rasters: Iterable[tuple[str, ByteArray]]) -> None:
    """Examine pictures as photos of garments are; what is found waits for a review before jobs may show it."""
    reviewer = GarmentReviewer(here.settings, here.database)
    for digest, picture in rasters:
        reviewer.examine(account_id, digest, picture)


def _is_svg(content: bytes) -> bool:
    head = content[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<?xml", b"<svg", b"<!doctype svg", b"<!--"))


def _check_bytes(here: AppState, content: bytes) -> None:
    limit = decode_limit(here.settings)
    if len(content) > limit:
        raise BodyTooLarge(limit)


def _shown(name: str, suffix: str) -> str:
    """Return a file's name for messages, which is also safe as the name of a file."""
    plain = plain_name(name).replace("/", " ").strip(". ")[-50:]  # file systems limit a name to 255 bytes
    return plain if plain.lower().endswith(f".{suffix}") else f"{plain or 'file'}.{suffix}"
