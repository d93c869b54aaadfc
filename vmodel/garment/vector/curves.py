"""Curves of SVG paths and of pattern files as polylines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np

from vmodel.types import FloatArray

_STEPS: Final = 24
_COUNTS: Final = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7, "Z": 0}
_TOKEN: Final = re.compile(r"([MmLlHhVvCcSsQqTtAaZz])|([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
MOST_COMMANDS: Final = 2000


def bezier(*controls: FloatArray) -> FloatArray:
    """Return (n, 2) points of a Bezier curve of two to four control points."""
    t = np.linspace(0, 1, _STEPS + 1)[:, None]
    points = [np.asarray(control, float) for control in controls]
    while len(points) > 1:
        points = [(1 - t) * first + t * second for first, second in pairwise(points)]
    return np.asarray(np.broadcast_to(points[0], (len(t), 2)))


def arc(start: FloatArray, end: FloatArray, radii: FloatArray, turn_deg: float, large: bool, sweep: bool) -> FloatArray:
    """Return (n, 2) points of an elliptical arc as SVG defines it (implementation note F.6)."""
    start, end, (rx, ry) = np.asarray(start, float), np.asarray(end, float), np.abs(np.asarray(radii, float))
    if min(rx, ry) < 1e-9 or np.allclose(start, end):
        return np.stack([start, end])
    phi = np.radians(turn_deg)
    turn = np.array([[np.cos(phi), np.sin(phi)], [-np.sin(phi), np.cos(phi)]])
    x, y = turn @ (start - end) / 2
    scale = max(1.0, float(np.sqrt((x / rx) ** 2 + (y / ry) ** 2)))
    rx, ry = rx * scale, ry * scale
    under = max(0.0, (rx * ry) ** 2 / ((rx * y) ** 2 + (ry * x) ** 2) - 1.0)
    middle = np.sqrt(under) * np.array([rx * y / ry, -ry * x / rx]) * (-1.0 if large == sweep else 1.0)
    centre = turn.T @ middle + (start + end) / 2
    first, last = (np.arctan2((at[1] - middle[1]) / ry, (at[0] - middle[0]) / rx) for at in ((x, y), (-x, -y)))
    way = last - first
    if sweep and way < 0:
        way += 2 * np.pi
    if not sweep and way > 0:
        way -= 2 * np.pi
    angles = first + np.linspace(0, way, max(2, round(_STEPS * abs(way) / np.pi) + 2))
    points = np.stack([rx * np.cos(angles), ry * np.sin(angles)], axis=1) @ turn + centre
    points[0], points[-1] = start, end
    return np.asarray(points)


def path_lines(d: str) -> list[FloatArray]:
    """Convert a path's data to runs: for each one the (n, 2) points, in the file's unit.

    Raises:
        ValueError: it is no path.
    """
    runs: list[list[FloatArray]] = []
    here = start = np.zeros(2)
    control: FloatArray | None = None
    last = ""
    for count, (command, numbers) in enumerate(_commands(d)):
        if count > MOST_COMMANDS:
            raise ValueError("a path has too many points")
        upper, origin = command.upper(), here if command.islower() else np.zeros(2)
        if upper == "M":
            here = start = origin + numbers
            runs.append([here[None]])
            last = upper
            continue
        if not runs:
            raise ValueError("a path begins without a point")
        if not runs[-1]:
            runs[-1] = [here[None]]
        line, control = _drawn(upper, numbers, origin, here, start, control if last in _SMOOTH.get(upper, "") else None)
        runs[-1].append(line[1:])
        here, last = line[-1], upper
        if upper == "Z":
            runs.append([])
    return [np.concatenate(run) for run in runs if run and sum(map(len, run)) > 1]


_SMOOTH: Final = {"S": "CS", "T": "QT"}


def _commands(d: str) -> Iterator[tuple[str, FloatArray]]:
    if _TOKEN.sub("", d).strip(" ,\t\r\n"):
        raise ValueError("a path holds what is no path")
    command: str = ""
    numbers: list[float] = []
    for letter, number in _TOKEN.findall(_spaced_flags(d)):
        if letter:
            if numbers:
                raise ValueError("a path lacks numbers")
            command = letter
            if letter in "Zz":
                yield letter, np.zeros(0)
            continue
        if command in ("", "Z", "z"):
            raise ValueError("a path has numbers without a command")
        numbers.append(float(number))
        if len(numbers) == _COUNTS[command.upper()]:
            yield command, np.array(numbers)
            numbers = []
            command = {"M": "L", "m": "l"}.get(command, command)
    if numbers:
        raise ValueError("a path lacks numbers")


def _spaced_flags(d: str) -> str:
    """Put spaces around arc flags, which may be written without."""
    number = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
    gap = r"[\s,]*"
    pattern = re.compile(rf"({number}{gap}{number}{gap}{number}{gap})([01]){gap}([01]){gap}(?={number})")

    def spread(match: re.Match[str]) -> str:
        return match[0][0] + pattern.sub(r"\1 \2 \3 ", match[0][1:])

    return re.sub(r"[Aa][^A-Za-z]+", spread, d)


def _drawn(
    upper: str, n: FloatArray, origin: FloatArray, here: FloatArray, start: FloatArray, control: FloatArray | None
) -> tuple[FloatArray, FloatArray | None]:
    """Return the points of one command with its first one, and the control point that a smooth successor mirrors."""
    if upper == "Z":
        return np.stack([here, start]), None
    if upper == "H":
        return np.stack([here, np.array([origin[0] + n[0], here[1]])]), None
    if upper == "V":
        return np.stack([here, np.array([here[0], origin[1] + n[0]])]), None
    if upper == "A":
        return arc(here, origin + n[5:], n[:2], float(n[2]), bool(n[3]), bool(n[4])), None
    points = n.reshape(-1, 2) + origin
    mirrored = here if control is None else 2 * here - control
    if upper in "ST":
        points = np.vstack([mirrored, points])
    if upper == "L":
        return np.stack([here, points[0]]), None
    return bezier(here, *points), points[-2]


def transform_of(text: str) -> FloatArray:
    """Parse an SVG transform attribute to a (2, 3) affine.

    Raises:
        ValueError: it is no transform.
    """
    total = np.eye(3)
    if re.sub(r"\w+\s*\([^()]*\)|[\s,]", "", text):
        raise ValueError("a transform cannot be read")
    for name, arguments in re.findall(r"(\w+)\s*\(([^()]*)\)", text):
        n = [float(word) for word in re.split(r"[\s,]+", arguments.strip()) if word]
        total = total @ _step(name, n)
    return total[:2]


def _step(name: str, n: list[float]) -> FloatArray:
    step = np.eye(3)
    if name == "matrix" and len(n) == 6:
        step[:2] = np.array(n).reshape(3, 2).T
    elif name == "translate" and len(n) in (1, 2):
        step[:2, 2] = (n[0], n[1] if len(n) > 1 else 0.0)
    elif name == "scale" and len(n) in (1, 2):
        step[0, 0], step[1, 1] = n[0], n[-1]
    elif name == "rotate" and len(n) in (1, 3):
        turn = np.radians(n[0])
        step[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
        if len(n) == 3:
            step[:2, 2] = np.array(n[1:]) - step[:2, :2] @ n[1:]
    elif name in ("skewX", "skewY") and len(n) == 1:
        step[0, 1] = np.tan(np.radians(n[0])) if name == "skewX" else 0.0
        step[1, 0] = np.tan(np.radians(n[0])) if name == "skewY" else 0.0
    else:
        raise ValueError("a transform cannot be read")
    return step


def thinned(points: FloatArray, most: int) -> FloatArray:
    """Remove repeated points from a polyline and reduce it to at most ``most`` points.

    Raises:
        ValueError: a coordinate is no number.
    """
    if not np.isfinite(points).all():
        raise ValueError("a coordinate is no number")
    keep = np.concatenate([[True], np.linalg.norm(np.diff(points, axis=0), axis=1) > 1e-6])
    points = points[keep]
    if len(points) <= most:
        return points
    return np.asarray(points[np.unique(np.linspace(0, len(points) - 1, most).round().astype(int))])
