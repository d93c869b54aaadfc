"""Identity of a picture's pixels, whatever file holds them."""

from __future__ import annotations

import hashlib

from vmodel.types import ByteArray


def pixels_sha256(picture: ByteArray) -> str:
    """Return the hex digest of a picture's size and pixels.

    Args:
        picture: (H, W, 3) sRGB or (H, W, 4) sRGB with straight alpha, uint8.
    Returns:
        SHA-256 of the text ``HxWxC`` and a newline, then the samples row by row.
    """
    height, width, channels = picture.shape
    digest = hashlib.sha256(f"{height}x{width}x{channels}\n".encode())
    digest.update(picture.tobytes())
    return digest.hexdigest()
