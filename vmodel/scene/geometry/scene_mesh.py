"""Contents of the studio as one triangle mesh for ray tracing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from vmodel.body.face.gaze import Eyes
from vmodel.body.mesh.subdivision import Refinement, loop_subdivide, vertex_normals
from vmodel.body.shoes.worn import WornShoes
from vmodel.scene.geometry.hair_ribbons import hair_ribbons
from vmodel.scene.geometry.hem_rim import HemRim, hem_rim
from vmodel.scene.geometry.props import Props, inside_shoes, make_props, over_shoes
from vmodel.scene.geometry.raytracer import Tracer
from vmodel.scene.geometry.skin_inset import tucked_under
from vmodel.scene.geometry.soft_folds import folded
from vmodel.scene.geometry.vectors import length
from vmodel.types import (
    BodyPart,
    BoolArray,
    ByteArray,
    Drape,
    FloatArray,
    Garment,
    IntArray,
    PosedBody,
    SkinTextures,
    Strands,
)

PART_NAMES = ("background", *(str(part) for part in BodyPart), "base layer", "hair", "garment", "stool")
"""Labels of the part map; the index is the value in the map."""


class Surface(IntEnum):
    """Object that a triangle belongs to."""

    BODY = 0
    STOOL = 1
    CLOTH = 2
    SHOES = 3


class DressableBody(Protocol):
    """Interface that the scene needs of ``vmodel.body``'s Body."""

    @property
    def uv(self) -> tuple[FloatArray, IntArray]:
        """Texture coordinates (n, 2), v up, and indices into them (F, 3)."""

    @property
    def face_parts(self) -> ByteArray:
        """Index of each face's part into ``BodyPart``, (F,) uint8."""

    def keypoints(self, posed: PosedBody) -> FloatArray:
        """Return the COCO-18 points (18, 3) in metres."""

    def eyes(self, posed: PosedBody) -> Eyes:
        """Return position and gaze of the eyeballs."""


@dataclass(frozen=True)
class Subject:
    """One person in one pose, dressed or in the base layer only.

    Attributes:
        posed: the body's mesh in its pose.
        body_uv: (F, 3, 2) float32 texture coordinates of the body's corners, v up.
        face_parts: (F,) uint8 index into ``BodyPart``.
        keypoints_m: (18, 3) COCO-18 in world space.
        eyes: position and gaze of the eyeballs.
        skin: painted skin; the opaque base layer is part of it.
        hair: strands in the same pose, or None.
        drape: the garment in the same pose, or None.
        textures: the garment's pictures, (H, W, 3) uint8 sRGB each.
        shoes: in the same pose, or None.
    """

    posed: PosedBody
    body_uv: FloatArray
    face_parts: ByteArray
    keypoints_m: FloatArray
    eyes: Eyes
    skin: SkinTextures
    hair: Strands | None
    drape: Drape | None
    textures: tuple[ByteArray, ...]
    shoes: WornShoes | None = None


def make_subject(
    body: DressableBody,
    posed: PosedBody,
    skin: SkinTextures,
    hair: Strands | None,
    drape: Drape | None,
    garment: Garment | None,
    shoes: WornShoes | None = None,
) -> Subject:
    """Bundle the results of the earlier stages; see ``Subject``."""
    points, index = body.uv
    return Subject(
        posed=posed,
        body_uv=np.asarray(points, np.float32)[index],
        face_parts=np.asarray(body.face_parts, np.uint8),
        keypoints_m=np.asarray(body.keypoints(posed), np.float32),
        eyes=body.eyes(posed),
        skin=skin,
        hair=hair,
        drape=drape if drape is None or shoes is None else over_shoes(drape, shoes),
        textures=() if garment is None else garment.textures,
        shoes=shoes,
    )


@dataclass(frozen=True)
class Coarse:
    """Mesh before refinement: light is gathered at its vertices.

    Attributes:
        vertices_m, normals, triangles, surface: as in ``Geometry``.
        counts: number of vertices of body, props and cloth, in this order.
    """

    vertices_m: FloatArray
    normals: FloatArray
    triangles: IntArray
    counts: tuple[int, int, int]


