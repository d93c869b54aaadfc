"""Check that every opening of a garment is passed by the right limb: this property of worn cloth cannot be faked.

An opening is a closed loop of cloth edges. A line through the body, from inside the garment out along a limb, goes
through the limb's opening exactly once, but not at all through an armhole that slipped beside the arm.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from vmodel.drape.cloth.mesh import Cloth
from vmodel.types import FloatArray, Garment, IntArray, Neckline, PosedBody

BEYOND_M = 1.0
"""Length by which a limb's line continues past hand, foot and head: cuffs and hems may hang over them."""
PAST_HAND_M = 0.1
"""Largest distance from a hand's line of a sleeve end that hangs over the hand."""
LEAST_PARTICLES = 6


def unthreaded_openings(garment: Garment, cloth: Cloth, positions_m: FloatArray, posed: PosedBody) -> list[str]:
    """Return the names of openings whose limb does not go through them.

    Args:
        garment: for the openings it must have.
        cloth: its particles.
        positions_m: (N, 3) of the particles.
        posed: the body they are on.
    """
    lines = limb_lines(posed)
    wanted = {name: line for name, line in lines.items() if _counts(garment, name)}
    points = np.asarray(positions_m, float)
    return [
        name
        for name, loop in named_loops(cloth).items()
        if name in wanted
        and not _lies_on_foot(name, points[loop], posed)
        and not _lies_past_hand(name, points[loop], posed)
        and abs(windings(points[loop], wanted[name])) != 1
    ]


def _lies_on_foot(name: str, loop: FloatArray, posed: PosedBody) -> bool:
    """Return whether a leg's end reaches the ankle: it breaks over heel and instep, and no single line passes it."""
    short = {"leg_left": "L", "leg_right": "R"}.get(name)
    return short is not None and float(np.median(loop[:, 2])) < float(posed.joints_m[f"foot.{short}"][2])


def _lies_past_hand(name: str, loop: FloatArray, posed: PosedBody) -> bool:
    """Return whether a sleeve's end hangs over the fingers: it is empty there, so it may close or lie askew."""
    short = {"cuff_left": "L", "cuff_right": "R"}.get(name)
    if short is None:
        return False
    wrist, knuckle = (np.asarray(posed.joints_m[f"{bone}.{short}"], float) for bone in ("wrist", "finger3-1"))
    hand = float(np.linalg.norm(knuckle - wrist))
    along = (loop - wrist) @ (knuckle - wrist) / hand
    beside = np.linalg.norm(loop - wrist - along[:, None] * (knuckle - wrist) / hand, axis=1)
    return float(np.median(along)) > hand and float(np.median(beside)) < PAST_HAND_M


def _counts(garment: Garment, name: str) -> bool:
    """Return whether an opening counts: bare tops have no neck to speak of, and open fronts form no closed loop."""
    return not (name == "neck" and garment.kind.neckline == Neckline.STRAPLESS)


def limb_lines(posed: PosedBody) -> Mapping[str, FloatArray]:
    """Return opening -> (P, 3) metres, the line that must pass it, from inside the garment outwards."""
    joints = {name: np.asarray(at, float) for name, at in posed.joints_m.items()}
    both = {name: (joints[f"{name}.L"] + joints[f"{name}.R"]) / 2 for name in _PAIRED}
    up = [joints["spine01"], joints["neck01"], joints["head"]]
    lines = {
        "neck": [joints["spine03"], *up],
        "waist": [both["upperleg01"] - (0, 0, 0.06), joints["spine04"], joints["spine03"], *up],
        "hem": [joints["spine01"], joints["spine03"], joints["root"], both["lowerleg01"], both["foot"]],
    }
    for side, short in (("left", "L"), ("right", "R")):
        arm = [joints[f"{bone}.{short}"] for bone in ("upperarm01", "lowerarm01", "wrist", "finger3-1")]
        # From well inside the trunk: a bare back's opening reaches from one arm to the other.
        lines[f"cuff_{side}"] = lines[f"armhole_{side}"] = [joints["spine03"], both["upperarm01"] - (0, 0, 0.03), *arm]
        # From above the hip joint, which lies outside a high leg opening.
        leg = [joints["spine03"], *(joints[f"{bone}.{short}"] for bone in ("upperleg01", "lowerleg01", "foot"))]
        # A long leg breaks on the foot: it goes round heel and instep there.
        lines[f"leg_{side}"] = [*leg, (leg[-1] + joints[f"toe1-1.{short}"]) / 2 - (0, 0, 0.08)]
    return {name: _carried_on(np.stack(line)) for name, line in lines.items()}


