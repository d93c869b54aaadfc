"""klein's timings need a card; a run at the smallest size checks their code."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from benchmarks.hub import card_speed
from benchmarks.hub.card_speed import PLAIN, WAYS, main, make_batch, measure, random_klein
from pipelines.hub.runtime.device_placement import Layout, place_pipeline


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
    name, first, later, a_minute, pose, memory = measure(way, (96, 64), tiny=True)
    assert name == way
    assert float(first.removesuffix(" s")) > 0
    assert float(pose.removesuffix(" s")) > 0
    assert float(a_minute) == pytest.approx(60 / float(later.removesuffix(" s")), rel=0.2)
    assert memory == ""


def test_what_was_timed_without_a_card_is_not_kept_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--tiny", "--keep"])
    assert "nothing that is worth keeping" in capsys.readouterr().err
    assert main(["--tiny", "--size", "96x64", "as it is"]) == 0
    assert "klein at the smallest size, 96x64, 4 steps, no card" in capsys.readouterr().out


def test_further_poses_find_garment_and_sentence_encoded() -> None:
    pipeline, calls = random_klein(True, torch.float32), list[str]()
    place_pipeline(pipeline, replace(PLAIN, device="cpu"))
    for name, network in (("text", pipeline.text_encoder.model), ("picture", pipeline.vae.encoder)):
        network.register_forward_hook(lambda *_, name=name: calls.append(name))
    for seed, worn in ((0, 0), (1, 1), (2, 1)):
        calls.clear()
        make_batch(pipeline, 4, (96, 64), seed, worn)
        # Four drafts and four pose maps, and the garment where it is new.
        assert (calls.count("text"), calls.count("picture")) == ((1, 9) if seed < 2 else (0, 8))


def test_a_way_that_does_not_fit_has_a_row_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(card_speed, "place_pipeline", full)
    assert measure("as it is", (96, 64), tiny=True) == ["as it is", "", "", "", "", "does not fit"]
