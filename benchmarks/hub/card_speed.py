"""FLUX.2 klein on a graphics card at its true size, with random weights: ``python -m benchmarks.hub.card_speed``.

Four steps with three references, from a sentence and pictures to a picture, with and without each setting of
``docs/pipelines.md``; neither time nor memory depends on the values of the weights. ``--tiny`` runs the same classes at
their smallest, on a processor too, and says nothing about speed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.common.tables import Figures, Table, publish
from benchmarks.hub.settings import TEXT_ENCODER
from benchmarks.hub.true_size import KLEIN, draw_weights
from pipelines.hub.models.flux2_klein import GUIDANCE_SCALE, STEPS
from pipelines.hub.runtime.device_placement import Layout, place_pipeline, prepare_libraries

PLAIN = Layout("cuda", "full", "none", tiling=False, compile=False, attention="auto", batch=1)
WAYS: Mapping[str, Mapping[str, Any]] = {
    "as it is": {},
    "batch of 4": {"batch": 4},
    "batch of 8": {"batch": 8},
    "compiled": {"compile": True},
    "compiled, batch of 4": {"compile": True, "batch": 4},
    "tiling": {"tiling": True},
    "fp8": {"precision": "fp8"},
    "int8": {"precision": "int8"},
    "4bit": {"precision": "4bit"},
    "offload model": {"offload": "model"},
    "offload model, batch of 4": {"offload": "model", "batch": 4},
    "offload group": {"offload": "group"},
    "offload group, batch of 4": {"offload": "group", "batch": 4},
}
"""Name -> fields of ``Layout``."""
_TINY_TRANSFORMER: dict[str, Any] = {
    "in_channels": 16,
    "num_layers": 1,
    "num_single_layers": 1,
    "attention_head_dim": 16,
    "num_attention_heads": 2,
    "joint_attention_dim": 48,
    "timestep_guidance_channels": 32,
    "axes_dims_rope": (4, 4, 4, 4),
    "guidance_embeds": False,
}
_TINY_TEXT: dict[str, Any] = {
    "vocab_size": 300,
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 28,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 8,
}
_TINY_AUTOENCODER: dict[str, Any] = {
    "block_out_channels": (4, 4, 4, 4),
    "layers_per_block": 1,
    "latent_channels": 4,
    "norm_num_groups": 1,
}
_CHAT = "{% for message in messages %}{{ message['content'] }}{% endfor %}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the named ways, or all. Exit code 2 without a card."""
    parser = argparse.ArgumentParser(description="Time klein at its true size on a graphics card.")
    parser.add_argument("ways", nargs="*", choices=[*WAYS, []], help="all by default")
    parser.add_argument("--size", default="1024x768", help="HxW of the pictures in pixels")
    parser.add_argument("--tiny", action="store_true", help="the smallest networks, to see that it runs")
    parser.add_argument("--keep", action="store_true", help="keep the figures for docs/benchmarks.md")
    chosen = parser.parse_args(arguments)
    if chosen.tiny and chosen.keep:
        parser.error("--tiny times nothing that is worth keeping")
    if not torch.cuda.is_available() and not chosen.tiny:
        print("There is no graphics card here; benchmarks.hub.true_size measures the processor.", file=sys.stderr)
        return 2
    height, width = (int(side) for side in chosen.size.split("x"))
    rows = []
    for name in chosen.ways or WAYS:
        rows.append(measure(name, (height, width), chosen.tiny))
        print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    head = ["setting", "first picture", "a picture", "pictures a minute", "a further pose", "memory of the card"]
    card = torch.cuda.get_device_name() if torch.cuda.is_available() else "no card"
    size = "at the smallest size" if chosen.tiny else "at true size"
    title = f"klein {size}, {chosen.size}, {STEPS} steps, {card}"
    publish(Figures("card_speed", [Table(title, head, rows)], []), keep=chosen.keep)
    return 0