_PAIRED = ("upperarm01", "upperleg01", "lowerleg01", "foot")


def _carried_on(line: FloatArray) -> FloatArray:
    last = line[-1] - line[-2]
    return np.vstack([line, line[-1] + last / max(float(np.linalg.norm(last)), 1e-9) * BEYOND_M])


def named_loops(cloth: Cloth) -> dict[str, IntArray]:
    """Return opening -> particles round it in order, without branching loops, front openings and mere slits."""
    named: dict[str, set[int]] = {}
    for (_, edge), particles in cloth.edge_particles.items():
        named.setdefault(edge, set()).update(particles.tolist())
    loops = {}
    for loop in _loops(cloth):
        here = set(loop.tolist())
        if any(here & particles for name, particles in named.items() if name.startswith("front_opening")):
            continue
        shares = {name: len(here & particles) for name, particles in named.items() if name.startswith(_OPENINGS)}
        best = max(shares, key=lambda name: shares[name], default="")
        if shares.get(best, 0) >= LEAST_PARTICLES:
            loops[best] = loop
    return loops


_OPENINGS = ("neck", "waist", "hem", "cuff", "armhole", "leg_")


def _loops(cloth: Cloth) -> list[IntArray]:
    """Return closed rings of open edges in which every particle has two neighbours."""
    edges = np.asarray(cloth.open_edges)
    degree = np.bincount(edges.ravel(), minlength=cloth.count)
    graph = coo_matrix((np.ones(len(edges)), edges.T), (cloth.count, cloth.count))
    _, label = connected_components(graph, directed=False)
    loops = []
    for ring in np.unique(label[edges[:, 0]]):
        own = edges[label[edges[:, 0]] == ring]
        if (degree[own.ravel()] == 2).all():
            loops.append(_in_order(own))
    return loops


def _in_order(edges: IntArray) -> IntArray:
    neighbours: dict[int, list[int]] = {}
    for a, b in edges.tolist():
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    start = int(edges[0, 0])
    before, here, ring = start, neighbours[start][0], [start]
    while here != start:
        ring.append(here)
        first, second = neighbours[here]
        before, here = here, second if first == before else first
    return np.array(ring)


def windings(loop: FloatArray, line: FloatArray) -> int:
    """Count how often a line goes through a loop, one way counting against the other.

    Args:
        loop: (K, 3) points round it.
        line: (P, 3) points along it.
    """
    centre = loop.mean(axis=0)
    a, b = loop - centre, np.roll(loop, -1, axis=0) - centre
    total = 0
    for tail, head in zip(line[:-1] - centre, line[1:] - centre, strict=True):
        way = head - tail
        normal = np.cross(a, b)
        facing = normal @ way
        flat = np.abs(facing) < 1e-15
        share = -(normal @ tail) / np.where(flat, 1.0, facing)
        hit = tail + share[:, None] * way
        # The foot in the fan's triangle: both coordinates along its two sides positive, their sum at most one.
        size = np.maximum((normal**2).sum(axis=1), 1e-24)
        u = (np.cross(hit, b) * normal).sum(axis=1) / size
        v = (np.cross(a, hit) * normal).sum(axis=1) / size
        through = ~flat & (share >= 0) & (share < 1) & (u >= 0) & (v >= 0) & (u + v <= 1)
        total += int(np.sign(facing[through]).sum())
    return total
