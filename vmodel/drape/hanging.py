"""Sleeves photographed hanging beside the body are turned out about the shoulder, as an arm turns them.

A sleeve that lies along the side has part of its root folded away: in the photo it is narrower at the armpit than any
arm. That cloth is missing from the cut, whatever size was stated. Turning the sleeve out opens the fold like a fan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from scipy.spatial import cKDTree

from vmodel.body.measure import vertices_on
from vmodel.body.model import Body
from vmodel.drape.cloth import Cloth
from vmodel.drape.sewn_cloth import mesh_cloth
from vmodel.garment.measure import is_sewn
from vmodel.types import BoolArray, FloatArray, Garment

STEEP_DEG = 55.0
"""Sleeves less steep than this lie as they are cut."""
TOO_NARROW, ROOMY = 0.5, 1.1
"""Width at the armpit over half the arm's girth: below the first a sleeve is turned, until it has the second."""
LEVEL_DEG, LEAST_DEG = 35.0, 5.0
"""Sleeves are turned no further out than to the first; a turn by less than the second is not worth it."""
CLOSE_CM = 0.25
UPPER_ARM = (0.35, 0.7)
"""Stretch of the upper arm, from shoulder to elbow, over which its girth is taken."""
_HALVINGS = 14
OUT_OF_REACH_RAD = 2.1
"""Points further round the shoulder than this from the armpit lie on the shoulder, not on the sleeve."""


@dataclass(frozen=True, eq=False)
class _Turn:
    """One sleeve's turn about the shoulder.

    Attributes:
        shoulder, armpit: (2,) cm; the fan has its tip at the first and its inner side ends at the second.
        away: (2,) unit, from the armpit down between sleeve and side.
        length: cm from the armpit to the cuff, along ``away``.
        sleeve, side: points in cm, close together on the outline of either.
        sign: 1 on the left, where sleeves turn counter-clockwise, -1 on the right.
        fan, opened: angle at the shoulder from the armpit to the sleeve's top, and what is added to it, radians.
    """

    shoulder: FloatArray
    armpit: FloatArray
    away: FloatArray
    length: float
    sleeve: cKDTree
    side: cKDTree
    sign: float
    fan: float
    opened: float

    def moved(self, points: FloatArray) -> FloatArray:
        """(n, 2) points after the turn; those of the body stay."""
        return self._rotated(points, self._share(points))

    def undone(self, points: FloatArray) -> FloatArray:
        """(n, 2) points before the turn."""
        low, high = np.zeros(len(points)), np.ones(len(points))
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            further = self._share(self._rotated(points, -middle)) > middle
            low, high = np.where(further, middle, low), np.where(further, high, middle)
        share = np.where(low == 0, 0, np.where(high == 1, 1, (low + high) / 2))
        return self._rotated(points, -share)

    def _rotated(self, points: FloatArray, share: FloatArray) -> FloatArray:
        angle = self.sign * self.opened * share
        cos, sin = np.cos(angle), np.sin(angle)
        x, y = (points - self.shoulder).T
        rotated = self.shoulder + np.stack([cos * x - sin * y, sin * x + cos * y], axis=1)
        return np.where((angle != 0)[:, None], rotated, points)

    def _share(self, points: FloatArray) -> FloatArray:
        """(n,) share of the turn: none on the body, growing across the fan, all of it further down the sleeve."""
        inner, from_shoulder = self.armpit - self.shoulder, points - self.shoulder
        round_it = self.sign * np.arctan2(_cross(inner, from_shoulder), from_shoulder @ inner)
        fan = np.where(round_it < OUT_OF_REACH_RAD, np.clip(round_it / self.fan, 0, 1), 0)
        below = (points - self.armpit) @ self.away / self.length
        depth, left = float(np.linalg.norm(inner)), np.clip(1 - below, 0, 1)
        # The added width lessens towards the cuff, which is as wide as it is.
        further = 1 - depth * left**2 / (depth + self.length * np.clip(below, 0, 1))
        on_sleeve = self.sleeve.query(points)[0] < self.side.query(points)[0]
        return np.where(below <= 0, fan, np.where(on_sleeve, fan + (1 - fan) * further, 0))


def mesh_for(garment: Garment, body: Body, spacing_cm: float) -> tuple[Garment, Cloth]:
    """Cut a garment into particles for a wearer, with hanging sleeves turned out where they are too narrow.

    Args:
        garment: in cm; whatever its size comes from, for the fold is in the photo.
        body: whose arms have to pass.
        spacing_cm: distance of neighbouring particles.
    Returns:
        The garment as it is cut, and the cloth; ``panel_cm`` of the cloth is where the photo shows it.
    Raises:
        DrapeFailed: a panel is too small or its outline crosses itself.
    """
    turns = find_turns(garment, body)
    if not turns:
        return garment, mesh_cloth(garment, spacing_cm)
    panels = tuple(
        replace(
            panel,
            edges={name: _turned(turns, np.asarray(points, float)) for name, points in panel.edges.items()},
            holes=tuple(_turned(turns, np.asarray(points, float)) for points in panel.holes),
        )
        for panel in garment.panels
    )
    if not all(shapely.Polygon(panel.outline_cm).is_valid for panel in panels):  # a gap that was misread
        return garment, mesh_cloth(garment, spacing_cm)
    marks = {name: _turned(turns, np.asarray(at, float)[None])[0] for name, at in garment.landmarks_cm.items()}
    opened_deg = float(np.degrees(np.mean([turn.opened for turn in turns])))
    turned = replace(garment, panels=panels, landmarks_cm=marks, sleeve_angle_deg=garment.sleeve_angle_deg - opened_deg)
    cloth = mesh_cloth(turned, spacing_cm)
    photo_cm, corner = np.unique(cloth.panel_cm.reshape(-1, 2), axis=0, return_inverse=True)
    for turn in turns:
        out = turn.sign * (photo_cm - turn.shoulder)[:, 0] > min(
            0.0, turn.sign * float((turn.armpit - turn.shoulder)[0])
        )
        photo_cm[out] = turn.undone(photo_cm[out])
    return turned, replace(cloth, panel_cm=photo_cm[corner.ravel()].reshape(cloth.panel_cm.shape))


