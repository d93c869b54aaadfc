"""Precision and placement of weights: decided by pure functions, checked on the real classes at their smallest."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partialmethod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.hub.true_size import bytes_of
from pipelines.hub.models.flux2_klein_batch import BatchKlein
from pipelines.hub.runtime.batching import EncodingCache, key_of, make_batches
from pipelines.hub.runtime.device_placement import (
    Layout,
    Machine,
    choose_layout,
    choose_offload,
    loading_options,
    place_pipeline,
)
from pipelines.hub.runtime.settings import Tuning, read_tuning
from pipelines.hub.weights.catalogue import CATALOGUE
from vmodel.errors import BadUsage, CardMemoryExhausted, CardTooSmall, MemoryTooSmall, PackageMissing

KLEIN = CATALOGUE["flux2-klein"]
PLAIN = Layout("cpu", "full", "none", tiling=False, compile=False, attention="auto", batch=1)
PROMPTS = ("a red shirt", "a long blue dress, seen from behind", "trousers")


@pytest.fixture(scope="module")
def folder(published: Path) -> Path:
    return published / KLEIN.parts[0].repository


Load = Callable[..., Any]


@pytest.fixture(scope="module")
def load(folder: Path) -> Load:
    def loaded(**changes: Any) -> Any:
        layout = replace(PLAIN, **changes)
        pipeline = BatchKlein.from_pretrained(folder, **loading_options(layout))
        place_pipeline(pipeline, layout)
        return pipeline

    return loaded


def references(seed: int) -> list[Image.Image]:
    rng = np.random.default_rng(seed)
    garment = np.random.default_rng(99).integers(0, 256, (80, 64, 3), np.uint8)
    own = [rng.integers(0, 256, (96, 64, 3), np.uint8) for _ in range(2)]
    return [Image.fromarray(array) for array in (own[0], garment, own[1])]


def make(pipeline: Any, numbers: Sequence[int], output: str = "np") -> list[Any]:
    made = pipeline.make(
        [references(number) for number in numbers],
        [PROMPTS[number % len(PROMPTS)] for number in numbers],
        list(numbers),
        height=96,
        width=64,
        num_inference_steps=2,
        guidance_scale=1.0,
        output_type=output,
    )
    return list(made)


# ---------------------------------------------------------------- decisions


@pytest.mark.parametrize("weights", CATALOGUE.values(), ids=list(CATALOGUE))
def test_the_less_a_card_holds_the_more_often_weights_travel(weights: Any) -> None:
    needs = [need for need in (weights.memory_gb, weights.model_gb, weights.group_gb) if need is not None]
    assert needs == sorted(set(needs), reverse=True)
    ways = [choose_offload(need, weights) for need in needs]
    assert ways == ["none", "model", "group"][: len(needs)]
    assert choose_offload(weights.least_gb - 0.1, weights) is None


def test_the_fewer_bits_the_smaller_a_card_that_holds_everything() -> None:
    layouts = [choose_layout(Tuning(precision=bits), Machine(13, 64), KLEIN, 16) for bits in ("full", "fp8", "int8")]
    assert [layout.offload for layout in layouts] == ["model", "model", "none"]
    assert choose_offload(10.5, KLEIN, "4bit") == "none"
    assert choose_offload(KLEIN.least_gb - 0.1, KLEIN, "4bit") is None


def test_what_settings_leave_open_never_changes_a_picture_and_batches_pay_for_the_way_of_the_weights() -> None:
    large, small = (choose_layout(Tuning(), Machine(gb, 64), KLEIN, 16) for gb in (24, 12))
    assert (large.device, large.precision, large.offload, large.tiling, large.batch) == (
        "cuda",
        "full",
        "none",
        False,
        1,
    )
    assert (small.precision, small.offload, small.batch) == ("full", "model", 4)
    least = choose_layout(Tuning(), Machine(6, 64), KLEIN, 16)
    assert (least.offload, least.tiling, least.compile) == ("group", False, False)
    alone = choose_layout(Tuning(), Machine(None, 64), KLEIN, 16)
    assert (alone.device, alone.offload, alone.dtype()) == ("cpu", "none", torch.float32)
    assert large.dtype() == torch.bfloat16
    assert large.dtype(torch.float16) == torch.float16


def test_settings_decide_over_the_machine() -> None:
    wished = Tuning(precision="fp8", offload="group", tiling=True, compile=True, attention="native", batch=2)
    layout = choose_layout(wished, Machine(80, 64), KLEIN, 16)
    assert layout == Layout("cuda", "fp8", "group", tiling=True, compile=True, attention="native", batch=2)


def test_too_small_a_card_and_too_little_memory_are_refused_with_the_figures_and_a_remedy() -> None:
    with pytest.raises(CardTooSmall, match=r"needs 5 GB .* and 3\.0 GB are free; .*another --pipeline"):
        choose_layout(Tuning(), Machine(3, 64), KLEIN, 16)
    with pytest.raises(MemoryTooSmall, match=r"needs 33 GB .* and 20 GB are free; .*--pipeline draft"):
        choose_layout(Tuning(), Machine(None, 20), KLEIN, 16)


def test_what_waits_beside_a_card_must_fit_the_machine_s_memory() -> None:
    with pytest.raises(MemoryTooSmall, match=r"needs 17 GB .* beside this graphics card and 10 GB are free; .*larger"):
        choose_layout(Tuning(), Machine(12, 10), KLEIN, 16)
    with pytest.raises(MemoryTooSmall, match="needs 11 GB"):
        choose_layout(Tuning(precision="int8"), Machine(24, 10), KLEIN, 16)
    assert choose_layout(Tuning(), Machine(24, 1), KLEIN, 16).offload == "none"


def test_weights_of_four_bits_need_their_package(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("optimum.quanto", "optimum"):
        monkeypatch.delitem(sys.modules, "optimum.quanto", raising=False)
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(PackageMissing, match=r"pip install 'vmodel\[quantised\]'"):
            choose_layout(Tuning(precision="4bit"), Machine(24, 64), KLEIN, 16)


@pytest.mark.parametrize(("name", "value"), [("PRECISION", "3bit"), ("BATCH", "0"), ("COMPILE", "perhaps")])
def test_a_setting_that_cannot_be_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"VMODEL_HUB_{name}", value)
    with pytest.raises(BadUsage, match=f"VMODEL_HUB_{name} cannot be '{value}'"):
        read_tuning()


def test_an_attention_back_end_that_is_not_there_is_named(load: Load) -> None:
    for name in ("thought", "sage"):
        with pytest.raises(BadUsage, match=f"VMODEL_HUB_ATTENTION={name} does not work here"):
            load(attention=name)


# ---------------------------------------------------------------- the real classes


@pytest.fixture(scope="module")
def plain(load: Load) -> Any:
    return load()


@pytest.fixture(scope="module")
def singles(plain: Any) -> list[Any]:
    return [make(plain, [number], "latent")[0] for number in range(3)]


def test_a_batch_is_its_pictures_made_singly(plain: Any, singles: list[Any]) -> None:
    batch = make(plain, range(3), "latent")
    for one, single in zip(batch, singles, strict=True):
        assert torch.allclose(one, single, atol=1e-4)
    assert (singles[0] - singles[1]).abs().max() > 0.1


def test_a_picture_has_the_same_bits_as_the_stock_pipeline_s(folder: Path, plain: Any) -> None:
    from diffusers import Flux2KleinPipeline

    stock = Flux2KleinPipeline.from_pretrained(folder, dtype=torch.float32)
    stock.set_progress_bar_config(disable=True)
    expected = stock(
        image=references(2),
        prompt=PROMPTS[2],
        generator=torch.Generator().manual_seed(2),
        height=96,
        width=64,
        num_inference_steps=2,
        guidance_scale=1.0,
        output_type="np",
    ).images[0]
    assert np.array_equal(make(plain, [2])[0], expected)


def test_each_picture_of_a_batch_sees_its_own_references(plain: Any) -> None:
    shown = [references(1), references(0)]
    seen: list[torch.Tensor] = []
    handle = plain.transformer.register_forward_pre_hook(
        lambda _, __, named: seen.append(named["hidden_states"]), with_kwargs=True
    )
    try:
        for batch in (shown, shown[:1], shown[1:]):
            plain.make(
                batch,
                [PROMPTS[0]] * len(batch),
                [0] * len(batch),
                height=96,
                width=64,
                num_inference_steps=1,
                guidance_scale=1.0,
                output_type="latent",
            )
    finally:
        handle.remove()
    both, first, second = seen
    assert torch.equal(both, torch.cat([first, second]))
    assert not torch.equal(first, second)


def test_a_garment_and_a_sentence_are_encoded_once_for_all_poses(load: Load) -> None:
    pipeline, calls = load(), list[str]()
    for name, network in (("text", pipeline.text_encoder.model), ("picture", pipeline.vae.encoder)):
        network.register_forward_hook(lambda *_, name=name: calls.append(name))
    for number in (0, 3, 6):
        make(pipeline, [number])
    assert calls.count("text") == 1
    # A draft and a pose map each, and the garment once.
    assert calls.count("picture") == 2 * 3 + 1


def test_large_batches_of_a_garment_share_its_sentence_and_its_picture_too(load: Load) -> None:
    pipeline, calls = load(), list[str]()
    for name, network in (("text", pipeline.text_encoder.model), ("picture", pipeline.vae.encoder)):
        network.register_forward_hook(lambda *_, name=name: calls.append(name))
    for batch in (range(0, 18, 3), range(18, 36, 3)):
        make(pipeline, batch, "latent")
    assert calls.count("text") == 1
    assert calls.count("picture") == 2 * 12 + 1


def test_what_is_kept_encoded_does_not_grow() -> None:
    kept, made = EncodingCache(), list[int]()
    for number in (*range(20), 19, 12, 11):
        kept.get_or_compute(number, lambda number=number: made.append(number))  # type: ignore[misc]
    # Exactly the last eight are there.
    assert made == [*range(20), 11]
    # White pictures of the same area are not the same picture.
    assert key_of(torch.ones(1, 3, 32, 64)) != key_of(torch.ones(1, 3, 64, 32))


@pytest.mark.parametrize("changes", [{"offload": "model"}, {"offload": "group"}, {"attention": "native"}], ids=str)
def test_where_weights_lie_changes_no_picture(load: Load, singles: list[Any], changes: dict[str, Any]) -> None:
    assert torch.equal(make(load(**changes), [0], "latent")[0], singles[0])


def test_a_picture_that_fits_a_tile_is_the_same_with_tiling(load: Load, plain: Any) -> None:
    pipeline = load(tiling=True, batch=2)
    assert pipeline.vae.use_tiling
    assert pipeline.vae.use_slicing
    assert not plain.vae.use_tiling
    # The tiny autoencoder's tiles are 32 pixels wide; the published one's are as wide as the largest picture.
    pipeline.vae.tile_sample_min_size, pipeline.vae.tile_latent_min_size = 96, 12
    assert np.array_equal(make(pipeline, [0])[0], make(plain, [0])[0])


@pytest.mark.parametrize(
    ("precision", "share", "most"), [("fp8", 0.35, 0.05), ("int8", 0.30, 0.02), ("4bit", 0.25, 0.15)]
)
def test_fewer_bits_are_kept_and_stay_close(
    load: Load, plain: Any, singles: list[Any], precision: str, share: float, most: float
) -> None:
    pipeline = load(precision=precision)
    kept, whole = (bytes_of(each.transformer.transformer_blocks[0].attn.to_q.weight) for each in (pipeline, plain))
    assert kept < share * whole
    made = make(pipeline, [0], "latent")[0]
    off = float((made - singles[0]).abs().mean() / singles[0].abs().mean())
    assert 0 < off < most
    batch = make(pipeline, range(2), "latent")
    assert torch.allclose(batch[0], made, atol=1e-4)


@pytest.mark.parametrize("precision", ["int8", "4bit"])
def test_fewer_bits_travel_as_they_are(load: Load, precision: str) -> None:
    there, travelling = (load(precision=precision, offload=offload) for offload in ("none", "group"))
    assert torch.equal(*(make(pipeline, [0], "latent")[0] for pipeline in (there, travelling)))


def test_four_bits_on_a_card_are_computed_where_there_is_a_kernel_for_them() -> None:
    on_card = replace(PLAIN, device="cuda")
    assert replace(on_card, precision="4bit").dtype(torch.float16) == torch.bfloat16
    assert replace(on_card, precision="int8").dtype(torch.float16) == torch.float16


def test_blocks_are_captured_whole_and_make_the_same_picture(
    load: Load, singles: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The whole compiler except the C++ behind it, which takes minutes.
    monkeypatch.setattr(torch.nn.Module, "compile", partialmethod(torch.nn.Module.compile, backend="aot_eager"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = make(load(compile=True), [0], "latent")[0]
    assert torch.allclose(made, singles[0], atol=1e-4)


class Card:
    """A denoiser on a card with room for a limited number of pictures: more raise the driver's error."""

    def __init__(self, pipeline: Any, most: int) -> None:
        self.batches: list[int] = []

        def refuse(_: object, __: object, named: dict[str, Any]) -> None:
            self.batches.append(len(named["hidden_states"]))
            if self.batches[-1] > most:
                raise torch.OutOfMemoryError("CUDA out of memory")

        self.handle = pipeline.transformer.register_forward_pre_hook(refuse, with_kwargs=True)


