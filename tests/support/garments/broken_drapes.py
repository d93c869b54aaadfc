"""Drapes broken on purpose, made from a correctly worn garment: effects of misreadings and slipped cloth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from vmodel.body.model.body import Body
from vmodel.quality.wear.chart import BodyChart
from vmodel.quality.wear.views import WornView
from vmodel.types import BoolArray, Drape, FloatArray, Garment, PosedBody


@dataclass(frozen=True, eq=False)
class Worn:
    """A correctly worn garment, and the data needed to break it."""

    garment: Garment
    drape: Drape
    body: Body
    posed: PosedBody

    @property
    def view(self) -> WornView:
        return WornView(self.garment, self.drape, BodyChart(self.body, self.posed))

    @property
    def points(self) -> FloatArray:
        return np.array(self.drape.vertices_m, float)

    def joint(self, name: str) -> FloatArray:
        return np.asarray(self.posed.joints_m[name], float)

    @property
    def axis(self) -> FloatArray:
        """(2,) x and y of the trunk."""
        return (self.joint("spine03") + self.joint("root"))[:2] / 2

    def moved(self, points: FloatArray) -> Drape:
        return replace(self.drape, vertices_m=points.astype(np.float32))

    def of(self, triangles: BoolArray) -> BoolArray:
        """Return (N,) bool: vertices of the chosen triangles."""
        found = np.zeros(len(self.drape.vertices_m), bool)
        found[self.drape.triangles[triangles]] = True
        return found

    def without(self, triangles: BoolArray) -> Drape:
        """Cut a hole into the cloth."""
        kept, drape = ~triangles, self.drape
        return replace(
            drape,
            triangles=drape.triangles[kept],
            texture_px=drape.texture_px[kept],
            texture=drape.texture[kept],
            panel=drape.panel[kept],
        )


Break = Callable[[Worn], Drape]


def shifted(right: float = 0.0, back: float = 0.0, up: float = 0.0) -> Break:
    """Move the whole garment in metres: to the wearer's left, back, and up."""
    return lambda worn: worn.moved(worn.points + np.array((right, back, up)))


def shifted_to(joint: str, by: float = 0.0) -> Break:
    """Move the garment so that its top lies at the height of a joint."""

    def broken(worn: Worn) -> Drape:
        points = worn.points
        return worn.moved(points + np.array((0, 0, worn.joint(joint)[2] + by - points[:, 2].max())))

    return broken


def fallen(worn: Worn) -> Drape:
    """Drop the garment to the floor, in a heap."""
    points = worn.points
    points[:, 2] = 0.004 + 0.08 * (points[:, 2] - points[:, 2].min())
    return worn.moved(points)


def fallen_round_the_feet(worn: Worn) -> Drape:
    points = worn.points
    points[:, 2] -= points[:, 2].min() - 0.003
    return worn.moved(points)


def twisted(degrees: float) -> Break:
    """Turn the garment about the body, which stays."""

    def broken(worn: Worn) -> Drape:
        points, turn = worn.points, np.radians(degrees)
        x, y = (points[:, :2] - worn.axis).T
        points[:, 0] = np.cos(turn) * x - np.sin(turn) * y + worn.axis[0]
        points[:, 1] = np.sin(turn) * x + np.cos(turn) * y + worn.axis[1]
        return worn.moved(points)

    return broken


def mirrored(worn: Worn) -> Drape:
    """Exchange left and right; the outside stays outside."""
    points = worn.points
    points[:, 0] = 2 * worn.axis[0] - points[:, 0]
    return _turned_over(worn.moved(points))


def inside_out(worn: Worn) -> Drape:
    return _turned_over(worn.drape)


def _turned_over(drape: Drape) -> Drape:
    return replace(
        drape, triangles=np.ascontiguousarray(drape.triangles[:, ::-1]), texture_px=drape.texture_px[:, ::-1].copy()
    )


def upside_down(worn: Worn) -> Drape:
    """Put the hem where the top was; the front stays in front."""
    points = worn.points
    points[:, 2] = points[:, 2].max() + points[:, 2].min() - points[:, 2]
    points[:, 0] = 2 * worn.axis[0] - points[:, 0]
    return worn.moved(points)


def tilted(degrees: float) -> Break:
    """Tilt the garment to a side about its own middle."""

    def broken(worn: Worn) -> Drape:
        points, turn = worn.points, np.radians(degrees)
        middle = points.mean(axis=0)
        x, z = points[:, 0] - middle[0], points[:, 2] - middle[2]
        points[:, 0] = np.cos(turn) * x - np.sin(turn) * z + middle[0]
        points[:, 2] = np.sin(turn) * x + np.cos(turn) * z + middle[2]
        return worn.moved(points)

    return broken


