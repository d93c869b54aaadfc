"""Numbers of the networks that read photos, as they travel with vmodel."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor

from vmodel.errors import WeightsMissing


def load_numbers(weights: Path, name: str) -> dict[str, Tensor]:
    """Name -> float32 tensor of a file of weights.

    Args:
        weights: folder that holds the file.
        name: of the file.
    Raises:
        WeightsMissing: it is not there.
    """
    path = weights / name
    if not path.is_file():
        raise WeightsMissing(name)
    return {key: value.float() for key, value in load_file(path).items()}
