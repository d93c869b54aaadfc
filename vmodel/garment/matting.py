"""Optional plug-in: a matting model through rembg, where the package and its weights are installed already."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from vmodel.types import ByteArray, Cutout

# Names that rembg gives its files, best first; only models whose licences allow commerce.
_MODELS: Final = ("isnet-general-use", "u2net")


def matte_with_model(rgb: ByteArray) -> Cutout | None:
    """Cut out with rembg; never asks it for weights that are not here.

    Args:
        rgb: (H, W, 3) uint8.
    Returns:
        The cut-out, or None where rembg or its weights are missing.
    """
    if importlib.util.find_spec("rembg") is None:
        return None
    model = model_with_weights(os.environ)
    if model is None:
        return None
    import rembg
    from PIL import Image

    grey = rembg.remove(Image.fromarray(rgb), session=rembg.new_session(model), only_mask=True)
    matte = np.asarray(grey.convert("L"), np.float32) / 255
    return Cutout(matte, f"rembg {model}", 0.9)


def model_with_weights(environment: Mapping[str, str]) -> str | None:
    """The best model whose weights rembg finds without a download, or None.

    rembg 2.0.86 keeps each model in a folder of its own and still reads the one folder of earlier versions.

    Args:
        environment: variables; U2NET_HOME, REMBG_HOME and XDG_DATA_HOME name folders.
    """
    data, chosen = environment.get("XDG_DATA_HOME"), environment.get("U2NET_HOME")
    before = Path(chosen or Path(data or Path.home(), ".u2net")).expanduser()
    usual = Path(data, "rembg") if data else Path.home() / ".rembg"
    home = Path(chosen or environment.get("REMBG_HOME") or usual).expanduser()
    for model in _MODELS:
        name = f"{model}.onnx"
        if (home / "models" / model / name).is_file() or (before / name).is_file():
            return model
    return None
