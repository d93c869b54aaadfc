"""Optional plug-in: a matting model through rembg, where the package and its weights are installed already."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from vmodel.errors import SetupError
from vmodel.types import ByteArray, Cutout

# Names that rembg gives its files, best first; only models whose licences allow commerce.
_MODELS: Final = ("isnet-general-use", "u2net")


class MattingModelBroken(SetupError):
    """Weights of a matting model that are stored where rembg keeps them but are not a network."""

    code = "matting_model_broken"

    def __init__(self, path: str) -> None:
        super().__init__(
            f"The matting model {path} cannot be loaded; delete the file, and rembg gets it anew or vmodel cuts out "
            "without it, or pass --mask."
        )
        self.path = path


def matte_with_model(rgb: ByteArray) -> Cutout | None:
    """Cut out with rembg, using only weights that are installed already.

    Args:
        rgb: (H, W, 3) uint8.
    Returns:
        The cut-out, or None where rembg or its weights are missing.
    Raises:
        MattingModelBroken: the weights are not a network, or not one that cuts out.
    """
    if importlib.util.find_spec("rembg") is None:
        return None
    weights = find_weights(os.environ)
    if weights is None:
        return None
    import rembg
    from PIL import Image

    try:
        grey = rembg.remove(Image.fromarray(rgb), session=rembg.new_session(weights.stem), only_mask=True)
    except Exception as error:  # onnxruntime raises its own exception types, which the package may not even export
        raise MattingModelBroken(str(weights)) from error
    matte = np.asarray(grey.convert("L"), np.float32) / 255
    return Cutout(matte, f"rembg {weights.stem}", 0.9)


def find_weights(environment: Mapping[str, str]) -> Path | None:
    """Find the weights of the best model that rembg finds without a download; return None if there are none.

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
        found = next((path for path in (home / "models" / model / name, before / name) if path.is_file()), None)
        if found is not None:
            return found
    return None
