"""Registry of pipelines by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from typing import Any

from vmodel.errors import BadUsage, PipelineUnknown
from vmodel.rights.licence.certificate import WeightsUsed
from vmodel.shot.pipeline_interface import Pipeline


def _draft(steps: int | None) -> Pipeline:
    if steps is not None:
        raise BadUsage("The draft is made at once, so --steps is for other pipelines; leave it out or pass --pipeline.")
    from pipelines.draft import DraftPipeline

    return DraftPipeline()


def _embedded(steps: int | None) -> Pipeline:
    from pipelines.embedded.pipeline import FOLDER, STEPS, Embedded
    from vmodel.config import Settings

    return Embedded(Settings().weights / FOLDER, STEPS if steps is None else steps)


_PUBLISHED = {
    "flux2-klein": ("pipelines.hub.models.flux2_klein", "Flux2Klein"),
    "sdxl": ("pipelines.hub.models.sdxl", "Sdxl"),
    "qwen-edit": ("pipelines.hub.models.qwen_edit", "QwenEdit"),
    "fashn": ("pipelines.hub.models.fashn", "Fashn"),
    "catvton": ("pipelines.hub.models.catvton", "CatVton"),
}
"""Name -> module and class of the pipelines that need weights of ``pipelines.hub.weights.catalogue``."""


def _published(name: str, steps: int | None) -> Pipeline:
    from pipelines.hub.weights.store import find_weights
    from vmodel.config import Settings

    folder = find_weights(name, Settings())
    # Imported late, so that one pipeline never costs the start of another, and missing weights are reported at once.
    from pipelines.hub.runtime.device_placement import load_onto_card

    module, kind = _PUBLISHED[name]
    make: Callable[..., Pipeline] = getattr(import_module(module), kind)
    options: dict[str, Any] = {} if steps is None else {"steps": steps}
    if name in TRY_ON_PIPELINES:
        # The dresser goes to the card first, so that the person's pipeline is chosen by the memory that is left.
        options["load_person"] = lambda: load_pipeline(dressed_pipeline())
    return load_onto_card(name, partial(make, folder, **options))


TRY_ON_PIPELINES = ("fashn", "catvton")
"""Pipelines that dress the picture of another one."""


@cache
def dressed_pipeline() -> str:
    """Return the pipeline whose pictures are dressed in this process, decided on the first call.

    Raises:
        PipelineUnknown: ``VMODEL_HUB_DRESSES`` names none.
        BadUsage: it names one that dresses itself.
    """
    from pipelines.hub.runtime.settings import read_tuning
    from pipelines.selection import resolve_pipeline

    name = resolve_pipeline(read_tuning().dresses)
    if name in TRY_ON_PIPELINES:
        raise BadUsage(
            f"VMODEL_HUB_DRESSES names {name}, which dresses the picture of another pipeline; name that one."
        )
    if name not in PIPELINES:
        raise PipelineUnknown(name, PIPELINES)
    return name


#: Name -> factory, which takes the number of steps.
PIPELINES: dict[str, Callable[[int | None], Pipeline]] = {
    "draft": _draft,
    "embedded": _embedded,
    **{name: partial(_published, name) for name in _PUBLISHED},
}


def load_pipeline(name: str, steps: int | None = None) -> Pipeline:
    """Load a pipeline.

    Args:
        name: a key of ``PIPELINES``.
        steps: number of network calls for a picture; None = the pipeline's default.
    Raises:
        PipelineUnknown: no pipeline has this name.
        BadUsage: the pipeline makes no steps.
        WeightsMissing, WeightsNotPulled, WeightsIncomplete: its weights are not on this machine.
        CardTooSmall, MemoryTooSmall, PackageMissing: the weights cannot be used here.
    """
    if name not in PIPELINES:
        raise PipelineUnknown(name, PIPELINES)
    return PIPELINES[name](steps)


def steps_to_load(name: str, steps: int | None) -> int | None:
    """Return the number of steps to load a pipeline with; its ``steps`` may then be changed to the ones asked for.

    It is None, for the pipeline's own number, unless the weights depend on the number.
    """
    if name == "draft":
        return steps
    if name == "qwen-edit" and steps is not None:
        from pipelines.hub.models.qwen_edit import FEW_STEPS

        return FEW_STEPS if steps <= FEW_STEPS else None
    return None


def weights_used(name: str) -> tuple[WeightsUsed, ...]:
    """Return the weights that take part in a pipeline's pictures, with their licences.

    Args:
        name: a key of ``PIPELINES``.
    """
    from pipelines.hub.weights.catalogue import CATALOGUE
    from vmodel.config import Settings
    from vmodel.core.weights_manifest import read_manifest

    embedded = read_manifest(Settings().weights)
    # Weights that read the photo work for every pipeline; a pipeline's own are in a folder of its name.
    own = {file: entry for file, entry in embedded.items() if "/" not in file or file.startswith(f"{name}/")}
    found = [WeightsUsed(file, str(entry["licence"]), str(entry["sha256"])) for file, entry in own.items()]
    if name in CATALOGUE:
        weights = CATALOGUE[name]
        found += [
            WeightsUsed(part.repository, weights.licence, part.revision, weights.research_only)
            for part in weights.parts
        ]
    if name == "flux2-klein":
        found += _learnt_weights()
    if name in TRY_ON_PIPELINES:
        found += weights_used(dressed_pipeline())
    return tuple(dict.fromkeys(found))


def _learnt_weights() -> list[WeightsUsed]:
    """Return the LoRA that is added to klein; whoever trained it may use it."""
    from pipelines.hub.runtime.settings import read_tuning
    from vmodel.core.files import sha256_of

    lora = read_tuning().lora
    return [] if lora is None or not lora.is_file() else [WeightsUsed(lora.name, "own", sha256_of(lora))]
