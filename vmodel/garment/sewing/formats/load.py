"""Detection and reading of sewing patterns: SVG, DXF (AAMA, ASTM), JSON of GarmentCode."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from vmodel.core.bounded_process import BoundExceeded, run_bounded, start_ahead
from vmodel.errors import PhotoNotFound
from vmodel.garment.sewing.errors import SewingUnreadable
from vmodel.garment.sewing.formats.dxf import read_dxf_pieces
from vmodel.garment.sewing.formats.garmentcode import read_json_pieces
from vmodel.garment.sewing.formats.svg import is_svg_pattern, read_svg_pieces
from vmodel.garment.sewing.pattern import SewingPattern, joined_pattern

ENDINGS: Final = (".svg", ".dxf", ".json")
LARGEST_BYTES: Final = 10_000_000


def load_pattern(path: Path) -> bytes:
    """Load the bytes of a pattern file.

    Raises:
        PhotoNotFound: no such file.
        SewingUnreadable: it is too large.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise SewingUnreadable(path.name, f"it is larger than {LARGEST_BYTES // 10**6} MB")
        return path.read_bytes()
    except OSError:
        raise PhotoNotFound(str(path)) from None


def is_sewing_pattern(path: Path) -> bool:
    """Tell whether a file is read as a sewing pattern: DXF, JSON that is no design, and SVG with pieces.

    A missing DXF or JSON is judged by its ending, so that its reader reports it as missing.
    """
    low = path.name.lower()
    if low.endswith(".design.json"):
        return False
    if low.endswith((".dxf", ".json")):
        return True
    try:
        return low.endswith(".svg") and path.stat().st_size <= LARGEST_BYTES and is_svg_pattern(path.read_bytes())
    except OSError:
        return False


def start_reader() -> None:
    """Start a process in the background for the next pattern: loading ezdxf takes longer than reading with it."""
    start_ahead(_read, "ezdxf.recover")


def read_pattern_file(content: bytes, name: str) -> SewingPattern:
    """Read and check a sewing pattern, in a bounded process.

    Args:
        content: the file.
        name: its name, whose ending says how to read it.
    Raises:
        SewingUnreadable: no pattern, or one past the bounds.
        SeveralSizes: a graded one.
        DrawingUnreadable, DrawingUnsafe, DrawingTooLarge: of an SVG.
        PieceInvalid, SeamIncomplete, SeamMismatch: see ``joined_pattern``.
    """
    if len(content) > LARGEST_BYTES:
        raise SewingUnreadable(name, f"it is larger than {LARGEST_BYTES // 10**6} MB")
    try:
        return run_bounded(_read, content, name)
    except BoundExceeded as error:
        raise SewingUnreadable(name, f"it {error} to read") from None


def _read(content: bytes, name: str) -> SewingPattern:
    readers = {".svg": read_svg_pieces, ".dxf": read_dxf_pieces, ".json": read_json_pieces}
    reader = readers.get(Path(name).suffix.lower())
    if reader is None:
        raise SewingUnreadable(name, f"its name ends with none of {', '.join(ENDINGS)}")
    return joined_pattern(name, hashlib.sha256(content).hexdigest(), reader(content, name))
