"""Outfit files: garments that are worn with the one on sale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from vmodel.errors import OutfitInvalid
from vmodel.shot.request import FILE_FIELDS, GarmentSource

MOST_BYTES = 100_000


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
    content = _load(path)
    garments, tucked = content.get("garments"), content.get("tucked", False)
    if not isinstance(garments, list) or not garments or not isinstance(tucked, bool):
        raise OutfitInvalid(str(path), "needs a list named garments; tucked is true or false")
    return (*(_source(path, garment) for garment in garments), *further), tucked


def _load(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise OutfitInvalid(str(path), f"is larger than {MOST_BYTES} bytes")
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OutfitInvalid(str(path), error.strerror or str(error)) from None
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError):
        raise OutfitInvalid(str(path), "is not YAML") from None
    if not isinstance(content, dict):
        raise OutfitInvalid(str(path), "is not a mapping")
    return content


def _source(path: Path, plain: Any) -> GarmentSource:
    known = {field.name for field in fields(GarmentSource)}
    if not isinstance(plain, dict) or not isinstance(plain.get("photo"), str):
        raise OutfitInvalid(str(path), "has a garment without a photo")
    unknown = sorted(str(name) for name in plain if name not in known)
    if unknown:
        raise OutfitInvalid(str(path), f"has an unknown field {unknown[0]!r}; there are {', '.join(sorted(known))}")
    for name, value in plain.items():
        if name == "worn_open":
            fits, wanted = isinstance(value, bool), "true or false"
        elif name.endswith("_cm"):
            fits, wanted = isinstance(value, int | float) and not isinstance(value, bool), "a number"
        else:
            fits, wanted = isinstance(value, str), "text"
        if not fits:
            raise OutfitInvalid(str(path), f"has a {name} that is not {wanted}")
    return GarmentSource(
        **{name: path.parent / value if name in FILE_FIELDS else value for name, value in plain.items()}
    )
