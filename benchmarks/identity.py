"""Distances between models' identities: ``python -m benchmarks.identity [--weights]``.

Prints the distances of all pairs of the roster and of disguised twins, from which the threshold of
``vmodel.rights.policy.model_distance`` was chosen. ``--weights`` also measures by how many millimetres the points of a
face move per unit of each number of a model; it builds some 200 bodies.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from vmodel.body.model.roster import Roster, load_roster
from vmodel.config import Settings
from vmodel.rights.policy.model_distance import FACE_MM, PHENOTYPE_MM, TOO_CLOSE_MM, identity_distance, identity_of
from vmodel.types import FloatArray, Hair, VirtualModel

MEASURED_ON = ("wm-ines", "mn-kenji")
MOVED = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3)
TRIES = 20
ANCESTRIES = ("african", "asian", "caucasian")
#: Bounds of the face in metres from the head joint: below the chin, and in front of the ears.
BELOW_M, BEFORE_M = 0.075, 0.02
FACE_SIZE_M = 0.08
BETWEEN: Mapping[str, tuple[float, float]] = {
    "gender": (0.0, 1.0),
    "age": (0.6, 0.9),
    "weight": (0.2, 1.2),
    "muscle": (0.2, 0.8),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the measurements."""
    parser = argparse.ArgumentParser(description="Measure how far models are from being one person.")
    parser.add_argument("--weights", action="store_true", help="measure the weights of the numbers, which takes long")
    asked = parser.parse_args(arguments)
    roster = load_roster(Settings())
    if asked.weights:
        for name, millimetres in measure_weights(roster).items():
            print(f"{name}: {millimetres:.2f}", flush=True)
    for name, found in measure_distances(roster).items():
        print(f"{name}: " + ", ".join(f"{value:.2f}" for value in np.percentile(found, (0, 50, 95, 100))))
    print(f"one person below {TOO_CLOSE_MM} mm (each line: least, median, 95 %, most)")


def measure_distances(roster: Roster) -> dict[str, list[float]]:
    """Return distances in mm of all pairs of the roster, and of each model to twins with moved sliders."""
    known = {model_id: identity_of(model) for model_id, model in roster.items()}
    found = {"pairs of the roster": [identity_distance(one, other) for one, other in combinations(known.values(), 2)]}
    for by in MOVED:
        found[f"twins, sliders moved by up to {by:g}"] = [
            identity_distance(known[model.id], identity_of(disguise(model, by, np.random.default_rng(seed))))
            for model in roster.values()
            for seed in range(TRIES)
        ]
    return found


def disguise(model: VirtualModel, by: float, rng: np.random.Generator) -> VirtualModel:
    """Return the same person with every slider of the face moved by up to ``by``, other hair and darker skin."""
    moved = {
        name: value + by * float(rng.uniform(-1, 1)) if name.removeprefix("l-") in FACE_MM else value
        for name, value in model.local_changes.items()
    }
    red, green, blue = (0.8 * channel for channel in model.skin_tone)
    hair = Hair("bob" if model.hair.style == "bun" else "bun", (0.4, 0.2, 0.1), 20.0)
    return replace(model, local_changes=moved, hair=hair, skin_tone=(red, green, blue))


def measure_weights(roster: Roster) -> dict[str, float]:
    """Return root mean square millimetres by which the points of a face move when a number changes by 1."""
    models = [roster[model_id] for model_id in MEASURED_ON]
    face = _face_points(models[0])
    found = {}
    for name in FACE_MM:
        ends = [[_changed(model, name, value) for value in (0.5, -0.5)] for model in models]
        found[name] = _apart_mm(ends, face)
    for name in PHENOTYPE_MM:
        low, high = BETWEEN[name]
        ends = [[_of_phenotype(model, {name: value}) for value in (low, high)] for model in models]
        found[name] = _apart_mm(ends, face) / (high - low)
    for one, other in combinations(ANCESTRIES, 2):
        pure = [dict.fromkeys(ANCESTRIES, 0.0) | {name: 1.0} for name in (one, other)]
        found[f"{one} to {other}"] = _apart_mm([[_of_phenotype(m, p) for p in pure] for m in models], face)
    return found


def _changed(model: VirtualModel, name: str, value: float) -> VirtualModel:
    names = (f"l-{name}", f"r-{name}") if f"l-{name}" in _both_sided() else (name,)
    return replace(model, local_changes={**model.local_changes, **dict.fromkeys(names, value)})


def _both_sided() -> set[str]:
    return {name for model in load_roster(Settings()).values() for name in model.local_changes if name.startswith("l-")}


def _of_phenotype(model: VirtualModel, values: Mapping[str, float]) -> VirtualModel:
    return replace(model, phenotype={**model.phenotype, **values})


def _apart_mm(ends: Sequence[Sequence[VirtualModel]], face: FloatArray) -> float:
    return float(np.mean([_distance_mm(_aligned(one, face), _aligned(other, face)) for one, other in ends]))


def _face_points(model: VirtualModel) -> FloatArray:
    """Return indices of the vertices that make a face."""
    from vmodel.body.model.body import build_body

    body = build_body(replace(model, expression={}))
    head = body.rest.joints_m["head"]
    used = np.unique(body.rest.faces)
    points = np.asarray(body.rest.vertices_m)[used]
    return np.asarray(used[(points[:, 2] > head[2] - BELOW_M) & (points[:, 1] < head[1] - BEFORE_M)])


def _aligned(model: VirtualModel, face: FloatArray) -> FloatArray:
    """Return (N, 3) points of a face round their middle, with all faces scaled to one size."""
    from vmodel.body.model.body import build_body

    body = build_body(replace(model, expression={}))
    points = np.asarray(body.rest.vertices_m, np.float64)[face]
    points = points - points.mean(0)
    return np.asarray(points / np.sqrt((points**2).sum(1).mean()) * FACE_SIZE_M)


def _distance_mm(one: FloatArray, other: FloatArray) -> float:
    """Return the root mean square distance after the best rotation (Kabsch)."""
    left, _, right = np.linalg.svd(one.T @ other)
    rotation = left @ np.diag([1, 1, np.sign(np.linalg.det(left @ right))]) @ right
    return float(1000 * np.sqrt(((one @ rotation - other) ** 2).sum(1).mean()))


if __name__ == "__main__":
    main(sys.argv[1:])
