"""Decoding of frames of a stranger's film, for a bounded process: the header first, then within a number of pixels."""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from vmodel.errors import PhotoTooLarge, UnreadablePhoto
from vmodel.types import ByteArray

if TYPE_CHECKING:
    from av.video.stream import VideoStream

MAX_MEGAPIXELS: Final = 9.0
MOST_MEGAPIXELS: Final = 1600.0
"""Most megapixels that are decoded of one film: a minute at 1280 x 720 and 24 frames per second, later frames never."""
MOST_FRAMES: Final = 1500
_APART: Final = 12
# FFmpeg itself refuses larger frames, also those that a stream's own data announces after a smaller header.
_OPTIONS: Final = {"max_pixels": str(int(MAX_MEGAPIXELS * 1e6)), "threads": "1"}


@dataclass(frozen=True)
class Frame:
    """A frame of a film.

    Attributes:
        picture: (H, W, 3) uint8.
        second: from the film's beginning.
    """

    picture: ByteArray
    second: float


def decode_frames(content: bytes, name: str, most: int, spread: bool) -> list[Frame]:
    """Decode every twelfth frame of an MP4 from its beginning: half a second apart at 24 frames per second.

    Args:
        content: of the file.
        name: of the file, for messages.
        most: largest number of frames.
        spread: take frames farther apart in longer films, within those that are decoded.
    Raises:
        UnreadablePhoto: it is no film, or damaged before its first frame.
        PhotoTooLarge: its frames have more than 9 megapixels.
    """
    import av

    found: list[Frame] = []
    try:
        # The format is fixed: others would let a file name further files and addresses.
        with av.open(io.BytesIO(content), format="mp4", options=_OPTIONS) as container:
            stream = container.streams.video[0]
            if stream.codec_context is None:
                raise ValueError("FFmpeg has no decoder for it")  # PyAV's types leave this case out
            megapixels = stream.codec_context.width * stream.codec_context.height / 1e6
            if megapixels > MAX_MEGAPIXELS:
                raise PhotoTooLarge(name, megapixels, MAX_MEGAPIXELS)
            stream.codec_context.options = _OPTIONS
            stream.codec_context.thread_count = 1
            decoded = min(MOST_FRAMES, int(MOST_MEGAPIXELS / max(megapixels, 1e-3)))
            apart, begin = _apart(stream, most, decoded) if spread else _APART, 0.0
            for number, frame in enumerate(islice(container.decode(stream), decoded)):
                at = float(frame.time or 0.0)
                begin = at if number == 0 else begin
                if number % apart == 0:
                    found.append(Frame(np.asarray(frame.to_ndarray(format="rgb24")), at - begin))
                if len(found) == most:
                    break
    except (av.FFmpegError, ArithmeticError, IndexError, ValueError):
        # FFmpeg's errors have no common text; a truncated film still yields the frames before the damage.
        if not found:
            raise UnreadablePhoto(name, "it is no film, damaged, or of larger frames than it states") from None
    return found


def _apart(stream: VideoStream, most: int, decoded: int) -> int:
    """Return the step in frames that spreads ``most`` frames over a film, if its header gives its length."""
    told = stream.frames or round(float((stream.duration or 0) * (stream.time_base or 0) * (stream.average_rate or 0)))
    return max(_APART, min(told, decoded) // most)
