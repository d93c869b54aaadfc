"""Every size of a chart on somebody who wears it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vmodel.body.roster import Roster
from vmodel.casting import cast_for_size
from vmodel.errors import BadUsage
from vmodel.files import sha256_of
from vmodel.garment.scale import list_sizes
from vmodel.request import GarmentSource, ShotRequest, every_shot


def every_size(
    garments: Sequence[GarmentSource],
    models: Sequence[str | None],
    poses: Sequence[str | None],
    views: Sequence[str],
    like: ShotRequest,
    count: int,
    roster: Roster,
) -> list[ShotRequest]:
    """As ``vmodel.request.every_shot``; what has a size chart and no size of it is shot in every size of the chart.

    Whoever is named wears all of them; where nobody is, a model of each size does, women of sample age first.

    Raises:
        SizeChartInvalid: the chart cannot be read.
        BadUsage: nobody has one of its sizes.
    """
    requests: list[ShotRequest] = []
    for garment in garments:
        chart = garment.size_chart
        if chart is None or garment.garment_size is not None:
            requests += every_shot([garment], models, poses, views, like, count)
            continue
        content = f"{sha256_of(garment.photo)} {like.seed}" if garment.photo.is_file() else ""
        for label in list_sizes(chart):
            sized = replace(garment, garment_size=label)
            wearers = [model or _wearer(label, roster, content) for model in models]
            requests += every_shot([sized], wearers, poses, views, like, count)
    return requests


def _wearer(label: str, roster: Roster, content: str) -> str:
    cast = cast_for_size(label, roster.values(), content)
    if cast is None:
        raise BadUsage(
            f"No virtual model has the size {label}; name who wears it with --model, or give --garment-size."
        )
    return cast.id
