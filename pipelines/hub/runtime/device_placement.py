"""Precision and placement of a pipeline's weights while it works."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import torch

from pipelines.hub.runtime.settings import Offload, Precision, Tuning, read_tuning
from pipelines.hub.weights.catalogue import HubWeights, weights_of
from vmodel.errors import BadUsage, CardTooSmall, MemoryTooSmall, PackageMissing

T = TypeVar("T")
BATCH_WHEN_OFFLOADED = 4
"""Size of a batch where weights travel to the card for each batch: they then travel once for four pictures."""
_WORKING_GB = 1.0
"""Memory of the machine in addition to that of the weights."""
_WAYS: tuple[Offload, ...] = ("none", "model", "group")
_LARGE = ("transformer", "unet", "text_encoder")
"""Networks of a pipeline that are quantised."""
_QUANTISED = {"int8", "4bit"}
_SHARES: Mapping[Precision, float] = {"fp8": 0.75, "int8": 0.6, "4bit": 0.4}
"""Remaining share of the weights' memory, with a margin for parts that keep their precision (docs/pipelines.md)."""


@dataclass(frozen=True)
class Machine:
    """Free memory of a machine.

    Attributes:
        card_gb: free memory of the graphics card, or None without one.
        memory_gb: free memory of the machine.
    """

    card_gb: float | None
    memory_gb: float


@dataclass(frozen=True)
class Layout:
    """Decided precision and placement of weights; the fields are those of ``Tuning``.

    Attributes:
        device: "cuda" or "cpu".
        batch: size of a batch.
    """

    device: str
    precision: Precision
    offload: Offload
    tiling: bool
    compile: bool
    attention: str
    batch: int

    def dtype(self, on_card: torch.dtype = torch.bfloat16) -> torch.dtype:
        """Return the type in which the networks compute; ``on_card`` is the one of their makers.

        Weights of four bits are computed in bfloat16, for which PyTorch has a kernel; quanto builds one for float16.
        """
        if self.device != "cuda":
            return torch.float32
        return torch.bfloat16 if self.precision == "4bit" else on_card


def probe_memory() -> Machine:
    """Measure the free memory of this machine and its graphics card."""
    import psutil

    card_gb = torch.cuda.mem_get_info()[0] / 1e9 if torch.cuda.is_available() else None
    return Machine(card_gb, psutil.virtual_memory().available / 1e9)


def choose_offload(card_gb: float, weights: HubWeights, precision: Precision = "full") -> Offload | None:
    """Return the quickest way in which a card works with weights, or None if it is too small for any."""
    least, share = weights.least_gb, _SHARES.get(precision, 1.0)
    for way in _WAYS:
        needed_gb = weights.ways_gb[way]
        if needed_gb is not None and card_gb >= least + share * (needed_gb - least):
            return way
    return None


def layout_here(name: str, folder: Path, tuning: Tuning | None = None) -> Layout:
    """Choose the layout of a pipeline's weights on this machine in its present state.

    Args:
        name: in the catalogue.
        folder: of the weights.
        tuning: None = the settings of this process.
    Raises:
        CardTooSmall, MemoryTooSmall: the weights cannot be used here.
        PackageMissing: the wanted precision needs a package.
        BadUsage: a setting has a value that it cannot have.
    """
    return choose_layout(tuning or read_tuning(), probe_memory(), weights_of(name), stored_gb(folder))


def choose_layout(tuning: Tuning, machine: Machine, weights: HubWeights, stored_gb: float) -> Layout:
    """Decide what the settings leave open.

    Args:
        tuning: the settings.
        machine: its free memory.
        weights: of the pipeline.
        stored_gb: gigabytes of its weights on disk, in 16 bits.
    Raises:
        CardTooSmall, MemoryTooSmall: the weights cannot be used here.
        PackageMissing: the wanted precision needs a package.
    """
    precision: Precision = "full" if tuning.precision == "auto" else tuning.precision
    if precision in _QUANTISED and not _has("optimum.quanto"):
        raise PackageMissing("optimum-quanto", extra="quantised")
    on_card = machine.card_gb is not None
    offload = _decide_offload(tuning.offload, machine.card_gb, weights, precision)
    travels = on_card and offload != "none"
    needed_gb = _memory_gb(stored_gb, precision, on_card, travels)
    if machine.memory_gb < needed_gb:
        raise MemoryTooSmall(weights.name, needed_gb, machine.memory_gb, beside_card=on_card)
    batch = tuning.batch or (BATCH_WHEN_OFFLOADED if travels else 1)
    device = "cuda" if on_card else "cpu"
    return Layout(device, precision, offload, tuning.tiling, tuning.compile, tuning.attention, batch)


def _memory_gb(stored_gb: float, precision: Precision, on_card: bool, travels: bool) -> float:
    """Return the machine's need: float32 without a card; weights that wait beside one or are quantised on the way."""
    if not on_card:
        return 2 * stored_gb + _WORKING_GB
    if travels or precision in _QUANTISED:
        return stored_gb * _SHARES.get(precision, 1.0) + _WORKING_GB
    # Files are read on their way to the card, and the system takes that memory back.
    return 0.0