@dataclass(frozen=True)
class Geometry:
    """Contents of the studio, refined for smooth outlines; made once per drape, shared by all views and lights.

    Attributes:
        subject: what it was made from.
        vertices_m, normals: (N, 3) float32.
        triangles: (T, 3) int32; body first, then props (stool and shoes), then cloth.
        surface: (T,) uint8 ``Surface``.
        part: (T,) uint8 index into ``PART_NAMES``; base layer is decided per point from the skin's textures.
        corner_uv: (T, 3, 2) float32; 0..1 with v up on the body, texture pixels on cloth.
        texture: (T,) uint8 index into ``Subject.textures`` for cloth, else 255.
        near_cloth: (T,) bool, body triangles that cloth may lie on.
        coarse: the mesh before refinement.
        refinements: how body, props and cloth were refined; None where absent.
        prop_albedo: (P, 3) float32 linear-light colour of the triangles from ``props_start`` to ``cloth_start``.
        prop_gloss: (P, 3) of the same, see ``Props``.
        rim_parents: (R,) int32 vertices that the last R vertices, the hem's rim, copy attributes from.
        all_surfaces, cloth_only: tracers; triangles of ``cloth_only`` count from ``cloth_start``.
        occluders: tracer of what casts shadows: coarse body, stool, cloth and hair.
            The floor is not among them: a studio's white floor reflects as much light as it blocks.
        solid_occluders: the same without hair, for light that falls on hair.
    """

    subject: Subject
    vertices_m: FloatArray
    normals: FloatArray
    triangles: IntArray
    surface: ByteArray
    part: ByteArray
    corner_uv: FloatArray
    texture: ByteArray
    near_cloth: BoolArray
    coarse: Coarse
    refinements: tuple[Refinement, ...]
    prop_albedo: FloatArray
    prop_gloss: FloatArray
    rim_parents: IntArray
    all_surfaces: Tracer
    cloth_only: Tracer
    occluders: Tracer
    solid_occluders: Tracer
    props_start: int
    cloth_start: int

    @cached_property
    def piece(self) -> IntArray:
        """Number of the connected piece of each triangle, (T,) int32: body, a collar, a hem's rim are one each."""
        ends = self.triangles.reshape(-1), np.roll(self.triangles, -1, axis=1).reshape(-1)
        count = len(self.vertices_m)
        links = sparse.coo_matrix((np.ones(len(ends[0]), bool), ends), (count, count))
        return np.asarray(connected_components(links, directed=False)[1][self.triangles[:, 0]], np.int32)

    @cached_property
    def fine_occluders(self) -> Tracer:
        """Tracer of what casts shadows within a centimetre: all surfaces as seen, then hair, brows and lashes."""
        ribbons = [hair_ribbons(self.subject.hair, head)[:2] for head in (True, False)]
        return _tracer([(self.vertices_m, self.triangles), *ribbons])

    def refined(self, coarse_values: FloatArray) -> FloatArray:
        """Carry a (N_coarse, ...) vertex attribute over to the fine vertices."""
        pieces, start = [], 0
        for refinement, count in zip(self.refinements, self.coarse.counts, strict=True):
            pieces.append(refinement.vertices(coarse_values[start : start + count]))
            start += count
        fine = np.concatenate(pieces)
        return np.concatenate([fine, fine[self.rim_parents]])


