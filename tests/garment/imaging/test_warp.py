"""Maps from a block to its photo stay smooth and fold nowhere, whatever landmarks are read."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.garments import flat_lays as drawn
from vmodel.garment.imaging.warp import Prints, Warp, solve_warp
from vmodel.garment.pattern.maps import legs, trunk
from vmodel.types import FloatArray

SQUARE = np.array([[-20.0, -60.0], [20.0, -60.0], [20.0, 0.0], [-20.0, 0.0]])


def areas(warp: Warp) -> FloatArray:
    """Return signed areas of the cells, in pixels; all have one sign unless the map folds."""
    c = warp.corners_px
    across, up = c[:-1, 1:] - c[:-1, :-1], c[1:, :-1] - c[:-1, :-1]
    return np.asarray(across[..., 0] * up[..., 1] - across[..., 1] * up[..., 0])


def to_photo(place: FloatArray) -> FloatArray:
    return np.array([260 + 5 * place[0], 80 - 5 * place[1]])


def corners(noise_px: float, seed: int) -> list[tuple[FloatArray, FloatArray, float]]:
    rng = np.random.default_rng(seed)
    places = [*SQUARE, *(np.array([x, y]) for x in (-20.0, 20.0) for y in (-15.0, -30.0, -45.0))]
    return [(place, to_photo(place) + rng.normal(0, noise_px, 2), 1.0) for place in places]


@pytest.mark.parametrize("noise_px", [0.0, 10.0, 30.0, 80.0, 250.0])
@pytest.mark.parametrize("seed", range(4))
def test_no_landmark_makes_the_cloth_fold_over(noise_px: float, seed: int) -> None:
    found = areas(solve_warp(SQUARE, corners(noise_px, seed)))
    assert (np.sign(found) == np.sign(np.median(found))).all()
    assert np.abs(found).min() > 0.1 * np.abs(np.median(found))


def test_exact_pairs_are_met_and_squares_stay_square() -> None:
    warp = solve_warp(SQUARE, corners(0.0, 0))
    for place in ((0.0, 0.0), (-15.0, -40.0), (19.0, -59.0)):
        x, y = (np.array([value]) for value in place)
        assert warp.at(x, y)[0] == pytest.approx(to_photo(np.array(place)), abs=0.5)
    assert warp.stretch == pytest.approx(1, abs=0.01)


def test_a_shaped_waist_bends_the_map_between_its_ends() -> None:
    pairs = corners(0.0, 0)
    pinched = [(place, spot - [np.sign(place[0]) * (20 if place[1] == -30 else 0), 0], w) for place, spot, w in pairs]
    warp = solve_warp(SQUARE, pinched)
    side, middle = warp.at(np.array([20.0, 0.0]), np.array([-30.0, -30.0]))
    assert side[0] == pytest.approx(340, abs=6)
    assert middle[0] == pytest.approx(260, abs=1)


def test_a_placed_print_keeps_its_shape_where_the_photo_is_askew() -> None:
    """The garment in the photo is half again as wide as its cut; the print on its chest stays round."""
    wide = [(place, (spot - [260, 0]) * [1.5, 1.0] + [260, 0], w) for place, spot, w in corners(0.0, 0)]
    x, y = (values.ravel() for values in np.meshgrid(np.linspace(-8, 8, 9), np.linspace(-28, -12, 9)))
    printed = Prints(np.stack([x, y], axis=1), np.full((x.size, 2), 5.0), [])

    def ratio(warp: Warp) -> float:
        left, right, low, high = warp.at(np.array([-4.0, 4.0, 0.0, 0.0]), np.array([-20.0, -20.0, -24.0, -16.0]))
        return float(np.linalg.norm(right - left) / np.linalg.norm(high - low))

    assert ratio(solve_warp(SQUARE, wide)) > 1.35
    assert ratio(solve_warp(SQUARE, wide, printed)) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    ("name", "seed"), [("tee", 1), ("camisole", 2), ("jumpsuit", 3), ("skirt", 4), ("trousers", 5)]
)
def test_badly_read_landmarks_tear_no_garment(name: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every landmark is off by a tenth of the garment's width."""
    solved: list[Warp] = []

    def keep(*arguments: object) -> Warp:
        solved.append(solve_warp(*arguments))  # type: ignore[arg-type]
        return solved[-1]

    for module in (trunk, legs):
        monkeypatch.setattr(module, "solve_warp", keep)
    garment, rng = drawn.ALL[name](), np.random.default_rng(seed)
    points = garment.landmarks.points_px
    for place in points:
        points[place] += rng.normal(0, 14, 2)  # type: ignore[index]
    fitted = garment.fitted()
    assert solved
    for warp in solved:
        found = areas(warp)
        assert (np.sign(found) == np.sign(np.median(found))).all()
    assert all(texture.std() > 0 for texture in fitted.textures)
