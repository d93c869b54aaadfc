"""Decoding of a file to an upright sRGB photo, or to an error that gives the reason.

The bounds on bytes and pixels are checked before anything is decoded, so that a hostile file costs no memory.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from pathlib import Path
from typing import Final

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError

from vmodel.config import Settings
from vmodel.errors import (
    AnimatedPhoto,
    PhotoNotFound,
    PhotoTooLarge,
    PhotoTooSmall,
    UnreadablePhoto,
    UnsupportedPhoto,
    VModelError,
)
from vmodel.garment.imaging.colour_space import convert_to_srgb, stated_space
from vmodel.garment.vector.technical_flat import draw_flat, is_drawing, read_flat
from vmodel.types import ByteArray, FlatLay, FloatArray

SHORTEST_SIDE: Final = 200
LONGEST_STRIP: Final = 8.0
"""Longer over shorter side of a photo beyond which it cannot show a garment, but costs as much as a large one."""

_FORMATS: Final = ("JPEG", "PNG", "WEBP", "HEIF", "TIFF")
_FURTHER: Final = ("GIF", "BMP", "AVIF")
"""Further formats of other pictures. GIF is always opened, to distinguish animations from unsupported files."""
_MAGIC: Final = (b"\xff\xd8\xff", b"\x89PNG", b"II*\0", b"MM\0*")
# The most that a supported format needs uncompressed: 16-bit RGBA.
_BYTES_PER_PIXEL: Final = 8
_DAMAGED: Final = "the file is cut short or damaged"
# A cut-out has a surround; rounded corners or a hair-thin rim are decoration.
_LEAST_TRANSPARENT_SHARE: Final = 0.05


def read_flat_lay(path: Path, settings: Settings) -> FlatLay:
    """Decode a photo of a garment, or paint the front of a technical flat.

    SVG (see ``vmodel.garment.vector.technical_flat``), JPEG (with CMYK), PNG (1 to 16 bit, palette, alpha), WebP, HEIC
    and TIFF (8 and 16 bit, CMYK, Lab). The EXIF orientation is applied, and an embedded ICC profile, or the colour
    space that EXIF or a HEIC states without one, converted to sRGB.

    Args:
        path: the file.
        settings: for ``max_megapixels``; the bound on bytes follows from it.
    Returns:
        The photo at its full size; ``alpha`` only where the file carries a real cut-out.
    Raises:
        PhotoNotFound: nothing there, or not a file.
        UnreadablePhoto: no permission, empty, cut short or damaged.
        UnsupportedPhoto: not a picture of a supported format.
        PhotoTooLarge: more pixels or bytes than the bound.
        PhotoTooSmall: shorter side under ``SHORTEST_SIDE`` pixels, or a strip longer than ``LONGEST_STRIP``.
        AnimatedPhoto: more than one frame or page.
        DrawingUnreadable, DrawingUnsafe, DrawingTooLarge: of an SVG.
    """
    if is_drawing(path):
        return draw_flat(read_flat(path), "front")
    content = _read_bytes(path, settings.max_megapixels)
    rgb, alpha = _decode(content, path.name, settings.max_megapixels, _FORMATS, SHORTEST_SIDE, LONGEST_STRIP)
    return FlatLay(name=path.name, sha256=hashlib.sha256(content).hexdigest(), rgb=rgb, alpha=alpha)


def read_back_of_drawing(path: Path) -> FlatLay | None:
    """Paint the back of a technical flat; None where the file is a photo or draws no back.

    Raises:
        VModelError: see ``read_flat_lay``.
    """
    flat = read_flat(path) if is_drawing(path) else None
    return draw_flat(flat, "back") if flat is not None and flat.back is not None else None


def read_rgb(path: Path, settings: Settings) -> ByteArray:
    """Decode any other picture, say of a background, with the same bounds and colours as a photo, however small.

    Args:
        path: the file.
        settings: for ``max_megapixels``.
    Returns:
        (H, W, 3) uint8 sRGB, upright; transparent parts show white.
    Raises:
        PhotoNotFound, UnreadablePhoto, UnsupportedPhoto, PhotoTooLarge, AnimatedPhoto: see ``read_flat_lay``.
    """
    content = _read_bytes(path, settings.max_megapixels)
    rgb, alpha = _decode(content, path.name, settings.max_megapixels, (*_FORMATS, *_FURTHER))
    return _on_white(rgb, alpha)


def read_size(content: bytes, name: str, settings: Settings) -> tuple[int, int]:
    """Return height and width of a photo in pixels, upright, mostly from its header alone.

    Args:
        content: a photo that ``read_flat_lay`` has decoded once; what is damaged behind the header is not noticed.
        name: for messages.
        settings: for ``max_megapixels``.
    Raises:
        UnreadablePhoto, UnsupportedPhoto, PhotoTooLarge: see ``read_flat_lay``.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # see _decode
        with _open(content, name, settings.max_megapixels, _FORMATS) as picture:
            _check_pixels(picture.size, name, settings.max_megapixels)
            width, height = picture.size
            return (width, height) if _lies_on_its_side(picture) else (height, width)


