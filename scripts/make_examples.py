"""Draw the example flat-lays: ``python -m scripts.make_examples [FOLDER]``.

The garments, their prints and the brand on one of them are invented, and every pixel is computed here: outlines and
folds become a relief, a procedural print becomes its colour, and a soft light makes a photo of both. The same
version of the libraries draws the same files.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from scripts.drawing.bottoms import denim_trousers, pleated_skirt, summer_shorts
from scripts.drawing.jackets import twill_jacket
from scripts.drawing.tops import floral_dress, logo_tee, satin_camisole, striped_long_sleeve
from vmodel.core.files import encode_picture, write_whole

FLAT_LAYS = {
    "striped-long-sleeve": striped_long_sleeve,
    "logo-tee": logo_tee,
    "satin-camisole": satin_camisole,
    "floral-dress": floral_dress,
    "denim-trousers": denim_trousers,
    "pleated-skirt": pleated_skirt,
    "twill-jacket": twill_jacket,
    "summer-shorts": summer_shorts,
}


def main() -> None:
    """Write all flat-lays as JPEG files."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1] / "examples"
    for seed, (name, draw) in enumerate(FLAT_LAYS.items()):
        path = folder / f"{name}.jpg"
        write_whole(path, encode_picture(draw(np.random.default_rng(seed)), "jpeg", quality=82))
        print(path)


if __name__ == "__main__":
    main()
