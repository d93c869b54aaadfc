"""``paint_skin``: the textures of one virtual model, base layer included.

No body can be painted without its base layer: ``paint_skin`` always lays it over the skin, last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from vmodel.body.appearance.hands import hand_relief, paint_nails
from vmodel.body.appearance.skin_colour import colour_residual
from vmodel.body.base_layer.paint import BaseLayer, PaintedBaseLayer, for_child, paint_base_layer
from vmodel.body.face.eyelids import is_upper_lid, lid_rim, upper_lid_edge
from vmodel.body.face.eyes import paint_eye
from vmodel.body.face.face_params import Look, look_of
from vmodel.body.face.paint import (
    BLOOD,
    MELANIN,
    broad_pigment,
    face_pigment,
    mole_spots,
    mottling,
    pore_relief,
    wrinkle_relief,
)
from vmodel.body.hair.scalp import hairline_depth, scalp_colour
from vmodel.body.mesh.anatomy_chart import Anatomy, Chart, load_anatomy, load_chart, look_up_mask, smoothstep
from vmodel.body.mesh.anny_model import load_surface
from vmodel.body.mesh.head_surface import head_scale
from vmodel.body.model.body import Body
from vmodel.types import FloatArray, IntArray, SkinTextures, VirtualModel

_WARM = np.array([1.02, 1.0, 0.86], np.float32)
_COOL = np.array([1.0, 0.965, 1.0], np.float32)
_BLOTCHES, _TAN, _FILM = 0.055, 0.045, 0.04
"""Spread of blood, melanin and roughness from spot to spot; full make-up halves that of blood and melanin."""
_ROUGHNESS, _OIL = 0.50, 0.10
"""Roughness of skin, and how much smoother oil makes it."""
_MATT_PER_MM = 3.0
"""Roughness per mm of depth: pores do not shine, the ridges between them do."""
_OPEN_PORES = 0.35
"""How much deeper pores are where skin is oily."""
SKIN_SIZE = 2048
"""Side of the textures of a final picture, in texels: half a millimetre on the face."""
_LASH_LINE_MM = 1.5
_MOIST_MM, _MOIST = 0.9, np.array([1.25, 1.05, 1.02])
"""Width and tint of the lower lid's rim, which tears keep wet."""
_TEARS_MM, _TEARS = 1.0, 0.18
"""Width and brightness of the film of tears that gathers along it on the eye."""
_CREASE_PIGMENT, _FOLD_PIGMENT, _FOLD_MM = 0.28, 0.30, 0.12
"""Pigment that gathers in creases of the fingers and in the folds round nails, and the depth of these folds."""


@dataclass(frozen=True, eq=False)
class _Layer:
    """Skin at the chart's texels: albedo (n, 3), the others (n,)."""

    albedo: FloatArray
    roughness: FloatArray
    height_mm: FloatArray
    scatter: FloatArray


def paint_skin(model: VirtualModel, body: Body, base_layer: BaseLayer, size: int = SKIN_SIZE) -> SkinTextures:
    """Paint a virtual model's skin, lips, nails, eyes and base layer into the body's UV layout.

    Args:
        model: tone, look, age and seed.
        body: of the model; its layout is the same for every body.
        base_layer: cut of the base layer; always painted. Children get straps and at least shorts whatever it says.
        size: side of the square textures in texels.
    Returns:
        Textures of (size, size); deterministic for a model, layer and size.
    """
    chart, anatomy, look = load_chart(size), load_anatomy(), look_of(model)
    layer = _paint_eyeballs(_paint_bare_skin(model, chart, anatomy, look), model, body, chart, anatomy, look)
    layer = _paint_lash_lines(_paint_cavities(layer, chart, anatomy), body, chart, anatomy, look)
    worn = _dress(for_child(base_layer) if model.is_child else base_layer, chart)
    cover = worn.cover * (anatomy.eye_faces[chart.face] == 0)
    bare = (1 - cover)[:, None]
    albedo = layer.albedo * bare * (1 - worn.shadow[:, None]) + worn.albedo * cover[:, None]
    tone = np.array(model.skin_tone, np.float32)
    return SkinTextures(
        albedo=chart.picture(np.clip(albedo, 0, 1), tone),
        roughness=chart.picture(layer.roughness * bare[:, 0] + worn.roughness * cover, 0.5),
        height_mm=chart.picture(layer.height_mm * bare[:, 0] + worn.height_mm, 0.0),
        scatter=chart.picture(layer.scatter * bare[:, 0], 0.0),
        base_layer=chart.picture(cover, 0.0),
    )


