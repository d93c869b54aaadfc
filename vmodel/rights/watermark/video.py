"""Marks of films: every frame carries the still picture's mark, and a few frames are enough to read it."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vmodel.errors import PhotoTooLarge, UnreadablePhoto
from vmodel.rights.watermark.codec import embed_mark, read_mark
from vmodel.types import ByteArray

if TYPE_CHECKING:
    from av.video.stream import VideoStream

MAX_MEGAPIXELS = 9.0
_APART = 12
_MOST_DECODED = 1500


def mark_frames(frames: Iterable[ByteArray], payload: int, key: bytes) -> Iterator[ByteArray]:
    """Put one mark into every frame; see ``embed_mark``."""
    for frame in frames:
        yield embed_mark(frame, payload, key)


@dataclass(frozen=True)
class Frame:
    """A frame of a film.

    Attributes:
        picture: (H, W, 3) uint8.
        second: from the film's beginning.
    """

    picture: ByteArray
    second: float


def look_at_frames(path: Path, most: int = 8, spread: bool = False) -> Iterator[Frame]:
    """Yield every twelfth frame of a film from its beginning: half a second apart at 24 frames per second.

    Args:
        path: of the film.
        most: largest number of frames to yield.
        spread: take frames farther apart in longer films, within their first 1,500 frames.
    Raises:
        UnreadablePhoto: it is no film, or damaged before its first frame.
        PhotoTooLarge: its frames have more than 9 megapixels.
    """
    import av

    given = 0
    try:
        with av.open(str(path)) as container:
            apart, begin = _apart(container.streams.video[0], most) if spread else _APART, 0.0
            for number, frame in enumerate(islice(container.decode(video=0), _MOST_DECODED)):
                megapixels = frame.width * frame.height / 1e6
                if megapixels > MAX_MEGAPIXELS:
                    raise PhotoTooLarge(str(path), megapixels, MAX_MEGAPIXELS)
                at = float(frame.time or 0.0)
                begin = at if number == 0 else begin
                if number % apart == 0:
                    yield Frame(np.asarray(frame.to_ndarray(format="rgb24")), at - begin)
                    given += 1
                if given == most:
                    return
    except (av.FFmpegError, ArithmeticError, IndexError, ValueError):
        # FFmpeg's errors have no common text; a truncated film still yields the frames before the damage.
        if not given:
            raise UnreadablePhoto(str(path), "it is no film, or damaged") from None


def _apart(stream: VideoStream, most: int) -> int:
    """Return the step in frames that spreads ``most`` frames over a film, if its header gives its length."""
    told = stream.frames or round(float((stream.duration or 0) * (stream.time_base or 0) * (stream.average_rate or 0)))
    return max(_APART, min(told, _MOST_DECODED) // most)


def frames_of(content: bytes, most: int = 8) -> list[Frame]:
    """Return frames of a film's bytes, spread over it: see ``look_at_frames``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        path.write_bytes(content)
        return list(look_at_frames(path, most, spread=True))


def read_mark_of_clip(path: Path, key: bytes, most: int = 8) -> tuple[int, int] | None:
    """Read the mark of a film.

    Args:
        path: of the film.
        key: secret of the installation.
        most: largest number of frames to read.
    Returns:
        The payload and how many frames showed it, at most two; None where no frame shows a mark.
    Raises:
        UnreadablePhoto: it is no film, or damaged before its first frame.
        PhotoTooLarge: its frames have more than 9 megapixels.
    """
    seen: Counter[int] = Counter()
    for frame in look_at_frames(path, most):
        reading = read_mark(frame.picture, key)
        if reading is not None:
            seen[reading.payload] += 1
        if seen and seen.most_common(1)[0][1] == 2:
            break
    return seen.most_common(1)[0] if seen else None
