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
    from vmodel.studio.stage_cache import Studio

    with cli_errors(as_json):
        read_category(category)
        make_folder(out)
    pattern = read_pattern(GarmentSource(photo, mask, None, category, landmarks), Studio(Settings()))
    picture = out / f"{stem_of(photo)}--inspect.png"
    with cli_errors(as_json):
        garment = fit_garment(pattern.garment, USUAL_BODY, "woman")
    drawn = draw_understanding(pattern.flat_lay, pattern.cutout, pattern.landmarks, garment)
    write_whole(picture, encode_picture(drawn, "png"))
    if not as_json:
        kind = pattern.kind
        shape = f"{kind.category.value} ({kind.confidence:.0%}), sleeve {kind.sleeve.value}, neck {kind.neckline.value}"
        whom, share = max(kind.made_for, key=lambda each: each[1], default=("", 0.0))
        print(f"{shape}, made for a {whom} ({share:.0%})" if whom else shape)
        print(picture)
        if pattern.question is not None:
            say_check(pattern.question.ask(kind.category, "read", CATEGORY_FLAG, photo.name))
        return
    found: dict[str, Any] = {
        "photo": str(photo),
        "picture": str(picture),
        "category": pattern.kind.category.value,
        "confidence": round(pattern.kind.confidence, 3),
        "sleeve": pattern.kind.sleeve.value,
        "neckline": pattern.kind.neckline.value,
        "length": pattern.kind.length.value,
        "open_front": pattern.kind.open_front,
        "made_for": {who: round(share, 3) for who, share in pattern.kind.made_for},
        "check": None if pattern.question is None else pattern.question.to_json(pattern.kind.category),
        "cutout": {"source": pattern.cutout.source, "confidence": round(pattern.cutout.confidence, 3)},
        "landmarks": {
            name: [round(float(x), 1), round(float(y), 1)] for name, (x, y) in pattern.landmarks.points_px.items()
        },
        "warnings": list(garment.warnings),
    }
    print(json.dumps(found, ensure_ascii=False))