def measure(way: str, size: tuple[int, int], tiny: bool) -> list[str]:
    """Measure one row: seconds per picture of three batches, and the card's peak memory.

    The batches are the first, one of another garment and another person, and further poses of that one, whose garment
    and sentence are already encoded.

    Args:
        way: a key of ``WAYS``.
        size: (height, width), multiples of 16.
        tiny: the smallest networks.
    """
    layout = replace(PLAIN, **WAYS[way])
    if not torch.cuda.is_available():
        # Without a card, there is no device from which to offload a model.
        layout = replace(layout, device="cpu", offload="none" if layout.offload == "model" else layout.offload)
    try:
        pipeline = random_klein(tiny, layout.dtype())
        place_pipeline(pipeline, layout)
        _reset_peak()
        batches = [make_batch(pipeline, layout.batch, size, seed, worn) for seed, worn in ((0, 0), (1, 1), (2, 1))]
    except torch.OutOfMemoryError:
        return [way, "", "", "", "", "does not fit"]
    finally:
        pipeline = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    first, later, pose = (seconds / layout.batch for seconds in batches)
    return [way, f"{first:.2f} s", f"{later:.2f} s", f"{60 / later:.1f}", f"{pose:.2f} s", _peak()]


def make_batch(pipeline: Any, count: int, size: tuple[int, int], seed: int, worn: int) -> float:
    """Make a batch of one garment on one person, with a draft and a pose map per picture; return its seconds.

    Args:
        pipeline: a ``BatchKlein``.
        count: pictures of the batch.
        size: (height, width), multiples of 16.
        seed: of drafts and pose maps.
        worn: equal numbers mean the same garment and the same sentence.
    """

    def noise(rng: np.random.Generator) -> Image.Image:
        return Image.fromarray(rng.integers(0, 256, (*size, 3), np.uint8))

    rng, garment = np.random.default_rng(seed), noise(np.random.default_rng([worn, 1]))
    shown = [[noise(rng), garment, noise(rng)] for _ in range(count)]
    sentences = [f"a photograph of person {worn}"] * count
    further = {"num_inference_steps": STEPS, "guidance_scale": GUIDANCE_SCALE}
    start = time.perf_counter()
    pipeline.make(shown, sentences, list(range(count)), height=size[0], width=size[1], **further)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def random_klein(tiny: bool, dtype: torch.dtype) -> Any:
    """Build klein's pipeline with random weights, on the processor."""
    from diffusers import AutoencoderKLFlux2, FlowMatchEulerDiscreteScheduler, Flux2Transformer2DModel
    from transformers import Qwen3Config, Qwen3ForCausalLM

    from pipelines.hub.models.flux2_klein_batch import BatchKlein

    prepare_libraries()
    with torch.device("meta"):
        transformer = Flux2Transformer2DModel(**(_TINY_TRANSFORMER if tiny else KLEIN))
        text_encoder = Qwen3ForCausalLM(Qwen3Config(**(_TINY_TEXT if tiny else TEXT_ENCODER)))
    for network in (transformer, text_encoder):
        network.to(torch.bfloat16).to_empty(device="cpu").eval()
        with torch.no_grad():
            draw_weights(network)
        network.to(dtype)
    # Buffers computed from the configuration are not among the weights, so they are created again.
    text_encoder.model.rotary_emb = type(text_encoder.model.rotary_emb)(text_encoder.config)
    return BatchKlein(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=AutoencoderKLFlux2(**(_TINY_AUTOENCODER if tiny else {})).to(dtype).eval(),
        text_encoder=text_encoder,
        tokenizer=_tokenizer(),
        transformer=transformer,
        is_distilled=True,
    )


def _tokenizer() -> Any:
    """Return a tokenizer of single bytes; klein pads every sentence to the same number of tokens."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import Qwen2TokenizerFast

    vocabulary = {letter: number for number, letter in enumerate(sorted(ByteLevel.alphabet()))}
    vocabulary["<|endoftext|>"] = len(vocabulary)
    tokenizer = Qwen2TokenizerFast(vocab=vocabulary, merges=[])
    tokenizer.chat_template = _CHAT
    return tokenizer


def _reset_peak() -> None:
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def _peak() -> str:
    return f"{torch.cuda.max_memory_allocated() / 1e9:.1f} GB" if torch.cuda.is_available() else ""


if __name__ == "__main__":
    raise SystemExit(main())
