"""Reading of a photo: the network sees the whole picture, the garment turned upright, and its neck."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final

import cv2
import numpy as np
import torch
from scipy.special import expit, log_softmax, logit

from vmodel.garment.recognition.closeup import closeup, collar_closeup, edge_closeup, front_closeup, neck_closeup
from vmodel.garment.recognition.network import (
    CHOICES,
    CLOSE_SIZE,
    FRONT_SIZE,
    LANDMARKS,
    NECK_SIZE,
    PARTS,
    SIZE,
    GarmentReaderNet,
)
from vmodel.garment.recognition.surface import Surface, read_mask_and_surface
from vmodel.garment.recognition.views import look_both_ways, resampled, to_photo
from vmodel.types import ByteArray, FloatArray

_FILLS: Final = 0.86
"""Share of the second look's side that the garment fills."""
_TURNED_DEG: Final = 20.0
"""Angle from which the second look turns the garment upright: the network can read smaller ones."""
_WORK_SIDE: Final = 1024
_COARSE_COUNTS: Final = 0.3
"""Weight of the second look's mask, by logarithms of odds, beside the finer outline: it has learnt from kinds of
garment of which no outlines were drawn."""
_LEAST_SEEN: Final = 0.02
"""Share of the second look's view below which there is no garment whose outline could be drawn."""
_BOUND: Final = 1e-3
"""Probability beyond which a mask counts as sure."""
_MAY_BE_OPEN: Final = 0.12
"""Probability of an open front from which its edges are looked for closely."""
_UPPER_AXIS: Final = (("neck_left", "neck_right"), ("hem_left", "hem_right"))
_LOWER_AXES: Final = {
    "skirt": (("waist_left", "waist_right"), ("hem_left", "hem_right")),
    "trousers": (("waist_left", "waist_right"), ("leg_inner_left", "leg_inner_right")),
    "jumpsuit": (("neck_left", "neck_right"), ("leg_inner_left", "leg_inner_right")),
    "swimwear": (("neck_left", "neck_right"), ("leg_inner_left", "leg_inner_right")),
}
_MIRRORED: Final = [
    LANDMARKS.index(n.replace("left", "right") if n.endswith("left") else n.replace("right", "left")) for n in LANDMARKS
]
_MIRRORED_PARTS: Final = [
    PARTS.index(n.replace("left", "right") if n.endswith("left") else n.replace("right", "left")) for n in PARTS
]


@dataclass(frozen=True, eq=False)
class PhotoReading:
    """Output of the network for a photo.

    Attributes:
        mask: (h, w) float32 in 0..1, the photo at its size or smaller.
        parts: (h, w) uint8 index into ``PARTS``.
        points_px: landmark -> (2,) float64 photo (x, y); all of ``LANDMARKS``, whatever the kind has.
        confidence: landmark -> 0..1, heat within two cells of the point.
        shares: attribute -> probability of each of its values, in the order of ``CHOICES``.
        surface: prints and foreign places of the garment, and the light's colour.
        parted: probability 0..1 that the edges of its front lie apart over most of its length.
    """

    mask: FloatArray
    parts: ByteArray
    points_px: Mapping[str, FloatArray]
    confidence: Mapping[str, float]
    shares: Mapping[str, FloatArray]
    surface: Surface
    parted: float = 0.0

    def best(self, attribute: str) -> str:
        """Return the likeliest value of an attribute."""
        return CHOICES[attribute][int(self.shares[attribute].argmax())]

    def share(self, attribute: str, value: str) -> float:
        """Return the probability of a value."""
        return float(self.shares[attribute][CHOICES[attribute].index(value)])


@dataclass(frozen=True, eq=False)
class _Look:
    """Output of one look, in its own frame.

    Attributes:
        affine: (2, 3) photo to view.
        mask: (S/2, S/2), parts: (P, S/4, S/4), heat: (L, S/4, S/4), all probabilities.
        logs: attribute -> (n,) log probabilities.
        illuminant: (2,) natural logarithms of red and of blue over green that white cloth has.
        exposure: stops by which the garment is to be brightened.
        white: probability that its cloth is white.
    """

    affine: FloatArray
    mask: FloatArray
    parts: FloatArray
    heat: FloatArray
    logs: Mapping[str, FloatArray]
    illuminant: FloatArray
    exposure: float
    white: float


class _LastReadings:
    """Cache of the latest readings by what was read: rights are checked for a photo that was read already."""

    def __init__(self, most: int = 4) -> None:
        self._kept: OrderedDict[bytes, PhotoReading] = OrderedDict()
        self._most, self._lock = most, Lock()

    def get(self, key: bytes) -> PhotoReading | None:
        with self._lock:
            return self._kept.get(key)

    def keep(self, key: bytes, reading: PhotoReading) -> None:
        with self._lock:
            self._kept[key] = reading
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


