"""Dressed model as a 3D file for browsers (binary glTF 2.0, GLB): body, shoes, garments and hair.

The body has the painted skin, which includes the opaque base layer; no body is written without it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np

from vmodel.body.mesh.subdivision import loop_subdivide, vertex_normals
from vmodel.core.files import encode_picture
from vmodel.scene.geometry.props import inside_shoes, make_props
from vmodel.scene.geometry.skin_inset import tucked_under
from vmodel.scene.geometry.soft_folds import folded
from vmodel.studio.dress_model import DressedModel
from vmodel.types import BodyPart, BoolArray, ByteArray, FloatArray, IntArray, Strands

TEXTURE_PX: Final = 1024
"""Longest side of a texture, in pixels."""
_HAIRS: Final = {0: 1600, 1: 400, 3: 600}
"""Kind of strand -> approximate number of ribbons that represent all its strands."""
_POINTS: Final = 7
_FLOAT, _UINT = 5126, 5125
_VERTICES, _INDICES = 34962, 34963
_TO_GLTF: Final = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.float32)
"""World (z up, facing -y) to glTF (y up, facing +z)."""


@dataclass(frozen=True)
class _Mesh:
    """Triangles of one material.

    Attributes:
        positions, normals: (n, 3) float32 in glTF's axes, metres.
        triangles: (m, 3).
        uv: (n, 2) with v down, or None.
        colours: (n, 3) linear-light 0..1, or None.
        picture: (H, W, 3) uint8 sRGB for ``uv``, or None.
    """

    name: str
    positions: FloatArray
    normals: FloatArray
    triangles: IntArray
    uv: FloatArray | None = None
    colours: FloatArray | None = None
    picture: ByteArray | None = None
    roughness: float = 0.9


def write_model3d(dressed: DressedModel) -> bytes:
    """Write a dressed model as GLB; the same drape gives the same bytes.

    Args:
        dressed: in the pose of the picture.
    Returns:
        The file, one scene with a mesh for the body, one for shoes, one for each texture of the
        garments, and one for the hair.
    """
    meshes = [_body(dressed), *_shoes(dressed), *_cloths(dressed)]
    if dressed.scene.hair is not None:
        meshes += _hair(dressed.scene.hair)
    writing = _Writing()
    for mesh in meshes:
        if len(mesh.triangles):
            writing.add(mesh)
    return writing.finish(dressed.model.name)


def _body(dressed: DressedModel) -> _Mesh:
    scene = dressed.scene
    subject = scene.subject
    spared = _spared(subject.face_parts, scene.posed.faces, len(scene.posed.vertices_m))
    vertices = tucked_under(scene.posed, subject.drape, spared)
    if scene.shoes is not None:
        vertices = inside_shoes(vertices, scene.posed.faces, scene.shoes)
    uv = subject.body_uv.reshape(-1, 2) * (1, -1) + (0, 1)
    normals = vertex_normals(vertices, scene.posed.faces)
    skin = _shrunk(_srgb(scene.skin.albedo))
    return _mesh("body", vertices, normals, scene.posed.faces, uv, skin, 0.6)


def _spared(face_parts: ByteArray, faces: IntArray, count: int) -> BoolArray:
    """Mark the vertices of hands and head, which never lie under cloth; see ``vmodel.scene.geometry.scene_mesh``."""
    spared = np.zeros(count, bool)
    labels = [list(BodyPart).index(part) for part in BodyPart if part not in (BodyPart.SKIN, BodyPart.FOOT)]
    spared[faces[np.isin(face_parts, labels)]] = True
    return spared


def _shoes(dressed: DressedModel) -> Iterator[_Mesh]:
    scene = dressed.scene
    if scene.shoes is None:
        return
    props = make_props(scene.posed, scene.shoes)
    triangles = props.triangles[props.is_shoe]
    if scene.shoes.wound_inwards:
        triangles = triangles[:, ::-1]
    used, index = np.unique(triangles, return_inverse=True)
    normals = vertex_normals(props.vertices_m, triangles)[used]
    colours = np.zeros((len(props.vertices_m), 3), np.float32)
    # Parts of different colours share no vertices.
    colours[triangles] = props.albedo[props.is_shoe][:, None]
    positions, normals = props.vertices_m[used] @ _TO_GLTF.T, normals @ _TO_GLTF.T
    yield _Mesh("shoes", positions, normals, index.reshape(-1, 3).astype(np.uint32), colours=colours[used])


def _cloths(dressed: DressedModel) -> Iterator[_Mesh]:
    drape, garment = dressed.scene.subject.drape, dressed.scene.garment
    if drape is None or garment is None:
        return
    finer = loop_subdivide(np.asarray(drape.triangles, np.int32), len(drape.vertices_m), 1)
    vertices, triangles = finer.vertices(folded(drape, dressed.scene.posed)), finer.triangles
    normals = vertex_normals(vertices, triangles)
    corners = finer.corners(np.asarray(drape.texture_px, np.float32))
    textures = finer.faces(np.asarray(drape.texture))
    for number, texture in enumerate(garment.textures):
        chosen = textures == number
        uv = corners[chosen].reshape(-1, 2) / np.array(texture.shape[1::-1], np.float32)
        yield _mesh(f"garment {number}", vertices, normals, triangles[chosen], uv, _shrunk(texture), 0.85)


def _mesh(
    name: str,
    vertices: FloatArray,
    normals: FloatArray,
    triangles: IntArray,
    corner_uv: FloatArray,
    picture: ByteArray,
    roughness: float,
) -> _Mesh:
    """Build a mesh whose corners share a vertex only if place and texture agree, so that texture seams remain."""
    corners = np.asarray(triangles, np.int64).reshape(-1)
    keys = np.concatenate([corners[:, None], np.round(corner_uv * 65536).astype(np.int64)], axis=1)
    _, first, index = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    own = corners[first]
    return _Mesh(
        name,
        np.asarray(vertices, np.float32)[own] @ _TO_GLTF.T,
        np.asarray(normals, np.float32)[own] @ _TO_GLTF.T,
        index.reshape(-1, 3).astype(np.uint32),
        corner_uv[first].astype(np.float32),
        None,
        picture,
        roughness,
    )


def _hair(hair: Strands) -> Iterator[_Mesh]:
    """Yield the hair as one mesh of ribbons; each represents several strands and has about their joint width."""
    parts = []
    for kind, most in _HAIRS.items():
        chosen = np.flatnonzero(hair.kind == kind)
        if len(chosen):
            stride = max(1, len(chosen) // most)
            width_m = 2 * float(np.median(hair.radius_m)) * min(stride, 14) * (1.6 if kind == 0 else 1)
            parts.append((chosen[::stride], width_m))
    ribbons = [_ribbons(hair, chosen, width_m) for chosen, width_m in parts]
    if not ribbons:
        return
    starts = np.cumsum([0, *(len(points) for points, *_ in ribbons)])[:-1]
    points, normals, colours = (np.concatenate([ribbon[i] for ribbon in ribbons]) for i in range(3))
    triangles = np.concatenate([ribbon[3] + start for ribbon, start in zip(ribbons, starts, strict=True)])
    points, normals = points @ _TO_GLTF.T, normals @ _TO_GLTF.T
    yield _Mesh("hair", points, normals, triangles.astype(np.uint32), colours=colours, roughness=0.5)


def _ribbons(hair: Strands, chosen: IntArray, width_m: float) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    knots = np.unique(np.linspace(0, hair.points_m.shape[1] - 1, _POINTS).round().astype(int))
    points = np.asarray(hair.points_m, np.float32)[chosen][:, knots]
    tangent = np.gradient(points, axis=1)
    middle = points.reshape(-1, 3).mean(0)
    outward = points - middle
    outward -= tangent * (np.sum(outward * tangent, -1) / np.maximum(np.sum(tangent**2, -1), 1e-12))[..., None]
    outward /= np.maximum(np.linalg.norm(outward, axis=-1, keepdims=True), 1e-9)
    across = np.cross(tangent, outward)
    taper = np.linspace(1.0, 0.45, points.shape[1], dtype=np.float32)[None, :, None]
    across *= 0.5 * width_m * taper / np.maximum(np.linalg.norm(across, axis=-1, keepdims=True), 1e-9)
    vertices = np.stack([points - across, points + across], axis=2).reshape(-1, 3)
    strands, count = points.shape[:2]
    first = (np.arange(strands)[:, None] * count + np.arange(count - 1)[None]).reshape(-1) * 2
    upper, lower = np.stack([first, first + 1, first + 2], 1), np.stack([first + 1, first + 3, first + 2], 1)
    colours = np.repeat(np.asarray(hair.colour, np.float32)[chosen], count * 2, axis=0)
    normals = np.repeat(outward.reshape(-1, 3), 2, axis=0)
    return vertices.astype(np.float32), normals.astype(np.float32), colours, np.concatenate([upper, lower])


def _srgb(linear: FloatArray) -> ByteArray:
    value = np.clip(linear, 0, 1)
    curved = np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(curved * 255), np.uint8)


def _shrunk(picture: ByteArray) -> ByteArray:
    share = TEXTURE_PX / max(picture.shape[:2])
    if share >= 1:
        return picture
    size = (max(1, round(picture.shape[1] * share)), max(1, round(picture.shape[0] * share)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


@dataclass
class _Writing:
    """GLB file under construction, mesh by mesh."""

    blob: bytearray = field(default_factory=bytearray)
    views: list[dict[str, Any]] = field(default_factory=list)
    accessors: list[dict[str, Any]] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)
    materials: list[dict[str, Any]] = field(default_factory=list)
    meshes: list[dict[str, Any]] = field(default_factory=list)

    def add(self, mesh: _Mesh) -> None:
        """Add a mesh with its material to the file."""
        attributes = {"POSITION": self._array(mesh.positions, "VEC3"), "NORMAL": self._array(mesh.normals, "VEC3")}
        surface: dict[str, Any] = {"metallicFactor": 0.0, "roughnessFactor": mesh.roughness}
        if mesh.uv is not None and mesh.picture is not None:
            attributes["TEXCOORD_0"] = self._array(mesh.uv, "VEC2")
            view = self._view(encode_picture(mesh.picture, "jpeg", quality=86))
            self.images.append({"bufferView": view, "mimeType": "image/jpeg"})
            surface["baseColorTexture"] = {"index": len(self.images) - 1}
        if mesh.colours is not None:
            attributes["COLOR_0"] = self._array(mesh.colours, "VEC3")
        self.materials.append({"name": mesh.name, "pbrMetallicRoughness": surface, "doubleSided": mesh.name != "body"})
        indices = self._array(mesh.triangles.reshape(-1), "SCALAR")
        primitive = {"attributes": attributes, "indices": indices, "material": len(self.materials) - 1}
        self.meshes.append({"name": mesh.name, "primitives": [primitive]})

    def _array(self, values: Any, kind: str) -> int:
        is_index = kind == "SCALAR"
        packed = np.ascontiguousarray(values, np.uint32 if is_index else np.float32)
        accessor: dict[str, Any] = {
            "bufferView": self._view(packed.tobytes(), _INDICES if is_index else _VERTICES),
            "componentType": _UINT if is_index else _FLOAT,
            "count": len(packed),
            "type": kind,
        }
        if kind == "VEC3":
            accessor |= {"min": packed.min(0).tolist(), "max": packed.max(0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1

    def _view(self, content: bytes, target: int | None = None) -> int:
        view: dict[str, Any] = {"buffer": 0, "byteOffset": len(self.blob), "byteLength": len(content)}
        self.views.append(view if target is None else view | {"target": target})
        self.blob += content + bytes(-len(content) % 4)
        return len(self.views) - 1

    def finish(self, name: str) -> bytes:
        """Return the complete file; its scene has this name."""
        count = range(len(self.meshes))
        plain = {
            "asset": {"version": "2.0", "generator": "vmodel"},
            "scene": 0,
            "scenes": [{"name": name, "nodes": list(count)}],
            "nodes": [{"name": self.meshes[i]["name"], "mesh": i} for i in count],
            "meshes": self.meshes,
            "materials": self.materials,
            "textures": [{"source": i} for i in range(len(self.images))],
            "images": self.images,
            "accessors": self.accessors,
            "bufferViews": self.views,
            "buffers": [{"byteLength": len(self.blob)}],
        }
        head = json.dumps(plain, separators=(",", ":")).encode()
        head += b" " * (-len(head) % 4)
        chunks = struct.pack("<II", len(head), 0x4E4F534A) + head
        chunks += struct.pack("<II", len(self.blob), 0x004E4942) + bytes(self.blob)
        return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks
