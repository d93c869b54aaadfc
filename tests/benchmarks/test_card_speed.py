"""klein's timings need a card; that they run is seen at the smallest size."""

from __future__ import annotations

import pytest
import torch

from benchmarks.card_speed import WAYS, main, measure
from pipelines.hub.placing import Layout


@pytest.fixture(autouse=True)
def without_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_without_a_card_nothing_is_timed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "no graphics card" in capsys.readouterr().err


def test_every_way_is_a_layout() -> None:
    for fields in WAYS.values():
        assert set(fields) < set(Layout.__annotations__)


@pytest.mark.parametrize("way", ["batch of 4", "fp8", "offload group"])
def test_a_picture_is_timed_at_the_smallest_size(way: str) -> None:
    name, first, later, a_minute, memory = measure(way, (96, 64), tiny=True)
    assert name == way
    assert float(first.removesuffix(" s")) > 0
    assert float(a_minute) == pytest.approx(60 / float(later.removesuffix(" s")), rel=0.2)
    assert memory == ""
