"""SDXL, Qwen and CatVTON make several pictures at once, and each equals the picture made alone."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partialmethod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus as library
from PIL import Image

from pipelines.common.batching import BatchPipeline
from pipelines.common.progress import on_denoiser_step
from pipelines.draft import DraftPipeline
from pipelines.hub.models.catvton import CatVton
from pipelines.hub.models.qwen_edit import QwenEdit
from pipelines.hub.models.qwen_edit_batch import BatchQwen, join_sentences
from pipelines.hub.models.sdxl import Sdxl
from pipelines.hub.weights.catalogue import CATALOGUE
from pipelines.hub.weights.store import pull_weights
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.errors import CardMemoryExhausted
from vmodel.shot.pipeline_interface import RenderContext

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),
]
Maker = Callable[[], Any]


@pytest.fixture(scope="module", params=["sdxl", "qwen-edit", "qwen-edit with Lightning", "catvton"])
def fresh(published: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Maker]:
    """Yield a function that makes a pipeline without any earlier call."""
    settings = Settings(home=tmp_path_factory.mktemp("home"), weights_source=str(published))
    folder = pull_weights(request.param.split()[0], settings, accept_licence=True)
    with pytest.MonkeyPatch.context() as patch:
        # References of a 64th of a megapixel instead of one, for two cores.
        patch.setattr(library, "VAE_IMAGE_SIZE", 128 * 128)
        patch.setattr(library, "CONDITION_IMAGE_SIZE", 64 * 64)
        patch.setenv("VMODEL_HUB_BATCH", "3")
        if request.param == "qwen-edit":
            patch.setattr("pipelines.hub.models.qwen_edit.FEW_STEPS", 0)
        makers: dict[str, Maker] = {
            "sdxl": lambda: Sdxl(folder, steps=1),
            "catvton": lambda: CatVton(folder, DraftPipeline, steps=2),
        }
        yield makers.get(request.param, lambda: QwenEdit(folder, steps=2))


def doubles(pipeline: Any) -> bool:
    """Return whether guidance doubles the pipeline's rows; Qwen's doubles the calls instead."""
    return isinstance(pipeline, Sdxl | CatVton)


@pytest.fixture(scope="module")
def contexts(tee_context: RenderContext) -> list[RenderContext]:
    """Return contexts of one garment in three poses: as it is, mirrored, and upside down.

    The last one is of a child, which makes the sentence shorter.
    """
    child = next(model for model in load_roster(Settings()).values() if model.is_child)
    mirrored, fallen = laid_otherwise(tee_context, np.s_[:, ::-1]), laid_otherwise(tee_context, np.s_[::-1])
    return [tee_context, mirrored, replaced(fallen, model=child)]


def laid_otherwise(context: RenderContext, turn: Any) -> RenderContext:
    maps = {name: getattr(context.maps, name)[turn].copy() for name in ("pose_map", "depth_m", "garment_mask")}
    turned = replaced(context, maps=replace(context.maps, **maps), seed=context.seed + 7)
    vars(turned)["draft"] = context.draft[turn].copy()
    return turned


def replaced(context: RenderContext, **changes: Any) -> RenderContext:
    other = replace(context, **changes)
    vars(other)["draft"] = context.draft
    return other


@pytest.fixture(scope="module")
def singles(fresh: Maker, contexts: list[RenderContext]) -> list[Any]:
    pipeline = fresh()
    return [pipeline(context) for context in contexts]


class Card:
    """A denoiser on a card with room for a limited number of rows: more raise the driver's error."""

    def __init__(self, pipeline: Any, most: float = float("inf")) -> None:
        self.rows = list[int]()
        denoiser = getattr(pipeline.pipeline, "transformer", None) or pipeline.pipeline.unet

        def refuse(_: object, given: Sequence[Any], named: dict[str, Any]) -> None:
            self.rows.append(len(given[0] if given else named["hidden_states"]))
            if self.rows[-1] > most:
                raise torch.OutOfMemoryError("CUDA out of memory")

        denoiser.register_forward_pre_hook(refuse, with_kwargs=True)