def _dress(base_layer: BaseLayer, chart: Chart) -> PaintedBaseLayer:
    """Paint the base layer at all texels of the chart; the head, a third of them, has none."""
    below = np.flatnonzero(chart.spot_mm[:, 2] < -115)
    worn = paint_base_layer(base_layer, chart.smooth_spots(below), chart.texel_mm[below])
    parts = []
    for part in (worn.cover, worn.albedo, worn.height_mm, worn.roughness, worn.shadow):
        everywhere = np.zeros((len(chart.texel), *part.shape[1:]), np.float32)
        everywhere[below] = part
        parts.append(everywhere)
    return PaintedBaseLayer(*parts)


def _paint_bare_skin(model: VirtualModel, chart: Chart, anatomy: Anatomy, look: Look) -> _Layer:
    broad = broad_pigment(anatomy.spot_mm, anatomy.normal, look, np.random.default_rng([model.seed, 21]))
    pigment = chart.of_vertices(np.stack([broad.blood, broad.melanin], axis=1))
    blood, melanin = pigment[:, 0], pigment[:, 1]
    face = np.flatnonzero(chart.spot_mm[:, 2] > -215)
    spot_mm = chart.spot_mm[face]
    fine = face_pigment(spot_mm, anatomy, look, np.random.default_rng([model.seed, 22]))
    grooves = wrinkle_relief(spot_mm, look, np.random.default_rng([model.seed, 23]))
    blood[face] += fine.blood + 0.35 * grooves
    melanin[face] += fine.melanin + 0.30 * grooves
    melanin += mole_spots(chart, look, np.random.default_rng([model.seed, 24]), anatomy.spot_mm)
    pores = pore_relief(chart, np.random.default_rng([model.seed, 25]))
    uneven = mottling(chart, np.random.default_rng([model.seed, 26]))
    blood += _BLOTCHES * uneven[:, 0] * (1 - 0.5 * look.makeup)
    melanin += _TAN * uneven[:, 1] * (1 - 0.5 * look.makeup)
    oily = _oily(spot_mm)
    coarse = np.full(len(pores), 1 + 0.5 * look.wrinkles)
    coarse[face] += _OPEN_PORES * oily
    height = pores * coarse
    melanin -= 0.7 * np.clip(pores, -0.1, 0.1)
    warm = max(look.undertone, 0.0), max(-look.undertone, 0.0)
    tone = np.array(model.skin_tone, np.float32) * _WARM ** warm[0] * _COOL ** warm[1]
    coloured = colour_residual(model, chart)
    albedo = tone * np.exp(coloured - blood[:, None] * BLOOD - melanin[:, None] * MELANIN)
    albedo[face] *= np.exp(-fine.shade)
    roughness = (_ROUGHNESS + _FILM * uneven.mean(axis=1) - _MATT_PER_MM * height).astype(np.float32)
    # Hair shades the skin beside it: no lamp behind the head is mirrored there.
    beside_hair = smoothstep(-26, -4, hairline_depth(spot_mm, model, look)) * (spot_mm[:, 2] > -60)
    roughness[face] += 0.4 * beside_hair - oily * (_OIL - 0.05 * look.makeup)
    height[face] -= grooves
    layer = _Layer(albedo, np.clip(roughness, 0, 1), height, np.ones(len(albedo), np.float32))
    layer = _paint_lips(layer, chart, anatomy, look, tone, model.seed)
    layer = _paint_hands(layer, model, chart, look, tone)
    under_hair, share = scalp_colour(model, chart, look)
    return _Layer(
        layer.albedo * (1 - share[:, None]) + under_hair * share[:, None],
        layer.roughness * (1 - share) + 0.65 * share,
        layer.height_mm,
        layer.scatter * (1 - 0.7 * share),
    )


