"""Rows of a table: conversion of each into the pictures that it asks for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Final

from vmodel.batch.errors import CellInvalid, RowInvalid
from vmodel.batch.tables.reader import Row
from vmodel.body.model.roster import Roster
from vmodel.body.pose.library import pose_names
from vmodel.body.shoes.catalogue import check_shoes, every_name
from vmodel.drape.cloth.materials import load_material, load_materials
from vmodel.errors import (
    BadUsage,
    PhotoNotFound,
    UnknownBackground,
    UnknownFraming,
    UnknownLight,
    UnknownPose,
    VModelError,
)
from vmodel.garment.designs.colourway import Colourway, has_colourways, parse_colourways, recolour_garment
from vmodel.limits import GARMENT_CM
from vmodel.publishing.marketplaces import Marketplace
from vmodel.rights.policy.minors import read_category
from vmodel.scene import BACKGROUNDS, FRAMINGS, LIGHTS
from vmodel.scene.camera.framing import VIEWS, view_angle
from vmodel.shot.pose_sets import MOST_OF_A_SET, in_set, refuse_beside_set, set_names, stagings_of
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.studio.size_run import find_wearer, sizes_of
from vmodel.types import Category
from vmodel.wardrobe.choose import check_style
from vmodel.wardrobe.pieces import PIECES
from vmodel.wardrobe.styles import STYLES

FRONTS: Final[Mapping[str, bool]] = {"open": True, "closed": False}
"""Values of the column front -> ``GarmentSource.worn_open``."""
MOST_OF_A_ROW = 500
#: Hex digest of a file's content.
Digest = Callable[[Path], str]


@dataclass(frozen=True)
class RowDefaults:
    """Defaults of a row.

    Attributes:
        like: fields of every request that no column and no other default sets.
        models, poses, views: as ``vmodel.shot.request.expand_combinations`` takes them.
        count: pictures of each combination, each with the next seed.
        size_chart: every size of it is shot.
        marketplaces: every picture is shot in the size of each.
        file_format: a key of ``vmodel.core.files.FORMATS``.
        set_name: of ``vmodel.shot.pose_sets``, for rows that name neither poses nor views nor a framing.
    """

    like: ShotRequest
    models: Sequence[str | None] = (None,)
    poses: Sequence[str | None] = (None,)
    views: Sequence[str] = ("front",)
    count: int = 1
    size_chart: Path | None = None
    marketplaces: Sequence[Marketplace] = ()
    file_format: str = "png"
    set_name: str | None = None


@dataclass(frozen=True)
class RowRequest:
    """Picture that a row asks for.

    Attributes:
        request: what to shoot, in the garment's own colours.
        marketplace: name of its profile, or empty.
        colourway: replacement of its colours, or None.
    """

    request: ShotRequest
    marketplace: str = ""
    colourway: Colourway | None = None


def read_row(row: Row, folder: Path, defaults: RowDefaults, roster: Roster, digest: Digest) -> list[RowRequest]:
    """Return every picture that a row asks for.

    Args:
        row: of the table.
        folder: the row's paths start here and must not lead out of it.
        defaults: defaults of the row.
        roster: for the wearers of sizes.
        digest: of a file's content.
    Returns:
        Pictures in the garment's own colours come first.
    Raises:
        RowInvalid: a cell cannot be understood, or a path leads out of the folder.
        CellInvalid: a cell names something that does not exist or cannot be used.
        BadUsage: the file format has no transparency.
    """
    if row.fault:
        raise RowInvalid(f"Row {row.number} cannot be read: {row.fault}", row.remedy, row.column)
    cells = row.cells
    source = _read_source(row, folder)
    like = replace(
        defaults.like,
        framing=as_listed(cells["framing"], FRAMINGS) if "framing" in cells else defaults.like.framing,
        light=as_listed(cells["light"], LIGHTS) if "light" in cells else defaults.like.light,
        style=as_listed(cells["style"], (*STYLES, *PIECES)) if "style" in cells else defaults.like.style,
        background=_background(cells, folder, defaults.like.background),
        shoes=as_listed(cells["shoes"], every_name()) if "shoes" in cells else defaults.like.shoes,
    )
    models = [as_listed(word, roster) for word in split_words(cells.get("models"))] or defaults.models
    poses = [_pose(word, folder) for word in split_words(cells.get("poses"))] or defaults.poses
    views = [as_listed(word, VIEWS) for word in split_words(cells.get("views"))] or defaults.views
    seeds = range(like.seed, like.seed + defaults.count)
    worn = [each for model in models for each in _in_every_size(source, model, cells, defaults, roster, digest)]
    shops: Sequence[Marketplace | None] = defaults.marketplaces or (None,)
    ways = [None, *_colourways(row, source)]
    shown = _set_of(row, defaults)
    if shown is not None:
        poses, views = (None,), (ShotRequest.view,)
        for _, model in worn:
            with _cell("models"):
                wearer = None if model is None else roster[model]
            with _cell("set" if "set" in cells else "models"):
                stagings_of(shown, wearer)
    combinations = len(worn) * len(poses) * len(views) * len(seeds) * len(shops) * len(ways)
    if combinations * (1 if shown is None else MOST_OF_A_SET) > MOST_OF_A_ROW:
        raise RowInvalid(f"Row {row.number} asks for more than {MOST_OF_A_ROW} pictures", "part it into several rows")
    found = []
    for way, (garment, model), pose, view, shop, seed in product(ways, worn, poses, views, shops, seeds):
        request = replace(like, garment=garment, model=model, pose=pose, view=view, seed=seed)
        if shop is not None:
            background_of_shop = shop.background or request.background
            request = replace(request, size=shop.size, background=background_of_shop, channel=shop.channel)
        if defaults.file_format == "jpeg" and request.background == "transparent":
            raise BadUsage("JPEG knows no transparency; use --format png, webp or avif.")
        requests = [request] if shown is None else in_set([request], shown, roster)
        found += [RowRequest(each, shop.name if shop else "", way) for each in requests]
    return found


def _set_of(row: Row, defaults: RowDefaults) -> str | None:
    """Return the set that a row is shown in; its own poses, views or framing set aside that of the flags."""
    stated = [column for column in ("poses", "views", "framing") if column in row.cells]
    if "set" not in row.cells:
        return None if stated else defaults.set_name
    with _cell("set"):
        name = as_listed(row.cells["set"], set_names())
        refuse_beside_set(name, [f"the column {column}" for column in stated])
        return name


def _read_source(row: Row, folder: Path) -> GarmentSource:
    cells = row.cells
    if "photo" not in cells:
        raise RowInvalid(f"Row {row.number} names no photo", "fill its column photo", "photo")
    photo, *others = (_file(cells, column, folder) for column in ("photo", "back", "size_chart"))
    assert photo is not None
    return GarmentSource(
        photo=photo,
        back=others[0],
        category=as_listed(cells["category"], list(Category)) if "category" in cells else None,
        material=as_listed(cells["material"], load_materials()) if "material" in cells else None,
        width_cm=_centimetres(cells, "width_cm"),
        length_cm=_centimetres(cells, "length_cm"),
        size_chart=others[1],
        worn_open=_worn_open(cells.get("front")),
    )


def _worn_open(word: str | None) -> bool | None:
    if word is None:
        return None
    chosen = as_listed(word, FRONTS)
    if chosen not in FRONTS:
        raise RowInvalid(f"Unknown front {word!r}", f"use one of: {', '.join(FRONTS)}", "front")
    return FRONTS[chosen]


def _file(cells: Mapping[str, str], column: str, folder: Path) -> Path | None:
    """Return the file that a cell names; None for an empty one."""
    if column not in cells:
        return None
    path = _as_on_disk(_inside(cells[column], folder, column))
    if not path.is_file():
        raise CellInvalid(column, PhotoNotFound(cells[column]))
    return path


def _as_on_disk(path: Path) -> Path:
    """Find a file despite other capitals or coding of accents: tables come from systems that ignore both."""
    if path.is_file():
        return path
    wanted = _folded(path.name)
    try:
        alike = [each for each in path.parent.iterdir() if _folded(each.name) == wanted and not each.is_symlink()]
    except OSError:
        return path
    return alike[0] if len(alike) == 1 else path


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _colourways(row: Row, source: GarmentSource) -> list[Colourway]:
    """Read the column colorways; each colourway is tried on the drawing or design."""
    # A comma also separates the colours of one colourway; only before a name does it begin the next.
    words = [word.strip() for word in re.split(r"[;|\n]|,(?=\s*\w[\w-]*:)", row.cells.get("colorways", ""))]
    words = [word for word in words if word]
    if words and not has_colourways(source.photo):
        raise RowInvalid(
            f"Row {row.number} asks for colorways of {source.photo.name}, but a photograph keeps the colours it shows",
            "empty the cell and give each colour a row with a photo of its own, or name a drawing (.svg) or a kept "
            "design (.design.json)",
            "colorways",
        )
    with _cell("colorways"):
        ways = parse_colourways(words)
    if ways and source.back is not None:
        raise RowInvalid(
            f"Row {row.number} has colorways and a back, whose colours would stay",
            "draw the back as a group of the same drawing and empty the column back",
            "back",
        )
    with _cell("colorways"):
        for way in ways:
            recolour_garment(source.photo, way.colours)
    return ways


def _in_every_size(
    source: GarmentSource,
    model: str | None,
    cells: Mapping[str, str],
    defaults: RowDefaults,
    roster: Roster,
    digest: Digest,
) -> list[tuple[GarmentSource, str | None]]:
    """Return the garment in each requested size, with its wearer: the named one, or a model of that size."""
    chart, labels = source.size_chart or defaults.size_chart, split_words(cells.get("sizes"))
    if chart is None:
        if labels:
            raise RowInvalid("The column sizes needs a size chart", "fill size_chart or pass --size-chart", "sizes")
        return [(source, model)]
    with _cell("size_chart"):
        listed = sizes_of(chart)
    found: list[tuple[GarmentSource, str | None]] = []
    remedy = "name who wears it in the column models"
    for label in labels or listed:
        with _cell("sizes"):
            content = f"{digest(source.photo)} {defaults.like.seed}"
            wearer = model or find_wearer(label, chart, roster, content, remedy).id
        found.append((replace(source, size_chart=chart, garment_size=label), wearer))
    return found


@contextmanager
def _cell(column: str) -> Iterator[None]:
    """Turn errors raised within the block into faults of a column's cell."""
    try:
        yield
    except RowInvalid:
        raise
    except VModelError as fault:
        raise CellInvalid(column, fault) from None


