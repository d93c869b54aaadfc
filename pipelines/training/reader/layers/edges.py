"""Train the layers that find where a front ends: ``python -m pipelines.training.reader.layers.edges --photos DIR``.

``edges.jsonl`` has edges of waists and hems that were drawn by eye over close-ups of photos: where the outer face of a
front ends, and the inside of the back, a lining, a label or ground begins. The encoder stays as it is, so that nothing
else that the reader says changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from pipelines.training.reader.augment import relit
from pipelines.training.reader.layers.closeups import VIEWS, LabelledEdge, View, fit_decoder, jittered, read_edges, run
from vmodel.garment.recognition.closeup import edge_closeup
from vmodel.garment.recognition.network import NECK_SIZE, GarmentReaderNet
from vmodel.garment.recognition.views import resampled

EDGES: Final = Path(__file__).with_name("edges.jsonl")
_BESIDE: Final = 0.15
"""Distance from an edge within which front and other pixels have goals, as a share of the close-up."""
_ENDS_OFF: Final = 0.04
"""Deviation of the reader's landmarks, which place close-ups, in widths of the edge."""


def view_of(labelled: LabelledEdge, rng: np.random.Generator | None) -> View:
    """Return the close-up of an edge as the reader may cut it out.

    Args:
        labelled: with its edge.
        rng: draws the reader's errors and another light; None for the close-up as the edge has it.
    Returns:
        (NECK_SIZE, NECK_SIZE, 3) uint8, and (NECK_SIZE / 4, NECK_SIZE / 4) float32 share of the front, and the
            weight of that goal.
    """
    right, left = labelled.edge[0], labelled.edge[-1]
    if rng is None:
        affine = edge_closeup(left, right)
    else:
        off = _ENDS_OFF * float(np.linalg.norm(left - right))
        affine = jittered(edge_closeup(*(each + rng.normal(0, off, 2) for each in (left, right))), rng)
    picture = resampled(labelled.rgb, affine, NECK_SIZE)
    edge = labelled.edge @ affine[:, :2].T + affine[:, 2]
    if rng is not None:
        if rng.random() < 0.5:
            picture, edge = np.ascontiguousarray(picture[:, ::-1]), (edge * (-1, 1) + (NECK_SIZE, 0))[::-1]
        picture = relit(picture, rng)
    beyond, asked, between = (np.zeros((NECK_SIZE, NECK_SIZE), np.float32) for _ in range(3))
    line = np.round(16 * (edge - 0.5)).astype(np.int32)
    for field, shift in ((beyond, -2 * NECK_SIZE), (between, -2 * NECK_SIZE), (between, 2 * NECK_SIZE)):
        aside = edge[[-1, 0]] + (0, shift)
        cv2.fillPoly(field, [np.vstack([line, np.round(16 * aside).astype(np.int32)])], 1.0, cv2.LINE_AA, 4)
    cv2.polylines(asked, [line], False, 1.0, 2 * round(_BESIDE * NECK_SIZE), shift=4)
    quarter = (NECK_SIZE // 4, NECK_SIZE // 4)
    front, weight = (cv2.resize(each, quarter, interpolation=cv2.INTER_AREA) for each in (1 - beyond, asked * between))
    return picture, front.astype(np.float32), weight.astype(np.float32)


def fit(network: GarmentReaderNet, edges: list[LabelledEdge], rng: np.random.Generator, views: int = VIEWS) -> None:
    """Fit ``network.edge``; see ``fit_decoder``."""
    fit_decoder(network.edge, network.front_of_edge, edges, view_of, rng, views)


def main() -> None:
    """Run from the command line."""
    run(__doc__, lambda network, photos, rng: fit(network, list(read_edges(photos, EDGES)), rng))


if __name__ == "__main__":
    main()