def scaled(across: float = 1.0, along: float = 1.0) -> Break:
    """Stretch or shrink the garment about the body's axis and its own top."""

    def broken(worn: Worn) -> Drape:
        points = worn.points
        points[:, :2] = worn.axis + across * (points[:, :2] - worn.axis)
        top = points[:, 2].max()
        points[:, 2] = top + along * (points[:, 2] - top)
        return worn.moved(points)

    return broken


def hem_pulled_up(worn: Worn) -> Drape:
    """Bunch up everything below the armpits under the arms."""
    points = worn.points
    level = worn.joint("upperarm01.L")[2] - 0.14
    below = points[:, 2] < level
    points[below, 2] = level + 0.08 * (points[below, 2] - level)
    return worn.moved(points)


def sleeve_off(number: int, way: tuple[float, float, float] = (0.0, -0.25, -0.1)) -> Break:
    """Move a sleeve away from its arm; 1 is the left one."""

    def broken(worn: Worn) -> Drape:
        points = worn.points
        points[worn.of(worn.view.sleeve == number)] += way
        return worn.moved(points)

    return broken


def sleeve_torn_away(number: int) -> Break:
    return lambda worn: worn.without(worn.view.sleeve == number)


def sleeve_on_the_other_arm(number: int) -> Break:
    def broken(worn: Worn) -> Drape:
        points, own = worn.points, worn.of(worn.view.sleeve == number)
        points[own, 0] = 2 * worn.axis[0] - points[own, 0]
        return worn.moved(points)

    return broken


def sleeve_pushed_through(number: int) -> Break:
    """Flatten a sleeve on the arm's inner side, so that the arm pokes out."""

    def broken(worn: Worn) -> Drape:
        points, own = worn.points, worn.of(worn.view.sleeve == number)
        side = "L" if number == 1 else "R"
        elbow, shoulder = worn.joint(f"lowerarm01.{side}"), worn.joint(f"upperarm01.{side}")
        inward = 0.09 * np.sign(worn.axis[0] - shoulder[0])
        middle = (elbow + shoulder) / 2
        points[own, 0] = middle[0] + inward + 0.15 * (points[own, 0] - middle[0])
        return worn.moved(points)

    return broken


def sleeve_bunched(number: int) -> Break:
    """Draw a sleeve up to the shoulder."""

    def broken(worn: Worn) -> Drape:
        points, own = worn.points, worn.of(worn.view.sleeve == number)
        shoulder = worn.joint(f"upperarm01.{'L' if number == 1 else 'R'}")
        points[own] = shoulder + 0.3 * (points[own] - shoulder)
        return worn.moved(points)

    return broken


def hole(joint: str, front: bool, radius: float = 0.1, up: float = 0.0) -> Break:
    """Cut a round piece out of front or back at the height of a joint."""

    def broken(worn: Worn) -> Drape:
        view = worn.view
        away = np.hypot(view.middle_m[:, 0] - worn.joint(joint)[0], view.middle_m[:, 2] - worn.joint(joint)[2] - up)
        return worn.without((away < radius) & (view.front == front) & (view.sleeve == 0))

    return broken


def parted(joint: str, front: bool = True, radius: float = 0.13) -> Break:
    """Push cloth aside, so that the body shows in a round gap; nothing is missing."""

    def broken(worn: Worn) -> Drape:
        points, side = worn.points, worn.of(worn.view.front == front)
        centre = worn.joint(joint)
        offset = points[:, [0, 2]] - centre[[0, 2]]
        away = np.linalg.norm(offset, axis=1)
        near = side & (away < radius) & (away > 1e-4)
        points[np.ix_(near, [0, 2])] = centre[[0, 2]] + offset[near] / away[near, None] * radius
        return worn.moved(points)

    return broken


def sunk(joint: str, deep_m: float = 0.05, reach_m: float = 0.15) -> Break:
    """Sink the front into the body round a joint."""

    def broken(worn: Worn) -> Drape:
        points, side = worn.points, worn.of(worn.view.front)
        near = side & (np.linalg.norm(points[:, [0, 2]] - worn.joint(joint)[[0, 2]], axis=1) < reach_m)
        points[near, 1] += deep_m
        return worn.moved(points)

    return broken


