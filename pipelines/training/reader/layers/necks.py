"""Train the layers that find the edge of a front's neck.

``necks.jsonl`` has edges that were drawn by eye over close-ups of photos at their full size: where a front ends, its
band included, and its opening begins. The encoder stays as it is, so that nothing else that the reader says changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from pipelines.training.reader.augment import relit
from pipelines.training.reader.layers.closeups import VIEWS, LabelledEdge, View, fit_decoder, jittered, read_edges, run
from vmodel.garment.recognition.closeup import neck_closeup
from vmodel.garment.recognition.network import NECK_SIZE, GarmentReaderNet
from vmodel.garment.recognition.views import resampled
from vmodel.types import ByteArray, FloatArray

EDGES: Final = Path(__file__).with_name("necks.jsonl")
_BESIDE: Final = 0.2
"""Distance from an edge within which front and other pixels have goals, as a share of the close-up."""
_ENDS_OFF, _FRONT_OFF = 0.06, 0.12
"""Deviations of the reader's neck points and of its lowest point, which place close-ups, in widths of the neck."""


def view_of(neck: LabelledEdge, rng: np.random.Generator | None) -> tuple[ByteArray, FloatArray]:
    """Return the close-up of a neck as the reader may cut it out.

    Args:
        neck: with its edge.
        rng: draws the reader's errors and another light; None for the close-up as the edge has it.
    Returns:
        (NECK_SIZE, NECK_SIZE, 3) uint8, and (n, 2) its edge.
    """
    right, left = neck.edge[0], neck.edge[-1]
    chord = (left + right) / 2
    front = chord + max(float(((neck.edge - chord) @ _down(left, right)).max()), 0.0) * _down(left, right)
    if rng is None:
        affine = neck_closeup((left, right, front))
    else:
        wide = float(np.linalg.norm(left - right))
        left, right = (each + rng.normal(0, _ENDS_OFF * wide, 2) for each in (left, right))
        affine = jittered(neck_closeup((left, right, front + rng.normal(0, _FRONT_OFF * wide, 2))), rng)
    picture = resampled(neck.rgb, affine, NECK_SIZE)
    edge = neck.edge @ affine[:, :2].T + affine[:, 2]
    if rng is None:
        return picture, edge
    if rng.random() < 0.5:
        picture, edge = np.ascontiguousarray(picture[:, ::-1]), (edge * (-1, 1) + (NECK_SIZE, 0))[::-1]
    return relit(picture, rng), edge


def _down(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return the (2,) unit vector across the line of the neck points, towards the hem."""
    across = left - right
    return np.array([-across[1], across[0]]) / max(float(np.linalg.norm(across)), 1e-6)


def goal_of(edge: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the network's goal for a close-up.

    Args:
        edge: (n, 2) pixels of the close-up, from left to right.
    Returns:
        (NECK_SIZE / 4, NECK_SIZE / 4) float32 share of the front, and the weight of that goal.
    """
    opening, asked, above = (np.zeros((NECK_SIZE, NECK_SIZE), np.float32) for _ in range(3))
    line = np.round(16 * (edge - 0.5)).astype(np.int32)
    cv2.fillPoly(opening, [line], 1.0, cv2.LINE_AA, 4)
    cv2.polylines(asked, [line], False, 1.0, 2 * round(_BESIDE * NECK_SIZE), shift=4)
    chord = edge[[0, -1]]
    beyond = -2 * NECK_SIZE * _down(chord[1], chord[0])
    way = (chord[1] - chord[0]) * 4
    field = np.array([chord[0] - way, chord[1] + way, chord[1] + way - beyond, chord[0] - way - beyond])
    cv2.fillPoly(above, [np.round(field).astype(np.int32)], 1.0)
    quarter = (NECK_SIZE // 4, NECK_SIZE // 4)
    front, weight = (cv2.resize(each, quarter, interpolation=cv2.INTER_AREA) for each in (1 - opening, asked * above))
    return front.astype(np.float32), weight.astype(np.float32)


def fit(network: GarmentReaderNet, necks: list[LabelledEdge], rng: np.random.Generator, views: int = VIEWS) -> None:
    """Fit ``network.neck``; see ``fit_decoder``."""

    def view(neck: LabelledEdge, rng: np.random.Generator) -> View:
        picture, edge = view_of(neck, rng)
        return picture, *goal_of(edge)

    fit_decoder(network.neck, network.front_of_neck, necks, view, rng, views)


def main() -> None:
    """Run from the command line."""
    run(__doc__, lambda network, photos, rng: fit(network, list(read_edges(photos, EDGES)), rng))


if __name__ == "__main__":
    main()