def _oily(spot_mm: FloatArray) -> FloatArray:
    """Return how oily the skin is, (n,) 0..1: most on nose and forehead, then chin and lids, little on cheeks."""
    x, y, z = np.abs(spot_mm[:, 0]), spot_mm[:, 1], spot_mm[:, 2]
    nose = np.exp(-0.5 * ((x / 11) ** 2 + ((z + 22) / 24) ** 2))
    forehead = np.exp(-0.5 * ((x / 30) ** 2 + ((z - 42) / 20) ** 2))
    chin = np.exp(-0.5 * ((x / 14) ** 2 + ((z + 94) / 9) ** 2))
    cheekbone = np.exp(-0.5 * (((x - 48) / 11) ** 2 + ((z + 16) / 8) ** 2))
    lid = np.exp(-0.5 * (((x - 30) / 13) ** 2 + ((z - 7) / 4) ** 2))
    return np.asarray(
        np.clip(nose + 0.75 * forehead + 0.6 * chin + 0.3 * cheekbone + 0.5 * lid, 0, 1) * smoothstep(36, 24, y)
    )


def _paint_lips(layer: _Layer, chart: Chart, anatomy: Anatomy, look: Look, tone: FloatArray, seed: int) -> _Layer:
    lip = look_up_mask("lips", chart, soft_px=3.6 if look.lips is None else 2.6)
    lip = lip * (chart.spot_mm[:, 2] > -90) * (np.abs(chart.spot_mm[:, 0]) < 32)
    at = np.flatnonzero(lip > 0.004)
    spot_mm, lip = chart.spot_mm[at], smoothstep(0.06, 0.94, lip[at])
    rng = np.random.default_rng([seed, 31])
    natural = tone * np.exp(-np.array([0.22, 0.92, 0.74]) * (0.85 + 0.15 * look.blush))
    if look.lips is None:
        colour, roughness = natural, 0.39
    else:
        strength = 0.35 + 0.6 * look.makeup
        colour, roughness = natural * (1 - strength) + np.array(look.lips) * strength, 0.33
    creases = np.zeros(len(at))
    for wave_mm in (1.3, 1.9, 2.9):
        bend = 0.45 * np.sin(spot_mm[:, 2] / 3.1 + rng.uniform(0, 6))
        # Ridges are broad and the furrows between them narrow.
        ridges = np.abs(np.sin(spot_mm[:, 0] * np.pi / wave_mm + bend + rng.uniform(0, 6)))
        creases += (2 * ridges - 1.3) / 3
    line_mm = anatomy.mouth_edge_mm[np.argsort(anatomy.mouth_edge_mm[:, 0])]
    from_line = np.abs(spot_mm[:, 2] - np.interp(spot_mm[:, 0], line_mm[:, 0], line_mm[:, 2]))
    parting = np.exp(-((from_line / 1.5) ** 2)) * (np.abs(spot_mm[:, 0]) < 26)
    upper = smoothstep(-68, -65, spot_mm[:, 2])
    shade = (1 - 0.10 * upper) * (1 + 0.10 * creases) * (1 - 0.55 * parting)
    fuller = 1 + 0.10 * np.exp(-((spot_mm[:, 0] / 9) ** 2)) * (1 - upper)
    opacity = (lip * (0.80 if look.lips is None else 0.92))[:, None]
    albedo, gloss, height = layer.albedo.copy(), layer.roughness.copy(), layer.height_mm.copy()
    albedo[at] = albedo[at] * (1 - opacity) + colour * (shade * fuller)[:, None] * opacity
    gloss[at] = gloss[at] * (1 - lip) + roughness * lip
    height[at] = height[at] * (1 - 0.6 * lip) + 0.11 * lip * creases
    return _Layer(albedo, gloss, height, layer.scatter)


def _paint_hands(layer: _Layer, model: VirtualModel, chart: Chart, look: Look, tone: FloatArray) -> _Layer:
    albedo, roughness, height = layer.albedo.copy(), layer.roughness.copy(), layer.height_mm.copy()
    relief = hand_relief(chart, model.age, np.random.default_rng([model.seed, 27]))
    height[relief.at] += relief.height_mm
    nails = paint_nails(chart, look, tone)
    for at, pigment in ((relief.at, _CREASE_PIGMENT * relief.crease), (nails.at, _FOLD_PIGMENT * nails.fold)):
        albedo[at] *= np.exp(-pigment[:, None] * (BLOOD + MELANIN))
    cover = nails.cover[:, None]
    albedo[nails.at] = albedo[nails.at] * (1 - cover) + nails.albedo * cover
    roughness[nails.at] = roughness[nails.at] * (1 - nails.cover) + nails.roughness * nails.cover
    height[nails.at] = height[nails.at] * (1 - nails.cover) - _FOLD_MM * nails.fold
    return _Layer(albedo, roughness, height, layer.scatter)