def test_a_batch_that_runs_out_of_memory_goes_on_smaller(load: Load, singles: list[Any]) -> None:
    pipeline = load()
    card = Card(pipeline, most=1)
    made, fitting = make_batches(lambda numbers: make(pipeline, numbers, "latent"), range(3), 3, pipeline, "klein")
    assert fitting == 1
    assert card.batches == [3, 1, 1, 1, 1, 1, 1]
    for one, single in zip(made, singles, strict=True):
        assert torch.equal(one, single)


def test_a_card_gets_its_memory_back_before_the_smaller_batch(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline, order = load(), list[str]()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: order.append("emptied"))

    def make_two(numbers: Sequence[int]) -> list[int]:
        order.append(f"{len(numbers)} at once")
        if len(numbers) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return list(numbers)

    assert make_batches(make_two, range(2), 2, pipeline, "flux2-klein") == ([0, 1], 1)
    assert order == ["2 at once", "emptied", "1 at once", "1 at once"]


def test_a_picture_that_no_card_memory_holds_is_refused_with_the_remedy(load: Load) -> None:
    pipeline = load()
    Card(pipeline, most=0)
    with pytest.raises(CardMemoryExhausted, match=r"--size.*VMODEL_HUB_OFFLOAD=group"):
        make_batches(lambda numbers: make(pipeline, numbers), [0], 1, pipeline, "flux2-klein")
