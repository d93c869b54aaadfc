"""Make the page's faces, poses and places with vmodel itself: ``python -m scripts.ui_thumbnails``.

Pictures that are there already are kept; delete one to make it again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from scripts.readme_figures import portrait
from vmodel.body.appearance.cache import load_or_grow_hair, load_or_paint_skin
from vmodel.body.base_layer.paint import DENIM, WHITE, BaseLayer, for_child
from vmodel.body.hair.motion import pose_hair
from vmodel.body.model.body import build_body
from vmodel.body.model.roster import Roster, load_roster
from vmodel.body.pose.library import load_pose, pose_names
from vmodel.body.shoes.build import make_shoes
from vmodel.config import Settings
from vmodel.core.colour import to_srgb
from vmodel.garment.blocks.library import BLOCKS
from vmodel.garment.designs.block_design import Design
from vmodel.scene import LIGHTS, Scene, frame_camera, render_draft
from vmodel.scene.place.catalogue import PLACES
from vmodel.scene.place.view import paint_place
from vmodel.scene.shading.lights import place_lights
from vmodel.scene.shading.visibility import Ambient, Lighting, ShadowMap
from vmodel.service.garments.design_preview import SIDE, draw_block
from vmodel.studio.design_wearer import choose_wearer
from vmodel.types import ByteArray, Camera, VirtualModel

FOLDER = Path(__file__).resolve().parent.parent / "app" / "ui" / "pictures"
FACE, POSE, BLOCK, PLACE = (384, 288), (264, 198), (184, 160), (138, 138)
POSED_BY, CHILD_POSED_BY = "wm-yara", "ch-mila"
_RENDERED = (528, 396)
_BACKDROP = "#e9e4dc"
_LEVEL = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])


def main() -> None:
    """Write a WebP file for each model, pose, block and place into app/ui/pictures."""
    settings = Settings()
    roster = load_roster(settings)
    for name in pose_names():
        who = roster[CHILD_POSED_BY if name.startswith("child") else POSED_BY]
        _write(f"pose-{name}", partial(figure, who, name, settings.cache), POSE)
    for name in BLOCKS:
        _write(f"block-{name}", partial(lying, name, roster), BLOCK)
    for name in PLACES:
        _write(f"place-{name}", partial(empty, name), PLACE)
    for model in roster.values():
        _write(f"face-{model.id}", partial(portrait, model, settings.cache, _BACKDROP), FACE)


def figure(model: VirtualModel, pose_name: str, cache: Path) -> ByteArray:
    """Render a model in active wear, from head to toe; returns (H, W, 3)."""
    base_layer = BaseLayer("tank", "leggings", WHITE, DENIM)
    base_layer = for_child(base_layer) if model.is_child else base_layer
    body = build_body(model)
    posed = body.posed(load_pose(pose_name))
    hair = pose_hair(load_or_grow_hair(model, body, cache), body, posed)
    shoes = make_shoes(body).carried(posed)
    scene = Scene(posed, body, load_or_paint_skin(model, body, base_layer, cache), hair, None, None, shoes)
    return render_draft(scene, frame_camera(posed, None, "front", "full", _RENDERED, hair=hair), background=_BACKDROP)


def empty(place: str) -> ByteArray:
    """Photograph a place without anybody, (H, W, 3)."""
    side = 4 * PLACE[0]
    camera = Camera(np.array([0.0, -5.0, 1.1]), _LEVEL, 2.4 * side, (side / 2, 0.4 * side), (side, side))
    ambient = Ambient(np.ones((0, 2), np.float32), np.zeros((0, 3), np.float32))
    setup, clear = place_lights(LIGHTS["soft-key"], 0.0, 1.7), ShadowMap(np.ones((2, 2), np.float32), (0.0, 0.0), 1.0)
    return to_srgb(paint_place(place, camera, Lighting(setup, ambient, np.ones((0, 4), np.float32), clear)))


def lying(block: str, roster: Roster) -> ByteArray:
    """Draw the front of a block of plain cloth; returns (H, W, 4)."""
    _, body = choose_wearer(block, None, None, roster)
    front = draw_block(Design(block, body, None, "#d8cbb8", "#b9a78e")).picture[:, : SIDE[1]]
    rows, columns = np.nonzero(front[..., 3])
    cut = front[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    height, width = cut.shape[0], round(cut.shape[0] * BLOCK[1] / BLOCK[0])
    sheet = np.zeros((height, max(width, cut.shape[1]), 4), np.uint8)
    left = (sheet.shape[1] - cut.shape[1]) // 2
    sheet[:, left : left + cut.shape[1]] = cut
    return sheet


def _write(name: str, make: Callable[[], ByteArray], size: tuple[int, int]) -> None:
    path = FOLDER / f"{name}.webp"
    if path.is_file():
        return
    small = cv2.resize(make(), size[::-1], interpolation=cv2.INTER_AREA)
    Image.fromarray(np.asarray(small)).save(path, "WEBP", quality=84, method=6)
    print(path.name, path.stat().st_size, flush=True)


if __name__ == "__main__":
    main()