def split_words(cell: str | None) -> list[str]:
    """Split a cell into its words, each once."""
    return list(dict.fromkeys(word for part in re.split(r"[,;|\n]", cell or "") if (word := part.strip())))


def as_listed(word: str, listed: Iterable[str]) -> str:
    """Return a word as a list spells it, if only capitals or blanks differ: "Light grey" is light-grey."""
    plain = "-".join(word.lower().replace("_", " ").split())
    return plain if word not in listed and plain in listed else word


def _centimetres(cells: Mapping[str, str], column: str) -> float | None:
    if column not in cells:
        return None
    try:
        number = float(cells[column].lower().removesuffix("cm").replace(",", "."))
    except ValueError:
        raise RowInvalid(f"{cells[column]!r} in {column} is no number", "give centimetres", column) from None
    if not GARMENT_CM[0] <= number <= GARMENT_CM[1]:  # also refuses NaN, which compares false
        remedy = "measure the garment lying flat, in centimetres"
        raise RowInvalid(f"{cells[column]!r} in {column} is not a garment's size", remedy, column)
    return number


def _pose(word: str, folder: Path) -> str:
    listed = as_listed(word, pose_names())
    if listed in pose_names():
        return listed
    path = _as_on_disk(_inside(word, folder, "poses"))
    if not path.is_file():
        raise CellInvalid("poses", UnknownPose(word, pose_names()))
    return str(path)


