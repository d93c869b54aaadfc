"""LoRA for klein: low-rank weights that learn from rendered pairs to turn a draft into a photograph.

They are trained on klein-base, which was not distilled, and applied to klein, as its makers recommend. The loss is
plain flow matching (Lipman et al. 2022): from the noisy photograph, beside draft, flat-lay and pose map, the
transformer predicts the velocity from photograph to noise.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as fn

from pipelines.hub.runtime.device_placement import choose_layout, prepare_libraries, probe_memory, stored_gb
from pipelines.hub.runtime.prompts import instruct_anybody
from pipelines.hub.runtime.settings import Tuning
from pipelines.hub.weights.catalogue import weights_of
from pipelines.training.common.errors import TrainingMemoryExhausted
from pipelines.training.dataset import Picture, PictureCache
from vmodel.core.files import make_folder
from vmodel.errors import (
    BadUsage,
    CardTooSmall,
    MemoryTooSmall,
    OutputNotWritable,
    TrainingPicturesMissing,
)

BASE = "flux2-klein-base"
FILE = "pytorch_lora_weights.safetensors"
LEARNING_RATE = 1e-4
_LAYERS = r".*\.attn\.(to_[qkv]|to_out\.0|add_[qkv]_proj|to_add_out|to_qkv_mlp_proj)"
_SAVE_EVERY = 250
_USUAL_PX = 512
"""Longest side of training pictures."""
LEAST_PX = 64
_MULTIPLE = 16
_NO_ROOM = "can't allocate memory"
"""PyTorch's message if the processor's memory ends; for a card it has a class of errors."""


@dataclass(frozen=True)
class LoraPlan:
    """Plan of a run.

    Attributes:
        pictures: folder of training pictures, see ``pipelines.training.dataset``.
        out: folder of the LoRA; an existing one is trained further.
        steps, minutes: it ends at whichever comes first; those of earlier runs are not counted.
        batch: pictures per step, one after the other, so that more need no more memory.
        longest_px: pictures are shrunk until no side is longer; None leaves them as they are.
        seed: random seed.
        rank: of the weights.
    """

    pictures: Path
    out: Path
    steps: int
    minutes: float
    batch: int = 1
    longest_px: int | None = None
    seed: int = 0
    rank: int = 16


def train_lora(plan: LoraPlan, weights: Path, tell: Callable[[int, float], None] = lambda step, loss: None) -> Path:
    """Train a LoRA.

    Args:
        plan: the run.
        weights: folder of klein-base, from ``pipelines.hub.weights.store.find_weights``.
        tell: receives the step and its loss.
    Returns:
        The file of the LoRA; after a Ctrl-C or exhausted memory it holds the training until then.
    Raises:
        PackageMissing: ``transformers`` or ``peft`` is not installed.
        TrainingPicturesMissing: the folder holds no training pictures.
        BadUsage: another file has the name of the LoRA in the folder.
        CardTooSmall, MemoryTooSmall: klein-base cannot be trained here; its weights are not offloaded in training.
        TrainingMemoryExhausted: memory ran out all the same; the message says what is kept.
        OutputNotWritable: the LoRA cannot be written.
    """
    prepare_libraries("peft")
    picture_cache = PictureCache(plan.pictures, kept=50)
    if not picture_cache.scan():
        raise TrainingPicturesMissing(str(plan.pictures))
    _refuse_small_machine(weights)
    make_folder(plan.out)
    step = 0

    def count(done: int, loss: float) -> None:
        nonlocal step
        step = done
        tell(done, loss)

    try:
        return _learn(plan, weights, picture_cache, count)
    except (MemoryError, RuntimeError) as error:
        if not _ran_out(error):
            raise
    # Outside of the except clause, so that the error of the full memory is not shown as the cause of the message.
    kept = plan.out / FILE
    raise TrainingMemoryExhausted(step, _remedies(plan), str(kept) if kept.is_file() else None)


def _learn(plan: LoraPlan, weights: Path, picture_cache: PictureCache, tell: Callable[[int, float], None]) -> Path:
    pipeline, learnt = _prepare(weights, plan)
    rng, generator = np.random.default_rng(plan.seed), torch.Generator().manual_seed(plan.seed)
    optimiser = torch.optim.AdamW(learnt, lr=LEARNING_RATE, weight_decay=1e-4)
    with torch.no_grad():
        text = pipeline.encode_prompt(instruct_anybody())
    pipeline.text_encoder.to("cpu")
    end, step = time.monotonic() + 60 * plan.minutes, 0
    try:
        while step < plan.steps and time.monotonic() < end:
            total = 0.0
            for _ in range(plan.batch):
                picture = picture_cache.load(picture_cache.train[int(rng.integers(len(picture_cache.train)))])
                loss = flow_loss(pipeline, picture, text, generator, plan.longest_px) / plan.batch
                loss.backward()  # type: ignore[no-untyped-call]
                total += float(loss.detach())
            torch.nn.utils.clip_grad_norm_(learnt, 1.0)
            optimiser.step()
            optimiser.zero_grad()
            step += 1
            tell(step, total)
            if step % _SAVE_EVERY == 0:
                _save(pipeline, plan.out)
    except KeyboardInterrupt:
        pass
    except (MemoryError, RuntimeError):
        # Weights change in whole steps only, so the present ones are worth keeping.
        if step:
            _save(pipeline, plan.out)
        raise
    return _save(pipeline, plan.out)


def flow_loss(
    pipeline: Any,
    picture: Picture,
    text: tuple[Tensor, Tensor],
    generator: torch.Generator,
    longest_px: int | None = None,
) -> Tensor:
    """Return the error of the transformer's velocity between photograph and noise, at a random time.

    Args:
        pipeline: a ``BatchKlein``.
        picture: a training picture; draft, flat-lay and pose map are shown in this order, as to klein.
        text: the encoded sentence and its positions.
        generator: source of time and noise.
        longest_px: see ``LoraPlan``.
    """
    device, dtype = pipeline.transformer.device, pipeline.vae.dtype
    target, *shown = (
        _prepared(pipeline, picture.arrays[name], longest_px) for name in ("target", "draft", "flat_lay", "pose_map")
    )
    with torch.no_grad():
        references, reference_ids = pipeline.prepare_image_latents(shown, 1, None, device, dtype)
        image = pipeline._encode_vae_image(target.to(device, dtype), None)
        ids, photograph = pipeline._prepare_latent_ids(image).to(device), pipeline._pack_latents(image)
    noise = torch.randn(photograph.shape, generator=generator).to(device, dtype)
    when = torch.sigmoid(torch.randn(1, generator=generator)).to(device, dtype)
    made = pipeline.transformer(
        hidden_states=torch.cat([(1 - when) * photograph + when * noise, references], dim=1),
        timestep=when,
        guidance=None,
        encoder_hidden_states=text[0],
        txt_ids=text[1],
        img_ids=torch.cat([ids, reference_ids], dim=1),
        return_dict=False,
    )[0][:, : photograph.shape[1]]
    return fn.mse_loss(made.float(), (noise - photograph).float())


def _refuse_small_machine(weights: Path) -> None:
    machine, base = probe_memory(), weights_of(BASE)
    if machine.card_gb is not None and machine.card_gb < base.memory_gb:
        raise CardTooSmall(BASE, base.memory_gb, machine.card_gb, instead="learn on a larger one")
    try:
        choose_layout(Tuning(precision="full", offload="none"), machine, base, stored_gb(weights))
    except MemoryTooSmall as error:
        raise MemoryTooSmall(BASE, error.needed_gb, error.free_gb, instead="close other programs") from None


def _ran_out(error: MemoryError | RuntimeError) -> bool:
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or _NO_ROOM in str(error)


def _remedies(plan: LoraPlan) -> str:
    """Suggest ways to need less memory; checkpointing of layers and batches one by one are in use already."""
    smaller = (plan.longest_px or _USUAL_PX) // 2 // _MULTIPLE * _MULTIPLE
    close = "close what else uses the memory" + (" of the graphics card" if torch.cuda.is_available() else "")
    return close if smaller < LEAST_PX else f"{close}, or learn from smaller pictures with --longest {smaller}"


def _prepare(weights: Path, plan: LoraPlan) -> tuple[Any, list[Tensor]]:
    from peft import LoraConfig

    from pipelines.hub.models.flux2_klein_batch import BatchKlein

    on_card = torch.cuda.is_available()
    pipeline = BatchKlein.from_pretrained(
        weights / "pipeline", dtype=torch.bfloat16 if on_card else torch.float32, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.to("cuda" if on_card else "cpu")
    for network in (pipeline.transformer, pipeline.vae, pipeline.text_encoder):
        network.requires_grad_(False)
    torch.manual_seed(plan.seed)
    pipeline.transformer.add_adapter(LoraConfig(r=plan.rank, lora_alpha=plan.rank, target_modules=_LAYERS))
    _go_on(pipeline.transformer, plan)
    pipeline.transformer.enable_gradient_checkpointing()
    pipeline.transformer.train()
    learnt = [weight for weight in pipeline.transformer.parameters() if weight.requires_grad]
    for weight in learnt:
        # The trained changes are too small for sixteen bits.
        weight.data = weight.data.float()
    return pipeline, learnt


def _go_on(transformer: Any, plan: LoraPlan) -> None:
    """Load an earlier run's weights into the layers that are trained."""
    from peft.utils import get_peft_model_state_dict, set_peft_model_state_dict

    path = plan.out / FILE
    if not path.is_file():
        return
    try:
        learnt = {name.removeprefix("transformer."): weight for name, weight in load_file(path).items()}
    except (OSError, SafetensorError):
        learnt = {}
    fresh = get_peft_model_state_dict(transformer)
    if {name: each.shape for name, each in learnt.items()} != {name: each.shape for name, each in fresh.items()}:
        raise BadUsage(f"{path} is no LoRA of klein of rank {plan.rank}, to be learnt on; name another --out.")
    set_peft_model_state_dict(transformer, learnt)


def _prepared(pipeline: Any, array: Any, longest_px: int | None) -> Tensor:
    picture = Image.fromarray(array)
    share = 1.0 if longest_px is None else longest_px / max(picture.size)
    if share < 1:
        size = (round(picture.width * share), round(picture.height * share))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    width, height = (max(_MULTIPLE, side // _MULTIPLE * _MULTIPLE) for side in picture.size)
    prepared: Tensor = pipeline.image_processor.preprocess(picture.crop((0, 0, width, height)))
    return prepared


def _save(pipeline: Any, out: Path) -> Path:
    from peft.utils import get_peft_model_state_dict

    learnt, passing = get_peft_model_state_dict(pipeline.transformer), out / f"passing-{FILE}"
    try:
        pipeline.save_lora_weights(out, transformer_lora_layers=learnt, weight_name=passing.name)
        # An interruption while it writes keeps the last file.
        passing.replace(out / FILE)
    except (OSError, SafetensorError) as error:
        raise OutputNotWritable(str(out), str(error)) from None
    finally:
        with suppress(OSError):
            passing.unlink()
    return out / FILE
