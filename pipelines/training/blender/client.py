"""Client of the process that photographs: a separate Python, because ``bpy`` pins old libraries."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np

from vmodel.errors import SetupError, StageError
from vmodel.types import FloatArray

VARIABLE = "VMODEL_BLENDER_PYTHON"
_DEFAULT = Path(".venv-train/bin/python")


class BlenderMissing(SetupError):
    """Training pictures need a Python with Blender as a module, and there is none."""

    code = "blender_missing"

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path!r} cannot load Blender as a module; run `make train-env`, or name a Python that can with "
            "VMODEL_BLENDER_PYTHON or --blender-python."
        )
        self.path = path


class BlenderFailed(StageError):
    """Blender could not photograph a training scene."""

    code = "blender_failed"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Blender could not photograph the scene ({reason}); run the same command again to go on.")
        self.reason = reason


def find_blender_python(given: Path | None = None) -> Path:
    """Find the Python that has ``bpy``: as given, as ``VMODEL_BLENDER_PYTHON`` says, or that of ``make train-env``.

    Raises:
        BlenderMissing: there is none, or it cannot load ``bpy``.
    """
    path = given or Path(os.environ.get(VARIABLE) or _DEFAULT)
    probe = [str(path), "-c", "import bpy; print(bpy.app.version_string)"]
    try:
        found = subprocess.run(probe, capture_output=True, timeout=120, check=False, env=_environment())
    except (OSError, subprocess.TimeoutExpired):
        raise BlenderMissing(str(path)) from None
    if found.returncode:
        raise BlenderMissing(str(path))
    return path


class BlenderWorker:
    """Running Blender process that receives one scene after the other; use it as a context."""

    def __init__(self, python: Path) -> None:
        script = Path(__file__).with_name("bpy_render.py")
        self._process = subprocess.Popen(
            [str(python), str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, bufsize=1, env=_environment(),
        )  # fmt: skip

    def __enter__(self) -> BlenderWorker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def render(self, scene: Path, folder: Path, samples: Sequence[int], seed: int) -> list[FloatArray]:
        """Render all cameras of a handed-over scene.

        Args:
            scene: written by ``hand_over``.
            folder: for temporary files.
            samples: light paths per pixel, for each camera.
            seed: of the noise that the denoiser removes.
        Returns:
            One (H, W, 4) float32 per camera: premultiplied linear light and coverage.
        Raises:
            BlenderFailed: with Blender's message.
        """
        job = {"scene": str(scene), "out": str(folder), "samples": list(samples), "seed": seed}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
        except OSError:
            raise BlenderFailed("it ended") from None
        for line in self._process.stdout:
            if line.startswith("@@ "):
                answer = json.loads(line[3:])
                if "error" in answer:
                    raise BlenderFailed(str(answer["error"]).strip().splitlines()[-1])
                files = [folder / f"{number}.npy" for number in range(int(answer["done"]))]
                return [np.load(file).astype(np.float32) for file in files]
        raise BlenderFailed("it ended")


def _environment() -> dict[str, str]:
    """Return the environment without variables that point Python at vmodel's own libraries."""
    return {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    }
