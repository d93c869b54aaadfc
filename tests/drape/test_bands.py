"""Ribbed hems and cuffs draw the cloth in, at a constant height, and the garment is still worn right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support.garments import flat_lays as drawn
from vmodel.body.model.body import Body
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.drape import drape
from vmodel.drape.placement.pattern_cloth import mesh_cloth
from vmodel.drape.simulate.put_on import DrapeSettings
from vmodel.garment.pattern.fit import fit_garment
from vmodel.quality.wear.judge import judge_worn
from vmodel.types import Drape, Garment

_LOOSE_CM = 56.0


def sweater(body: Body, **bands: float) -> Garment:
    pattern = drawn.long_sleeve().pattern()
    assert pattern.photo is not None
    return fit_garment(
        replace(pattern, photo=replace(pattern.photo, bands=bands)), body.measurements, "woman", _LOOSE_CM
    )


@pytest.fixture(scope="module")
def ribbed(body: Body) -> Garment:
    return sweater(body, hem=0.13, cuff=0.13)


def length_of(garment: Garment, edge: str, up_cm: float, settled: bool) -> float:
    """Return the length of the cloth's links in a strip above the hem or beside a cuff, over that of the panel."""
    cloth = mesh_cloth(garment, 1.25)
    line = np.asarray(next(panel.edges[edge] for panel in garment.panels if edge in panel.edges))
    middle = cloth.flat_cm[cloth.edges].mean(axis=1)
    near = np.abs(middle[:, 1] - line[:, 1].mean() - up_cm) < 1.0
    level = (np.abs(cloth.edge_direction[:, 0]) > 0.99) == settled
    upright = np.abs(cloth.edge_direction[:, 1]) > 0.8
    flat = np.linalg.norm(np.diff(cloth.flat_cm[cloth.edges], axis=1)[:, 0], axis=1) / 100
    own = near & (level if settled else upright)
    return float(np.median(cloth.edge_rest_m[own] / flat[own]))


def test_a_hems_band_relaxes_along_the_hem_alone(ribbed: Garment) -> None:
    height, share = ribbed.panels[0].bands["hem"]
    assert 3 < height < 9
    assert share < 0.9
    assert length_of(ribbed, "hem", height / 2, settled=True) == pytest.approx(share, abs=0.03)
    assert length_of(ribbed, "hem", height / 2, settled=False) > 0.96
    assert length_of(ribbed, "hem", height + 6, settled=True) == pytest.approx(1.0, abs=0.02)


def test_a_garment_without_bands_is_cut_as_before(body: Body) -> None:
    assert not any(panel.bands for panel in sweater(body).panels)


def hem_m(garment: Garment, worn: Drape) -> float:
    """Return the length of the worn hem in metres."""
    cloth = mesh_cloth(garment, DrapeSettings().spacing_cm)
    lines = [worn.vertices_m[cloth.edge_particles[panel.name, "hem"]] for panel in garment.panels]
    return float(sum(np.linalg.norm(np.diff(line, axis=0), axis=1).sum() for line in lines))


@pytest.mark.slow
def test_a_ribbed_hem_is_drawn_in_and_the_judge_passes_it(ribbed: Garment, body: Body, settings: Settings) -> None:
    pose, found = load_pose("standing"), []
    for garment in (sweater(body), ribbed):
        worn = drape(garment, body, pose, settings)
        assert judge_worn(garment, worn, body, body.posed(pose)).passed
        found.append(hem_m(garment, worn))
    assert found[1] < 0.93 * found[0]