def _lies_on_its_side(picture: Image.Image) -> bool:
    if picture.format == "TIFF":  # Pillow has turned its size already
        return False
    try:
        return picture.getexif().get(ExifTags.Base.Orientation) in {5, 6, 7, 8}
    except (SyntaxError, ValueError, TypeError, KeyError, OverflowError):  # see _upright
        return False


def read_grey(path: Path, settings: Settings) -> ByteArray:
    """Decode a mask file as one channel, with the same bounds as a photo.

    Args:
        path: the file; a picture with a real cut-out in its alpha channel gives that channel.
        settings: for ``max_megapixels``.
    Returns:
        (H, W) uint8.
    Raises:
        PhotoNotFound, UnreadablePhoto, UnsupportedPhoto, PhotoTooLarge, PhotoTooSmall, AnimatedPhoto: see
            ``read_flat_lay``.
    """
    flat_lay = read_flat_lay(path, settings)
    if flat_lay.alpha is not None:
        return np.asarray(np.rint(flat_lay.alpha * 255), np.uint8)
    return np.asarray(Image.fromarray(flat_lay.rgb).convert("L"))


def _read_bytes(path: Path, max_megapixels: float) -> bytes:
    limit = int(max_megapixels * 1e6 * _BYTES_PER_PIXEL)
    try:
        if not path.is_file():
            raise PhotoNotFound(str(path), is_folder=path.is_dir())
        size = path.stat().st_size
        if size > limit:
            raise PhotoTooLarge(path.name, size / 1e6, limit / 1e6, unit="megabytes")
        content = path.read_bytes()
    except PermissionError as error:
        raise UnreadablePhoto(path.name, "permission denied") from error
    except (OSError, ValueError) as error:
        raise PhotoNotFound(str(path)) from error
    if not content:
        raise UnreadablePhoto(path.name, "the file is empty")
    return content


def _decode(
    content: bytes,
    name: str,
    max_megapixels: float,
    formats: tuple[str, ...],
    shortest_side: int = 1,
    longest_strip: float = np.inf,
) -> tuple[ByteArray, FloatArray | None]:
    with warnings.catch_warnings():
        # Pillow warns of odd metadata and of large sizes; the checks below raise errors where it matters.
        warnings.simplefilter("ignore")
        picture = _open(content, name, max_megapixels, formats)
        _check_pixels(picture.size, name, max_megapixels)
        # Phones append a depth or gain map as the second picture of an MPO file; the first one is the photo.
        if picture.format != "MPO" and _count_frames(picture, name) > 1:
            raise AnimatedPhoto(name)
        if picture.format not in formats and picture.format != "MPO":
            raise UnsupportedPhoto(name)
        if min(picture.size) < max(shortest_side, max(picture.size) / longest_strip):
            raise PhotoTooSmall(name, picture.size[::-1], shortest_side)
        try:
            picture.load()
            return _to_srgb_and_alpha(_upright(picture))
        except Exception as error:  # decoders raise whatever their parser met: OSError, SyntaxError, struct.error ...
            raise UnreadablePhoto(name, _DAMAGED) from error


def _count_frames(picture: Image.Image, name: str) -> int:
    try:
        return int(getattr(picture, "n_frames", 1))
    except Exception as error:  # see _decode: counting walks through the file
        raise UnreadablePhoto(name, _DAMAGED) from error


