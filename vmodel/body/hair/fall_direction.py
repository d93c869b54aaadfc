"""Fall of long hair: past the neck and behind the shoulders, so that a garment's front stays free."""

from __future__ import annotations

import numpy as np

from vmodel.body.mesh.anatomy_chart import smoothstep
from vmodel.body.mesh.head_surface import Contact
from vmodel.types import FloatArray


def fall_behind(spot_mm: FloatArray) -> FloatArray:
    """Return the unit directions (n, 3) in which loose hair falls at spots of the neutral body.

    Between jaw and shoulders it is swept back. Hair in front of the collar bones (the head has turned away) falls
    down the chest there.
    """
    x, y, z = spot_mm[:, 0], spot_mm[:, 1], spot_mm[:, 2]
    between = smoothstep(-10, -60, z) * smoothstep(-260, -200, z)
    behind = 132 + 0.30 * np.maximum(-110 - z, 0) + 0.5 * np.maximum(np.abs(x) - 60, 0)
    before = smoothstep(28, 0, y) * smoothstep(-85, -120, z)
    back = between * np.clip((behind - y) / 40, 0, 1.9) * (1 - 1.5 * before)
    inwards = np.clip((np.abs(x) - 80) / 40, 0, 0.8) * smoothstep(-40, -105, z)
    return unit(np.stack([-np.sign(x) * inwards, back, np.full(len(x), -1.0)], axis=1))


def along_surface(wanted: FloatArray, contact: Contact, reach_m: float) -> FloatArray:
    """Remove the part of directions that points into the skin, where the skin is within reach."""
    into = np.minimum(np.einsum("nc,nc->n", wanted, contact.normal), 0)
    near = smoothstep(3 * reach_m, reach_m, contact.distance_m)
    return np.asarray(wanted - contact.normal * (into * near)[:, None])


def unit(vectors: FloatArray) -> FloatArray:
    """Scale vectors to length one; zero stays zero."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))