def _turned(turns: tuple[_Turn, ...], points: FloatArray) -> FloatArray:
    for turn in turns:
        points = turn.moved(points)
    return points


def find_turns(garment: Garment, body: Body) -> tuple[_Turn, ...]:
    """How to turn sleeves that hang too narrow at the armpit; empty where none does."""
    if is_sewn(garment) or garment.scale_source in ("design", "pattern") or garment.sleeve_angle_deg < STEEP_DEG:
        return ()
    half_girth = arm_girth_cm(body) / 2
    turns = (_turn(garment, side, sign, half_girth) for side, sign in (("left", 1.0), ("right", -1.0)))
    return tuple(turn for turn in turns if turn is not None)


def arm_girth_cm(body: Body) -> float:
    """Girth of the upper arm, the mean of both."""
    vertices, girths = np.asarray(body.rest.vertices_m, float), []
    for side in "LR":
        shoulder, elbow = (
            np.asarray(body.rest.joints_m[f"{bone}.{side}"], float) for bone in ("upperarm01", "lowerarm01")
        )
        length = float(np.linalg.norm(elbow - shoulder))
        axis = (elbow - shoulder) / length
        along = (vertices - shoulder) @ axis / length
        arm: BoolArray = vertices_on(body.surface, f"upperarm02.{side}".__eq__)
        arm = arm & (along > UPPER_ARM[0]) & (along < UPPER_ARM[1])
        radius = np.linalg.norm(vertices[arm] - shoulder - length * along[arm, None] * axis, axis=1)
        girths.append(2 * np.pi * float(radius.mean()))
    return 100 * float(np.mean(girths))


def _turn(garment: Garment, side: str, sign: float, half_girth_cm: float) -> _Turn | None:
    marks = {name: np.asarray(at, float) for name, at in garment.landmarks_cm.items()}
    names = [f"{name}_{side}" for name in ("shoulder", "armpit", "cuff_inner")]
    lines = _lines(garment, [f"{name}_{side}" for name in ("sleeve_top", "sleeve_under", "side")])
    if lines is None or not all(name in marks for name in names):
        return None
    (top, under, beside), (shoulder, armpit, cuff) = lines, (marks[name] for name in names)
    armpit = _deepest(armpit, under, top, shoulder)
    width = float(np.linalg.norm(top - armpit, axis=1).min())
    depth = float(np.linalg.norm(armpit - shoulder))
    if width > TOO_NARROW * half_girth_cm or depth < 1.0:
        return None
    fan = 2 * np.arcsin(min(width / 2 / depth, 1.0))
    wanted = 2 * np.arcsin(min(ROOMY * half_girth_cm / 2 / depth, 0.9))
    opened = float(min(wanted - fan, np.radians(garment.sleeve_angle_deg - LEVEL_DEG)))
    if opened < np.radians(LEAST_DEG):
        return None
    hem = beside[np.linalg.norm(beside - armpit, axis=1).argmax()]
    away = _unit(_unit(cuff - armpit) + _unit(hem - armpit))
    outlines = cKDTree(np.vstack([_close(top), _close(under)])), cKDTree(_close(beside))
    return _Turn(
        shoulder, armpit, away, max(float((cuff - armpit) @ away), 1.0), *outlines, sign, max(fan, 1e-3), opened
    )


def _close(line: FloatArray) -> FloatArray:
    """The same line with points ``CLOSE_CM`` apart."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    steps = np.linspace(0, along[-1], max(2, round(along[-1] / CLOSE_CM)))
    return np.stack([np.interp(steps, along, line[:, axis]) for axis in (0, 1)], axis=1)


def _lines(garment: Garment, names: list[str]) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Three edges of the first panel that has them all, in cm."""
    for panel in garment.panels:
        if all(name in panel.edges for name in names):
            first, second, third = (np.asarray(panel.edges[name], float) for name in names)
            return first, second, third
    return None


def _deepest(armpit: FloatArray, under: FloatArray, top: FloatArray, shoulder: FloatArray) -> FloatArray:
    """Where the gap between sleeve and side comes nearest to the sleeve's top, at the armpit or above."""
    above = under[np.linalg.norm(under - shoulder, axis=1) <= np.linalg.norm(armpit - shoulder)]
    tried = np.vstack([armpit[None], above])
    apart = np.linalg.norm(tried[:, None] - top[None], axis=2).min(axis=1)
    return np.asarray(tried[int(apart.argmin())])


def _cross(first: FloatArray, second: FloatArray) -> FloatArray:
    return np.asarray(first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0])


def _unit(vector: FloatArray) -> FloatArray:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9))
