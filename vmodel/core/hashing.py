"""Digests of values: content keys of caches, and the canonical JSON that is signed and chained."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np


def content_key(*parts: Any, version: str = "") -> str:
    """Return a digest of nested dataclasses, mappings, sequences, arrays, numbers and strings, 40 hexadecimal digits.

    Args:
        parts: values on which the cached content depends.
        version: of the code that makes the content.
    """
    digest = hashlib.sha256(version.encode())
    for part in parts:
        _feed(digest, part)
    return digest.hexdigest()[:40]


def _feed(digest: Any, value: Any) -> None:
    if isinstance(value, np.ndarray):
        digest.update(f"{value.dtype}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, Enum):
        digest.update(str(value).encode())
    elif dataclasses.is_dataclass(value):
        _feed(digest, {field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    elif isinstance(value, Mapping):
        for key in sorted(value):
            digest.update(f"{key}=".encode())
            _feed(digest, value[key])
    elif isinstance(value, (tuple, list)):
        digest.update(f"[{len(value)}".encode())
        for item in value:
            _feed(digest, item)
    else:
        digest.update(f"{value!r};".encode())


def canonical_json(content: Any) -> bytes:
    """Encode as canonical JSON (RFC 8785): text, whole numbers, booleans, None, lists and objects with ASCII names.

    Raises:
        ValueError: it holds a fraction, whose canonical form would need more care.
    """
    _refuse_fractions(content)
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _refuse_fractions(content: Any) -> None:
    if isinstance(content, float):
        raise ValueError(f"{content} is a fraction")
    if isinstance(content, Mapping):
        for value in content.values():
            _refuse_fractions(value)
    elif isinstance(content, list | tuple):
        for value in content:
            _refuse_fractions(value)
