"""Pictures of photos: made or refused, the judge's scores of those made, and sheets for visual inspection."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.common.tables import Table
from pipelines.registry import load_pipeline
from vmodel.config import Settings
from vmodel.core.files import encode_picture, write_whole
from vmodel.errors import VModelError
from vmodel.garment.load_photo import read_rgb
from vmodel.quality.errors import NotWornRight
from vmodel.quality.wear.judge import BAR, judge_worn
from vmodel.shoot import shoot
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.studio.dress_model import cast_and_dress
from vmodel.studio.read_garment import read_pattern
from vmodel.studio.stage_cache import StageCache
from vmodel.types import ByteArray

SIZE = (640, 480)
MADE = "made"
A_PAGE = 24
"""Photos per page of the sheet."""
_ACROSS = 4
_SHOWN = 300
_PAPER, _INK = (250, 250, 248), (70, 68, 66)


@dataclass(frozen=True, eq=False)
class Worn:
    """One photo's picture.

    Attributes:
        photo: its path below the folder.
        path: of the photo.
        kind: as read; empty if it was not read.
        code: "made", or code of the refusal.
        message: of the refusal.
        scores: of the judge, if a picture was made.
        missed: scores that stayed below the judge's bar.
        seconds: by stage; "whole" is the shot's wall-clock time.
        picture: (H, W, 3) uint8, None if there is none.
    """

    photo: str
    path: Path
    kind: str = ""
    code: str = MADE
    message: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    missed: Sequence[str] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    picture: ByteArray | None = None


def shoot_one(path: Path, name: str, stages: StageCache) -> Worn:
    """Make a draft picture of a photo, on the model that the product would choose, and judge how it is worn.

    Args:
        path: the photo.
        name: path in the labels.
        stages: keeps people between photos.
    """
    request = ShotRequest(GarmentSource(path), size=SIZE, pipeline="draft", style="plain")
    code, message = MADE, ""
    missed: tuple[str, ...] = ()
    begun = time.perf_counter()
    try:
        shot = shoot(request, stages, load_pipeline("draft"))
        seconds = {**shot.timings, "whole": time.perf_counter() - begun}
        dressed = cast_and_dress(shot.reading, request, stages)  # cached: the garment that the picture shows
        report = judge_worn(dressed.garment, dressed.cloth, dressed.body, dressed.posed)
        picture = np.ascontiguousarray(shot.picture[..., :3])
        kind = shot.garment.kind.category.value
        return Worn(name, path, kind, scores=report.scores, missed=report.missed, seconds=seconds, picture=picture)
    except NotWornRight as error:
        code, message, missed = error.code, str(error), error.missed
    except VModelError as error:
        code, message = error.code, str(error)
    except Exception as error:  # one photo must not end the run
        code, message = "fault", repr(error)
    seconds = {**stages.timings, "whole": time.perf_counter() - begun}
    kind = ""
    with contextlib.suppress(Exception):
        kind = read_pattern(request.garment, stages).kind.category.value
    return Worn(name, path, kind, code, message, missed=missed, seconds=seconds)


def shot_tables(worn: Sequence[Worn]) -> list[Table]:
    """Return tables of pictures made, judge's scores, and seconds."""
    if not worn:
        return []
    return [_made_table(worn), _judge_table(worn), _seconds_table(worn)]


def shot_findings(worn: Sequence[Worn]) -> list[str]:
    """Summarise the pictures in sentences with figures."""
    if not worn:
        return []
    made = [one for one in worn if one.code == MADE]
    codes = Counter(one.code for one in worn if one.code != MADE)
    refused = ", ".join(f"{count} {code}" for code, count in codes.most_common()) or "none"
    said = [f"{len(made)} of {len(worn)} photos became a picture; refused: {refused}."]
    if made:
        spent = [one.seconds["whole"] for one in made]
        said.append(f"A draft of 640x480 took {np.median(spent):.1f} s in the middle, on people seen before or not.")
    return said


def _made_table(worn: Sequence[Worn]) -> Table:
    rows = []
    for kind, count in Counter(one.kind or "not read" for one in worn).most_common():
        own = [one for one in worn if (one.kind or "not read") == kind]
        codes = Counter(one.code for one in own if one.code != MADE)
        refused = ", ".join(f"{code} {number}" for code, number in codes.most_common())
        rows.append([kind, str(count), str(sum(one.code == MADE for one in own)), refused or "-"])
    return Table("Made or refused, by the kind that was read", ["kind", "photos", "made", "refused"], rows)


def _judge_table(worn: Sequence[Worn]) -> Table:
    names = list(dict.fromkeys(name for one in worn for name in (*one.scores, *one.missed)))
    rows = []
    for name in names:
        scores = [one.scores[name] for one in worn if name in one.scores]
        mean, low = (f"{value:.2f}" for value in (np.mean(scores), min(scores))) if scores else ("-", "-")
        rows.append([name, mean, low, str(sum(name in one.missed for one in worn))])
    rows = rows or [["-", "-", "-", "0"]]
    title = f"The judge: scores of the pictures made, and photos for which a score stayed below {BAR:g} (most not made)"
    return Table(title, ["score", "mean", "lowest", "missed"], rows)


def _seconds_table(worn: Sequence[Worn]) -> Table:
    stages = Counter(stage for one in worn for stage in one.seconds)
    spent = {stage: [one.seconds.get(stage, 0.0) for one in worn] for stage in stages}
    longest = sorted(spent, key=lambda stage: -sum(spent[stage]))[:10]
    rows = [[stage, f"{np.mean(spent[stage]):.2f}", f"{np.percentile(spent[stage], 90):.2f}"] for stage in longest]
    return Table("Seconds a picture, refused ones too", ["stage", "mean", "90th percentile"], rows)


def write_pages(worn: Sequence[Worn], folder: Path) -> list[Path]:
    """Write photos and pictures side by side as JPEG pages.

    Returns:
        The pages' files.
    """
    pages = []
    for start in range(0, len(worn), A_PAGE):
        page = folder / f"sheet-{start // A_PAGE + 1:02}.jpg"
        write_whole(page, encode_picture(_page(worn[start : start + A_PAGE]), "jpeg", 88))
        pages.append(page)
    return pages


def _page(worn: Sequence[Worn]) -> ByteArray:
    wide, tall = 2 * _SHOWN + 16, round(_SHOWN * SIZE[0] / SIZE[1]) + 34
    rows = -(-len(worn) // _ACROSS)
    sheet = Image.new("RGB", (wide * min(_ACROSS, len(worn)), tall * rows), _PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for number, one in enumerate(worn):
        left, top = wide * (number % _ACROSS), tall * (number // _ACROSS)
        for place, picture in enumerate((_photo(one.path), one.picture)):
            if picture is not None:
                sheet.paste(_fitted(picture, (_SHOWN, tall - 34)), (left + 4 + place * (_SHOWN + 4), top + 4))
        code = "" if one.code == MADE and not one.missed else ", ".join([one.code, *one.missed])
        caption = f"{one.kind or 'not read'}  {Path(one.photo).stem[:18]}  {code}"
        draw.text((left + 6, top + tall - 24), caption[:92], _INK, font)
    return np.asarray(sheet)


def _photo(path: Path) -> ByteArray | None:
    with contextlib.suppress(Exception):
        return read_rgb(path, Settings())
    return None


def _fitted(picture: ByteArray, room: tuple[int, int]) -> Image.Image:
    share = min(room[0] / picture.shape[1], room[1] / picture.shape[0])
    size = (max(1, round(picture.shape[1] * share)), max(1, round(picture.shape[0] * share)))
    return Image.fromarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
