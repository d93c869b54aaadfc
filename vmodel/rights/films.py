"""A published film's own frames: a few of them are registered, so that what only the film shows is recognised too."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from vmodel.database import Database, new_id
from vmodel.rights.descriptors import Descriptors, describe
from vmodel.rights.originals import Originals
from vmodel.rights.pixels import pixels_sha256
from vmodel.rights.registry import FilmFrame
from vmodel.types import ByteArray

KEPT_APART_S = 0.12
"""Seconds between kept frames. On a turntable of four seconds a frame agrees with the next in 0.6 and more of its
details, with the one after that in 0.5: so every third is kept, and no frame is farther than one from a kept one."""
MOST_KEPT = 64
_LONGEST_PX = 720
"""Frames are kept this large: pictures are compared at less."""


@dataclass(frozen=True)
class KeptFrame:
    """A frame of a film that is being made.

    Attributes:
        at_ms: milliseconds from the beginning.
        picture: (H, W, 3) uint8 sRGB without mark, at most 720 pixels a side.
        found: what it is recognised by.
    """

    at_ms: int
    picture: ByteArray
    found: Descriptors


class Reel:
    """Hands a film's frames on as they come, and keeps a few of them.

    Attributes:
        kept: so far; one each eighth of a second, or, in films of more than seven seconds, 32 to 64 in all.
    """

    def __init__(self, frames: Iterable[ByteArray], frames_per_second: int) -> None:
        """Prepare; nothing is taken yet.

        Args:
            frames: (H, W, 3) uint8 sRGB each, without mark.
            frames_per_second: of the film.
        """
        self.kept: list[KeptFrame] = []
        self._frames, self._per_second = frames, frames_per_second

    def __iter__(self) -> Iterator[ByteArray]:
        """Every frame, in order."""
        apart = max(1, round(KEPT_APART_S * self._per_second))
        for number, frame in enumerate(self._frames):
            if number % apart == 0:
                self.kept.append(KeptFrame(round(1000 * number / self._per_second), _small(frame), describe(frame)))
            if len(self.kept) > MOST_KEPT:
                del self.kept[1::2]
                apart *= 2
            yield frame


def register_film(database: Database, originals: Originals, licence_id: str, kept: Sequence[KeptFrame]) -> None:
    """Let a film be recognised by its frames; the same film once more changes nothing.

    Args:
        database: of the registry.
        originals: where pictures are kept for comparison.
        licence_id: whole; the licence is registered already.
        kept: of ``Reel``, when all its frames were taken.
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
    """All registered frames of a licence's films, in their order."""
    found = select(FilmFrame).where(FilmFrame.shot_id == shot_id).order_by(FilmFrame.id)
    return list(session.scalars(found))


def _sha256_of(kept: Sequence[KeptFrame]) -> str:
    """Identity of a film: its file will not do, because an encoder and a signature write other bytes each time."""
    digest = hashlib.sha256()
    for frame in kept:
        digest.update(f"{frame.at_ms} {pixels_sha256(frame.picture)}\n".encode())
    return digest.hexdigest()


def _small(frame: ByteArray) -> ByteArray:
    shrink = _LONGEST_PX / max(frame.shape[:2])
    if shrink >= 1:
        return frame.copy()
    return np.asarray(cv2.resize(frame, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA))
