"""Make the pictures of README from our own examples: ``python -m scripts.readme_figures [worn] [places] [roster]``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipelines.registry import load_pipeline
from vmodel.body.appearance.cache import load_or_grow_hair, load_or_paint_skin
from vmodel.body.base_layer.paint import BaseLayer
from vmodel.body.hair.motion import pose_hair
from vmodel.body.model.body import build_body
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.core.files import encode_picture, write_whole
from vmodel.scene import Scene, frame_camera, render_draft
from vmodel.scene.camera.framing import project_points
from vmodel.shoot import shoot
from vmodel.shot.pipeline_interface import Failure
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.studio.sequence import run_sequentially
from vmodel.studio.stage_cache import StageCache
from vmodel.types import ByteArray, VirtualModel

ROOT = Path(__file__).resolve().parent.parent
HEIGHT = 640


@dataclass(frozen=True)
class Worn:
    """One column of the picture of worn garments."""

    garment: str
    model: str
    pose: str
    outfit: tuple[str, ...] = ()
    tucked: bool = False


WORN = (
    Worn("logo-tee", "mn-kwame", "hands-in-pockets"),
    Worn("floral-dress", "wm-freja", "hand-on-hip"),
    Worn("striped-long-sleeve", "ch-zuri", "standing", ("denim-trousers",)),
    Worn("twill-jacket", "mn-tane", "standing"),
    Worn("satin-camisole", "wm-amina", "contrapposto", ("pleated-skirt",)),
    Worn("denim-trousers", "wm-saoirse", "walking", ("logo-tee",), tucked=True),
)
"""The garment on sale, its wearer, and the other examples of the outfit; the wardrobe completes it."""

LIT = (Worn("logo-tee", "wm-amina", "contrapposto"), Worn("floral-dress", "wm-freja", "standing"))
"""Shots that are shown both as a draft and photographed."""

PLACES = {
    "plaster": "soft-key", "concrete": "window", "apartment": "daylight", "panelling": "soft-key",
    "terrace": "hard-sun", "living-room": "window",
}  # fmt: skip
"""Background and light of each picture of places."""
IN_PLACES = Worn("logo-tee", "wm-amina", "contrapposto")

PORTRAIT = (384, 288)
PORTRAITS_A_ROW = 8


def main(names: Sequence[str]) -> None:
    """Write the named pictures, or all, into docs/pictures."""
    stages = StageCache(Settings())
    folder = ROOT / "docs" / "pictures"
    folder.mkdir(exist_ok=True)
    makers = {"worn": picture_shots, "light": picture_light, "places": picture_places, "roster": picture_roster}
    for name, make in makers.items():
        if name in (names or (name,)):
            write_whole(folder / f"{name}.jpg", encode_picture(make(stages), "jpeg", quality=85))


def picture_shots(stages: StageCache) -> ByteArray:
    """Make a column for each garment: the flat-lay above its shot."""
    requests = [
        ShotRequest(
            example(worn.garment),
            model=worn.model,
            pose=worn.pose,
            outfit=tuple(example(other) for other in worn.outfit),
            tucked=worn.tucked,
            pipeline="embedded",
        )
        for worn in WORN
    ]
    columns = []
    for result in run_sequentially(
        requests, partial(shoot, stages=stages, pipeline=load_pipeline("embedded")), stages.settings.home
    ):
        if isinstance(result, Failure):
            raise SystemExit(f"README would lack a picture: {result.code}: {result.message}")
        columns.append(np.vstack([at_width(result.reading.flat_lay.rgb), at_width(result.picture)]))
    return np.hstack(columns)


def picture_light(stages: StageCache) -> ByteArray:
    """Put each draft beside the embedded pipeline's photograph of it."""
    columns = []
    for worn in LIT:
        asked = ShotRequest(example(worn.garment), model=worn.model, pose=worn.pose, framing="upper")
        for name in ("draft", "embedded"):
            shot = shoot(replace(asked, pipeline=name), stages, load_pipeline(name))
            columns.append(at_width(shot.picture))
    return np.hstack(columns)


def picture_places(stages: StageCache) -> ByteArray:
    """Show one garment on one model in several places and lights."""
    asked = ShotRequest(
        example(IN_PLACES.garment), model=IN_PLACES.model, pose=IN_PLACES.pose, framing="full",
        pipeline="embedded",
    )  # fmt: skip
    pipeline = load_pipeline("embedded")
    return np.hstack([
        at_width(shoot(replace(asked, background=background, light=light), stages, pipeline).picture)
        for background, light in PLACES.items()
    ])  # fmt: skip


def example(name: str) -> GarmentSource:
    """Return one of the bundled flat-lays."""
    return GarmentSource(ROOT / "examples" / f"{name}.jpg", material="denim" if "denim" in name else None)


def picture_roster(stages: StageCache) -> ByteArray:
    """Show the faces of the adults of the roster, with id, age and size."""
    adults = [model for model in stages.roster.values() if not model.is_child]
    cells = [
        with_caption(portrait(model, stages.settings.cache), f"{model.id}, {model.age:.0f}, {model.size}")
        for model in adults
    ]
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % PORTRAITS_A_ROW)
    rows = [np.hstack(cells[at : at + PORTRAITS_A_ROW]) for at in range(0, len(cells), PORTRAITS_A_ROW)]
    return np.vstack(rows)


def portrait(model: VirtualModel, cache: Path, background: str = "light-grey") -> ByteArray:
    """Render head and shoulders in the base layer, before a background of ``vmodel.scene``; returns (H, W, 3)."""
    body = build_body(model)
    posed = body.posed(load_pose("standing"))
    hair = pose_hair(load_or_grow_hair(model, body, cache), body, posed)
    scene = Scene(posed, body, load_or_paint_skin(model, body, BaseLayer(), cache), hair, None, None)
    camera = frame_camera(posed, None, "front", "upper", PORTRAIT, hair=hair)
    # A longer lens and a shifted back bring the head into the middle without moving the camera.
    nose_px, _ = project_points(body.keypoints(posed)[0], camera)
    zoom = 2.6
    middle = np.array([PORTRAIT[1] / 2, PORTRAIT[0] * 0.48])
    centre = middle - zoom * (nose_px - np.asarray(camera.centre_px))
    near = replace(camera, focal_px=camera.focal_px * zoom, centre_px=(float(centre[0]), float(centre[1])))
    return render_draft(scene, near, background=background)


def with_caption(picture: ByteArray, text: str) -> ByteArray:
    """Put the picture above a strip with one line of text."""
    strip = Image.new("RGB", (picture.shape[1], 30), "white")
    middle = strip.width / 2, 6
    ImageDraw.Draw(strip).text(middle, text, (60, 60, 60), ImageFont.load_default(16), anchor="ma")
    return np.vstack([picture, np.asarray(strip)])


def at_width(picture: ByteArray) -> ByteArray:
    """Resize the picture to the width of a column."""
    return cv2.resize(picture, (HEIGHT * 3 // 4, HEIGHT), interpolation=cv2.INTER_AREA)


if __name__ == "__main__":
    main(sys.argv[1:])
