"""Process that reads one DXF and exits: ``python -m vmodel.garment.sewing.formats.dxf_main``.

Its input is a line with the number of the DXF's bytes, then the DXF; its output is plain JSON of the blocks. It is a
separate process so that time and memory can be bounded. It opens nothing that a DXF refers to (pictures, other
drawings).
"""

from __future__ import annotations

import io
import json
import re
import resource
import sys
from collections.abc import Iterable
from typing import Any

LONGEST_S = 30
_LARGEST_MEMORY = 2 * 10**9
_MOST_ENTITIES = 50_000
_FINE = 5e-4
"""Largest distance of a curve's points from the curve, as a share of the line's size."""


def _main() -> None:
    import ezdxf.recover  # noqa: F401

    resource.setrlimit(resource.RLIMIT_AS, (_LARGEST_MEMORY, _LARGEST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_S, LONGEST_S))
    # Ezdxf is loaded by now; the process that started this one ahead may have no file for it after all.
    size = int(sys.stdin.buffer.readline() or 0)
    if not size:
        sys.exit("no file")
    document = _read(sys.stdin.buffer.read(size))
    left = [_MOST_ENTITIES]
    blocks = [_block(block.name, block, left) for block in document.blocks if not block.name.startswith("*")]
    model = _block("", document.modelspace(), left)
    read = {"units": document.header.get("$INSUNITS", 0), "texts": model["texts"], "blocks": blocks}
    if not blocks and model["lines"]:
        read["blocks"] = [model]
    json.dump(read, sys.stdout, allow_nan=False)


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
            sys.exit("too many entities")
        kind, layer = entity.dxftype(), str(entity.dxf.get("layer", ""))
        if kind == "TEXT":
            at = entity.dxf.insert
            found["texts"].append({"text": str(entity.dxf.text)[:200], "at": [at[0], at[1]]})
        elif kind == "MTEXT":
            at = entity.dxf.insert
            for line in entity.plain_text(split=True)[:20]:
                found["texts"].append({"text": line[:200], "at": [at[0], at[1]]})
        elif kind == "POINT":
            at = entity.dxf.location
            found["points"].append({"layer": layer, "at": [at[0], at[1]]})
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
    points = [[float(at.x), float(at.y)] for at in path.flattening(max(size * _FINE, 1e-6))]
    return [*points, points[0]] if closed and points and points[0] != points[-1] else points


if __name__ == "__main__":
    _main()
