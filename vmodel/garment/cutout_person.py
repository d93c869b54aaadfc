"""Does the photo show a person wearing the garment?"""

from __future__ import annotations

from vmodel.types import BoolArray, ByteArray


def shows_person(rgb: ByteArray, mask: BoolArray) -> bool:
    """Find a head and limbs of skin beside cloth.

    Args:
        rgb: (H, W, 3) uint8.
        mask: (H, W) bool, everything that stands out from the backdrop.
    Returns:
        True if a person seems to wear the garment.
    """
    return False
