"""Published networks at their true size, with random weights: ``python -m benchmarks.hub.true_size [NAME ...]``.

Random weights cannot show the quality of pictures. The number of weights, their memory in every precision, and the
time of a step do not depend on their values. The error of a precision is that of one step with random weights against
the same step in bfloat16; it tells the precisions apart, not how a picture looks.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.common.tables import Figures, Table, publish
from pipelines.hub.runtime.device_placement import keep_in_fp8, quantise
from pipelines.hub.runtime.settings import Precision

KLEIN: dict[str, Any] = {
    "num_layers": 5,
    "num_single_layers": 20,
    "num_attention_heads": 24,
    "joint_attention_dim": 7680,
    "guidance_embeds": False,
}
"""Published configuration of the transformer of black-forest-labs/FLUX.2-klein-4B, where it is not the class's own."""
SDXL_SHARED: dict[str, Any] = {
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "cross_attention_dim": 2048,
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
"""Configuration shared by the UNet of stabilityai/stable-diffusion-xl-base-1.0 and ControlNet-Union."""
SDXL: dict[str, Any] = {
    **SDXL_SHARED,
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "sample_size": 128,
}
PARAMETERS = {"flux2-klein": 3_875_544_576, "sdxl": 2_567_463_684}
"""Parameters of the transformer and of the UNet in their published files (two bytes each, without names)."""
PRECISIONS: tuple[Precision, ...] = ("full", "fp8", "int8", "4bit")
_DRAWN = 2**22 - 3
"""Number of distinct random numbers; larger weights repeat them, out of step with their rows."""
_SENTENCE = 160
"""Number of tokens in one of our prompts."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure one step of each network in each precision."""
    parser = argparse.ArgumentParser(description="Measure published networks at their true size, with random weights.")
    parser.add_argument("names", nargs="*", choices=[*PARAMETERS, []], help="networks; both by default")
    parser.add_argument("--size", default="512x384", help="HxW of the picture in pixels")
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS, help="all by default")
    parser.add_argument("--keep", action="store_true", help="keep the figures for docs/benchmarks.md")
    chosen = parser.parse_args(arguments)
    height, width = (int(side) for side in chosen.size.split("x"))
    rows: list[list[str]] = []
    for name in chosen.names or PARAMETERS:
        rows += measure(name, (height, width), chosen.precisions)
    head = ["network", "precision", "parameters", "memory", "CPU of one step", "off by"]
    cores = torch.get_num_threads()
    title = f"One step at {chosen.size} on the processor, {cores} thread{'s' * (cores > 1)}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    publish(Figures("true_size", [Table(title, head, rows)], [f"Peak memory: {peak:.1f} GiB."]), keep=chosen.keep)


@torch.inference_mode()
def measure(name: str, size: tuple[int, int], precisions: Sequence[Precision]) -> list[list[str]]:
    """Measure one row per precision.

    Args:
        name: a key of ``PARAMETERS``.
        size: (height, width) of the picture, multiples of 16.
        precisions: of ``PRECISIONS``; the others are compared with the first.
    """
    rows, reference = [], None
    for precision in precisions:
        network = make_network(name)
        number = sum(part.numel() for part in network.parameters())
        keep_in(network, precision)
        start = time.process_time()
        made = step_of(name, size)(network).float()
        seconds = time.process_time() - start
        reference = made if reference is None else reference
        off = float((made - reference).norm() / reference.norm())
        memory = sum(bytes_of(part) for part in [*network.parameters(), *network.buffers()]) / 1e9
        rows.append([name, precision, f"{number:,}", f"{memory:.2f} GB", f"{seconds:.1f} s", f"{100 * off:.1f} %"])
        print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
        del network
    return rows


def make_network(name: str) -> nn.Module:
    """Build the network at its published configuration in bfloat16, with the same random weights every time."""
    import diffusers.utils.logging
    from diffusers import Flux2Transformer2DModel, UNet2DConditionModel

    diffusers.utils.logging.set_verbosity_error()
    kind, config = (Flux2Transformer2DModel, KLEIN) if name == "flux2-klein" else (UNet2DConditionModel, SDXL)
    with torch.device("meta"):
        network: nn.Module = kind(**config)
    network = network.to(torch.bfloat16).to_empty(device="cpu").eval()
    draw_weights(network)
    return network


def draw_weights(network: nn.Module) -> None:
    """Give a network in bfloat16 random weights, in place, the same every time."""
    drawn = torch.randn(_DRAWN, generator=torch.Generator().manual_seed(0)).to(torch.bfloat16)
    for part in network.parameters():
        if part.dim() < 2:
            part.fill_(1.0)
            continue
        # Initialised as a linear layer is, so that outputs are as large as inputs.
        scale = part[0].numel() ** -0.5
        for piece in torch.split(part.view(-1), _DRAWN):
            torch.mul(drawn[: len(piece)], scale, out=piece)


def keep_in(network: Any, precision: Precision) -> None:
    """Keep a network's weights in a precision of ``VMODEL_HUB_PRECISION``, as the pipelines do."""
    if precision == "fp8":
        keep_in_fp8(network)
    elif precision != "full":
        quantise(network, precision)


def step_of(name: str, size: tuple[int, int], count: int = 1) -> Callable[[Any], Tensor]:
    """Return one call of the network as its pipeline makes it, with random inputs; klein gets three references.

    Args:
        name: a key of ``PARAMETERS``.
        size: (height, width) of the pictures, multiples of 16.
        count: number of pictures at once.
    """
    generator, kind = torch.Generator().manual_seed(1), torch.bfloat16

    def noise(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator).to(kind)

    given: dict[str, Any]
    if name == "flux2-klein":
        tokens = 4 * (size[0] // 16) * (size[1] // 16)
        given = {
            "hidden_states": noise(count, tokens, 128),
            "encoder_hidden_states": noise(count, _SENTENCE, KLEIN["joint_attention_dim"]),
            "timestep": torch.full((count,), 0.5, dtype=kind),
            "img_ids": torch.zeros(tokens, 4),
            "txt_ids": torch.zeros(_SENTENCE, 4),
        }
    else:
        given = {
            "sample": noise(2 * count, 4, size[0] // 8, size[1] // 8),
            "timestep": torch.tensor(500),
            "encoder_hidden_states": noise(2 * count, 77, SDXL["cross_attention_dim"]),
            "added_cond_kwargs": {
                "text_embeds": noise(2 * count, 1280),
                "time_ids": torch.ones(2 * count, 6, dtype=kind),
            },
        }
    return lambda network: network(**given, return_dict=False)[0]


def bytes_of(tensor: Tensor) -> int:
    """Return the bytes of a tensor; those of a quantised one are summed over its component tensors."""
    if hasattr(tensor, "__tensor_flatten__"):
        return sum(bytes_of(getattr(tensor, name)) for name in tensor.__tensor_flatten__()[0])
    return tensor.numel() * tensor.element_size()


if __name__ == "__main__":
    main()
