"""Strong patterns at few frequencies, which would drown a watermark, are removed locally."""

from __future__ import annotations

import numpy as np
import pytest

from vmodel.rights.watermark.whitening import whiten_spectrum


def test_stripes_of_half_a_picture_leave_the_faint_waves_between_them() -> None:
    rng = np.random.default_rng(1)
    faint = 2 * np.sin(2 * np.pi * np.arange(256) / 9)[:, None] * np.ones(256)
    stripes = 60 * np.sin(2 * np.pi * np.arange(256) / 8) * (np.arange(256) < 128)
    picture = (faint + stripes + rng.normal(0, 1, (256, 256))).astype(np.float32)
    levelled = whiten_spectrum(picture, 1)
    across, down = np.abs(np.fft.fft2(levelled))[0, 32], np.abs(np.fft.fft2(levelled))[28:30, 0].max()
    before = np.abs(np.fft.fft2(picture))
    assert before[0, 32] > 10 * before[28:30, 0].max()
    assert down > 3 * across


@pytest.mark.parametrize("size", [(24, 24), (64, 65), (129, 250)])
def test_a_picture_keeps_its_size_and_quiet_ground_stays_quiet(size: tuple[int, int]) -> None:
    values = np.zeros(size, np.float32)
    assert whiten_spectrum(values, 1).shape == size
    assert not whiten_spectrum(values, 1).any()
