"""Requirements of marketplaces for product pictures, shared by the command line and the web page."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from PIL import Image

from vmodel.errors import InputError
from vmodel.types import ByteArray


@dataclass(frozen=True)
class Marketplace:
    """Picture requirements of a marketplace.

    Attributes:
        name: value of ``--marketplace``.
        title: for people.
        size: (height, width) in pixels that it shows best.
        background: name of ``vmodel.scene`` that it demands, or None for any.
        channel: its name in ``vmodel.rights.provenance.channels``, which decides about the visible label.
        limit_bytes: largest accepted file.
        first, further: file names of a product's pictures; ``{sku}`` and ``{number}`` are filled in.
    """

    name: str
    title: str
    size: tuple[int, int]
    background: str | None
    channel: str
    limit_bytes: int
    first: str
    further: str

    def file_name(self, sku: str, number: int) -> str:
        """Return the file name of a product's picture.

        Args:
            sku: the product's own name, already safe as a file name.
            number: 1 for its main picture.
        """
        return (self.first if number == 1 else self.further).format(sku=sku, number=number, part=number - 1)


class UnknownMarketplace(InputError):
    """No profile has this name."""

    code = "unknown_marketplace"

    def __init__(self, name: str) -> None:
        super().__init__(f"Unknown marketplace {name!r}; use one of: {', '.join(MARKETPLACES)}.")
        self.name = name


_NUMBERED = "{sku}-{number:02d}.jpg"
_ALL = (
    Marketplace("taobao", "Taobao and Tmall, square", (800, 800), None, "taobao", 3_000_000, _NUMBERED, _NUMBERED),
    Marketplace("taobao-3x4", "Taobao and Tmall, 3:4", (1000, 750), None, "taobao", 3_000_000, _NUMBERED, _NUMBERED),
    Marketplace(
        "amazon", "Amazon", (2000, 2000), "white", "amazon", 10_000_000, "{sku}.MAIN.jpg", "{sku}.PT{part:02d}.jpg"
    ),
    Marketplace("shopify", "Shopify", (2048, 2048), None, "shopify", 20_000_000, _NUMBERED, _NUMBERED),
)
MARKETPLACES: Mapping[str, Marketplace] = MappingProxyType({each.name: each for each in _ALL})
"""Profiles by name, from the sellers' guides of the marketplaces (main pictures: Taobao 800x800 up to 3 MB and Tmall's
3:4 of 750x1000; Amazon's pure white with zoom from 2000 pixels on; Shopify's 2048x2048 up to 20 MB)."""


def find_marketplaces(names: Iterable[str]) -> list[Marketplace]:
    """Return profiles in the order named, each once.

    Raises:
        UnknownMarketplace: no profile has one of the names.
    """
    found = []
    for name in dict.fromkeys(word.strip().lower() for word in names):
        if name not in MARKETPLACES:
            raise UnknownMarketplace(name)
        found.append(MARKETPLACES[name])
    return found


def encode_for(marketplace: Marketplace, picture: ByteArray) -> bytes:
    """Encode a finished picture as the marketplace requires it.

    The picture is made smaller to fit, never larger. Missing area of the required shape is filled with the picture's
    own margin, or white where the marketplace demands it. A picture that was shot in the required size is not resized.

    Args:
        marketplace: the profile.
        picture: (H, W, 3) or (H, W, 4) uint8 sRGB; transparency is composited on white.
    Returns:
        A JPEG of at most ``limit_bytes``, unless even quality 60 is larger.
    """
    image = _on_white(Image.fromarray(picture))
    height, width = marketplace.size
    image.thumbnail((width, height), Image.Resampling.LANCZOS)
    image = _padded(image, height / width, white=marketplace.background == "white")
    encoded = b""
    for quality in (95, 90, 85, 75, 60):
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=quality, subsampling=0 if quality > 85 else 2)
        encoded = stream.getvalue()
        if len(encoded) <= marketplace.limit_bytes:
            break
    return encoded


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image.convert("RGB")
    paper = Image.new("RGBA", image.size, (255, 255, 255, 255))
    paper.alpha_composite(image)
    return paper.convert("RGB")


def _padded(image: Image.Image, ratio: float, white: bool) -> Image.Image:
    """Centre the picture on the smallest canvas of the required shape (height over width)."""
    height, width = max(image.height, round(image.width * ratio)), max(image.width, round(image.height / ratio))
    if (width, height) == image.size:
        return image
    top, left = (height - image.height) // 2, (width - image.width) // 2
    around = ((top, height - image.height - top), (left, width - image.width - left), (0, 0))
    pixels = np.asarray(image)
    if white:
        return Image.fromarray(np.pad(pixels, around, constant_values=255))
    return Image.fromarray(np.pad(pixels, around, mode="edge"))