def build_geometry(subject: Subject, cloth_levels: int = 2, body_levels: int = 1) -> Geometry:
    """Refine body and cloth, and build the ray tracers.

    Args:
        subject: body, hair and garment in one pose.
        cloth_levels: Loop subdivisions of the garment, 0..2.
        body_levels: Loop subdivisions of the body, 0..2.
    """
    props = make_props(subject.posed, subject.shoes)
    drape, faces = subject.drape, np.asarray(subject.posed.faces, np.int32)
    body = tucked_under(subject.posed, drape, _spared(subject))
    meshes = [
        (body if subject.shoes is None else inside_shoes(body, faces, subject.shoes), faces, body_levels),
        (props.vertices_m, props.triangles, 0),
        (np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32), 0)
        if drape is None
        else (folded(drape, subject.posed), np.asarray(drape.triangles, np.int32), cloth_levels),
    ]
    refinements = tuple(loop_subdivide(triangles, len(vertices), levels) for vertices, triangles, levels in meshes)
    coarse = _joined([(vertices, triangles) for vertices, triangles, _ in meshes])
    fine = _joined(
        [
            (refinement.vertices(vertices), refinement.triangles)
            for refinement, (vertices, _, _) in zip(refinements, meshes, strict=True)
        ]
    )
    sizes = [len(refinement.triangles) for refinement in refinements]
    cloth_start = sizes[0] + sizes[1]
    rim = _rim(subject, refinements, fine, cloth_start)
    corner_uv = _corner_uv(subject, refinements, sizes)
    rim_uv = corner_uv[cloth_start:][rim.parent_triangle[:, None], rim.parent_corner]
    texture = _texture_index(subject, refinements, cloth_start)
    vertices = np.concatenate([fine.vertices_m, rim.vertices_m])
    triangles = np.concatenate([fine.triangles, rim.triangles + len(fine.vertices_m)]).astype(np.int32)
    sizes[2] += len(rim.triangles)
    return Geometry(
        subject=subject,
        vertices_m=vertices,
        normals=np.concatenate([fine.normals, rim.normals]),
        triangles=triangles,
        surface=np.concatenate(
            [
                np.full(sizes[0], Surface.BODY, np.uint8),
                np.where(props.is_shoe, Surface.SHOES, Surface.STOOL).astype(np.uint8),
                np.full(sizes[2], Surface.CLOTH, np.uint8),
            ]
        ),
        part=_parts(subject, refinements[0], props, sizes),
        corner_uv=np.concatenate([corner_uv, rim_uv]).astype(np.float32),
        texture=np.concatenate([texture, texture[cloth_start:][rim.parent_triangle]]),
        near_cloth=np.append(_near_cloth(fine, cloth_start, sizes[0]), np.zeros(len(rim.triangles), bool)),
        coarse=coarse,
        refinements=refinements,
        prop_albedo=props.albedo,
        prop_gloss=props.gloss,
        rim_parents=rim.parent_vertex + sum(fine.counts[:2]),
        all_surfaces=Tracer(vertices, triangles),
        cloth_only=Tracer(vertices, triangles[cloth_start:]),
        occluders=_occluders(coarse, subject.hair),
        solid_occluders=Tracer(coarse.vertices_m, coarse.triangles),
        props_start=sizes[0],
        cloth_start=cloth_start,
    )


def _rim(subject: Subject, refinements: tuple[Refinement, ...], fine: Coarse, cloth_start: int) -> HemRim:
    """Build the rim of the refined cloth; a fine border vertex is open where its coarse neighbours are."""
    drape = subject.drape
    before = sum(fine.counts[:2])
    is_open = np.zeros(0, bool)
    if drape is not None:
        on_opening = np.zeros(len(drape.vertices_m), np.float32)
        on_opening[np.asarray(drape.open_edges).reshape(-1)] = 1
        is_open = refinements[2].vertices(on_opening) > 0.7
    return hem_rim(
        fine.vertices_m[before:],
        fine.normals[before:],
        fine.triangles[cloth_start:] - before,
        is_open,
        "" if drape is None else drape.material,
    )


def _spared(subject: Subject) -> BoolArray:
    """Mark the vertices of hands and head, which never lie under cloth: (V,) bool."""
    spared = np.zeros(len(subject.posed.vertices_m), bool)
    labels = [list(BodyPart).index(part) for part in BodyPart if part not in (BodyPart.SKIN, BodyPart.FOOT)]
    spared[subject.posed.faces[np.isin(subject.face_parts, labels)]] = True
    return spared


def _joined(meshes: list[tuple[FloatArray, IntArray]]) -> Coarse:
    counts = [len(vertices) for vertices, _ in meshes]
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return Coarse(
        vertices_m=np.concatenate([vertices for vertices, _ in meshes]).astype(np.float32),
        normals=np.concatenate([vertex_normals(vertices, triangles) for vertices, triangles in meshes]),
        triangles=np.concatenate(
            [triangles + start for (_, triangles), start in zip(meshes, starts, strict=True)]
        ).astype(np.int32),
        counts=(counts[0], counts[1], counts[2]),
    )


