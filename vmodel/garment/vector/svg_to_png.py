"""Call of the renderer; a module of its own that imports nothing else, so that its process starts at once."""

from __future__ import annotations


def svg_to_png(svg: bytes, size: tuple[int, int]) -> bytes:
    """Draw an SVG as a PNG of (height, width) pixels.

    Raises:
        ValueError: the renderer refuses it.
    """
    import resvg_py

    height, width = size
    text = svg.decode()
    try:
        return bytes(resvg_py.svg_to_bytes(svg_string=text, width=width, height=height, skip_system_fonts=True, dpi=96))
    except (MemoryError, KeyboardInterrupt):
        raise
    except BaseException as error:  # a panic in Rust is no Exception
        raise ValueError(str(error) or "the renderer gave up") from None
