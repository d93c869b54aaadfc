"""Search for the registered picture, or frame of a registered film, that a picture shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from vmodel.core.database import Database
from vmodel.rights.fingerprint.copy_index import CopyIndex, find_copies
from vmodel.rights.fingerprint.film_frames import film_frames
from vmodel.rights.fingerprint.image_similarity import SAME, likeness
from vmodel.rights.fingerprint.index_store import descriptors_of
from vmodel.rights.registry.original_store import Originals
from vmodel.rights.registry.tables import FilmFrame, RegisteredShot, ShotDescriptors
from vmodel.types import ByteArray

NEXT_TO = 0.55
"""Threshold as ``image_similarity.SAME`` for a film's frame with the film's own mark: it may be next to a kept
frame."""
DESCRIBED = 20.0
"""Least score of a candidate that shows the same, by descriptors alone. Of six pictures of one studio the others scored
up to 13, copies 60 and more, and cut-outs of a quarter of their area 15 to 51."""
_LISTED = 8
"""Candidates requested from the index: several of them may belong to one film."""
_SHOTS, _FRAMES = 3, 2
"""Shots that are compared with a picture, and frames of each."""


@dataclass(frozen=True)
class Resemblance:
    """A registered picture, and how far a picture that was compared with it shows it.

    Attributes:
        shot: whose licence it is.
        share: of the details that agree, 0..1; from ``image_similarity.SAME`` up, both show the same.
        original: (H, W, 3) uint8, the registered picture, or the frame of a film.
        second: of the film; None for the picture itself.
    """

    shot: RegisteredShot
    share: float
    original: ByteArray
    second: float | None


@dataclass(frozen=True)
class RegistryMatcher:
    """Registered pictures and film frames to compare with.

    Attributes:
        database: of the registry.
        originals: registered pictures and frames.
    """

    database: Database
    originals: Originals

    def find(self, picture: ByteArray, index: CopyIndex) -> Resemblance | None:
        """Find the registered picture or frame that a picture shows: the most similar of several.

        Args:
            picture: (H, W, 3) uint8.
            index: of the registered pictures and frames.
        Returns:
            None if it shows nothing that is registered.
        """
        listed = [candidate.name for candidate in find_copies(picture, index, top=_LISTED)]
        with self.database.reading() as session:
            frames = {row.id: row for row in session.scalars(select(FilmFrame).where(FilmFrame.id.in_(listed)))}
            names = [frames[name].shot_id if name in frames else name for name in listed]
            shots = {row.id: row for row in session.scalars(select(RegisteredShot).where(RegisteredShot.id.in_(names)))}
        likely = [shots[name] for name in dict.fromkeys(names) if name in shots][:_SHOTS]
        found = [
            self._most_alike(picture, shot, [frames[name] for name in listed if name in frames]) for shot in likely
        ]
        best = max((each for each in found if each is not None), key=lambda each: each.share, default=None)
        return best if best is not None and best.share >= SAME else None

    def compare(self, picture: ByteArray, shot: RegisteredShot) -> Resemblance | None:
        """Compare a picture with what a licence was given for, the still picture or its films.

        Args:
            picture: (H, W, 3) uint8.
            shot: of the licence.
        Returns:
            The most similar one; None if nothing is kept to compare with.
        """
        with self.database.reading() as session:
            frames = {row.id: row for row in film_frames(session, shot.id)}
        if not frames:
            return self._most_alike(picture, shot, ())
        index = CopyIndex.build((name, descriptors_of(row.pdq, row.points)) for name, row in frames.items())
        listed = find_copies(picture, index, top=_FRAMES)
        return self._most_alike(picture, shot, [frames[candidate.name] for candidate in listed])

    def is_described(self, picture: ByteArray, shot: RegisteredShot) -> bool:
        """Return whether a picture agrees with the descriptors of what a licence was given for.

        They say less than the pictures, and stay when those were erased.

        Args:
            picture: (H, W, 3) uint8.
            shot: of the licence.
        """
        with self.database.reading() as session:
            kept = session.get(ShotDescriptors, shot.id)
            described = [(row.id, descriptors_of(row.pdq, row.points)) for row in film_frames(session, shot.id)]
        if kept is not None:
            described.append((shot.id, descriptors_of(kept.pdq, kept.points)))
        best = find_copies(picture, CopyIndex.build(described), top=1)
        return bool(best) and best[0].score >= DESCRIBED

    def _most_alike(self, picture: ByteArray, shot: RegisteredShot, frames: Sequence[FilmFrame]) -> Resemblance | None:
        own = [frame for frame in frames if frame.shot_id == shot.id][:_FRAMES]
        found = (_beside(picture, shot, original, second) for original, second in self._originals(shot, own))
        return max(found, key=lambda each: each.share, default=None)

    def _originals(self, shot: RegisteredShot, frames: Sequence[FilmFrame]) -> Iterable[tuple[ByteArray, float | None]]:
        still = self.originals.get(shot.id)
        if still is not None:
            yield still, None
        for frame in frames:
            picture = self.originals.get_frame(shot.id, frame.id)
            if picture is not None:
                yield picture, frame.second


def _beside(picture: ByteArray, shot: RegisteredShot, original: ByteArray, second: float | None) -> Resemblance:
    return Resemblance(shot, likeness(picture, original), original, second)
