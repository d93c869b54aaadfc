"""The soft edge follows the cloth's border to a fraction of a pixel, and mixes in no ground."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from vmodel.garment.cutout.matte import guided, refine_edge
from vmodel.types import ByteArray, FloatArray

SIZE = (240, 320)
Colour = tuple[int, int, int]


def half_plane(at: float, slope: float) -> FloatArray:
    """Return the coverage of the area left of a line, to a sixteenth of a pixel."""
    rows, columns = (np.mgrid[: SIZE[0] * 8, : SIZE[1] * 8] + 0.5) / 8
    covered = (columns < at + slope * (rows - SIZE[0] / 2)).astype(np.float32)
    return np.asarray(cv2.resize(covered, SIZE[::-1], interpolation=cv2.INTER_AREA))


def photo(cover: FloatArray, cloth: Colour, ground: Colour, grain: float = 1.0) -> ByteArray:
    rng = np.random.default_rng(2)
    mixed = cover[..., None] * np.array(cloth) + (1 - cover[..., None]) * np.array(ground)
    return np.clip(mixed + rng.normal(0, grain, (*SIZE, 3)), 0, 255).astype(np.uint8)


def edge_of(matte: FloatArray) -> FloatArray:
    """Return the column at which each row's cover ends."""
    return np.asarray(matte[40:-40].sum(1))


@pytest.mark.parametrize("at", [150.0, 150.25, 150.5, 150.8])
@pytest.mark.parametrize("slope", [0.0, 0.21])
@pytest.mark.parametrize("ground", [(245, 245, 242), (96, 70, 50)])
def test_the_edge_is_found_to_a_fraction_of_a_pixel(at: float, slope: float, ground: Colour) -> None:
    """The mask is made at half the size, and a pixel and a half off."""
    cover = half_plane(at, slope)
    rough = cv2.resize(half_plane(at + 2.6, slope), (SIZE[1] // 2, SIZE[0] // 2), interpolation=cv2.INTER_AREA) > 0.5
    matte = refine_edge(photo(cover, (40, 80, 150), ground), rough)
    away = edge_of(matte) - edge_of(cover)
    assert abs(away.mean()) < 0.25
    assert away.std() < 0.2


def test_cloth_like_its_ground_is_cut_by_the_outline() -> None:
    cover = half_plane(150.0, 0.1)
    matte = refine_edge(photo(cover, (240, 240, 238), (243, 243, 242)), cover > 0.5)
    assert np.abs(edge_of(matte) - edge_of(cover)).mean() < 0.6
    assert np.mean((matte > 0.02) & (matte < 0.98)) < 0.03


def test_no_ground_stays_in_what_counts_as_cloth() -> None:
    cover = half_plane(150.5, 0.1)
    rgb = photo(cover, (30, 40, 90), (248, 248, 248))
    matte = refine_edge(rgb, cover > 0.5)
    assert matte.dtype == np.float32
    assert (rgb[matte > 0.97].mean(-1) > 110).mean() < 0.002
    assert matte[:, :132].min() == 1
    assert matte[:, 175:].max() == 0


def test_a_thin_strap_keeps_its_width() -> None:
    cover = half_plane(154.0, 0.1) - half_plane(148.0, 0.1)
    matte = refine_edge(photo(cover, (150, 30, 60), (240, 240, 240)), cover > 0.5)
    assert edge_of(matte).mean() == pytest.approx(6.0, abs=0.5)


def test_a_prints_colours_at_the_edge_cut_no_holes_far_inside() -> None:
    cover = half_plane(150.0, 0.0)
    rgb = photo(cover, (40, 80, 150), (245, 245, 245))
    rgb[:, 120:145:6] = 245  # stripes of the ground's colour
    matte = refine_edge(rgb, cover > 0.5)
    assert matte[:, :140].min() > 0.99


def test_a_blurred_mask_is_drawn_to_the_edges_of_the_picture() -> None:
    cover = half_plane(150.0, 0.1)
    blurred = cv2.GaussianBlur(half_plane(153.0, 0.1), (0, 0), 5)
    fine = guided(photo(cover, (40, 80, 150), (245, 245, 245)), blurred, 8)
    before, after = (np.abs((mask > 0.5).astype(float) - cover).mean() for mask in (blurred, fine))
    assert after < 0.5 * before
    assert 0 <= fine.min() <= fine.max() <= 1