def _background(cells: Mapping[str, str], folder: Path, otherwise: str) -> str:
    if "background" not in cells:
        return otherwise
    word = as_listed(cells["background"], BACKGROUNDS)
    if word in BACKGROUNDS or re.fullmatch("#?[0-9a-fA-F]{6}", word):
        return word
    named = word.removeprefix("blur:")
    path = _as_on_disk(_inside(named, folder, "background"))
    if not path.is_file():
        raise CellInvalid("background", UnknownBackground(word, BACKGROUNDS))
    return word[: len(word) - len(named)] + str(path)


def _inside(text: str, folder: Path, column: str) -> Path:
    """Return the path that a cell names; a table must not reach files outside its folder."""
    path = Path(text.replace("\\", "/"))
    try:
        inside = (folder / path).resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # a null character, a name too long, links in a circle
        inside = False
    if not inside:
        remedy = "name files below it, or pass theirs as --photos"
        raise RowInvalid(f"The path {text!r} leads out of the folder {folder}", remedy, column)
    return folder / path


def column_at_fault(row: Row, error: VModelError, roster: Roster) -> str:
    """Return the column of which one word alone causes the same error; empty if none does."""
    checks: Mapping[str, Callable[[str], object]] = {
        "category": read_category,
        "material": load_material,
        "models": roster.__getitem__,
        "views": view_angle,
        "framing": lambda word: _listed(word, FRAMINGS, UnknownFraming),
        "light": lambda word: _listed(word, LIGHTS, UnknownLight),
        "style": check_style,
        "shoes": check_shoes,
    }
    for column, check in checks.items():
        for word in split_words(row.cells.get(column)):
            try:
                check(word)
            except VModelError as own:
                if (own.code, str(own)) == (error.code, str(error)):
                    return column
    return ""


def _listed(word: str, listed: Iterable[str], fault: Callable[[str, Iterable[str]], VModelError]) -> None:
    if word not in listed:
        raise fault(word, listed)
