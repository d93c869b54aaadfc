"""``vmodel inspect``: show what was recognised in a photo, as a picture and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli import flags
from app.cli.console import say_check
from app.cli.errors import cli_errors

Photo = Annotated[
    Path, typer.Argument(help="Flat-lay photo that shows one garment.", parser=flags.file_path, show_default=False)
]


def inspect_photo(
    photo: Photo,
    as_json: flags.AsJson = False,
    out: flags.Out = Path("out"),
    mask: flags.Mask = None,
    category: flags.Category = None,
    landmarks: flags.LandmarksFile = None,
) -> None:
    """Draw what vmodel recognises in a photo: cut-out, category, landmarks, openings and panels.

    The JSON output has the landmarks in the format that --landmarks reads.
    """
    from app.cli.output import CATEGORY_FLAG
    from vmodel.config import Settings
    from vmodel.core.files import encode_picture, make_folder, stem_of, write_whole
    from vmodel.garment.annotate import draw_understanding
    from vmodel.garment.pattern.fit import USUAL_BODY, fit_garment
    from vmodel.rights.policy.minors import read_category
    from vmodel.shot.request import GarmentSource
    from vmodel.studio.read_garment import read_pattern
    from vmodel.studio.stage_cache import StageCache

    with cli_errors(as_json):
        read_category(category)
        make_folder(out)
    reading = read_pattern(GarmentSource(photo, mask, None, category, landmarks), StageCache(Settings()))
    picture = out / f"{stem_of(photo)}--inspect.png"
    with cli_errors(as_json):
        garment = fit_garment(reading.garment, USUAL_BODY, "woman")
    drawn = draw_understanding(reading.flat_lay, reading.cutout, reading.landmarks, garment)
    write_whole(picture, encode_picture(drawn, "png"))
    if not as_json:
        kind = reading.kind
        shape = f"{kind.category.value} ({kind.confidence:.0%}), sleeve {kind.sleeve.value}, neck {kind.neckline.value}"
        whom, share = max(kind.made_for, key=lambda each: each[1], default=("", 0.0))
        print(f"{shape}, made for a {whom} ({share:.0%})" if whom else shape)
        print(picture)
        if reading.question is not None:
            say_check(reading.question.ask(kind.category, "read", CATEGORY_FLAG, photo.name))
        return
    found: dict[str, Any] = {
        "photo": str(photo),
        "picture": str(picture),
        "category": reading.kind.category.value,
        "confidence": round(reading.kind.confidence, 3),
        "sleeve": reading.kind.sleeve.value,
        "neckline": reading.kind.neckline.value,
        "length": reading.kind.length.value,
        "open_front": reading.kind.open_front,
        "made_for": {who: round(share, 3) for who, share in reading.kind.made_for},
        "check": None if reading.question is None else reading.question.to_json(reading.kind.category),
        "cutout": {"source": reading.cutout.source, "confidence": round(reading.cutout.confidence, 3)},
        "landmarks": {
            name: [round(float(x), 1), round(float(y), 1)] for name, (x, y) in reading.landmarks.points_px.items()
        },
        "warnings": list(garment.warnings),
    }
    print(json.dumps(found, ensure_ascii=False))