def _decide_offload(wished: Offload, card_gb: float | None, weights: HubWeights, precision: Precision) -> Offload:
    if card_gb is None:
        return "group" if wished == "group" else "none"
    if wished != "auto":
        return wished
    way = choose_offload(card_gb, weights, precision)
    if way is None:
        raise CardTooSmall(weights.name, weights.least_gb, card_gb)
    return way


def load_onto_card(name: str, load: Callable[[], T]) -> T:
    """Load and place a pipeline; if the card has no room, raise an error that says what it needs.

    Args:
        name: in the catalogue.
        load: makes the pipeline.
    Raises:
        CardTooSmall: the card's memory ran out.
    """
    free_gb = probe_memory().card_gb
    try:
        return load()
    except torch.OutOfMemoryError:
        pass
    # Outside of the except clause, whose traceback would keep what was placed so far on the card.
    weights = weights_of(name)
    raise CardTooSmall(name, weights.ways_gb.get(read_tuning().offload) or weights.memory_gb, free_gb or 0.0)


def stored_gb(folder: Path) -> float:
    """Return the gigabytes of the weights below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*.safetensors")) / 1e9


def loading_options(layout: Layout, on_card: torch.dtype = torch.bfloat16) -> dict[str, Any]:
    """Return the arguments of ``from_pretrained``."""
    return {"dtype": layout.dtype(on_card), "local_files_only": True}


def quantise(network: torch.nn.Module, precision: Precision) -> None:
    """Keep the weights of a network's linear layers in eight or four bits, in place; its computing type stays.

    Args:
        network: of 16 or 32 bits, on the processor; a LoRA must be fused already.
        precision: "int8" or "4bit".
    """
    from optimum.quanto import freeze, qint4, qint8, quantize
    from optimum.quanto.library.extensions import get_extension

    # On a processor quanto would compile its own kernel at the first picture, with a compiler that may be missing.
    get_extension("quanto_cpp")._lib = _Unpacking
    quantize(network, weights=qint8 if precision == "int8" else qint4)
    freeze(network)


def keep_in_fp8(denoiser: Any) -> None:
    """Keep the weights of a denoiser in eight bits, in place; each layer computes in the same type as before."""
    from diffusers.hooks.layerwise_casting import DEFAULT_SKIP_MODULES_PATTERN

    # The projection of IP-Adapter casts its input to the type of its weights, whatever it computes in.
    whole = (*DEFAULT_SKIP_MODULES_PATTERN, "encoder_hid_proj")
    compute = denoiser.dtype
    denoiser.enable_layerwise_casting(torch.float8_e4m3fn, compute, skip_modules_pattern=whole)


class _Unpacking:
    """Replacement of quanto's compiled library."""

    @staticmethod
    def unpack(packed: torch.Tensor, bits: int) -> torch.Tensor:
        """Return values of ``bits`` each, lowest first, along the first axis."""
        values = [packed >> place & 2**bits - 1 for place in range(0, 8, bits)]
        return torch.cat(values)


def _has(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def place_pipeline(pipeline: Any, layout: Layout) -> None:
    """Place a ``DiffusionPipeline`` as its layout says, and silence it.

    Raises:
        BadUsage: diffusers has no such attention back end, or its package is not installed.
    """
    pipeline.set_progress_bar_config(disable=True)
    denoiser = getattr(pipeline, "transformer", None) or pipeline.unet
    if layout.attention != "auto":
        _set_attention(denoiser, layout.attention)
    if layout.tiling:
        pipeline.vae.enable_tiling()
    if layout.batch > 1:
        # One picture of a batch after the other, so that it needs no more memory than one.
        pipeline.vae.enable_slicing()
    if layout.precision in _QUANTISED:
        for network in (getattr(pipeline, name, None) for name in _LARGE):
            if network is not None:
                quantise(network, layout.precision)
    if layout.precision == "fp8":
        keep_in_fp8(denoiser)
    if layout.offload == "group":
        # Only a card has streams, on which weights travel while it computes.
        on_card = layout.device == "cuda"
        pipeline.enable_group_offload(
            onload_device=torch.device(layout.device), offload_type="leaf_level", use_stream=on_card
        )
    elif layout.offload == "model":
        pipeline.enable_model_cpu_offload(device=layout.device)
    else:
        pipeline.to(layout.device)
    if layout.compile:
        denoiser.compile_repeated_blocks(fullgraph=layout.offload == "none")


def _set_attention(denoiser: Any, name: str) -> None:
    try:
        denoiser.set_attention_backend(name)
    except (ValueError, RuntimeError, ImportError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise BadUsage(f"VMODEL_HUB_ATTENTION={name} does not work here ({reason}); leave it at auto.") from None


def need_packages(*further: str) -> None:
    """Check that text encoders can be loaded.

    Args:
        further: packages that are needed besides ``transformers``.
    Raises:
        PackageMissing: one of them is not installed.
    """
    for package in ("transformers", *further):
        if find_spec(package) is None:
            raise PackageMissing(package, extra="gpu")


def prepare_libraries(*further: str) -> None:
    """Check that text encoders can be loaded, and silence the libraries.

    Args:
        further: packages that are needed besides ``transformers``.
    Raises:
        PackageMissing: one of them is not installed.
    """
    need_packages(*further)
    import diffusers.utils.logging
    import transformers.utils.logging

    for library in (diffusers.utils.logging, transformers.utils.logging):
        library.disable_progress_bar()
        library.set_verbosity_error()
