"""Disk cache of painted skins and grown hair: a virtual model looks the same in every shot, so both are made once."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path

import numpy as np

from vmodel.body.appearance.skin import SKIN_SIZE, paint_skin
from vmodel.body.appearance.skin_colour import load_residuals
from vmodel.body.base_layer.paint import BaseLayer
from vmodel.body.hair.grow import grow_hair
from vmodel.body.model.body import Body
from vmodel.core.array_cache import read_arrays, write_arrays
from vmodel.core.files import CACHE_BYTES, evict_oldest
from vmodel.core.hashing import content_key
from vmodel.types import FloatArray, SkinTextures, Strands, VirtualModel


def load_or_paint_skin(
    model: VirtualModel, body: Body, base_layer: BaseLayer, cache: Path, size: int = SKIN_SIZE
) -> SkinTextures:
    """Return the result of ``paint_skin``, cached for this model and base layer.

    Args:
        model: who is painted.
        body: of the model.
        base_layer: cut of the base layer.
        cache: folder of things that can be computed again.
        size: see ``paint_skin``.
    Returns:
        Textures of half precision in single precision arrays, whether painted now or read, so that a shot's
        pixels do not depend on the state of the cache.
    """
    key = content_key("skin", model, base_layer, size, code_version())
    stored = read_arrays(cache / "looks", key)
    if stored is None or set(stored) != {field.name for field in fields(SkinTextures)}:
        fresh = paint_skin(model, body, base_layer, size)
        stored = {field.name: getattr(fresh, field.name).astype(np.float16) for field in fields(SkinTextures)}
        _store(cache, key, stored)
    return SkinTextures(**{name: values.astype(np.float32) for name, values in stored.items()})


def load_or_grow_hair(model: VirtualModel, body: Body, cache: Path) -> Strands:
    """Return the result of ``grow_hair``, cached for this model.

    Args:
        model: whose hair it is.
        body: of the model.
        cache: folder of things that can be computed again.
    """
    key = content_key("hair", model, code_version())
    stored = read_arrays(cache / "looks", key)
    if stored is not None and set(stored) == {field.name for field in fields(Strands)}:
        return Strands(**stored)  # type: ignore[arg-type]
    fresh = grow_hair(model, body)
    _store(cache, key, {field.name: getattr(fresh, field.name) for field in fields(Strands)})
    return fresh


@functools.cache
def code_version() -> str:
    """Return a digest of the code and tables that make bodies and looks; a change of either invalidates the cache.

    Raises:
        WeightsMissing: the colours of the skin are not there.
    """
    folder = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256(f"anny {version('anny')}, numpy {version('numpy')}".encode())
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.read_bytes())
    told = load_residuals()
    digest.update(told.texel.tobytes() + told.steps.tobytes())
    return digest.hexdigest()


def _store(cache: Path, key: str, arrays: dict[str, FloatArray]) -> None:
    write_arrays(cache / "looks", key, arrays)
    evict_oldest(cache, CACHE_BYTES)
