"""Costs and gains of the hub pipelines' settings on the processor, at true size and with random weights.

``python -m benchmarks.hub.settings [tiling compile batch encoding]``. Each figure comes from a process of its own. None
of them depends on the values of the weights, and none applies to a graphics card; ``card_speed`` measures that.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import torch
from torch import nn

from benchmarks.common.tables import Figures, Table, publish
from benchmarks.hub.true_size import draw_weights, make_network, step_of

HEAD = ("part", "setting", "size", "processor time", "peak memory of the process")
TEXT_ENCODER: dict[str, Any] = {
    "vocab_size": 151_936,
    "hidden_size": 2560,
    "intermediate_size": 9728,
    "num_hidden_layers": 36,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "tie_word_embeddings": True,
}
"""Published configuration of klein's text encoder, a Qwen3 of four billion parameters."""
_TOKENS = 512
"""Number of tokens to which klein's pipeline pads every sentence."""
_STABLE_DIFFUSION: dict[str, Any] = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the named settings, or all."""
    parser = argparse.ArgumentParser(description="Measure settings of the hub's pipelines on the processor.")
    parser.add_argument("settings", nargs="*", choices=[*MEASURES, []], help="all by default")
    parser.add_argument("--keep", action="store_true", help="keep the figures for docs/benchmarks.md")
    chosen = parser.parse_args(arguments)
    rows = [row for name in chosen.settings or MEASURES for row in MEASURES[name]()]
    cores = torch.get_num_threads()
    title = f"Settings on the processor, {cores} thread{'s' * (cores > 1)}"
    publish(Figures("hub_settings", [Table(title, HEAD, rows)], []), keep=chosen.keep)


def measure_tiling() -> list[list[str]]:
    """Measure an autoencoder that makes a picture, at once and in tiles."""
    return [
        in_a_process(f"{name}'s autoencoder", "tiles" if tiled else "at once", partial(decode, name, size, tiled), size)
        for name, size in (("catvton", (384, 288)), ("qwen-edit", (384, 288)), ("sdxl", (1152, 512)))
        for tiled in (False, True)
    ]


def measure_compile() -> list[list[str]]:
    """Measure a plain step, and the first and second step of compiled blocks."""
    size = (128, 96)
    return [
        in_a_process("sdxl's UNet", setting, partial(compiled_step, "sdxl", size, calls), size)
        for setting, calls in (("as it is", 0), ("compiled, first step", 1), ("compiled, second step", 2))
    ]


def measure_batch() -> list[list[str]]:
    """Measure a step for one, two and four pictures at once."""
    size = (128, 96)
    return [
        in_a_process("klein's transformer", f"batch of {count}", partial(batch_step, "flux2-klein", size, count), size)
        for count in (1, 2, 4)
    ]


def measure_encoding() -> list[list[str]]:
    """Measure the work done once for a garment and all its poses: encoding its sentence and its flat-lay."""
    size = (512, 384)
    return [
        in_a_process("klein's text encoder", f"{_TOKENS} tokens, once a garment", read_sentence, None),
        in_a_process("klein's autoencoder", "the flat-lay, once a garment", partial(encode, size), size),
    ]


MEASURES: dict[str, Callable[[], list[list[str]]]] = {
    "tiling": measure_tiling,
    "compile": measure_compile,
    "batch": measure_batch,
    "encoding": measure_encoding,
}


def in_a_process(part: str, setting: str, work: Callable[[], float], size: tuple[int, int] | None) -> list[str]:
    """Measure one row in a fresh process."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        seconds, peak_gb = pool.submit(watched, work).result()
    row = [part, setting, "" if size is None else f"{size[0]}×{size[1]}", f"{seconds:.1f} s", f"{peak_gb:.1f} GB"]
    print(" | ".join(row), file=sys.stderr, flush=True)
    return row


def watched(work: Callable[[], float]) -> tuple[float, float]:
    """Return the work's seconds, and the process's peak memory in GB."""
    with torch.inference_mode():
        seconds = work()
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def timed(work: Callable[[], Any]) -> float:
    """Return the processor seconds of some work."""
    start = time.process_time()
    work()
    return time.process_time() - start


def decode(name: str, size: tuple[int, int], tiled: bool) -> float:
    """Return the seconds in which an autoencoder makes a picture out of noise."""
    vae, channels, depth = autoencoder(name)
    if tiled:
        vae.enable_tiling()
    shape = (1, channels, *([1] if depth else []), size[0] // 8, size[1] // 8)
    latents = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    return timed(lambda: vae.decode(latents, return_dict=False))


def encode(size: tuple[int, int]) -> float:
    """Return the seconds in which klein's autoencoder encodes a picture."""
    vae, _, _ = autoencoder("flux2-klein")
    return timed(lambda: vae.encode(torch.rand(1, 3, *size), return_dict=False))


def autoencoder(name: str) -> tuple[Any, int, bool]:
    """Build an autoencoder in float32; return it, its latents' channels, and whether they have frames."""
    from diffusers import AutoencoderKL, AutoencoderKLFlux2, AutoencoderKLQwenImage

    makers: dict[str, tuple[Callable[[], nn.Module], int]] = {
        "flux2-klein": (AutoencoderKLFlux2, 32),
        "sdxl": (partial(AutoencoderKL, **_STABLE_DIFFUSION, sample_size=1024), 4),
        "catvton": (partial(AutoencoderKL, **_STABLE_DIFFUSION, sample_size=256), 4),
        "qwen-edit": (AutoencoderKLQwenImage, 16),
    }
    make, channels = makers[name]
    return make().eval(), channels, name == "qwen-edit"


def compiled_step(name: str, size: tuple[int, int], calls: int) -> float:
    """Return the seconds of the last of so many steps of compiled blocks; with none, of a plain step."""
    network: Any = make_network(name)
    step = step_of(name, size)
    if calls:
        network.compile_repeated_blocks(fullgraph=True)
    for _ in range(calls - 1):
        step(network)
    return timed(lambda: step(network))


def batch_step(name: str, size: tuple[int, int], count: int) -> float:
    """Return the seconds of one step for so many pictures."""
    network, step = make_network(name), step_of(name, size, count)
    return timed(lambda: step(network))


def read_sentence() -> float:
    """Return the seconds in which klein's text encoder reads a sentence."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    with torch.device("meta"):
        encoder = Qwen3ForCausalLM(Qwen3Config(**TEXT_ENCODER))
    # Buffers computed from the configuration are not among the weights, so they are created again.
    encoder = encoder.to(torch.bfloat16).to_empty(device="cpu").eval()
    encoder.model.rotary_emb = type(encoder.model.rotary_emb)(encoder.config)
    draw_weights(encoder)
    tokens = torch.randint(0, 1000, (1, _TOKENS))
    return timed(lambda: encoder(input_ids=tokens, output_hidden_states=True, use_cache=False, logits_to_keep=1))


if __name__ == "__main__":
    main()
