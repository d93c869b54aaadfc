"""Weights of the networks that read photos, as shipped with vmodel."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from vmodel.errors import WeightsMissing


def load_numbers(weights: Path, name: str) -> dict[str, Tensor]:
    """Load a file of weights: name -> float32 tensor.

    Args:
        weights: folder that holds the file.
        name: of the file.
    Raises:
        WeightsMissing: the file is not there, or damaged.
    """
    path = weights / name
    if not path.is_file():
        raise WeightsMissing(name)
    try:
        return {key: value.float() for key, value in load_file(path).items()}
    except SafetensorError:
        raise WeightsMissing(name, f"{path} is damaged: reinstall vmodel or restore the weights folder") from None