def spiked(worn: Worn) -> Drape:
    points = worn.points
    points[:: len(points) // 9] += (0.1, -0.3, 0.2)
    return worn.moved(points)


def one_spike(worn: Worn) -> Drape:
    points = worn.points
    points[len(points) // 2] += (0.15, -0.3, 0.0)
    return worn.moved(points)


def not_a_number(worn: Worn) -> Drape:
    points = worn.points
    points[7] = np.nan
    return worn.moved(points)


def collapsed(worn: Worn) -> Drape:
    points = worn.points
    return worn.moved(points.mean(axis=0) + 0.01 * (points - points.mean(axis=0)))


def crumpled(worn: Worn) -> Drape:
    """Throw every particle a few centimetres from its place."""
    chance = np.random.default_rng(0)
    return worn.moved(worn.points + chance.normal(0, 0.03, worn.points.shape))


def no_cloth(worn: Worn) -> Drape:
    return worn.without(np.ones(len(worn.drape.triangles), bool))


def only_the_print(worn: Worn) -> Drape:
    """Keep the middle of the front only, as a cut-out that lost the cloth and kept the print."""
    view = worn.view
    half = np.abs(view.middle_cm[:, 0]).max()
    return worn.without(~(view.front & (np.abs(view.middle_cm[:, 0]) < 0.35 * half)))


def print_turned(degrees: float) -> Break:
    """Turn the pictures of front and back about the garment's middle; the cloth stays."""

    def broken(worn: Worn) -> Drape:
        shown, turn = np.array(worn.drape.texture_px, float), np.radians(degrees)
        middle = (shown.reshape(-1, 2).min(0) + shown.reshape(-1, 2).max(0)) / 2
        matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        return replace(worn.drape, texture_px=((shown - middle) @ matrix.T + middle).astype(np.float32))

    return broken


def print_mirrored(worn: Worn) -> Drape:
    shown = np.array(worn.drape.texture_px)
    shown[..., 0] = shown[..., 0].min() + shown[..., 0].max() - shown[..., 0]
    return replace(worn.drape, texture_px=shown)


def print_shifted(right_cm: float, down_cm: float) -> Break:
    """Shift the print on the cloth, in cm as the photo shows it."""

    def broken(worn: Worn) -> Drape:
        px_per_cm = float(np.abs(worn.garment.panels[0].panel_to_texture[0, 0]))
        shown = worn.drape.texture_px - np.array([right_cm, down_cm], np.float32) * px_per_cm
        return replace(worn.drape, texture_px=shown)

    return broken


def front_and_back_exchanged(worn: Worn) -> Drape:
    """Put the front's picture on the back."""
    other = np.array([next(k for k, p in enumerate(worn.garment.panels) if p.side != each.side)
                      for each in worn.garment.panels], np.uint8)  # fmt: skip
    return replace(worn.drape, panel=other[worn.drape.panel])


def leg_beside(worn: Worn) -> Drape:
    """Move the left leg of the garment away from the wearer's leg."""
    points, own = worn.points, worn.of(_below_fork(worn, 1))
    points[own] += (0.2, -0.1, 0.0)
    return worn.moved(points)


def legs_on_one(worn: Worn) -> Drape:
    """Put both legs of the garment on the left leg."""
    points, own = worn.points, worn.of(_below_fork(worn, -1))
    points[own, 0] += worn.joint("lowerleg01.L")[0] - worn.joint("lowerleg01.R")[0]
    return worn.moved(points)


def leg_rolled_up(worn: Worn) -> Drape:
    points, own = worn.points, worn.of(_below_fork(worn, 1))
    level = worn.joint("upperleg01.L")[2] - 0.1
    points[own, 2] = np.maximum(points[own, 2], level + 0.1 * (points[own, 2] - level))
    return worn.moved(points)


def leg_torn_away(worn: Worn) -> Drape:
    return worn.without(_below_fork(worn, 1))


def _below_fork(worn: Worn, sign: int) -> BoolArray:
    view, crotch = worn.view, worn.garment.landmarks_cm["crotch"]
    return (view.middle_cm[:, 1] < crotch[1]) & (sign * (view.middle_cm[:, 0] - crotch[0]) > 0)


def hem_slanting(worn: Worn) -> Drape:
    """Draw one side of the hem up to the waist."""
    points = worn.points
    low, high = points[:, 2].min(), worn.joint("spine03")[2]
    left = np.clip((points[:, 0] - worn.axis[0]) / 0.15, 0, 1)
    below = np.clip((high - points[:, 2]) / (high - low), 0, 1)
    points[:, 2] += 0.75 * left * below * (high - low)
    return worn.moved(points)


def sunk_to_the_ankles(worn: Worn) -> Drape:
    """Let the garment down, with the band round the calves."""
    points = worn.points
    high, low = points[:, 2].max(), points[:, 2].min()
    calf = worn.joint("lowerleg01.L")[2] - 0.15
    points[:, 2] = 0.02 + (points[:, 2] - low) / (high - low) * (calf - 0.02)
    return worn.moved(points)
