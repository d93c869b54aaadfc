"""FASHN VTON dresses another pipeline's picture, by a small package with the published interface."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from app.cli.main import run
from pipelines import registry
from pipelines.common.progress import on_denoiser_step
from pipelines.draft import DraftPipeline
from pipelines.hub.models.fashn import Fashn, category_word
from pipelines.hub.runtime.reference_images import frame_garment
from pipelines.hub.weights.catalogue import CATALOGUE
from pipelines.hub.weights.store import pull_weights
from tests.support.tiny_models.fashn_vton import write_package
from vmodel.config import Settings
from vmodel.errors import BadUsage, CardMemoryExhausted, PackageMissing, PipelineUnknown
from vmodel.shot.pipeline_interface import RenderContext
from vmodel.types import ByteArray, Category


@pytest.fixture(scope="module")
def weights(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings(home=tmp_path_factory.mktemp("home"), weights_source=str(published))
    return pull_weights("fashn", settings, accept_licence=True)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(write_package(tmp_path_factory.mktemp("packages")))
        yield
    sys.modules.pop("fashn_vton", None)


@pytest.fixture
def asked_anew() -> Iterator[None]:
    registry.dressed_pipeline.cache_clear()
    yield
    registry.dressed_pipeline.cache_clear()


class Negative:
    """A pipeline whose pictures cannot pass for a draft."""

    name = "negative"
    generative = True

    def __call__(self, context: RenderContext) -> ByteArray:
        return 255 - context.draft


@pytest.mark.parametrize(
    ("category", "word"),
    [
        (Category.TOP, "tops"),
        (Category.OUTERWEAR, "tops"),
        (Category.SKIRT, "bottoms"),
        (Category.TROUSERS, "bottoms"),
        (Category.SHORTS, "bottoms"),
        (Category.DRESS, "one-pieces"),
        (Category.JUMPSUIT, "one-pieces"),
        (Category.SWIMWEAR, "one-pieces"),
    ],
)
def test_every_category_has_the_network_s_word(category: Category, word: str) -> None:
    assert category_word(category) == word
    assert len(Category) == 8


def test_without_its_package_the_address_to_install_it_from_is_named(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fashn_vton", None)
    with pytest.raises(PackageMissing, match=r"pip install 'fashn-vton @ git\+https://github\.com/fashn-AI/.*@7c0f"):
        Fashn(weights, DraftPipeline)


def test_the_weights_of_the_human_parser_are_not_pulled() -> None:
    parts = CATALOGUE["fashn"].parts
    assert [part.repository for part in parts] == ["fashn-ai/fashn-vton-1.5", "fashn-ai/DWPose"]


@pytest.mark.parametrize(("name", "error"), [("fashn", BadUsage), ("catvton", BadUsage), ("painter", PipelineUnknown)])
def test_what_is_dressed_can_be_named_but_not_anything(
    name: str, error: type[Exception], asked_anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VMODEL_HUB_DRESSES", name)
    with pytest.raises(error):
        registry.dressed_pipeline()
    monkeypatch.setenv("VMODEL_HUB_DRESSES", "sdxl")
    assert registry.dressed_pipeline() == "sdxl"
    # The pipeline that makes the person shares in the picture.
    for dresser in registry.TRY_ON_PIPELINES:
        used = {weights.name for weights in registry.weights_used(dresser)}
        assert used >= {part.repository for part in (*CATALOGUE[dresser].parts, *CATALOGUE["sdxl"].parts)}


@pytest.mark.slow
def test_the_other_pipeline_s_person_and_the_flat_lay_reach_the_package_as_they_are(
    weights: Path, package: None, tee_context: RenderContext
) -> None:
    fashn = Fashn(weights, Negative, steps=3)
    context = tee_context.with_seed(2**32 + 5)
    told: list[float] = []
    with on_denoiser_step(fashn, told.append):
        made = fashn(context)
    (asked,) = fashn.pipeline.asked
    assert np.array_equal(asked.pop("person"), 255 - context.draft)
    assert np.array_equal(asked.pop("garment"), np.asarray(frame_garment(context.reading)))
    assert asked == {
        "category": "tops",
        "photo_type": "flat-lay",
        "samples": 1,
        "steps": 3,
        "seed": 5,
        "segmentation_free": True,
    }
    assert told == [0, 1 / 3, 2 / 3]
    # The package's network halves the brightness; nothing of ours came after it.
    assert np.abs(made.astype(int) - (255 - context.draft) // 2).max() <= 1


@pytest.mark.slow
def test_a_transparent_take_gives_a_transparent_picture(
    weights: Path, package: None, transparent_context: RenderContext
) -> None:
    made = Fashn(weights, DraftPipeline, steps=1)(transparent_context)
    assert np.array_equal(made[..., 3], transparent_context.draft[..., 3])


@pytest.mark.slow
def test_a_picture_that_no_card_memory_holds_is_refused(
    weights: Path, package: None, tee_context: RenderContext
) -> None:
    fashn = Fashn(weights, DraftPipeline, steps=1)

    def refuse(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    fashn.pipeline.transformer.register_forward_pre_hook(refuse)
    with pytest.raises(CardMemoryExhausted):
        fashn(tee_context)


@pytest.mark.slow
def test_from_pull_to_picture_on_the_command_line(
    published: Path,
    examples: Path,
    tee_context: RenderContext,
    package: None,
    asked_anew: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("VMODEL_WEIGHTS_SOURCE", str(published))
    monkeypatch.setenv("VMODEL_HUB_DRESSES", "draft")
    shoot = ["shoot", str(examples / "logo-tee.jpg"), "--pipeline", "fashn", "--size", "512x384", "--json"]
    assert run([*shoot, "--out", str(tmp_path)]) == 2
    assert "vmodel weights pull fashn" in capsys.readouterr().err
    assert run(["weights", "pull", "fashn", "--accept-licence"]) == 0
    capsys.readouterr()
    try:
        assert run([*shoot, "--steps", "2", "--out", str(tmp_path)]) == 0
        said = capsys.readouterr()
        shot = json.loads(said.out)
        assert shot["pipeline"] == "fashn"
        assert len(said.err.splitlines()) == 1  # no card is here
        used = {weights.name for weights in registry.weights_used("fashn")}
        assert used >= {part.repository for part in CATALOGUE["fashn"].parts}
    finally:
        assert run(["weights", "verify", "fashn"]) == 0
        assert run(["weights", "remove", "fashn"]) == 0
