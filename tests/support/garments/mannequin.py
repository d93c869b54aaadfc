"""A mannequin of spheres and tubes in a colour-chart shirt: small enough to render in a moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vmodel.body.face.gaze import Eyes
from vmodel.types import (
    BodyPart,
    ByteArray,
    Category,
    Drape,
    DrapeReport,
    FloatArray,
    Garment,
    GarmentKind,
    IntArray,
    Pose,
    PosedBody,
    SkinTextures,
    Strands,
)

SHIRT_LOW_M, SHIRT_HIGH_M = 0.85, 1.4
TORSO_RADIUS_M = 0.15
CHART_PX_PER_M = 400


def tube(low: float, high: float, radius: float, rings: int = 40, sides: int = 72) -> tuple[FloatArray, IntArray]:
    """Return an open cylinder round the z axis, facing outwards."""
    turn = np.arange(sides) * 2 * np.pi / sides
    height = np.linspace(low, high, rings)
    points = np.stack(
        [
            np.tile(radius * np.cos(turn), rings),
            np.tile(radius * np.sin(turn), rings),
            np.repeat(height, sides),
        ],
        axis=1,
    )
    ring, side = np.meshgrid(np.arange(rings - 1), np.arange(sides), indexing="ij")
    a, b = (ring * sides + side).ravel(), (ring * sides + (side + 1) % sides).ravel()
    triangles = np.concatenate([np.stack([a, b, a + sides], 1), np.stack([b, b + sides, a + sides], 1)])
    return points.astype(np.float32), triangles.astype(np.int32)


def ball(centre: tuple[float, float, float], radius: float) -> tuple[FloatArray, IntArray]:
    """Return a sphere, made by closing the ends of a tube."""
    points, triangles = tube(-1, 1, 1.0, rings=24, sides=32)
    lift = np.sin(points[:, 2] * np.pi / 2)
    ring = np.sqrt(np.maximum(1 - lift**2, 1e-6))
    round_ = np.column_stack([points[:, 0] * ring, points[:, 1] * ring, lift])
    return (round_ * radius + centre).astype(np.float32), triangles


@dataclass(frozen=True)
class Mannequin:
    uv: tuple[FloatArray, IntArray]
    face_parts: ByteArray
    points: FloatArray

    def keypoints(self, posed: PosedBody) -> FloatArray:
        return self.points

    def eyes(self, posed: PosedBody) -> Eyes:
        ahead = np.float32([[0, -1, 0], [0, -1, 0]])
        return Eyes(np.stack([posed.joints_m["eye.L"], posed.joints_m["eye.R"]]), ahead)


def make_mannequin(seated: bool = False) -> tuple[Mannequin, PosedBody]:
    pieces = [tube(0.0, 1.45, TORSO_RADIUS_M), ball((0.0, 0.0, 1.62), 0.12)]
    starts = np.cumsum([0] + [len(points) for points, _ in pieces])
    vertices = np.concatenate([points for points, _ in pieces])
    faces = np.concatenate([triangles + start for (_, triangles), start in zip(pieces, starts, strict=False)])
    parts = np.repeat(
        [list(BodyPart).index(BodyPart.SKIN), list(BodyPart).index(BodyPart.FACE)], [len(t) for _, t in pieces]
    )
    joints = {
        "head": (0, 0, 1.55), "neck01": (0, 0, 1.45), "eye.L": (0.03, -0.1, 1.63), "eye.R": (-0.03, -0.1, 1.63),
        "upperleg01.L": (0.08, 0, 0.85), "upperleg01.R": (-0.08, 0, 0.85),
        "lowerleg01.L": (0.08, 0, 0.45), "lowerleg01.R": (-0.08, 0, 0.45),
    }  # fmt: skip
    posed = PosedBody(
        vertices_m=vertices,
        faces=faces.astype(np.int32),
        joints_m={name: np.array(point, np.float32) for name, point in joints.items()},
        bone_poses=np.eye(4, dtype=np.float32)[None],
        pose=Pose("still", {}, seated=seated),
    )
    uv = np.column_stack([np.arctan2(vertices[:, 1], vertices[:, 0]) / (2 * np.pi) + 0.5, vertices[:, 2] / 2])
    keypoints = np.zeros((18, 3), np.float32)
    keypoints[:, 2] = np.linspace(1.7, 0.2, 18)
    keypoints[:, 0] = np.linspace(-0.1, 0.1, 18)
    return Mannequin((uv.astype(np.float32), faces), parts.astype(np.uint8), keypoints), posed


def make_skin() -> SkinTextures:
    """Return skin with a bright green base layer up to the neck, which no picture of a shirt may show."""
    size = 64
    albedo = np.full((size, size, 3), (0.5, 0.3, 0.22), np.float32)
    base = np.zeros((size, size), np.float32)
    row = (np.arange(size) + 0.5) / size
    base[(1 - row) * 2 < 1.44] = 1
    base[(1 - row) * 2 < 0.5] = 0
    albedo[base > 0.5] = (0.0, 0.9, 0.0)
    return SkinTextures(
        albedo, np.full((size, size), 0.5, np.float32), np.zeros((size, size), np.float32), 1 - base, base
    )


def colour_chart() -> ByteArray:
    """Return 24 flat patches, none of them green, 240 by 360 pixels."""
    rng = np.random.default_rng(3)
    patches = rng.integers(40, 215, (4, 6, 3))
    patches[..., 1] = np.minimum(patches[..., 1], np.maximum(patches[..., 0], patches[..., 2]) - 10)
    return np.repeat(np.repeat(patches, 60, axis=0), 60, axis=1).astype(np.uint8)


def make_shirt(radius: float = TORSO_RADIUS_M + 0.008, texture: ByteArray | None = None) -> tuple[Drape, Garment]:
    points, triangles = tube(SHIRT_LOW_M, SHIRT_HIGH_M, radius)
    photo = colour_chart() if texture is None else texture
    height, width = photo.shape[:2]
    x = (points[:, 0] * CHART_PX_PER_M + width / 2).clip(2, width - 2)
    y = height - 10 - (points[:, 2] - SHIRT_LOW_M) * CHART_PX_PER_M
    pixels = np.stack([x, y], axis=1).astype(np.float32)
    edges = np.unique(np.sort(triangles[:, [0, 1]], axis=1), axis=0)
    drape = Drape(
        vertices_m=points,
        triangles=triangles,
        texture_px=pixels[triangles],
        texture=np.zeros(len(triangles), np.uint8),
        panel=np.zeros(len(triangles), np.uint8),
        rest_edges=edges.astype(np.int32),
        rest_lengths_m=np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1).astype(np.float32),
        open_edges=np.zeros((0, 2), np.int32),
        material="cotton",
        report=DrapeReport(0, 0, 1, 1, 1, True, len(points), 1, 0),
    )
    garment = Garment(GarmentKind(Category.TOP, 1.0), (), (), (photo,), {})
    return drape, garment


def make_hair(count: int = 400) -> Strands:
    """Return straight strands that hang from a ring above the mannequin's head to its shoulders."""
    turn = np.linspace(0, np.pi, count)
    drop = np.linspace(0, 1, 8)
    x = np.repeat(0.13 * np.cos(turn)[:, None], 8, axis=1)
    y = np.repeat(0.13 * np.sin(turn)[:, None], 8, axis=1)
    points = np.stack([x, y, 1.7 - 0.3 * np.tile(drop, (count, 1))], axis=-1).astype(np.float32)
    return Strands(
        points_m=points,
        radius_m=np.full((count, 8), 3e-4, np.float32),
        colour=np.tile(np.array([0.05, 0.02, 0.01], np.float32), (count, 1)),
        kind=np.zeros(count, np.uint8),
    )