def assert_alike(one: Any, other: Any) -> None:
    """Compare two pictures, allowing for last digits that depend on where weights lie.

    A decoder of random weights turns them into levels at a few pixels.
    """
    off = np.abs(one.astype(int) - other)
    assert np.mean(off > 1) < 1e-3, (off.max(), off.mean())
    assert off.mean() < 0.1


def test_a_batch_is_its_pictures_made_singly(fresh: Maker, contexts: list[RenderContext], singles: list[Any]) -> None:
    pipeline = fresh()
    assert isinstance(pipeline, BatchPipeline)
    card = Card(pipeline)
    made = pipeline.make(contexts)
    assert set(card.rows) == {6 if doubles(pipeline) else 3}
    for one, single in zip(made, singles, strict=True):
        assert_alike(one, single)
    for other in singles[1:]:
        assert np.abs(singles[0].astype(int) - other).mean() > 0.5


@pytest.mark.parametrize(
    "guidance", [{"true_cfg_scale": 1.0}, {"true_cfg_scale": 4.0, "negative_prompt": " "}], ids=str
)
def test_qwen_s_latents_of_a_batch_are_those_of_its_pictures(published: Path, guidance: dict[str, Any]) -> None:
    pipeline = BatchQwen.from_pretrained(published / CATALOGUE["qwen-edit"].parts[0].repository, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    sentences = ("a red shirt", "a long blue dress, seen from behind", "trousers")
    pictures = [[coloured(3 * number + place) for place in range(3)] for number in range(3)]

    def make(numbers: Sequence[int]) -> list[Any]:
        own = ([pictures[number] for number in numbers], [sentences[number] for number in numbers], numbers)
        size = {"height": 144, "width": 112, "num_inference_steps": 2, "output_type": "latent"}
        return pipeline.make(*own, **size, **guidance)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "VAE_IMAGE_SIZE", 128 * 128)
        patch.setattr(library, "CONDITION_IMAGE_SIZE", 64 * 64)
        singles = [make([number])[0] for number in range(3)]
        for one, single in zip(make(range(3)), singles, strict=True):
            assert torch.allclose(one, single, atol=1e-4)
    assert (singles[0] - singles[1]).abs().max() > 0.1


def coloured(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (144, 112, 3), np.uint8))


def test_a_batch_that_runs_out_of_memory_goes_on_smaller(
    fresh: Maker, contexts: list[RenderContext], singles: list[Any]
) -> None:
    pipeline = fresh()
    card = Card(pipeline, most=2 if doubles(pipeline) else 1)
    made = pipeline.make(contexts)
    assert pipeline.at_once == 1
    assert card.rows[0] == 3 * card.rows[-1]
    for one, single in zip(made, singles, strict=True):
        assert_alike(one, single)


