"""Search for the originals of a copy among very many registered pictures."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from vmodel.core.colour import luma_of
from vmodel.rights.fingerprint.descriptors import (
    ASKED_POINTS,
    POINT_BYTES,
    Descriptors,
    bits_of,
    describe_points,
    hash_whole,
)
from vmodel.rights.fingerprint.feature_matching import match_pictures, mirror_sift
from vmodel.types import ByteArray, IntArray

PDQ_BITS_OFF = 70
"""Whole-picture hashes that differ in more of their 256 bits say nothing."""
POINT_BITS_OFF = 22
"""Points that differ in more of their 128 bits are different points."""
_NEIGHBOURS = 8
_EXACT_UP_TO = 200_000
_PROBES = 24
_NAMES = "names"
_LEFT_BEHIND_S = 6 * 3600
"""Age in seconds from which files of an unfinished index count as abandoned."""


@dataclass(frozen=True)
class Candidate:
    """A registered picture that may have been copied.

    Attributes:
        name: its id in the registry.
        score: weight of the points and the hash that agree; the larger, the likelier.
        points: how many points agree.
        pdq_bits_off: in how many of 256 bits the whole-picture hashes differ, None where they are far apart.
        flipped: whether the copy is mirrored.
        inliers: pairs of features that agree after alignment; None before verification.
    """

    name: str
    score: float
    points: int
    pdq_bits_off: int | None
    flipped: bool
    inliers: int | None = None


class CopyIndex:
    """Search index of registered pictures' descriptors, kept as files that can be rebuilt from the database any time.

    Up to 200,000 points are compared exactly. A larger index sorts them into cells (faiss's IndexBinaryIVF) and
    searches the nearest cells only.
    """

    def __init__(self, names: Sequence[str], whole: Any, points: Any, owners: IntArray) -> None:
        self.names = list(names)
        self._whole, self._points, self._owners = whole, points, owners

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def build(cls, pictures: Iterable[tuple[str, Descriptors]]) -> CopyIndex:
        """Build an index of pictures.

        Args:
            pictures: id in the registry and descriptors of each.
        """
        import faiss

        names, hashes, points, owners = [], [], [], []
        for number, (name, found) in enumerate(pictures):
            names.append(name)
            hashes.append(found.pdq)
            points.append(found.points)
            owners.append(np.full(len(found.points), number, np.int32))
        whole = faiss.IndexBinaryFlat(256)
        if names:
            whole.add(np.stack(hashes))
        every = np.concatenate([np.zeros((0, POINT_BYTES), np.uint8), *points])
        near = _index_for(len(every), every)
        if len(every):
            near.add(every)
        return cls(names, whole, near, np.concatenate([np.zeros(0, np.int32), *owners]))

    def add(self, pictures: Sequence[tuple[str, Descriptors]]) -> None:
        """Index further pictures.

        Args:
            pictures: id in the registry and descriptors of each.
        """
        if not pictures:
            return
        numbers = range(len(self.names), len(self.names) + len(pictures))
        self._whole.add(np.stack([found.pdq for _, found in pictures]))
        points = np.concatenate([found.points for _, found in pictures])
        if len(points):
            self._points.add(points)
        owners = [np.full(len(f.points), number, np.int32) for number, (_, f) in zip(numbers, pictures, strict=True)]
        self._owners = np.concatenate([self._owners, *owners])
        self.names += [name for name, _ in pictures]

    def save(self, folder: Path) -> None:
        """Write the index to a folder, replacing an earlier one atomically.

        Each save writes files of its own, and the names file, written last, says which belong together. So a process
        that is killed, or saves at the same time, leaves no mixture.
        """
        import faiss

        folder.mkdir(parents=True, exist_ok=True)
        stamp, before = secrets.token_hex(8), ""
        with contextlib.suppress(OSError, ValueError):
            before = _read_names(folder)[0]
        for part, index in (("whole", self._whole), ("points", self._points)):
            faiss.write_index_binary(index, str(folder / f"{part}-{stamp}"))
        np.save(folder / f"owners-{stamp}.npy", self._owners)
        passing = folder / f"{_NAMES}-{stamp}"
        passing.write_text(json.dumps({"stamp": stamp, "names": self.names}), encoding="utf-8")
        passing.replace(folder / _NAMES)
        _clear(folder, stamp, before)

    @classmethod
    def load(cls, folder: Path) -> CopyIndex:
        """Read what ``save`` wrote.

        Raises:
            FileNotFoundError: nothing was saved there; build it from the database.
            OSError, ValueError, RuntimeError: the files are damaged; build it from the database, too.
        """
        stamp, names = _read_names(folder)
        while True:
            try:
                return cls._of_files(folder, stamp, names)
            except (OSError, RuntimeError):
                seen, (stamp, names) = stamp, _read_names(folder)
                if stamp == seen:
                    raise
                # Another process has saved a newer one in the meantime.

    @classmethod
    def _of_files(cls, folder: Path, stamp: str, names: Sequence[str]) -> CopyIndex:
        import faiss

        whole, points = (faiss.read_index_binary(str(folder / f"{part}-{stamp}")) for part in ("whole", "points"))
        owners = np.load(folder / f"owners-{stamp}.npy")
        if whole.ntotal != len(names) or points.ntotal != len(owners):
            raise ValueError("the parts of the index do not belong together")
        return cls(names, whole, points, owners)

    def near_points(self, points: ByteArray) -> tuple[IntArray, IntArray]:
        """Find the 8 registered points nearest to each of N: (N, 8) differing bits, and their pictures (-1: none)."""
        if not len(points) or not len(self._owners):
            return np.zeros((0, 1), np.int64), np.zeros((0, 1), np.int64)
        bits_off, found = self._points.search(points, min(_NEIGHBOURS, len(self._owners)))
        return bits_off, np.where(found >= 0, self._owners[found], -1)

    def near_wholes(self, hashes: ByteArray) -> tuple[IntArray, IntArray]:
        """Find the 8 registered pictures with the hashes nearest to each of N: (N, 8) differing bits, and pictures."""
        bits_off, found = self._whole.search(hashes, min(_NEIGHBOURS, max(len(self.names), 1)))
        return bits_off, found


def _read_names(folder: Path) -> tuple[str, list[str]]:
    """Read the stamp of the files that belong together, and the pictures' ids."""
    found = json.loads((folder / _NAMES).read_text(encoding="utf-8"))
    if not isinstance(found, dict) or set(found) != {"stamp", "names"}:
        raise ValueError("it was saved by another version")
    return found["stamp"], found["names"]


def _clear(folder: Path, stamp: str, before: str) -> None:
    """Remove the files that were replaced, and old ones that a killed process left behind."""
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            old = time.time() - path.stat().st_mtime > _LEFT_BEHIND_S
            if path.name != _NAMES and stamp not in path.name and (old or (before and before in path.name)):
                path.unlink()


def _index_for(count: int, sample: ByteArray) -> Any:
    """Create an empty index that suits ``count`` points."""
    import faiss

    if count <= _EXACT_UP_TO:
        return faiss.IndexBinaryFlat(8 * POINT_BYTES)
    cells = int(2 ** np.round(np.log2(2 * np.sqrt(count))))
    index = faiss.IndexBinaryIVF(faiss.IndexBinaryFlat(8 * POINT_BYTES), 8 * POINT_BYTES, cells)
    index.cp.niter, index.cp.max_points_per_centroid = 8, 64
    index.train(sample[:: max(1, count // (64 * cells))])
    index.nprobe = _PROBES
    return index


def find_copies(
    picture: ByteArray, index: CopyIndex, top: int = 5, original_of: Callable[[str], ByteArray | None] | None = None
) -> list[Candidate]:
    """Find the registered pictures that a picture may be a copy of, likeliest first.

    Args:
        picture: (H, W, 3 or 4) uint8; may be cropped, turned, mirrored, part of a collage ...
        index: of the registered pictures.
        top: how many to return.
        original_of: returns a registered picture's pixels by its id. With it, candidates are verified by aligning both
            pictures, and those that do not fit are left out.
    """
    found: dict[str, Candidate] = {}
    points = describe_points(luma_of(picture), ASKED_POINTS)
    mirrored = Descriptors(hash_whole(picture[:, ::-1]), bits_of(mirror_sift(points)))
    for seen, flipped in ((Descriptors(hash_whole(picture), bits_of(points)), False), (mirrored, True)):
        for candidate in _look_up(seen, index, flipped, 2 * top + 4):
            held = found.get(candidate.name)
            if held is None or candidate.score > held.score:
                found[candidate.name] = candidate
    ranked = sorted(found.values(), key=lambda candidate: -candidate.score)
    if original_of is not None:
        ranked = _verified(picture, ranked[: 2 * top], original_of)
    return ranked[:top]


def _look_up(seen: Descriptors, index: CopyIndex, flipped: bool, most: int) -> list[Candidate]:
    """Rank pictures by votes: points vote for the pictures that have them, rare ones more; a hash counts up to 20."""
    if not len(index):
        return []
    bits_off, owners = index.near_points(seen.points)
    near = (bits_off <= POINT_BITS_OFF) & (owners >= 0)
    votes, counts = np.zeros(len(index)), np.zeros(len(index), np.int64)
    for row in np.flatnonzero(near.any(1)):
        named, first = np.unique(owners[row][near[row]], return_index=True)
        closeness = 1 - bits_off[row][near[row]][first] / (2 * POINT_BITS_OFF)
        votes[named] += closeness / np.sqrt(len(named))
        counts[named] += 1
    off = {int(p): int(b) for b, p in zip(*(a[0] for a in index.near_wholes(seen.pdq[None])), strict=True)}
    for number, bits in off.items():
        votes[number] += 20 * max(0.0, 1 - bits / PDQ_BITS_OFF)
    best = np.argsort(-votes, kind="stable")[:most]
    return [
        Candidate(index.names[i], float(votes[i]), int(counts[i]), _if_near(off.get(int(i))), flipped)
        for i in best
        if votes[i] > 0
    ]


def _if_near(bits: int | None) -> int | None:
    return bits if bits is not None and bits <= PDQ_BITS_OFF else None


def _verified(
    picture: ByteArray, ranked: Sequence[Candidate], original_of: Callable[[str], ByteArray | None]
) -> list[Candidate]:
    """Return the candidates that align with the picture, sorted by the number of agreeing features."""
    luma, kept = luma_of(picture), []
    for candidate in ranked:
        original = original_of(candidate.name)
        match = None if original is None else match_pictures(luma, luma_of(original))
        if match is not None:
            kept.append(replace(candidate, inliers=match.inliers, flipped=match.flipped))
    return sorted(kept, key=lambda candidate: -(candidate.inliers or 0))


def iscc_of(picture: ByteArray) -> str:
    """Compute the image code of a picture after ISO 24138: "ISCC:..." with 64 bits.

    Args:
        picture: (H, W, 3) or (H, W, 4) uint8; transparency is composited on white.
    """
    import iscc_lib
    from PIL import Image

    image = Image.fromarray(picture)
    if image.mode == "RGBA":
        ground = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(ground, image)
    grey = image.convert("L").resize((32, 32), Image.Resampling.BICUBIC)
    return str(iscc_lib.gen_image_code_v0(grey.tobytes()).iscc)
