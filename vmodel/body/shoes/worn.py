"""Shoes on the feet of a pose: made over the feet at rest, then carried along as the feet bend."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from vmodel.body.shoes.catalogue import CANVAS, ShoeLook
from vmodel.body.shoes.last import ShoeLast
from vmodel.body.shoes.sock import Sock
from vmodel.types import BoolArray, ByteArray, FloatArray, IntArray, PosedBody

_NEAR, _REACH_M = 48, 0.022


@dataclass(frozen=True, eq=False)
class WornShoes:
    """Both shoes in a pose, as one mesh.

    Attributes:
        vertices_m: (n, 3) float32.
        triangles: (t, 3) int32, counter-clockwise seen from outside.
        material: (t,) uint8 index into ``looks``.
        inside: (V,) float32 0..1, how far each vertex of the body lies inside a shoe.
        looks: of the materials.
        shell: (t,) bool, triangles over which hems are laid; None for those of the first material.
        lift_m: (V, 3) how far each vertex of the body is moved to stand on an open sole; None for nowhere.
        wound_inwards: the triangles are clockwise seen from outside, as those of the canvas shoes always were;
            turning them would change the pixels of pictures that are made again.
    """

    vertices_m: FloatArray
    triangles: IntArray
    material: ByteArray
    inside: FloatArray
    looks: tuple[ShoeLook, ...] = CANVAS
    shell: BoolArray | None = None
    lift_m: FloatArray | None = None
    wound_inwards: bool = False


@dataclass(frozen=True, eq=False)
class Followed:
    """Vertices of a body at rest that points follow.

    Attributes:
        near: (n, k) vertices of the body.
        weight: (n, k) float32, how much each point follows each.
    """

    near: IntArray
    weight: FloatArray

    @classmethod
    def by(cls, points_m: FloatArray, rest_m: FloatArray, foot: IntArray) -> Followed:
        """Return what points (n, 3) on a foot follow: its nearest vertices."""
        distance, index = cKDTree(rest_m[foot]).query(points_m, k=_NEAR)
        return cls(foot[index], np.exp(-0.5 * (distance / _REACH_M) ** 2).astype(np.float32))

    def moved(self, points_m: FloatArray, rest_m: FloatArray, posed_m: FloatArray) -> FloatArray:
        """Return points (n, 3) moved rigidly with the vertices around them (moving least squares)."""
        at_rest, moved = rest_m[self.near], posed_m[self.near]
        total = self.weight.sum(axis=1)[:, None]
        centres = [np.einsum("nk,nkc->nc", self.weight, points) / total for points in (at_rest, moved)]
        spread = [points - centre[:, None] for points, centre in zip((at_rest, moved), centres, strict=True)]
        left, _, right = np.linalg.svd(np.einsum("nk,nki,nkj->nij", self.weight, *spread))
        # Reflections are not allowed: a last axis that came out reversed is flipped back.
        left[:, :, 2] *= np.sign(np.linalg.det(left) * np.linalg.det(right))[:, None]
        turned = np.einsum("ni,nij,njk->nk", points_m - centres[0], left, right)
        return np.asarray(turned + centres[1])


@dataclass(frozen=True, eq=False)
class Shoes:
    """Both shoes on a body at rest.

    Attributes:
        rest: the shoes at rest, without socks.
        feet_m: (V, 3) the body at rest.
        followed: by each vertex of the shoes.
        lifted: vertices of the body that stand higher on an open sole, with what they follow; None for none.
        sock: worn in the shoes, with its material; None for none.
    """

    rest: WornShoes
    feet_m: FloatArray
    followed: Followed
    lifted: tuple[IntArray, Followed] | None = None
    sock: Sock | None = None

    def carried(self, posed: PosedBody) -> WornShoes:
        """Return the shoes on the feet of a pose.

        Each vertex moves rigidly with the foot around it.
        """
        body = np.asarray(posed.vertices_m, np.float32)
        vertices = self.followed.moved(self.rest.vertices_m, self.feet_m, body)
        vertices[:, 2] = np.maximum(vertices[:, 2], 0)
        worn = replace(self.rest, vertices_m=vertices.astype(np.float32))
        if self.lifted is not None and self.rest.lift_m is not None:
            index, followed = self.lifted
            lift = np.zeros_like(body)
            low, high = self.feet_m[index], self.feet_m[index] + self.rest.lift_m[index]
            lift[index] = followed.moved(high, self.feet_m, body) - followed.moved(low, self.feet_m, body)
            worn = replace(worn, lift_m=lift)
        return worn if self.sock is None else _with_sock(worn, self.sock, posed)


def _with_sock(worn: WornShoes, sock: Sock, posed: PosedBody) -> WornShoes:
    vertices = sock.on(posed)
    added = np.full(len(sock.triangles), sock.material, np.uint8)
    shell = np.zeros(len(worn.triangles), bool) if worn.shell is None else worn.shell
    return replace(
        worn,
        vertices_m=np.concatenate([worn.vertices_m, vertices]),
        triangles=np.concatenate([worn.triangles, sock.triangles + len(worn.vertices_m)]).astype(np.int32),
        material=np.concatenate([worn.material, added]),
        shell=np.concatenate([shell, np.zeros(len(added), bool)]),
    )


def make_canvas_shoes(rest_m: FloatArray, feet: tuple[IntArray, IntArray]) -> Shoes:
    """Make plain white canvas shoes, which every picture showed before there were others.

    Args:
        rest_m: (V, 3) the body at rest.
        feet: vertices of each foot and ankle.
    """
    inside = np.zeros(len(rest_m), np.float32)
    vertices, triangles, material, followed, start = [], [], [], [], 0
    for foot in feet:
        last = ShoeLast.over(rest_m[foot])
        points, faces, materials = last.mesh()
        inside[foot] = last.depth(rest_m[foot])
        vertices.append(points)
        triangles.append(faces + start)
        material.append(materials)
        followed.append(Followed.by(points, rest_m, foot))
        start += len(points)
    worn = WornShoes(
        np.concatenate(vertices).astype(np.float32),
        np.concatenate(triangles).astype(np.int32),
        np.concatenate(material).astype(np.uint8),
        inside,
        wound_inwards=True,
    )
    return Shoes(worn, rest_m, join(followed))


def join(parts: list[Followed]) -> Followed:
    """Return what the points of several parts follow, one part after the other."""
    return Followed(np.concatenate([each.near for each in parts]), np.concatenate([each.weight for each in parts]))
