"""Outfit files: garments that are worn with the one on sale."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field
from pydantic.dataclasses import dataclass

from vmodel.errors import OutfitInvalid
from vmodel.shot.request import FILE_FIELDS, GarmentSource, RequestPart

MOST_BYTES = 100_000


@dataclass(frozen=True)
class _OutfitFile(RequestPart):
    """Content of an outfit file, whose garments are read one by one, so that a fault is told with its number."""

    garments: Annotated[list[Any], Field(min_length=1)]
    tucked: bool = False


def read_outfit(path: Path | None, photos: Sequence[Path] = ()) -> tuple[tuple[GarmentSource, ...], bool]:
    """Read an outfit file; its paths are relative to it.

    The file is a YAML mapping with ``garments``, a list of mappings whose keys are the fields of ``GarmentSource``
    (``photo`` is needed), and ``tucked``, true or false.

    Args:
        path: of the file, or None.
        photos: of further garments without other details.
    Returns:
        The garments of the file, then those of the photos; and whether tops are tucked in.
    Raises:
        OutfitInvalid: the file is not there or not an outfit.
    """
    further = tuple(GarmentSource(photo) for photo in photos)
    if path is None:
        return further, False
    try:
        outfit = _OutfitFile(**_load(path))
    except TypeError as error:
        raise OutfitInvalid(str(path), f"has a fault ({error})") from None
    garments = [_source(path, number, plain) for number, plain in enumerate(outfit.garments, 1)]
    return (*garments, *further), outfit.tucked


def _load(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise OutfitInvalid(str(path), f"is larger than {MOST_BYTES} bytes")
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OutfitInvalid(str(path), error.strerror or str(error)) from None
    except (ValueError, yaml.YAMLError, RecursionError):  # a day that no month has is a ValueError
        raise OutfitInvalid(str(path), "is not YAML") from None
    if not isinstance(content, dict):
        raise OutfitInvalid(str(path), "is not a mapping")
    return {str(name): value for name, value in content.items()}


def _source(path: Path, number: int, plain: Any) -> GarmentSource:
    if not isinstance(plain, dict):
        raise OutfitInvalid(str(path), f"has a fault in garment {number} ({plain!r:.80} is not a mapping)")
    values: dict[str, Any] = {
        str(name): path.parent / value if name in FILE_FIELDS and isinstance(value, str) else value
        for name, value in plain.items()
    }
    try:
        return GarmentSource(**values)
    except TypeError as error:
        raise OutfitInvalid(str(path), f"has a fault in garment {number} ({error})") from None
