"""Process that draws one SVG and exits: ``python -m vmodel.garment.vector.svg_rasteriser_main WIDTH HEIGHT``, SVG in,
PNG out.

It is a separate process, which imports nothing but the renderer, so that time and memory can be bounded.
"""

from __future__ import annotations

import resource
import sys

LONGEST_S = 30
_LARGEST_MEMORY = 2 * 10**9


def _main() -> None:
    import resvg_py

    resource.setrlimit(resource.RLIMIT_AS, (_LARGEST_MEMORY, _LARGEST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_S, LONGEST_S))
    width, height = (int(word) for word in sys.argv[1:3])
    svg = sys.stdin.buffer.read().decode()
    try:
        drawn = resvg_py.svg_to_bytes(svg_string=svg, width=width, height=height, skip_system_fonts=True, dpi=96)
    except ValueError as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(drawn)


if __name__ == "__main__":
    _main()