def _check_pixels(size: tuple[int, int], name: str, max_megapixels: float) -> None:
    """Bound the pixels of a picture that was opened but not decoded yet.

    Raises:
        PhotoTooLarge: width times height is more than the bound.
    """
    megapixels = size[0] * size[1] / 1e6
    if megapixels > max_megapixels:
        raise PhotoTooLarge(name, megapixels, max_megapixels)


def _too_large(error: Image.DecompressionBombError, name: str, max_megapixels: float) -> PhotoTooLarge:
    """Convert the error with which Pillow refuses to open a picture of too many pixels."""
    pixels = re.search(r"\d+", str(error))
    return PhotoTooLarge(name, int(pixels.group()) / 1e6 if pixels else np.inf, max_megapixels)


def _open(content: bytes, name: str, max_megapixels: float, formats: tuple[str, ...]) -> Image.Image:
    import pillow_heif

    pillow_heif.register_heif_opener()
    try:
        return Image.open(io.BytesIO(content), formats=(*formats, "GIF"))
    except VModelError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_large(error, name, max_megapixels) from error
    except UnidentifiedImageError as error:
        if _looks_supported(content):
            raise UnreadablePhoto(name, "the file is damaged, or stored in a way that is not read") from error
        raise UnsupportedPhoto(name) from error
    except Exception as error:  # see _decode
        raise UnreadablePhoto(name, "the file is damaged") from error


def _looks_supported(content: bytes) -> bool:
    is_webp = content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    is_heif = content[4:8] == b"ftyp" and content[8:12] in {b"heic", b"heix", b"mif1", b"msf1", b"hevc"}
    return content.startswith(_MAGIC) or is_webp or is_heif


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except (SyntaxError, ValueError, TypeError, KeyError, OverflowError):
        # Damaged EXIF is common and says nothing about the pixels.
        return picture


def _to_srgb_and_alpha(picture: Image.Image) -> tuple[ByteArray, FloatArray | None]:
    profile = picture.info.get("icc_profile")
    space = None if profile else stated_space(picture)
    picture = in_eight_bits(picture)
    alpha: FloatArray | None = None
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        alpha = np.asarray(picture.getchannel("A"), np.float32) / 255
        picture = picture.convert("RGB")
    rgb = np.asarray(in_srgb(picture, profile), np.uint8)
    if space is not None:
        rgb = convert_to_srgb(rgb, space)
    if alpha is None or np.mean(alpha >= 0.5) > 1 - _LEAST_TRANSPARENT_SHARE:
        return _on_white(rgb, alpha), None
    return rgb, alpha


def _on_white(rgb: ByteArray, alpha: FloatArray | None) -> ByteArray:
    if alpha is None or alpha.min() >= 1:
        return rgb
    return np.asarray(np.rint(rgb * alpha[..., None] + 255 * (1 - alpha[..., None])), np.uint8)


def in_eight_bits(picture: Image.Image) -> Image.Image:
    """Convert a decoded picture to at most eight bits per channel; other modes are returned unchanged."""
    if picture.mode == "1":
        return picture.convert("L")
    if picture.mode not in {"I", "F", "I;16", "I;16B", "I;16L", "I;16N"}:
        return picture
    values = np.nan_to_num(np.asarray(picture).astype(np.float64))
    # Integers are 16 bit unless they fit a byte; floats are nominally 0..1.
    brightest = values.max(initial=0)
    if picture.mode == "F":
        scale = 255.0 if brightest <= 1 else 255.0 / brightest
    else:
        scale = 1.0 if picture.mode == "I" and brightest <= 255 else 255 / 65535
    return Image.fromarray(np.clip(np.rint(values * scale), 0, 255).astype(np.uint8))


def in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert a picture of eight bits and any colour model to sRGB.

    Args:
        picture: without transparency.
        profile: the ICC profile of its numbers; where there is none, or a damaged one, they are sRGB.
    """
    if picture.mode == "P":
        picture = picture.convert("RGB")
    source: ImageCms.ImageCmsProfile | None = None
    try:
        if profile:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        elif picture.mode == "LAB":
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        if source is not None:
            target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
            converted = ImageCms.profileToProfile(
                picture,
                source,
                target,
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
            if converted is not None:
                return converted
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        # A damaged profile, or one for another colour model: the numbers are then best read as sRGB.
        pass
    return picture.convert("RGB")