def _paint_eyeballs(
    layer: _Layer, model: VirtualModel, body: Body, chart: Chart, anatomy: Anatomy, look: Look
) -> _Layer:
    albedo, roughness = layer.albedo.copy(), layer.roughness.copy()
    height, scatter = layer.height_mm.copy(), layer.scatter.copy()
    for side in range(2):
        at = np.flatnonzero(anatomy.eye_faces[chart.face] == side + 1)
        gap_mm = _from_upper_lid(body.rest.vertices_m, side, chart, at)
        eye = paint_eye(chart.spot_mm[at], gap_mm, side, anatomy, look, model.age, model.seed)
        tears = np.exp(-((_from_lower_lid(body.rest.vertices_m, side, chart, at) / _TEARS_MM) ** 2))
        albedo[at] = eye.albedo + _TEARS * tears[:, None]
        roughness[at], height[at], scatter[at] = eye.roughness, 0.0, 0.0
    return _Layer(albedo, roughness, height, scatter)


def _from_upper_lid(vertices_m: FloatArray, side: int, chart: Chart, at: IntArray) -> FloatArray:
    """Return the mm (n,) from texels to the visible edge of an upper lid; lids differ from body to body."""
    return _distance_mm(upper_lid_edge(vertices_m, side), vertices_m, chart, at)


def _from_lower_lid(vertices_m: FloatArray, side: int, chart: Chart, at: IntArray) -> FloatArray:
    """Return the mm (n,) from texels to the rim of a lower lid."""
    rim_m, spots = lid_rim(vertices_m, side)
    return _distance_mm(rim_m[~is_upper_lid(spots)], vertices_m, chart, at)


def _distance_mm(line_m: FloatArray, vertices_m: FloatArray, chart: Chart, at: IntArray) -> FloatArray:
    """Return the mm (n,) from texels to the points of a line, for a head of the neutral size."""
    corners = vertices_m[load_surface().faces[chart.face[at]]]
    distance, _ = cKDTree(line_m).query(np.einsum("nk,nkc->nc", chart.corner_weights[at], corners))
    return np.asarray(distance * 1000 / head_scale(vertices_m))


def _paint_lash_lines(layer: _Layer, body: Body, chart: Chart, anatomy: Anatomy, look: Look) -> _Layer:
    """Paint the dark line of lash roots along each upper lid's visible edge, and the moist rim of each lower lid.

    On many faces a fold covers the upper lid's rim.
    """
    albedo, roughness = layer.albedo.copy(), layer.roughness.copy()
    for side, centre in enumerate(anatomy.eye_centre_mm):
        off = np.abs(chart.spot_mm - centre)
        skin = anatomy.eye_faces[chart.face] == 0
        at = np.flatnonzero((off[:, 0] < 24) & (off[:, 2] < 18) & (chart.spot_mm[:, 1] < 20) & skin)
        line = np.exp(-((_from_upper_lid(body.rest.vertices_m, side, chart, at) / _LASH_LINE_MM) ** 2))
        albedo[at] *= np.exp(-(1.0 + 2.0 * look.makeup) * line)[:, None].astype(albedo.dtype)
        moist = np.exp(-((_from_lower_lid(body.rest.vertices_m, side, chart, at) / _MOIST_MM) ** 2))
        albedo[at] += (0.35 * moist * (1 - line))[:, None] * (_MOIST * albedo[at] - albedo[at] + 0.04)
        roughness[at] += 0.8 * moist * (0.12 - roughness[at])
    return replace(layer, albedo=albedo, roughness=roughness)


def _paint_cavities(layer: _Layer, chart: Chart, anatomy: Anatomy) -> _Layer:
    """Paint the inside of the mouth and of the eye sockets: moist and dark red, darker with depth in the mouth."""
    at = np.flatnonzero(anatomy.hidden_faces[chart.face])
    depth = np.clip((chart.spot_mm[at, 1] + 22) / 30, 0, 1)
    in_mouth = chart.spot_mm[at, 2] < -40
    moist = np.where(in_mouth[:, None], np.array([0.20, 0.055, 0.05]), layer.albedo[at] * np.array([0.85, 0.66, 0.64]))
    albedo = layer.albedo.copy()
    albedo[at] = moist * (1 - 0.85 * depth * in_mouth)[:, None]
    return _Layer(albedo, layer.roughness, layer.height_mm, layer.scatter)
