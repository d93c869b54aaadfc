"""Size runs: every size of a chart on a model of that size."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from vmodel.body.model.roster import Roster
from vmodel.core.files import sha256_of
from vmodel.errors import BadUsage, SizeChartInvalid
from vmodel.garment.sizing.stated_sizes import list_sizes, read_chart_rows, read_size_chart
from vmodel.limits import GARMENT_CM
from vmodel.shot.request import GarmentSource, ShotRequest, expand_combinations
from vmodel.studio.casting import cast_for_size
from vmodel.types import VirtualModel

_LETTERS: Final = ("XS", "S", "M", "L", "XL", "2XL", "3XL", "4XL")
_WORDS: Final = {"SMALL": "S", "MEDIUM": "M", "LARGE": "L", "EXTRALARGE": "XL", "XLARGE": "XL", "XSMALL": "XS"}
_FIRST_NUMBER: Final = {"woman": 34, "man": 44}
"""European number of XS; every second number is a size more (DIN EN 13402-3, as German tables print it)."""
_GENDERS: Final = {
    **dict.fromkeys(("woman", "women", "female", "lady", "ladies"), "woman"),
    **dict.fromkeys(("man", "men", "male", "gents"), "man"),
    **dict.fromkeys(("girl", "girls"), "girl"),
    **dict.fromkeys(("boy", "boys"), "boy"),
}
_CM_AT_FOUR, _CM_A_YEAR = 104, 6
"""Height in cm of a child's size for four years, and the increase for each further year (EN 13402-3)."""


def expand_size_chart(
    garments: Sequence[GarmentSource],
    models: Sequence[str | None],
    poses: Sequence[str | None],
    views: Sequence[str],
    like: ShotRequest,
    count: int,
    roster: Roster,
) -> list[ShotRequest]:
    """Return the shots of ``expand_combinations``, in every size of the chart for a garment with one and no size.

    A named model wears all sizes; otherwise ``find_wearer`` chooses one for each size.

    Raises:
        SizeChartInvalid: the chart cannot be read.
        BadUsage: nobody has one of its sizes.
        UnknownModel: the chart names a model that does not exist.
    """
    requests: list[ShotRequest] = []
    for garment in garments:
        chart = garment.size_chart
        if chart is None or garment.garment_size is not None:
            requests += expand_combinations([garment], models, poses, views, like, count)
            continue
        content = f"{sha256_of(garment.photo)} {like.seed}" if garment.photo.is_file() else ""
        for label in sizes_of(chart):
            sized = replace(garment, garment_size=label)
            wearers = [model or find_wearer(label, chart, roster, content).id for model in models]
            requests += expand_combinations([sized], wearers, poses, views, like, count)
    return requests


def sizes_of(chart: Path) -> list[str]:
    """Return the sizes of a chart, in its order, each with measures that a garment can have.

    Raises:
        SizeChartInvalid: it cannot be read, has a size twice, or a measure out of range.
    """
    labels = [row.get("size", "").strip() for row in read_chart_rows(chart)]
    found = list_sizes(chart)
    for label in found:
        if sum(each.casefold() == label.casefold() for each in labels) > 1:
            raise SizeChartInvalid(str(chart), f"has the size {label} twice", "keep one of its rows")
        for centimetres in read_size_chart(chart, label):
            if centimetres is not None and not GARMENT_CM[0] <= centimetres <= GARMENT_CM[1]:
                remedy = "measure the garment lying flat, in centimetres"
                raise SizeChartInvalid(str(chart), f"says {centimetres:g} cm of the size {label}", remedy)
    return found


def find_wearer(
    label: str, chart: Path, roster: Roster, content: str, remedy: str = "name who wears it with --model"
) -> VirtualModel:
    """Find the model who shows a size of a chart.

    The chart's column ``model`` names the wearer. Otherwise its column ``gender`` (women, men, girls or boys) narrows
    the roster, and a model of the size is cast, women of sample age first. A size is given by letters, by its European
    number where the gender is known, by a child's height ("104", "98-104") or years ("4T", "4-5 years").

    Args:
        label: of the chart.
        chart: CSV.
        roster: the models that may be asked for.
        content: identifies the garment's photo and the seed.
        remedy: for the error.
    Raises:
        SizeChartInvalid: the chart cannot be read, or its gender is unknown.
        BadUsage: nobody has the size.
        UnknownModel: the chart names a model that does not exist.
    """
    row = _row_of(label, chart)
    if named := row.get("model", "").strip():
        return roster[named]
    gender = row.get("gender", "").strip().lower()
    if gender and gender not in _GENDERS:
        raise SizeChartInvalid(str(chart), f"has the gender {gender!r}", "write women, men, girls or boys")
    asked = [model for model in roster.values() if not gender or model.gender == _GENDERS[gender]]
    for size in _sizes_meant(label, _GENDERS.get(gender, "")):
        if (cast := cast_for_size(size, asked, content)) is not None:
            return cast
    whose = f"of {gender} " if gender else ""
    raise BadUsage(
        f"No virtual model {whose}has the size {label} ({_said(asked)}); {remedy}, or in the column model of {chart}, "
        "or say there whose sizes they are in a column gender"
    )


def _sizes_meant(label: str, gender: str) -> list[str]:
    """Return the sizes that a label may mean, in the roster's notation, the likeliest first."""
    text = re.sub(r"[\s._]+", "", label.upper())
    text = re.sub(r"^(?:EU|EUR|SIZE|AGE)(?=\d)", "", text)
    if years := re.fullmatch(r"(\d{1,2})(?:[-/–](\d{1,2}))?(?:T|Y|YRS?|YEARS?)", text):
        heights = {_CM_AT_FOUR + _CM_A_YEAR * (int(year) - 4) for year in years.groups() if year}
        return [str(height) for height in sorted(heights, reverse=True)]
    if heights_cm := re.fullmatch(r"(\d{2,3})[-/–](\d{2,3})(?:CM)?", text):
        low, high = int(heights_cm[1]), int(heights_cm[2])
        if low < high and low >= 50 and gender not in _FIRST_NUMBER:
            return [str(height) for height in range(high, low - 1, -1)]  # a double size is cut for the taller
    if (letter := _WORDS.get(re.sub("[-/]", "", text))) is not None:
        return [letter]
    found = []
    for part in (text, *re.split(r"[-/–]", text)):
        found.append(part.removesuffix("CM"))
        number = int(part) if part.isdecimal() and len(part) < 4 else 0
        step, odd = divmod(number - _FIRST_NUMBER.get(gender, number + 1), 2)
        if 0 <= step < len(_LETTERS) and not odd:
            found.append(_LETTERS[step])
    return found


def _said(models: Iterable[VirtualModel]) -> str:
    """Describe the available sizes in words."""
    sizes = {model.size.upper() for model in models}
    heights = sorted((size for size in sizes if size.isdecimal()), key=int)
    letters = [letter for letter in _LETTERS if letter in sizes]
    spans = [f"{span[0]} to {span[-1]}" for span in (letters, heights) if span]
    return f"there are {' and '.join(spans)}" if spans else "there is nobody"


def _row_of(label: str, chart: Path) -> Mapping[str, str]:
    """Return the cells of a size by lower-case column name; empty where the chart has no such size."""
    wanted = label.strip().casefold()
    return next((row for row in read_chart_rows(chart) if row.get("size", "").strip().casefold() == wanted), {})
