"""Decoding of untrusted images for verification: size limits, EXIF orientation, no trusted metadata."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from vmodel.core.colour import on_white
from vmodel.errors import PhotoTooLarge, UnreadablePhoto
from vmodel.types import ByteArray

MAX_MEGABYTES = 80
_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF", "BMP")
_MIMES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "AVIF": "image/avif"}
_MIMES |= {"TIFF": "image/tiff", "GIF": "image/gif", "BMP": "image/bmp"}


@dataclass(frozen=True)
class QueryImage:
    """A decoded picture that is to be verified.

    Attributes:
        name: for messages.
        content: the file.
        mime: media type, by the file's content and not its name.
        samples: (H, W, 3) or (H, W, 4) uint8, as stored.
        rgb: (H, W, 3) uint8, upright and on white, as a viewer shows it.
    """

    name: str
    content: bytes
    mime: str
    samples: ByteArray
    rgb: ByteArray

    @property
    def sha256(self) -> str:
        """Hex digest of the file."""
        return hashlib.sha256(self.content).hexdigest()


def read_query_image(content: bytes, name: str, max_megapixels: float) -> QueryImage:
    """Decode a picture; of an animation, the first frame.

    Args:
        content: the file.
        name: for messages.
        max_megapixels: bound on its size.
    Raises:
        UnreadablePhoto: it is no picture, or damaged.
        PhotoTooLarge: more pixels or bytes than the bound.
    """
    if len(content) > MAX_MEGABYTES * 10**6:
        raise PhotoTooLarge(name, len(content) / 1e6, MAX_MEGABYTES, unit="megabytes")
    with warnings.catch_warnings():
        # Pillow warns of odd metadata and of large sizes; the bound below covers the size.
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
                megapixels = opened.width * opened.height / 1e6
                if megapixels > max_megapixels:
                    raise PhotoTooLarge(name, megapixels, max_megapixels)
                mime = _MIMES[opened.format or "PNG"]
                samples = _samples(opened)
                upright = on_white(_samples(_upright(opened)))
        except PhotoTooLarge:
            raise
        except Image.DecompressionBombError:
            raise PhotoTooLarge(name, np.inf, max_megapixels) from None
        except Exception:
            # Decoders raise any error of their parsers: OSError, SyntaxError, struct.error ...
            raise UnreadablePhoto(name, "it is no picture, or damaged") from None
    return QueryImage(name, content, mime, samples, upright)


def _samples(image: Image.Image) -> ByteArray:
    return np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB"))


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except (SyntaxError, ValueError, TypeError, KeyError, OverflowError):
        return image
