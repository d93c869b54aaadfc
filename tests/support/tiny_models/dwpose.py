"""DWPose at its smallest: ONNX networks with the published inputs and outputs that find joints by their colour."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np

from vmodel.body.pose.dwpose import JOINT_FINDER, PERSON_FINDER
from vmodel.types import ByteArray, FloatArray

GREY = 128
#: RGB of COCO's 17 joints: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles, left before right.
COLOURS = np.array([colour for colour in product((0, GREY, 255), repeat=3) if len({*colour, 0, GREY}) > 2])[:17]
_WHOLE_BODY, _ANCHORS, _CLASSES = 133, 8400, 80
_MEAN, _DEVIATION = np.array([123.675, 116.28, 103.53]), np.array([58.395, 57.12, 57.375])


def write_dwpose(folder: Path, boxes: Sequence[tuple[float, float, float, float]]) -> None:
    """Write both networks.

    Args:
        folder: for the files.
        boxes: (left, top, right, bottom) that the person finder finds in the 640 pixels of any picture, unless bluish.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PERSON_FINDER).write_bytes(person_finder(boxes))
    (folder / JOINT_FINDER).write_bytes(joint_finder())


def draw_joints(shape: tuple[int, int], joints_px: FloatArray, radius: int = 4) -> ByteArray:
    """Draw a disc in its colour at each of COCO's 17 joints on grey, (H, W, 3); nan leaves one out."""
    picture = np.full((*shape, 3), GREY, np.uint8)
    y, x = np.mgrid[: shape[0], : shape[1]]
    for (joint_x, joint_y), colour in zip(joints_px, COLOURS, strict=True):
        picture[np.hypot(x - joint_x, y - joint_y) <= radius] = colour
    return picture


def person_finder(boxes: Sequence[tuple[float, float, float, float]]) -> bytes:
    found = np.zeros((1, _ANCHORS, 5 + _CLASSES), np.float32)
    for place, (left, top, right, bottom) in enumerate(boxes):
        # Cells of the first row of the finest grid, eight pixels wide.
        found[0, place, :2] = (left + right) / 16 - place, (top + bottom) / 16
        found[0, place, 2:4] = np.log([(right - left) / 8, (bottom - top) / 8])
        found[0, place, 4:6] = 0.9, 0.9
    # It was trained on BGR: where the first channel exceeds the last, it finds no person.
    against = np.zeros_like(found)
    against[..., 4] = -1
    nodes = [
        node("ReduceMean", ["images"], "seen", axes=[2, 3], keepdims=1),
        node("Conv", ["seen", "first_over_last"], "signed"),
        node("Relu", ["signed"], "over"),
        node("ReduceMax", ["over"], "doubt", axes=[0, 1, 2, 3], keepdims=0),
        node("Mul", ["against", "doubt"], "less"),
        node("Add", ["found", "less"], "output"),
    ]
    first_over_last = np.array([0.05, 0, -0.05], np.float32).reshape(1, 3, 1, 1)
    weights = {"found": found, "against": against, "first_over_last": first_over_last}
    return model(nodes, weights, {"images": (1, 3, 640, 640)}, {"output": found.shape})


def joint_finder() -> bytes:
    """Return a network whose answer per joint is 1 minus 8 times the distance from its colour, at least 0.

    The further joints of the whole body get 0.
    """
    apart = np.zeros((17 * 6, 3, 1, 1), np.float32)
    level = np.zeros(17 * 6, np.float32)
    for joint, colour in enumerate(COLOURS):
        for channel in range(3):
            for sign, row in ((1, 6 * joint + channel), (-1, 6 * joint + 3 + channel)):
                # The input is normalised; each pair of rows is a channel's distance from the joint's colour, in 0..1.
                apart[row, channel] = sign * _DEVIATION[channel] / 255
                level[row] = sign * (_MEAN[channel] - colour[channel]) / 255
    joined = np.zeros((_WHOLE_BODY, 17 * 6, 1, 1), np.float32)
    for joint in range(17):
        joined[joint, 6 * joint : 6 * joint + 6] = -8
    one = np.where(np.arange(_WHOLE_BODY) < 17, 1, 0).astype(np.float32)
    twice = np.array([1, 1, 2], np.float32)
    nodes = [
        node("Conv", ["input", "apart", "level"], "signed"),
        node("Relu", ["signed"], "distances"),
        node("Conv", ["distances", "joined", "one"], "near"),
        node("Relu", ["near"], "answers"),
        node("ReduceMax", ["answers"], "across", axes=[2], keepdims=0),
        node("ReduceMax", ["answers"], "down", axes=[3], keepdims=0),
        node("Resize", ["across", "", "twice"], "simcc_x"),
        node("Resize", ["down", "", "twice"], "simcc_y"),
    ]
    weights = {"apart": apart, "level": level, "joined": joined, "one": one, "twice": twice}
    outputs = {"simcc_x": (1, _WHOLE_BODY, 576), "simcc_y": (1, _WHOLE_BODY, 768)}
    return model(nodes, weights, {"input": (1, 3, 384, 288)}, outputs)


# ---------------------------------------------------------------- the format: protocol buffers of onnx.proto


def varint(value: int) -> bytes:
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    return bytes([*written, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def text(field: int, value: bytes | str) -> bytes:
    content = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(content)) + content


def node(kind: str, inputs: Sequence[str], output: str, **attributes: int | list[int]) -> bytes:
    written = b"".join(text(1, name) for name in inputs) + text(2, output) + text(4, kind)
    for name, value in attributes.items():
        if isinstance(value, int):
            written += text(5, text(1, name) + number(3, value) + number(20, 2))
        else:
            written += text(5, text(1, name) + b"".join(number(8, each) for each in value) + number(20, 7))
    return written


def tensor(name: str, values: FloatArray) -> bytes:
    dims = b"".join(number(1, side) for side in values.shape)
    return dims + number(2, 1) + text(8, name) + text(9, struct.pack(f"<{values.size}f", *values.ravel().tolist()))


def named_shape(name: str, shape: Sequence[int]) -> bytes:
    sides = b"".join(text(1, number(1, side)) for side in shape)
    return text(1, name) + text(2, text(1, number(1, 1) + text(2, sides)))


def model(
    nodes: Sequence[bytes],
    weights: dict[str, FloatArray],
    inputs: dict[str, tuple[int, ...]],
    outputs: dict[str, tuple[int, ...]],
) -> bytes:
    graph = b"".join(text(1, each) for each in nodes) + text(2, "tiny")
    graph += b"".join(text(5, tensor(name, values)) for name, values in weights.items())
    graph += b"".join(text(11, named_shape(name, shape)) for name, shape in inputs.items())
    graph += b"".join(text(12, named_shape(name, shape)) for name, shape in outputs.items())
    return number(1, 8) + text(7, graph) + text(8, text(1, "") + number(2, 13))
