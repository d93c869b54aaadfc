"""Marks of films: every frame carries the still picture's mark, and a few frames are enough to read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from vmodel.core.bounded_process import BoundExceeded, run_bounded
from vmodel.errors import UnreadablePhoto
from vmodel.rights.watermark.codec import embed_mark, read_mark
from vmodel.rights.watermark.film_decoder import Frame, decode_frames
from vmodel.types import ByteArray


def mark_frames(frames: Iterable[ByteArray], payload: int, key: bytes) -> Iterator[ByteArray]:
    """Put one mark into every frame; see ``embed_mark``."""
    for frame in frames:
        yield embed_mark(frame, payload, key)


def frames_of(content: bytes, name: str, most: int = 8, spread: bool = True) -> list[Frame]:
    """Return frames of a film, decoded in a bounded process; see ``decode_frames``.

    Args:
        content: of the file, untrusted.
        name: of the file, for messages.
        most: largest number of frames.
        spread: take frames farther apart in longer films.
    Raises:
        UnreadablePhoto: it is no film, damaged before its first frame, or takes too long to decode.
        PhotoTooLarge: its frames have more than 9 megapixels.
    """
    try:
        return run_bounded(decode_frames, content, name, most, spread)
    except BoundExceeded as error:
        raise UnreadablePhoto(name, f"it {error} to decode") from None


def read_mark_of_frames(frames: Iterable[Frame], key: bytes) -> tuple[int, int] | None:
    """Read the mark of a film.

    Args:
        frames: that follow one another, from ``frames_of``; no more are read than needed.
        key: secret of the installation.
    Returns:
        The payload and how many frames showed it, at most two; None where no frame shows a mark.
    """
    seen: Counter[int] = Counter()
    for frame in frames:
        reading = read_mark(frame.picture, key)
        if reading is not None:
            seen[reading.payload] += 1
        if seen and seen.most_common(1)[0][1] == 2:
            break
    return seen.most_common(1)[0] if seen else None
