"""Cornea, the clear bulge over the iris: it mirrors lights smaller and nearer to the pupil than the eyeball would."""

from __future__ import annotations

import numpy as np

from vmodel.body.face.eyes import IRIS_DEG
from vmodel.body.face.gaze import Eyes
from vmodel.scene.geometry.vectors import dot, length
from vmodel.types import FloatArray

_BULGE = 2.0
"""Radius of the eyeball over that of the cornea: about 16 mm against 7.8 mm on the mesh, whose eyes are large."""
_ENDS_DEG = 1.18 * IRIS_DEG


def eye_mirrors(eyes: Eyes, position_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the mirror normals of eyes with corneas at points of the mesh's round eyeballs.

    Args:
        eyes: of the posed body.
        position_m: (n, 3) points on either eyeball.
    Returns:
        (n, 3) unit normals, and (n,) 0..1 clearness: 1 on the cornea, 0 on the white.
    """
    nearest = np.argmin(((position_m[:, None] - eyes.centre_m) ** 2).sum(axis=2), axis=1)
    gaze = eyes.gaze[nearest]
    out = position_m - eyes.centre_m[nearest]
    out = out / np.maximum(length(out)[:, None], 1e-9)
    ahead = dot(out, gaze)
    across = out - gaze * ahead[:, None]
    sine = length(across)
    off_deg = np.degrees(np.arctan2(sine, ahead))
    clear = np.clip((_ENDS_DEG - off_deg) / (_ENDS_DEG - IRIS_DEG), 0, 1)
    tilted = sine * (1 + (_BULGE - 1) * clear)
    forward = np.where(ahead > 0, 1, -1) * np.sqrt(np.maximum(1 - tilted**2, 0))
    normal = gaze * forward[:, None] + across * (tilted / np.maximum(sine, 1e-6))[:, None]
    return np.asarray(normal, np.float32), np.asarray(clear, np.float32)