@pytest.mark.parametrize("setting", ["OFFLOAD=group", "TILING=true", "ATTENTION=native"])
def test_where_weights_lie_and_tiles_that_hold_the_picture_change_nothing(
    fresh: Maker, contexts: list[RenderContext], singles: list[Any], setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(*f"VMODEL_HUB_{setting}".split("="))
    pipeline = fresh()
    vae = pipeline.pipeline.vae
    assert vae.use_tiling == (setting == "TILING=true")
    if hasattr(vae, "tile_latent_min_size"):
        vae.tile_sample_min_size, vae.tile_latent_min_size = 512, 64
    assert_alike(pipeline(contexts[0]), singles[0])


def test_networks_that_wait_in_memory_until_they_work_change_nothing(
    fresh: Maker, contexts: list[RenderContext], singles: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without a card the settings leave it out; its hooks work the same on the processor.
    monkeypatch.setattr("pipelines.hub.runtime.device_placement._decide_offload", lambda *_: "model")
    pipeline = fresh()
    assert len(pipeline.pipeline._all_hooks) >= 2
    assert_alike(pipeline(contexts[0]), singles[0])


def test_blocks_are_captured_whole_and_make_the_same_picture(
    fresh: Maker, contexts: list[RenderContext], singles: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The whole compiler except the C++ behind it, which takes minutes.
    monkeypatch.setattr(torch.nn.Module, "compile", partialmethod(torch.nn.Module.compile, backend="aot_eager"))
    monkeypatch.setenv("VMODEL_HUB_COMPILE", "true")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = fresh()(contexts[0])
    assert np.abs(made.astype(int) - singles[0]).max() <= 1


@pytest.mark.parametrize(("precision", "kind"), [("fp8", "Parameter"), ("int8", "WeightQBytesTensor")])
def test_fewer_bits_change_a_picture_a_little(
    fresh: Maker,
    contexts: list[RenderContext],
    singles: list[Any],
    precision: str,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VMODEL_HUB_PRECISION", precision)
    pipeline = fresh()
    off = np.abs(pipeline(contexts[0]).astype(int) - singles[0])
    assert 0 < off.mean() < 3
    inside = pipeline.pipeline
    denoiser = getattr(inside, "transformer", None) or inside.unet
    weight = next(part for name, part in denoiser.named_modules() if name.endswith(".to_q")).weight
    assert type(weight).__name__ == kind
    if precision == "fp8":
        assert weight.dtype == torch.float8_e4m3fn
        return
    encoder = getattr(inside, "text_encoder", None)
    networks = [denoiser] if encoder is None else [denoiser, encoder]
    linear = [part for each in networks for part in each.modules() if isinstance(part, torch.nn.Linear)]
    assert {type(part.weight).__name__ for part in linear} == {kind}


class Stopped(Exception):
    """The picture was cancelled."""


def test_a_picture_is_cancelled_within_a_step_and_the_next_one_is_unharmed(
    fresh: Maker, contexts: list[RenderContext], singles: list[Any]
) -> None:
    pipeline, told = fresh(), list[float]()
    card = Card(pipeline)

    def stop(share: float) -> None:
        told.append(share)
        if share >= 0.5 or pipeline.steps == 1:
            raise Stopped

    with pytest.raises(Stopped), on_denoiser_step(pipeline, stop):
        pipeline(contexts[1])
    # The check precedes each call of the denoiser, and a forbidden call is never made.
    assert len(told) == len(card.rows) <= 2
    assert_alike(pipeline(contexts[0]), singles[0])


def test_a_picture_that_no_card_memory_holds_is_refused_with_the_remedy(
    fresh: Maker, contexts: list[RenderContext]
) -> None:
    pipeline = fresh()
    Card(pipeline, most=0)
    with pytest.raises(CardMemoryExhausted, match=r"--size.*VMODEL_HUB_OFFLOAD=group"):
        pipeline.make(contexts)


def test_a_garment_is_encoded_once_for_all_poses(fresh: Maker, contexts: list[RenderContext]) -> None:
    pipeline, calls = fresh(), list[str]()
    inside = pipeline.pipeline
    named = {"text": "text_encoder", "garment": "image_encoder", "picture": "vae"}
    for what, name in named.items():
        network = getattr(inside, name, None)
        network = network.encoder if name == "vae" else network
        if network is not None:
            network.register_forward_hook(lambda *_, what=what: calls.append(what))
    for context in (*contexts[:2], *contexts[:2]):
        pipeline(context)
    if isinstance(pipeline, Sdxl):
        # The caption and the negative prompt; the draft is a start and no reference, so it gets fresh noise.
        assert (calls.count("text"), calls.count("garment")) == (2, 1)
    elif isinstance(pipeline, QwenEdit):
        # Two drafts and two pose maps, and the garment once; the sentence is encoded together with the draft.
        assert calls.count("picture") == 2 + 2 + 1
    else:
        # Each person again, and the garment once.
        assert calls.count("picture") == 4 + 1


def test_shorter_sentences_are_filled_up_and_masked() -> None:
    long, short = (torch.randn(1, length, 4) for length in (5, 3))
    told, mask = join_sentences([(long, None), (short, None)])
    assert mask is not None
    assert mask.tolist() == [[1] * 5, [1, 1, 1, 0, 0]]
    assert torch.equal(told[1, :3], short[0])
    assert join_sentences([(long, None), (long, None)])[1] is None
