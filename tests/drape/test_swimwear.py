"""Swimwear lies on the skin with nothing beneath it; dungarees have their bib on the chest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from tests.support.garments import flat_lays as drawn
from tests.support.garments import swimwear
from tests.support.garments.broken_drapes import Worn
from vmodel.body.appearance.skin import paint_skin
from vmodel.body.base_layer.paint import LINING, choose_base_layer
from vmodel.body.model.body import build_body
from vmodel.body.model.roster import load_roster
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.drape import drape
from vmodel.drape.geometry.signed_distance import distance_to_body
from vmodel.drape.simulate.put_on import for_fitting
from vmodel.quality.wear.judge import judge_worn
from vmodel.scene import PART_NAMES, Scene, frame_camera, render_conditions
from vmodel.types import ConditionMaps, Drape


class Dressed(Worn):
    def missed(self, lying: Drape | None = None) -> tuple[str, ...]:
        return judge_worn(self.garment, lying or self.drape, self.body, self.posed).missed

    def maps(self, view: str) -> ConditionMaps:
        skin = paint_skin(self.body.model, self.body, choose_base_layer(self.garment.kind, self.body.model), 512)
        scene = Scene(self.posed, self.body, skin, None, self.drape, self.garment)
        return render_conditions(scene, frame_camera(self.posed, self.drape, view, "full", (512, 384)))


def put_on(garment: drawn.Drawn, model: str, settings: Settings, pose: str = "standing") -> Dressed:
    person = load_roster(settings)[model]
    body = build_body(person)
    fitted = garment.fitted(body.measurements, person.gender)
    worn = drape(fitted, body, load_pose(pose), settings, options=for_fitting(fitted))
    return Dressed(fitted, worn, body, body.posed(load_pose(pose)))


@pytest.fixture(scope="module", params=["wm-ines", "wm-moana"])
def swimsuit(request: pytest.FixtureRequest, settings: Settings) -> Dressed:
    return put_on(swimwear.swimsuit(), request.param, settings)


@pytest.fixture(scope="module")
def bikini(settings: Settings) -> Dressed:
    return put_on(swimwear.bikini(), "wm-lucia", settings)


def test_a_swimsuit_is_worn_right(swimsuit: Dressed) -> None:
    assert swimsuit.missed() == ()


@pytest.mark.parametrize("view", ["front", "back"])
def test_legs_are_bare_and_no_base_layer_shows(swimsuit: Dressed, view: str) -> None:
    maps = swimsuit.maps(view)
    assert not (maps.parts == PART_NAMES.index("base layer")).any()
    rows = np.flatnonzero(maps.person_mask.max(axis=1) > 0.5)
    knees = round(rows[0] + 0.68 * np.ptp(rows))
    assert maps.garment_mask[knees:].max() == 0
    assert maps.garment_mask[: rows[0] + round(0.14 * np.ptp(rows))].max() == 0


def test_cloth_of_a_swimsuit_lies_on_the_skin(swimsuit: Dressed) -> None:
    away_m, _ = distance_to_body(swimsuit.drape.vertices_m, swimsuit.posed.vertices_m, swimsuit.posed.faces)
    assert np.median(away_m) < 0.006
    assert np.percentile(away_m, 90) < 0.02


def test_a_swimsuit_stays_on_somebody_who_sits(settings: Settings) -> None:
    assert put_on(swimwear.swimsuit(), "wm-ines", settings, "seated").missed() == ()


def test_a_bikini_is_worn_as_two_pieces(bikini: Dressed) -> None:
    assert bikini.missed() == ()
    edges = np.asarray(bikini.drape.rest_edges)
    count = len(bikini.drape.vertices_m)
    pieces, label = connected_components(coo_matrix((np.ones(len(edges)), edges.T), (count, count)), directed=False)
    assert pieces == 2
    low, high = sorted(float(bikini.drape.vertices_m[label == each, 2].mean()) for each in range(2))
    measures = bikini.body.measurements
    assert high == pytest.approx(measures.chest_height / 100, abs=0.08)
    assert measures.inseam / 100 < low < measures.waist_height / 100
    assert not (bikini.maps("front").parts == PART_NAMES.index("base layer")).any()


@pytest.mark.parametrize("piece", ["top", "brief"])
def test_a_piece_that_has_slipped_is_refused(bikini: Dressed, piece: str) -> None:
    own = [index for index, panel in enumerate(bikini.garment.panels) if panel.name.endswith(piece)]
    slipped = np.unique(bikini.drape.triangles[np.isin(bikini.drape.panel, own)])
    points = np.array(bikini.drape.vertices_m)
    points[slipped] -= (0, 0, 0.12)
    assert "cover" in bikini.missed(replace(bikini.drape, vertices_m=points))


def test_nobody_but_adults_in_swimwear_wears_its_lining(settings: Settings) -> None:
    roster = load_roster(settings)
    for model in roster.values():
        chosen = choose_base_layer(swimwear.swimsuit().kind, model)
        assert ((chosen.upper, chosen.lower) == LINING) is not model.is_child
        for name in ("camisole", "strapless", "shorts"):
            assert choose_base_layer(drawn.ALL[name]().kind, model).upper != LINING[0]


def test_dungarees_are_worn_with_their_bib_on_the_chest_over_a_top(settings: Settings) -> None:
    worn = put_on(drawn.dungarees(), "wm-ines", settings)
    assert worn.missed() == ()
    assert choose_base_layer(worn.garment.kind, worn.body.model).upper == "tucked"
    maps, measures = worn.maps("front"), worn.body.measurements
    rows = np.flatnonzero(maps.person_mask.max(axis=1) > 0.5)

    def row(height_cm: float) -> int:
        return round(rows[-1] - height_cm / measures.height * np.ptp(rows))

    chest = maps.parts[row(measures.chest_height + 2)]
    bib, top = (np.flatnonzero(chest == PART_NAMES.index(name)) for name in ("garment", "base layer"))
    assert len(bib) > 8
    assert (top < bib.min()).any()
    assert (top > bib.max()).any()
