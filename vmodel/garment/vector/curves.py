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
_FLAGS: Final = (3, 4)
"""Places of an arc's flags among its numbers: one digit each, which needs no gap after it."""
# Possessive, so that no run of characters is tried in more than one way: the text is a stranger's.
_NUMBER_TEXT: Final = r"[-+]?+(?:[0-9]++\.?+[0-9]*+|\.[0-9]++)(?:[eE][-+]?+[0-9]++)?+"
_COMMAND: Final = re.compile(r"[\s,]*+([MmLlHhVvCcSsQqTtAaZz])")
_NUMBER: Final = re.compile(rf"[\s,]*+({_NUMBER_TEXT})")
_FLAG: Final = re.compile(r"[\s,]*+([01])")
_END: Final = re.compile(r"[\s,]*+\Z")
_LENGTH: Final = re.compile(rf"\s*+({_NUMBER_TEXT})\s*+([a-z]*+)\s*+")
_STEP: Final = re.compile(r"[\s,]*+(\w++)\s*+\(([^()]*+)\)")
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
    command = ""
    numbers: list[float] = []
    at = 0
    while not _END.match(d, at):
        letter = _COMMAND.match(d, at)
        if letter is not None:
            if numbers:
                raise ValueError("a path lacks numbers")
            command, at = letter[1], letter.end()
            if command in "Zz":
                yield command, np.zeros(0)
            continue
        number = (_FLAG if command in ("A", "a") and len(numbers) in _FLAGS else _NUMBER).match(d, at)
        if number is None:
            raise ValueError("a path holds what is no path")
        if command in ("", "Z", "z"):
            raise ValueError("a path has numbers without a command")
        numbers.append(float(number[1]))
        at = number.end()
        if len(numbers) == _COUNTS[command.upper()]:
            yield command, np.array(numbers)
            numbers = []
            command = {"M": "L", "m": "l"}.get(command, command)
    if numbers:
        raise ValueError("a path lacks numbers")


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
    total, at = np.eye(3), 0
    while not _END.match(text, at):
        step = _STEP.match(text, at)
        if step is None:
            raise ValueError("a transform cannot be read")
        n = [float(word) for word in re.split(r"[\s,]+", step[2].strip()) if word]
        total, at = total @ _step(step[1], n), step.end()
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


def split_length(text: str) -> tuple[float, str]:
    """Split a length of a drawing's page into its number and its unit, which may be empty.

    Raises:
        ValueError: it is no length.
    """
    match = _LENGTH.fullmatch(text)
    if match is None:
        raise ValueError(text[:40])
    return float(match[1]), match[2]


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
