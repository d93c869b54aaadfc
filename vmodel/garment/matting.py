"""Optional plug-in: a matting model through rembg, where the package and its weights are installed already."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Final

import numpy as np

from vmodel.types import ByteArray, Cutout

# Names that rembg gives its files, best first; only models whose licences allow commerce.
_MODELS: Final = ("isnet-general-use", "u2net")


def matte_with_model(rgb: ByteArray) -> Cutout | None:
    """Cut out with rembg; never downloads anything.

    Args:
        rgb: (H, W, 3) uint8.
    Returns:
        The cut-out, or None where rembg or its weights are missing.
    """
    model = _installed_model()
    if model is None:
        return None
    import rembg
    from PIL import Image

    grey = rembg.remove(Image.fromarray(rgb), session=rembg.new_session(model), only_mask=True)
    matte = np.asarray(grey.convert("L"), np.float32) / 255
    return Cutout(matte, f"rembg {model}", 0.9)


def _installed_model() -> str | None:
    if importlib.util.find_spec("rembg") is None:
        return None
    folder = Path(os.environ.get("U2NET_HOME", Path.home() / ".u2net"))
    return next((name for name in _MODELS if (folder / f"{name}.onnx").is_file()), None)
