"""Judge of the worn garment: checks that it is on the body as intended, before any picture is made of it.

The intended place follows from the garment's landmarks, kind and panels. Each landmark is found on the cloth again, and
the skin below it is looked up on the body at rest, so that one bound serves every pose. The judge does not know how the
cloth was simulated; the same figures reveal a garment that was misread and one that slipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from vmodel.body.model.body import Body
from vmodel.quality.errors import NotWornRight
from vmodel.quality.wear.chart import BodyChart
from vmodel.quality.wear.cloth import cloth_figures
from vmodel.quality.wear.coverage import cover_figures
from vmodel.quality.wear.places import place_figures
from vmodel.quality.wear.reasons import REASONS
from vmodel.quality.wear.views import WornView
from vmodel.types import BoolArray, Drape, Garment, PosedBody

BAR: Final = 0.5
"""Minimum of each score."""


@dataclass(frozen=True)
class Limit:
    """Conversion of a figure to a score.

    Attributes:
        score: name of the score; its worst figure decides.
        best: at and below it the score is 1.
        worst: at and above it the score is 0.
    """

    score: str
    best: float
    worst: float


LIMITS: Final[Mapping[str, Limit]] = {
    "missing": Limit("whole", 0.001, 0.006),
    "spike": Limit("whole", 5.0, 15.0),
    "crushed": Limit("whole", 0.01, 0.05),
    "blown up": Limit("whole", 0.003, 0.02),
    "stretch": Limit("stretch", 0.03, 0.13),
    "most stretch": Limit("stretch", 0.25, 0.55),
    "inside out": Limit("right side out", 0.15, 0.4),
    "in the body": Limit("outside the body", 0.005, 0.03),
    "off the body": Limit("on the body", 0.03, 0.15),
    "on the floor": Limit("on the body", 0.005, 0.04),
    "below its hem": Limit("on the body", 0.1, 0.3),
    "turned": Limit("front", 15.0, 50.0),
    "wrong side": Limit("front", 0.04, 0.16),
    "neck off its height": Limit("neck", 3.5, 8.0),
    "neck off its side": Limit("neck", 5.0, 13.0),
    "neck off the skin": Limit("neck", 4.0, 12.0),
    "face covered": Limit("neck", 0.15, 0.4),
    "top edge below the chest": Limit("top edge", 2.0, 8.0),
    "top edge above the shoulders": Limit("top edge", 2.0, 8.0),
    "top edge off its arm": Limit("top edge", 3.0, 9.0),
    "bare shoulder covered": Limit("top edge", 0.1, 0.4),
    "shoulder low": Limit("shoulders", 2.0, 5.0),
    "shoulder off the skin": Limit("shoulders", 4.0, 10.0),
    "shoulder on the other side": Limit("shoulders", 0.0, 4.0),
    "front edge off its place": Limit("opening", 8.0, 28.0),
    "sleeve not on its arm": Limit("sleeves", 0.3, 0.6),
    "cuff not on its arm": Limit("sleeves", 0.5, 0.9),
    "cuff off its place": Limit("sleeves", 5.0, 12.0),
    "arm bare": Limit("sleeves", 0.1, 0.4),
    "band below the hips": Limit("waistband", 0.0, 6.0),
    "band above the waist": Limit("waistband", 0.0, 6.0),
    "band off the skin": Limit("waistband", 2.5, 8.0),
    "band aslant": Limit("waistband", 6.0, 14.0),
    "hem high": Limit("hem", 4.0, 14.0),
    "hem low": Limit("hem", 8.0, 18.0),
    "hem aslant": Limit("hem", 3.0, 7.0),
    "leg not on its leg": Limit("legs", 0.1, 0.3),
    "leg off its length": Limit("legs", 6.0, 16.0),
    "leg bare": Limit("legs", 0.1, 0.4),
    "chest bare": Limit("cover", 0.1, 0.3),
    "back bare": Limit("cover", 0.1, 0.3),
    "seat bare": Limit("cover", 0.12, 0.34),
    "lining bare": Limit("cover", 0.005, 0.03),
    "guard zone bare": Limit("cover", 0.005, 0.03),
    "print leans": Limit("print", 20.0, 60.0),
    "print askew": Limit("print", 0.6, 0.9),
    "print beside the middle": Limit("print", 22.0, 40.0),
    "print off its height": Limit("print", 12.0, 24.0),
}
"""Figure -> its score and bounds. Good drapes of every block stay at or near ``best``."""


@dataclass(frozen=True)
class WornReport:
    """Result of the judge.

    Attributes:
        scores: 0..1 by name, 1 is best; scores that do not apply to this garment are absent.
        missed: names of the scores below their bar, the most telling first.
        reason: the fault and the remedy, in one sentence; empty if there is none.
        figures: measurements: cm on a body of 170 cm, degrees, or shares.
    """

    scores: Mapping[str, float]
    missed: tuple[str, ...]
    reason: str
    figures: Mapping[str, float]

    @property
    def passed(self) -> bool:
        """Success: every score reaches its bar."""
        return not self.missed


def judge_worn(garment: Garment, drape: Drape, body: Body, posed: PosedBody, beside: Drape | None = None) -> WornReport:
    """Judge whether a garment is worn as intended.

    Args:
        garment: as it was draped, in cm.
        drape: its draped cloth.
        body: the wearer.
        posed: the same body in the drape's pose.
        beside: the other garments of an outfit, which may hide or tuck away parts of this one.
    """
    if not np.isfinite(drape.vertices_m).all() or not len(drape.triangles):
        return _report({"missing": np.inf})
    view = WornView(garment, drape, BodyChart(body, posed), beside)
    return _report({**cloth_figures(view), **place_figures(view), **cover_figures(view)})


def _report(figures: Mapping[str, float]) -> WornReport:
    scores: dict[str, float] = {}
    for name, value in figures.items():
        limit = LIMITS[name]
        share = float(np.clip((limit.worst - value) / (limit.worst - limit.best), 0, 1)) if np.isfinite(value) else 0.0
        scores[limit.score] = min(scores.get(limit.score, 1.0), share)
    missed = tuple(name for name in REASONS if scores.get(name, 1.0) < BAR)
    return WornReport(scores, missed, REASONS[missed[0]] if missed else "", dict(figures))


def check_worn(garments: Sequence[Garment], drape: Drape, body: Body, posed: PosedBody) -> None:
    """Reject an outfit with a garment that is not worn right.

    Args:
        garments: as they were draped, in the order in which ``drape`` joins them.
        drape: of all.
        body: the wearer.
        posed: the same body in the drape's pose.
    Raises:
        NotWornRight: the first garment that misses a bar, with the reason.
    """
    for garment, own, beside in each_worn(garments, drape):
        report = judge_worn(garment, own, body, posed, beside)
        if not report.passed:
            raise NotWornRight(report.reason, report.missed)


def each_worn(garments: Sequence[Garment], drape: Drape) -> Iterator[tuple[Garment, Drape, Drape | None]]:
    """Yield each garment of an outfit, its drape, and the drape of the others; None for one that is worn alone."""
    if len(garments) == 1:
        yield garments[0], drape, None
        return
    starts = np.cumsum([0, *(len(garment.panels) for garment in garments)])
    panel = np.asarray(drape.panel, int)
    for garment, start, end in zip(garments, starts[:-1], starts[1:], strict=True):
        own = (panel >= start) & (panel < end)
        yield garment, _part_of(drape, own, int(start)), _part_of(drape, ~own, 0)


def _part_of(drape: Drape, own: BoolArray, first_panel: int) -> Drape:
    """Return the chosen triangles of a drape, with the vertices they use."""
    triangles = np.asarray(drape.triangles)[own]
    used = np.unique(triangles)
    number = np.full(len(drape.vertices_m), -1)
    number[used] = np.arange(len(used))
    within = (number[drape.rest_edges] >= 0).all(axis=1)
    around = (number[drape.open_edges] >= 0).all(axis=1)
    return replace(
        drape,
        vertices_m=np.asarray(drape.vertices_m)[used],
        triangles=number[triangles],
        texture_px=np.asarray(drape.texture_px)[own],
        texture=np.asarray(drape.texture)[own],
        panel=np.maximum(np.asarray(drape.panel)[own].astype(int) - first_panel, 0).astype(np.uint8),
        rest_edges=number[drape.rest_edges[within]],
        rest_lengths_m=np.asarray(drape.rest_lengths_m)[within],
        open_edges=number[drape.open_edges[around]],
    )