_LAST = _LastReadings()


def read_photo(network: GarmentReaderNet, rgb: ByteArray) -> PhotoReading:
    """Read a photo, with a cache of the latest readings.

    Args:
        network: from ``load_network``.
        rgb: (H, W, 3) uint8 sRGB.
    """
    key = hashlib.sha256(rgb.tobytes() + repr((rgb.shape, id(network))).encode()).digest()
    kept = _LAST.get(key)
    if kept is None:
        kept = _read(network, rgb)
        _LAST.keep(key, kept)
    return kept


def _read(network: GarmentReaderNet, rgb: ByteArray) -> PhotoReading:
    height, width = rgb.shape[:2]
    scale = min(1.0, _WORK_SIDE / max(height, width))
    small = cv2.resize(rgb, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    first = _look(network, small, whole_view(small.shape[:2]))
    points, _ = _points(first)
    second = _look(network, small, _upright(first, points))
    points, confidence = _points(second)
    size = small.shape[1::-1]
    outline, surface = read_mask_and_surface(network, small, second.affine)
    coarse = cv2.warpAffine(second.mask, to_photo(second.affine, 2), size, flags=cv2.INTER_LINEAR)
    mask = coarse if (second.mask > 0.5).mean() < _LEAST_SEEN else _together(coarse, outline)
    parts = [cv2.warpAffine(plane, to_photo(second.affine, 4), size, flags=cv2.INTER_LINEAR) for plane in second.parts]
    ratio = np.array([width / size[0], height / size[1]])
    logs: dict[str, FloatArray] = {name: (first.logs[name] + second.logs[name]) / 2 for name in CHOICES}
    for name, close in _look_closely(network, small, points).items():
        logs[name] = (logs[name] + close) / 2
    logs["made_for"] = first.logs["made_for"]  # what lies around a garment tells its size
    shares = {name: _shares(logs[name]) for name in CHOICES}
    may_be_open = shares["closure"][CHOICES["closure"].index("open")] > _MAY_BE_OPEN
    return PhotoReading(
        mask=mask,
        parts=np.where(mask > 0.5, 1 + np.argmax(parts[1:], axis=0), 0).astype(np.uint8),
        points_px={name: point * ratio for name, point in points.items()},
        confidence=confidence,
        shares=shares,
        surface=replace(
            surface.scaled(float(ratio[0])),
            illuminant=first.illuminant,
            exposure=first.exposure,
            white=first.white,
        ),
        parted=_look_along_front(network, small, points) if may_be_open else 0.0,
    )


def _together(coarse: FloatArray, outline: FloatArray) -> FloatArray:
    """Return the probability of the garment that two masks give together."""
    odds = [logit(np.clip(mask, _BOUND, 1 - _BOUND)) for mask in (coarse, outline)]
    return np.asarray(expit(_COARSE_COUNTS * odds[0] + (1 - _COARSE_COUNTS) * odds[1]), np.float32)


def _shares(logs: FloatArray) -> FloatArray:
    shares = np.exp(logs - logs.max())
    return np.asarray(shares / shares.sum())


def whole_view(size: tuple[int, ...]) -> FloatArray:
    """Return the (2, 3) map of a picture of (height, width) pixels to the middle of the first look's view."""
    scale = 0.95 * SIZE / max(size)
    return np.array([[scale, 0, (SIZE - scale * size[1]) / 2], [0, scale, (SIZE - scale * size[0]) / 2]])


def _upright(look: _Look, points: Mapping[str, FloatArray]) -> FloatArray:
    """Return the (2, 3) map that turns the garment of a first look upright and makes it fill the view."""
    kind = CHOICES["category"][int(look.logs["category"].argmax())]
    axis = _LOWER_AXES.get("trousers" if kind == "shorts" else kind, _UPPER_AXIS)
    top, low = (np.mean([points[name] for name in names], axis=0) for names in axis)
    way = low - top
    angle = float(np.arctan2(way[0], way[1]))
    if abs(np.degrees(angle)) < _TURNED_DEG:
        angle = 0.0
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    back = to_photo(look.affine, 2)
    rows, columns = np.nonzero(look.mask > 0.5)
    if len(rows) < 12:
        return look.affine
    spots = np.stack([columns, rows], axis=1) @ back[:, :2].T + back[:, 2] + 0.5
    turned = spots @ rotation.T
    low_, high = np.percentile(turned, 0.5, axis=0), np.percentile(turned, 99.5, axis=0)
    scale = _FILLS * SIZE / max(float((high - low_).max()), 8.0)
    return np.column_stack([scale * rotation, SIZE / 2 - scale * (low_ + high) / 2])


def _look(network: GarmentReaderNet, rgb: ByteArray, affine: FloatArray) -> _Look:
    ahead, mirrored = look_both_ways(network, resampled(rgb, affine, SIZE))
    heat = (ahead["heat"][0] + mirrored["heat"][0][_MIRRORED].flip(-1)) / 2
    parts = (ahead["parts"][0] + mirrored["parts"][0][_MIRRORED_PARTS].flip(-1)) / 2
    mask = (ahead["mask"][0] + mirrored["mask"][0].flip(-1)) / 2
    logs = {name: _log_shares(ahead[name], mirrored[name]) for name in CHOICES}
    cells = heat.shape[-1]
    return _Look(
        affine,
        mask.sigmoid().numpy(),
        parts.softmax(0).numpy(),
        heat.flatten(1).softmax(1).reshape(-1, cells, cells).numpy().astype(np.float64),
        logs,
        ((ahead["illuminant"][0] + mirrored["illuminant"][0]) / 2).numpy().astype(np.float64),
        float((ahead["exposure"][0] + mirrored["exposure"][0]) / 2),
        float(((ahead["white"][0] + mirrored["white"][0]) / 2).sigmoid()),
    )


def _look_closely(network: GarmentReaderNet, rgb: ByteArray, points: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return log probabilities of the attributes that the neck shows; those of lower garments are not used."""
    affine = closeup(points)
    if affine is None:
        return {}
    ahead, mirrored = look_both_ways(network.look_closely, resampled(rgb, affine, CLOSE_SIZE))
    return {name: _log_shares(ahead[name], mirrored[name]) for name in ahead}


def _look_along_front(network: GarmentReaderNet, rgb: ByteArray, points: Mapping[str, FloatArray]) -> float:
    """Return the probability that a front is open."""
    affine = front_closeup(points)
    if affine is None:
        return 0.0
    ahead, mirrored = look_both_ways(network.open_front, resampled(rgb, affine, FRONT_SIZE))
    return float(((ahead + mirrored) / 2).sigmoid())


def read_neck(network: GarmentReaderNet, rgb: ByteArray, neck: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Separate the front's cloth from the opening of its neck.

    Args:
        network: from ``load_network``.
        rgb: (H, W, 3) uint8 sRGB, the photo.
        neck: (2,) its landmarks: left and right neck point, and lowest point of the front's edge.
    Returns:
        (S, S) float32 probability of the front, valid near its edge, and the (2, 3) map from the photo to its cells.
    """
    return _read_closeup(network.front_of_neck, rgb, neck_closeup(neck))


def read_collar(network: GarmentReaderNet, rgb: ByteArray, neck: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Find a collar's outer face, or a lapel's; arguments and result are like those of ``read_neck``."""
    return _read_closeup(network.leaves_of_collar, rgb, collar_closeup(neck))


def read_edge(
    network: GarmentReaderNet, rgb: ByteArray, left: FloatArray, right: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Separate the front's cloth from what lies beyond its waist or hem; the result is like that of ``read_neck``.

    Args:
        network: from ``load_network``.
        rgb: (H, W, 3) uint8 sRGB, the photo.
        left: one end of the edge, see ``edge_closeup``.
        right: the other.
    """
    return _read_closeup(network.front_of_edge, rgb, edge_closeup(left, right))


def _read_closeup(
    look: Callable[[torch.Tensor], torch.Tensor], rgb: ByteArray, affine: FloatArray
) -> tuple[FloatArray, FloatArray]:
    ahead, mirrored = look_both_ways(look, resampled(rgb, affine, NECK_SIZE))
    told = ((ahead[0] + mirrored[0].flip(-1)) / 2).sigmoid().numpy()
    return np.asarray(told, np.float32), affine * (len(told) / NECK_SIZE)


def _log_shares(*looks: torch.Tensor) -> FloatArray:
    """Return the (n,) mean log probabilities of the scores (1, n) of several looks."""
    logs = [log_softmax(scores[0].numpy().astype(np.float64)) for scores in looks]
    return np.asarray(np.mean(logs, axis=0))


def _points(look: _Look) -> tuple[dict[str, FloatArray], dict[str, float]]:
    """Return each landmark's place and confidence: mean and sum of the heat within two cells of its peak."""
    inverse = cv2.invertAffineTransform(look.affine)
    points, confidence = {}, {}
    cells = look.heat.shape[-1]
    y, x = np.mgrid[:cells, :cells]
    for name, heat in zip(LANDMARKS, look.heat, strict=True):
        row, column = np.unravel_index(int(heat.argmax()), heat.shape)
        near = heat * ((np.abs(y - row) <= 2) & (np.abs(x - column) <= 2))
        total = float(near.sum())
        spot = 4 * np.array([(near * (x + 0.5)).sum(), (near * (y + 0.5)).sum()]) / max(total, 1e-12)
        points[name] = inverse[:, :2] @ spot + inverse[:, 2]
        confidence[name] = total
    return points, confidence
