"""Registered frames of a published film, so that views which only the film shows are recognised too."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from vmodel.core.database import Database, new_id
from vmodel.rights.fingerprint.descriptors import Descriptors, describe
from vmodel.rights.fingerprint.pixel_hash import pixels_sha256
from vmodel.rights.registry.original_store import Originals
from vmodel.rights.registry.tables import FilmFrame
from vmodel.types import ByteArray

KEPT_APART_S = 0.12
"""Seconds between kept frames. On a turntable of four seconds a frame agrees with the next in 0.6 and more of its
details, with the one after that in 0.5. So every third is kept, and each of the others is next to a kept one."""
MOST_KEPT = 64
_LONGEST_PX = 720
"""Longer side in pixels of kept frames; pictures are compared at less."""


@dataclass(frozen=True)
class KeptFrame:
    """A frame of a film that is being made.

    Attributes:
        at_ms: milliseconds from the beginning.
        picture: (H, W, 3) uint8 sRGB without mark, at most 720 pixels a side.
        found: its descriptors.
    """

    at_ms: int
    picture: ByteArray
    found: Descriptors


class FrameSampler:
    """Iterable over a film's frames that keeps a few of them.

    Attributes:
        kept: frames so far, one per eighth of a second; 32 to 64 in all in films of more than seven seconds.
    """

    def __init__(self, frames: Iterable[ByteArray], frames_per_second: int) -> None:
        """Prepare the sampler without reading a frame.

        Args:
            frames: (H, W, 3) uint8 sRGB each, without mark.
            frames_per_second: of the film.
        """
        self.kept: list[KeptFrame] = []
        self._frames, self._per_second = frames, frames_per_second

    def __iter__(self) -> Iterator[ByteArray]:
        """Yield every frame, in order."""
        apart = max(1, round(KEPT_APART_S * self._per_second))
        for number, frame in enumerate(self._frames):
            if number % apart == 0:
                self.kept.append(KeptFrame(round(1000 * number / self._per_second), _small(frame), describe(frame)))
            if len(self.kept) > MOST_KEPT:
                del self.kept[1::2]
                apart *= 2
            yield frame


def register_film(database: Database, originals: Originals, licence_id: str, kept: Sequence[KeptFrame]) -> None:
    """Register a film's frames for recognition; registering the same film again changes nothing.

    Args:
        database: of the registry.
        originals: where pictures are kept for comparison.
        licence_id: whole; the licence is registered already.
        kept: of ``FrameSampler``, after all its frames were read.
    """
    digest = _sha256_of(kept)
    with database.reading() as session:
        same = select(FilmFrame.id).where(FilmFrame.shot_id == licence_id, FilmFrame.frames_sha256 == digest)
        if session.scalars(same.limit(1)).first() is not None:
            return
    rows = [
        FilmFrame(
            id=new_id(),
            shot_id=licence_id,
            frames_sha256=digest,
            at_ms=frame.at_ms,
            pdq=frame.found.pdq.tobytes(),
            points=frame.found.points.tobytes(),
        )
        for frame in kept
    ]
    for row, frame in zip(rows, kept, strict=True):
        originals.put_frame(licence_id, row.id, frame.picture)
    with database.transaction() as session:
        session.add_all(rows)


def film_frames(session: Session, shot_id: str) -> list[FilmFrame]:
    """Return all registered frames of a licence's films, in order."""
    found = select(FilmFrame).where(FilmFrame.shot_id == shot_id).order_by(FilmFrame.id)
    return list(session.scalars(found))


def _sha256_of(kept: Sequence[KeptFrame]) -> str:
    """Hash the kept frames as the film's identity: encoder and signature change the file's bytes each time."""
    digest = hashlib.sha256()
    for frame in kept:
        digest.update(f"{frame.at_ms} {pixels_sha256(frame.picture)}\n".encode())
    return digest.hexdigest()


def _small(frame: ByteArray) -> ByteArray:
    shrink = _LONGEST_PX / max(frame.shape[:2])
    if shrink >= 1:
        return frame.copy()
    return np.asarray(cv2.resize(frame, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA))
