"""From a line of a table to the pictures that it asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from vmodel.batch.errors import RowInvalid
from vmodel.batch.table import Row
from vmodel.body.pose import pose_names
from vmodel.body.roster import Roster
from vmodel.casting import cast_for_size
from vmodel.errors import BadUsage, PhotoNotFound
from vmodel.garment.colourway import Colourway, has_colourways, parse_colourways, recolour_garment
from vmodel.garment.scale import list_sizes
from vmodel.marketplaces import Marketplace
from vmodel.request import GarmentSource, ShotRequest
from vmodel.scene import BACKGROUNDS

MOST_OF_A_ROW = 500
#: Hex digest of a file's content.
Digest = Callable[[Path], str]


@dataclass(frozen=True)
class Wishes:
    """What holds where a row says nothing.

    Attributes:
        like: gives the fields of every request that no column and no other wish sets.
        models, poses, views: as ``vmodel.request.every_shot`` takes them.
        count: pictures of each combination, each with the next seed.
        size_chart: every size of it is shot.
        marketplaces: every picture is shot in the size of each.
        file_format: a key of ``vmodel.files.FORMATS``.
    """

    like: ShotRequest
    models: Sequence[str | None] = (None,)
    poses: Sequence[str | None] = (None,)
    views: Sequence[str] = ("front",)
    count: int = 1
    size_chart: Path | None = None
    marketplaces: Sequence[Marketplace] = ()
    file_format: str = "png"


@dataclass(frozen=True)
class Asked:
    """One picture that a row asks for.

    Attributes:
        request: what to shoot, in the garment's own colours.
        marketplace: name of the profile that it is shot for, or empty.
        colourway: what its colours are exchanged for, or None.
    """

    request: ShotRequest
    marketplace: str = ""
    colourway: Colourway | None = None


def read_row(row: Row, folder: Path, wishes: Wishes, roster: Roster, digest: Digest) -> list[Asked]:
    """Every picture that a row asks for.

    Args:
        row: of the table.
        folder: the row's paths start here and must not lead out of it.
        wishes: what holds where the row says nothing.
        roster: for the wearers of sizes.
        digest: of a file's content.
    Returns:
        Those in the garment's own colours first.
    Raises:
        RowInvalid: a cell cannot be understood, or a path leads out of the folder.
        PhotoNotFound, SizeChartInvalid, BadUsage: what it names is not there, or contradicts itself.
        VModelError: colourways are asked of a drawing or design that cannot be read.
    """
    if row.fault:
        raise RowInvalid(f"Row {row.number} cannot be read: {row.fault}", "mend the line")
    cells = row.cells
    source = _read_source(row, folder)
    like = replace(
        wishes.like,
        framing=cells.get("framing", wishes.like.framing),
        light=cells.get("light", wishes.like.light),
        background=_background(cells, folder, wishes.like.background),
    )
    models = _words(cells.get("models")) or wishes.models
    poses = [_pose(word, folder) for word in _words(cells.get("poses"))] or wishes.poses
    views = _words(cells.get("views")) or wishes.views
    seeds = range(like.seed, like.seed + wishes.count)
    worn = [each for model in models for each in _in_every_size(source, model, cells, wishes, roster, digest)]
    shops: Sequence[Marketplace | None] = wishes.marketplaces or (None,)
    ways = [None, *_colourways(row, source)]
    if len(worn) * len(poses) * len(views) * len(seeds) * len(shops) * len(ways) > MOST_OF_A_ROW:
        raise RowInvalid(f"Row {row.number} asks for more than {MOST_OF_A_ROW} pictures", "part it into several rows")
    found = []
    for way, (garment, model), pose, view, shop, seed in product(ways, worn, poses, views, shops, seeds):
        request = replace(like, garment=garment, model=model, pose=pose, view=view, seed=seed)
        if shop is not None:
            background_of_shop = shop.background or request.background
            request = replace(request, size=shop.size, background=background_of_shop, channel=shop.channel)
        if wishes.file_format == "jpeg" and request.background == "transparent":
            raise BadUsage("JPEG knows no transparency; use --format png, webp or avif.")
        found.append(Asked(request, shop.name if shop else "", way))
    return found


def _read_source(row: Row, folder: Path) -> GarmentSource:
    cells = row.cells
    if "photo" not in cells:
        raise RowInvalid(f"Row {row.number} names no photo", "fill its column photo")
    photo = _inside(cells["photo"], folder)
    if not photo.is_file():
        raise PhotoNotFound(cells["photo"])
    return GarmentSource(
        photo=photo,
        back=_inside(cells["back"], folder) if "back" in cells else None,
        category=cells.get("category"),
        material=cells.get("material"),
        width_cm=_centimetres(cells, "width_cm"),
        length_cm=_centimetres(cells, "length_cm"),
        size_chart=_inside(cells["size_chart"], folder) if "size_chart" in cells else None,
    )


def _colourways(row: Row, source: GarmentSource) -> list[Colourway]:
    """What the column colorways says; each is tried on the drawing or design."""
    # A comma also parts the colours of one colourway; only before a name does it begin the next.
    words = [word.strip() for word in re.split(r"[;|\n]|,(?=\s*\w[\w-]*:)", row.cells.get("colorways", ""))]
    ways = parse_colourways(word for word in words if word)
    if ways and not has_colourways(source.photo):
        raise RowInvalid(
            f"Row {row.number} asks for colorways of {source.photo.name}, but a photograph keeps the colours it shows",
            "empty the cell and give each colour a row with a photo of its own, or name a drawing (.svg) or a kept "
            "design (.design.json)",
        )
    if ways and source.back is not None:
        raise RowInvalid(
            f"Row {row.number} has colorways and a back, whose colours would stay",
            "draw the back as a group of the same drawing and empty the column back",
        )
    for way in ways:
        recolour_garment(source.photo, way.colours)
    return ways


def _in_every_size(
    source: GarmentSource,
    model: str | None,
    cells: Mapping[str, str],
    wishes: Wishes,
    roster: Roster,
    digest: Digest,
) -> list[tuple[GarmentSource, str | None]]:
    """The garment in each size that is asked for, with its wearer: whoever was named, or somebody of that size."""
    chart, labels = source.size_chart or wishes.size_chart, _words(cells.get("sizes"))
    if chart is None:
        if labels:
            raise RowInvalid("The column sizes needs a size chart", "fill size_chart or pass --size-chart")
        return [(source, model)]
    found = []
    for label in labels or list_sizes(chart):
        wearer = model
        if model is None:
            cast = cast_for_size(label, roster.values(), f"{digest(source.photo)} {wishes.like.seed}")
            if cast is None:
                raise RowInvalid(f"No virtual model has the size {label}", "name who wears it in the column models")
            wearer = cast.id
        found.append((replace(source, size_chart=chart, garment_size=label), wearer))
    return found


def _words(cell: str | None) -> list[str]:
    return list(dict.fromkeys(word for part in re.split(r"[,;|\n]", cell or "") if (word := part.strip())))


def _centimetres(cells: Mapping[str, str], column: str) -> float | None:
    if column not in cells:
        return None
    try:
        return float(cells[column].replace(",", "."))
    except ValueError:
        raise RowInvalid(f"{cells[column]!r} in {column} is no number", "give centimetres") from None


def _pose(word: str, folder: Path) -> str:
    return word if word in pose_names() else str(_inside(word, folder))


def _background(cells: Mapping[str, str], folder: Path, otherwise: str) -> str:
    word = cells.get("background")
    if word is None:
        return otherwise
    if word in BACKGROUNDS or re.fullmatch("#?[0-9a-fA-F]{6}", word):
        return word
    path = word.removeprefix("blur:")
    return word[: len(word) - len(path)] + str(_inside(path, folder))


def _inside(text: str, folder: Path) -> Path:
    """The path that a cell names; a table must not reach files outside its folder."""
    path = Path(text.replace("\\", "/"))
    try:
        inside = (folder / path).resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # a null character, a name too long, links in a circle
        inside = False
    if not inside:
        raise RowInvalid(
            f"The path {text!r} leads out of the folder {folder}", "name files below it, or pass theirs as --photos"
        )
    return folder / path
