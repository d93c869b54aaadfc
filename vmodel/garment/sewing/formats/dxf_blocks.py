"""Blocks of a DXF as plain values, read with ezdxf; pictures and drawings that it refers to are not opened."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable
from typing import Any, Final

MOST_ENTITIES: Final = 50_000
_FINE: Final = 5e-4
"""Largest distance of a curve's points from the curve, as a share of the line's size."""


def read_blocks(content: bytes) -> dict[str, Any]:
    """Read the blocks of a DXF file.

    Returns:
        "units" as in its header, "texts" of its model space, and "blocks": dicts of "name", "lines" (layer, points),
        "points" (layer, at) and "texts" (text, at). Without blocks the model space is the only one.
    Raises:
        OverflowError: more than ``MOST_ENTITIES`` entities.
        Exception: whatever ezdxf met in what is no DXF.
    """
    document = _read(content)
    left = [MOST_ENTITIES]
    blocks = [_block(block.name, block, left) for block in document.blocks if not block.name.startswith("*")]
    model = _block("", document.modelspace(), left)
    if not blocks and model["lines"]:
        blocks = [model]
    return {"units": int(document.header.get("$INSUNITS", 0)), "texts": model["texts"], "blocks": blocks}


def _read(content: bytes) -> Any:
    """Read the document; one that deviates from the format is read as far as ezdxf can repair it."""
    import ezdxf.recover

    try:
        return ezdxf.read(io.StringIO(_decoded(content).replace("\r\n", "\n")))
    except (ezdxf.DXFError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        return ezdxf.recover.read(io.BytesIO(content))[0]


def _decoded(content: bytes) -> str:
    """Decode the text of a DXF: UTF-8 since 2007, before that the code page that its header names."""
    from ezdxf.lldxf.encoding import decode_dxf_unicode
    from ezdxf.tools.codepage import toencoding

    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        named = re.search(rb"\$DWGCODEPAGE\s+3\s+(\w+)", content[:20_000])
        text = content.decode(toencoding(named[1].decode() if named else "ANSI_1252"), errors="replace")
    return decode_dxf_unicode(text) if "\\U+" in text else text


def _block(name: str, entities: Iterable[Any], left: list[int]) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "lines": [], "points": [], "texts": []}
    for entity in entities:
        left[0] -= 1
        if left[0] < 0:
            raise OverflowError
        kind, layer = entity.dxftype(), str(entity.dxf.get("layer", ""))
        if kind == "TEXT":
            at = entity.dxf.insert
            found["texts"].append({"text": str(entity.dxf.text)[:200], "at": _xy(at)})
        elif kind == "MTEXT":
            at = entity.dxf.insert
            for line in entity.plain_text(split=True)[:20]:
                found["texts"].append({"text": line[:200], "at": _xy(at)})
        elif kind == "POINT":
            at = entity.dxf.location
            found["points"].append({"layer": layer, "at": _xy(at)})
        elif kind in {"POLYLINE", "LWPOLYLINE", "LINE", "ARC", "ELLIPSE", "SPLINE"}:
            found["lines"].append({"layer": layer, "points": _line(entity, kind)})
    return found


def _line(entity: Any, kind: str) -> list[list[float]]:
    from ezdxf.path import make_path

    closed = bool(getattr(entity, "is_closed", False) or getattr(entity, "closed", False)) and kind.endswith("POLYLINE")
    path = make_path(entity)
    corners = [(at.x, at.y) for at in path.control_vertices()]
    # The unit is not known here, so the resolution of a curve follows from its own size.
    size = max((max(row) - min(row) for row in zip(*corners, strict=True)), default=0.0)
    points = [_xy(at) for at in path.flattening(max(size * _FINE, 1e-6))]
    return [*points, points[0]] if closed and points and points[0] != points[-1] else points


def _xy(at: Any) -> list[float]:
    x, y = float(at[0]), float(at[1])
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValueError("a coordinate is no number")
    return [x, y]