def _parts(subject: Subject, body: Refinement, props: Props, sizes: list[int]) -> ByteArray:
    # Shoes count as base layer: they are worn but not for sale.
    return np.concatenate(
        [
            body.faces(subject.face_parts) + 1,
            np.where(props.is_shoe, PART_NAMES.index("base layer"), PART_NAMES.index("stool")),
            np.full(sizes[2], PART_NAMES.index("garment")),
        ]
    ).astype(np.uint8)


def _corner_uv(subject: Subject, refinements: tuple[Refinement, ...], sizes: list[int]) -> FloatArray:
    cloth = (
        np.zeros((0, 3, 2), np.float32) if subject.drape is None else refinements[2].corners(subject.drape.texture_px)
    )
    return np.concatenate(
        [refinements[0].corners(subject.body_uv), np.zeros((sizes[1], 3, 2), np.float32), cloth]
    ).astype(np.float32)


def _texture_index(subject: Subject, refinements: tuple[Refinement, ...], cloth_start: int) -> ByteArray:
    solid = np.full(cloth_start, 255, np.uint8)
    if subject.drape is None:
        return solid
    return np.concatenate([solid, refinements[2].faces(np.asarray(subject.drape.texture, np.uint8))])


def _near_cloth(mesh: Coarse, cloth_start: int, body_size: int) -> BoolArray:
    """Mark body triangles within 3 cm of cloth; only there can skin poke through it."""
    near = np.zeros(len(mesh.triangles), bool)
    cloth = mesh.triangles[cloth_start:]
    if len(cloth):
        centres = mesh.vertices_m[cloth[::2]].mean(axis=1)
        body = mesh.vertices_m[mesh.triangles[:body_size]].mean(axis=1)
        distance, _ = cKDTree(centres).query(body, distance_upper_bound=0.03)
        near[:body_size] = np.isfinite(distance)
    return near


def _occluders(coarse: Coarse, hair: Strands | None) -> Tracer:
    """Build the tracer of what blocks light.

    Hair is thinned out to ribbons of the same shadow, so that rays need not hit each strand.
    """
    meshes = [(coarse.vertices_m, coarse.triangles)]
    if hair is not None and (hair.kind == 0).any():
        meshes.append(_head_ribbons(hair))
    return _tracer(meshes)


def _tracer(meshes: Sequence[tuple[FloatArray, IntArray]]) -> Tracer:
    starts = np.cumsum([0] + [len(vertices) for vertices, _ in meshes])[:-1]
    return Tracer(
        np.concatenate([vertices for vertices, _ in meshes]),
        np.concatenate([triangles + start for (_, triangles), start in zip(meshes, starts, strict=True)]),
    )


def _head_ribbons(hair: Strands, ribbons: int = 1500) -> tuple[FloatArray, IntArray]:
    head = np.flatnonzero(hair.kind == 0)
    stride = max(1, len(head) // ribbons)
    # Strands overlap, so a ribbon stands for fewer hairs than it replaces.
    return _ribbons(hair, head[::stride], 2 * float(np.median(hair.radius_m)) * min(stride, 14))


def _ribbons(hair: Strands, chosen: IntArray, width: float) -> tuple[FloatArray, IntArray]:
    points = np.asarray(hair.points_m, np.float32)[chosen]
    tangent = np.gradient(points, axis=1)
    turn = np.arange(len(points), dtype=np.float32) * 2.399963
    axis = np.stack([np.cos(turn), np.sin(turn), 0.3 * np.sin(3 * turn)], axis=1)[:, None]
    across = np.cross(tangent, axis)
    across *= 0.5 * width / np.maximum(length(across)[..., None], 1e-9)
    vertices = np.stack([points - across, points + across], axis=2).reshape(-1, 3)
    strands, count = points.shape[:2]
    first = (np.arange(strands)[:, None] * count + np.arange(count - 1)[None]).reshape(-1) * 2
    triangles = np.concatenate(
        [np.stack([first, first + 1, first + 2], axis=1), np.stack([first + 1, first + 3, first + 2], axis=1)]
    )
    return vertices.astype(np.float32), triangles.astype(np.int32)
