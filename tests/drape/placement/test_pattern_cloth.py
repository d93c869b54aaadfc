"""Sewing patterns on a body: pieces keep their size, seams stay closed, gathers lie in folds."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from benchmarks.prints import CHECK_CM, squares_cm
from vmodel.body.mesh.subdivision import loop_subdivide
from vmodel.body.model.body import Body, build_body
from vmodel.body.model.roster import load_roster
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.drape import drape
from vmodel.drape.cloth.materials import load_material
from vmodel.drape.placement.pattern_cloth import mesh_cloth, straight_seams
from vmodel.drape.simulate.put_on import DrapeSettings
from vmodel.drape.solver.cloth_solver import _mechanics
from vmodel.garment.sewing.assemble import sew, with_materials
from vmodel.garment.sewing.formats.load import load_pattern, read_pattern_file
from vmodel.garment.sewing.pattern import signed_area
from vmodel.types import Drape, Garment

DRESS = Path(__file__).resolve().parents[3] / "examples" / "dress-pattern.svg"


@pytest.fixture(scope="module")
def dress() -> Garment:
    pattern = with_materials(read_pattern_file(load_pattern(DRESS), DRESS.name), {"sleeve": "denim"})
    return sew(pattern, None, "#ffffff", None).garment


def areas_cm2(garment: Garment, worn: Drape) -> dict[str, tuple[float, float]]:
    """Return name of each piece -> its area on the body and its area as cut."""
    corners = worn.vertices_m[worn.triangles].astype(float) * 100
    sides = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    own = np.linalg.norm(np.cross(*sides), axis=1) / 2
    found: dict[str, tuple[float, float]] = {}
    for k, panel in enumerate(garment.panels):
        piece = panel.name.split(":")[1]
        before = found.get(piece, (0.0, 0.0))
        found[piece] = before[0] + own[worn.panel == k].sum(), before[1] + abs(signed_area(panel.outline_cm))
    return found


def test_the_cloth_has_the_lengths_of_its_pieces_and_no_open_seam(dress: Garment) -> None:
    cloth = mesh_cloth(dress, 2.0)
    corners = cloth.panel_cm
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    cut = sum(abs(signed_area(panel.outline_cm)) for panel in dress.panels)
    assert np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / 2 == pytest.approx(cut, rel=0.01)
    open_names = {
        name
        for (_, name), ids in cloth.edge_particles.items()
        if set(ids.tolist()) <= set(cloth.open_edges.ravel().tolist())
    }
    assert {name.partition("~")[0] for name in open_names} == {"neck", "hem", "cuff_left", "cuff_right"}
    for seam in dress.seams:
        first, second = cloth.edge_particles[seam.first], cloth.edge_particles[seam.second]
        assert (first == (second[::-1] if seam.reverse else second)).all()


def test_no_dart_ends_in_a_hole(dress: Garment) -> None:
    """The mesh has the resolution of pictures, where a dart's tip is narrower than the triangles beside it."""
    cloth = mesh_cloth(dress, DrapeSettings().spacing_cm)
    openings = {
        particle
        for (_, name), ids in cloth.edge_particles.items()
        if name.startswith(("neck", "hem", "cuff"))
        for particle in ids.tolist()
    }
    assert set(cloth.open_edges.ravel().tolist()) <= openings


def test_seams_between_pieces_do_not_zigzag(dress: Garment) -> None:
    """Pieces of a plane, with jolted particles: on the finer surface of pictures the side seam is straight again."""
    cloth = mesh_cloth(dress, 2.0)
    jolt = np.random.default_rng(3).normal(0, 0.15, cloth.flat_cm.shape)
    jolted_m = np.pad((cloth.flat_cm + jolt) / 100, ((0, 0), (0, 1)))
    finer = loop_subdivide(cloth.triangles, cloth.count, 1).matrix[: cloth.count]
    skirt = next(panel.name for panel in dress.panels if "skirt_front" in panel.name)
    seam = cloth.edge_particles[skirt, "side_left"]

    def zigzag_mm(positions_m: np.ndarray) -> float:
        line = (finer @ positions_m)[seam]
        off = line[1:-1] - (line[:-2] + line[2:]) / 2
        return float(1000 * np.linalg.norm(np.diff(off, axis=0), axis=1).mean() / 2)

    assert zigzag_mm(jolted_m) > 0.5
    assert zigzag_mm(straight_seams(cloth, jolted_m)) < 0.2


def test_a_gathered_seam_is_as_long_as_its_shorter_side(dress: Garment) -> None:
    cloth = mesh_cloth(dress, 2.0)
    key = next(
        end
        for seam in dress.seams
        for end in (seam.first, seam.second)
        if "bodice_front" in end[0] and "waist" in end[1]
    )
    ids = cloth.edge_particles[key]
    rest = {tuple(sorted(pair)): length for pair, length in zip(cloth.edges.tolist(), cloth.edge_rest_m, strict=True)}
    line = next(panel for panel in dress.panels if panel.name == key[0]).edges[key[1]]
    length_cm = np.linalg.norm(np.diff(line, axis=0), axis=1).sum()
    assert sum(rest[tuple(sorted(pair))] for pair in itertools.pairwise(ids)) * 100 == pytest.approx(length_cm)


def test_each_piece_has_the_mechanics_of_its_material(dress: Garment) -> None:
    cloth = mesh_cloth(dress, 2.0)
    mass, stiffness = _mechanics(cloth, load_material("cotton"))
    sleeve = np.array(["sleeve" in dress.panels[k].name for k in cloth.particle_panel[cloth.edges[:, 0]]])
    assert np.asarray(mass)[: len(sleeve)][sleeve].min() > np.asarray(mass)[: len(sleeve)][~sleeve].max()
    assert stiffness[: len(sleeve)][sleeve].max() == pytest.approx(load_material("denim").stretch)
    assert stiffness[: len(sleeve)][~sleeve].max() == pytest.approx(load_material("cotton").stretch)


@pytest.mark.slow
def test_a_dress_of_eight_pieces_with_darts_and_a_gathered_skirt_drapes(dress: Garment, settings: Settings) -> None:
    body: Body = build_body(load_roster(settings)["wm-ines"])
    worn = drape(dress, body, load_pose("standing"), settings)
    assert worn.report.worn
    assert worn.report.inside_share <= 0.001
    assert worn.report.let_out_p99 == pytest.approx(1.0)
    found = areas_cm2(dress, worn)
    assert len(found) == 8
    assert {piece: round(area / cut, 3) for piece, (area, cut) in found.items() if abs(area / cut - 1) > 0.01} == {}
    assert set(worn.texture_materials) == {"cotton", "denim"}
    squares = np.concatenate([squares_cm(dress, worn, number) for number in range(len(dress.panels))])
    assert len(squares)
    assert np.abs(squares / CHECK_CM - 1).max() <= 0.03


@pytest.mark.slow
def test_the_example_skirt_of_garmentcode_drapes_with_its_pieces_as_they_were_cut(settings: Settings) -> None:
    path = DRESS.with_name("skirt-pattern.json")
    skirt = sew(read_pattern_file(load_pattern(path), path.name), None, "#ffffff", None).garment
    worn = drape(skirt, build_body(load_roster(settings)["wm-ines"]), load_pose("standing"), settings)
    assert worn.report.worn
    assert worn.report.inside_share <= 0.001
    found = areas_cm2(skirt, worn)
    assert set(found) == {"skirt_front", "skirt_back"}
    assert all(area == pytest.approx(cut, rel=0.01) for area, cut in found.values())
