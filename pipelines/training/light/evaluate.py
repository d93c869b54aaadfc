"""Measure the light network on crops that it did not learn from: ``python -m pipelines.training.light.evaluate``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import torch
from rich.progress import track

from pipelines.training.light.crops import read_crops
from pipelines.training.light.samples import LitCloth, LitCloths
from vmodel.config import Settings
from vmodel.garment.delighting.network import GarmentLightNet, load_light_network
from vmodel.types import FloatArray

_SIDE: Final = 320
_GREY: Final = np.array([0.299, 0.587, 0.114], np.float32)


def light_missed(network: GarmentLightNet, crops: Path, count: int, seed: int = 0) -> dict[str, float]:
    """Measure what share of the light is left over, 0 is none and 1 all, on average over random samples.

    Args:
        network: in evaluation mode.
        crops: folder of ``crops.prepare``.
        count: samples of each kind.
        seed: of the samples; the same one gives the same samples.
    Returns:
        Kind of sample -> mean absolute error of the light over its mean absolute size: "plain" cloth as it is, a
        "printed" and a "washed" garment in two lights, "drawn" cloth of chance under real shade.
    """
    kinds: dict[str, Callable[[LitCloths], tuple[LitCloth, ...]]] = {
        "plain": lambda cloths: (cloths.draw(_SIDE, 0.0),),
        "drawn": lambda cloths: (cloths.draw(_SIDE, 1.0),),
        "printed": lambda cloths: cloths.draw_two(_SIDE, "printed"),
        "washed": lambda cloths: cloths.draw_two(_SIDE, "washed"),
    }
    cloths = LitCloths(list(read_crops(crops, held_out=True)), np.random.default_rng(seed))
    missed = {}
    for kind, draw in kinds.items():
        wrong = size = 0.0
        for _ in track(range(count), description=kind):
            samples = draw(cloths)
            known = np.min([each.known for each in samples], 0) > 0
            light, answer = (_one_light(fields)[known] for fields in (
                [each.light for each in samples], [_answer(network, each) for each in samples]))  # fmt: skip
            light, answer = light - np.median(light), answer - np.median(answer)
            wrong, size = wrong + float(np.abs(light - answer).mean()), size + float(np.abs(light).mean())
        missed[kind] = wrong / size
    return missed


def _one_light(fields: list[FloatArray]) -> FloatArray:
    return np.asarray((fields[0] - fields[1] if len(fields) == 2 else fields[0]) @ _GREY)


def _answer(network: GarmentLightNet, sample: LitCloth) -> FloatArray:
    with torch.inference_mode():
        picture, mask = torch.from_numpy(sample.rgb).permute(2, 0, 1)[None], torch.from_numpy(sample.mask)[None, None]
        return np.asarray(network(picture, mask)[0].permute(1, 2, 0).numpy())


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crops", type=Path, default=Path("build/light/crops"), help="folder of light.crops")
    parser.add_argument("--weights", type=Path, default=Settings().weights, help="folder of the weights")
    parser.add_argument("--count", type=int, default=100, help="samples of each kind")
    given = parser.parse_args()
    for kind, share in light_missed(load_light_network(given.weights), given.crops, given.count).items():
        print(f"{kind:8} {share:.3f}")


if __name__ == "__main__":
    main()
