"""Pictures of labelled garments as shops show them: on an invisible form, and on a person.

``python -m pipelines.training.reader.forms --photos DIR --copies DIR --labels FILE ... --count N`` cuts the garments of
labelled photos for invented models, drapes them, and photographs the cloth without the body (on a form) and with it
(worn). Labels are exact: landmarks are points of the cut. Pictures, masks and ``forms.jsonl`` go into the copies, as
``dataset`` reads them. People's own photos show garments flat or on hangers; shops' photos are not to be learnt from.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import torch
from PIL import Image, ImageOps
from rich.console import Console
from rich.progress import track

from pipelines.training.reader.dataset import read_labels
from vmodel.body.appearance.cache import load_or_grow_hair, load_or_paint_skin
from vmodel.body.base_layer.paint import choose_base_layer
from vmodel.body.hair.motion import pose_hair
from vmodel.body.hair.polylines import fewer_strands
from vmodel.body.mesh.subdivision import loop_subdivide, vertex_normals
from vmodel.body.model.body import Body, build_body
from vmodel.body.pose.library import load_pose
from vmodel.body.shoes.build import make_shoes
from vmodel.config import Settings
from vmodel.core.colour import to_linear, to_srgb
from vmodel.drape import drape_outfit
from vmodel.errors import VModelError
from vmodel.garment.imaging.inpaint import fill_mirrored
from vmodel.garment.pattern.fit import fit_photo, guess_material
from vmodel.quality.wear.chart import BodyChart
from vmodel.quality.wear.judge import judge_worn
from vmodel.quality.wear.views import WornView
from vmodel.scene import Scene, frame_camera, project_points, render_conditions, render_draft
from vmodel.scene.geometry.raytracer import Tracer
from vmodel.scene.shading.texture_sampling import sample_texture
from vmodel.studio.stage_cache import StageCache
from vmodel.types import (
    ByteArray,
    Category,
    Drape,
    FloatArray,
    Garment,
    GarmentKind,
    GarmentPhoto,
    Neckline,
    PosedBody,
    Sleeve,
    VirtualModel,
)

FOLDER: Final = "forms"
SIDE: Final = 448
"""Longer side of a picture in pixels."""
PHOTO_SIDE: Final = 1000
"""Longer side in pixels at which a photo is used."""
POSES: Final = ("a-pose-relaxed", "standing", "contrapposto", "relaxed-weight-shift", "contrapposto-mirror")
WORN_POSES: Final = (*POSES, "walking", "hand-on-hip", "step-forward", "three-quarter-turn", "arms-behind-back")
_FORM_VIEWS: Final = 2
_WORN_SHARE: Final = 0.4
_RAYS: Final = 12
"""Rays per pixel of a form that sample the visible share of the sky."""
_SHARES: Final = {"dress": 0.9, "skirt": 0.9, "jumpsuit": 0.9, "top": 0.7, "outerwear": 0.4, "trousers": 0.4,
                  "shorts": 0.4}  # fmt: skip
"""Share of a kind's garments that are used."""
_PLAIN: Final = frozenset({"collar", "hood", "high"})
"""Necklines whose shape no block has: their label is dropped."""


@dataclass(frozen=True, eq=False)
class Worn:
    """A garment on a person, and the label of its photo."""

    label: Mapping[str, Any]
    model: VirtualModel
    body: Body
    posed: PosedBody
    garment: Garment
    drape: Drape

    def marks_m(self) -> dict[str, FloatArray]:
        """Return landmark -> (3,) its position."""
        view = WornView(self.garment, self.drape, BodyChart(self.body, self.posed))
        found = {name: view.mark(name) for name in self.label["points"]}
        for name, stem in (("hem_mid", "hem"), ("waist_front", "waist")):
            if name in self.label["points"]:
                found[name] = self._middle(view, stem)
        return {name: at for name, at in found.items() if at is not None}

    def _middle(self, view: WornView, stem: str) -> FloatArray | None:
        """Return the (3,) middle of a front edge."""
        for index, panel in enumerate(self.garment.panels):
            line = panel.edges.get(stem)
            if panel.side == "front" and line is not None:
                found = view.find([index], line[np.abs(line[:, 0]).argmin()][None]).found_m
                return found[0] if len(found) else None
        return None


def load_photo(photos: Path, copies: Path, label: Mapping[str, Any]) -> GarmentPhoto:
    """Load a labelled photo as the reader would have read it.

    Args:
        photos: folder from which the label's photo path starts.
        copies: folder of its mask.
        label: a line of the labels.
    """
    file = Image.open(photos / label["photo"])
    file.draft("RGB", (PHOTO_SIDE, PHOTO_SIDE))
    picture = ImageOps.exif_transpose(file).convert("RGB")
    picture.thumbnail((PHOTO_SIDE, PHOTO_SIDE))
    path = (copies / label["photo"]).with_suffix(".mask.png")
    corrected = path.with_name(path.name.replace(".mask.", ".corrected."))
    stored = Image.open(corrected if corrected.is_file() else path).convert("L")
    mask = np.asarray(stored.resize(picture.size, Image.Resampling.BILINEAR)) > 127
    edge = max(1, round(0.004 * max(picture.size)))
    inner = cv2.erode(mask.astype(np.uint8), np.ones((2 * edge + 1, 2 * edge + 1), np.uint8)) > 0
    rgb = fill_mirrored(np.asarray(picture), inner if inner.any() else mask)
    points = {name: np.array(at) * picture.size for name, at in label["points"].items()}
    category = Category(label["category"])
    kind = GarmentKind(
        category,
        1.0,
        Sleeve(label["sleeve"] or "none"),
        Neckline(label["neckline"] or "none"),
        open_front=label["closure"] == "open",
        laid=label["laid"],
    )
    return GarmentPhoto(rgb, mask, points, kind)


def put_on(
    photo: GarmentPhoto, label: Mapping[str, Any], model: VirtualModel, pose_name: str, settings: Settings
) -> Worn:
    """Dress a model in a labelled garment.

    Raises:
        VModelError: the garment does not stay on, or is not worn right.
    """
    body, pose = build_body(model), load_pose(pose_name)
    garment = fit_photo(photo, body.measurements, model.gender, guess_material(photo.kind))
    whole, drape = drape_outfit([garment], body, pose, settings, fitting=True)
    worn = Worn(label, model, body, body.posed(pose), whole, drape)
    report = judge_worn(whole, drape, body, worn.posed)
    if not report.passed:
        raise VModelError(report.reason)
    return worn


def on_form(worn: Worn, rng: np.random.Generator) -> tuple[ByteArray, FloatArray, dict[str, list[float]]]:
    """Photograph the cloth without its wearer, from the front, by parallel rays.

    Returns:
        (H, W, 3) uint8 picture on a plain ground, (H, W) float32 mask, and landmarks as fractions of width and height.
    """
    finer = loop_subdivide(worn.drape.triangles, len(worn.drape.vertices_m), 1)
    vertices = finer.vertices(worn.drape.vertices_m)
    yaw = np.radians(rng.normal(0, 5))
    right, forward = np.array([np.cos(yaw), np.sin(yaw), 0]), np.array([-np.sin(yaw), np.cos(yaw), 0])
    plane = np.stack([vertices @ right, -vertices[:, 2]], 1)
    low, high = plane.min(0), plane.max(0)
    margin = rng.uniform(0.03, 0.2) * float((high - low).max())
    low, extent = low - margin, high - low + 2 * margin
    scale = SIDE / float(extent.max())
    width, height = (int(np.ceil(value * scale)) for value in extent)
    columns, rows = np.meshgrid((np.arange(width) + 0.5) / scale + low[0], (np.arange(height) + 0.5) / scale + low[1])
    start = columns.reshape(-1, 1) * right - rows.reshape(-1, 1) * np.array([0, 0, 1.0]) - 5 * forward
    tracer = Tracer(vertices, finer.triangles)
    hits = tracer.first_hits(start, np.broadcast_to(forward, start.shape))
    seen = np.flatnonzero(hits.triangle >= 0)
    triangle, (u, v) = hits.triangle[seen], hits.bary[seen].T
    weights = np.stack([1 - u - v, u, v], 1)
    normal = np.einsum("pc,pck->pk", weights, vertex_normals(vertices, finer.triangles)[finer.triangles[triangle]])
    normal *= np.where(normal @ forward > 0, -1, 1)[:, None] / np.linalg.norm(normal, axis=1, keepdims=True)
    at = start[seen] + hits.distance[seen, None] * forward
    light = _light(tracer, at, normal, right, forward, rng)
    place = np.einsum("pc,pck->pk", weights, finer.corners(worn.drape.texture_px)[triangle])
    number = finer.faces(worn.drape.texture)[triangle]
    colour = np.zeros((len(seen), 3), np.float32)
    for index, picture in enumerate(worn.garment.textures):
        own = number == index
        colour[own] = to_linear(sample_texture(picture, place[own, 0], place[own, 1]))
    ground = rng.choice([rng.uniform(0.8, 1.0), rng.uniform(0.2, 0.8)], p=[0.8, 0.2])
    rgb = np.full((height * width, 3), ground, np.float32)
    rgb[seen] = np.clip(colour * light[:, None], 0, 1)
    mask = np.zeros(height * width, np.float32)
    mask[seen] = 1
    marks = {
        name: [(float(at @ right) - low[0]) / extent[0], (-float(at[2]) - low[1]) / extent[1]]
        for name, at in worn.marks_m().items()
    }
    return to_srgb(rgb).reshape(height, width, 3), mask.reshape(height, width), marks


def _light(
    tracer: Tracer, at: FloatArray, normal: FloatArray, right: FloatArray, forward: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Return (n,) light on points of cloth: a lamp in front, and the part of the sky that cloth does not hide."""
    lamp = rng.normal(0, 0.6) * right - forward + rng.uniform(0.1, 1.0) * np.array([0, 0, 1.0])
    lamp /= np.linalg.norm(lamp)
    sky = np.zeros(len(at))
    for _ in range(_RAYS):
        way = normal + 0.98 * _unit(rng.normal(size=normal.shape))
        start = at + 0.003 * normal
        sky += ~tracer.blocked(start, way, np.full(len(at), 0.6, np.float32))
    share = rng.uniform(0.35, 0.75)
    light = share * (0.15 + 0.85 * sky / _RAYS) + (1 - share) * np.clip(normal @ lamp, 0, 1)
    return np.asarray(light / np.quantile(light, 0.9), np.float32)


def _unit(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


def on_somebody(
    worn: Worn, settings: Settings, rng: np.random.Generator
) -> tuple[ByteArray, FloatArray, dict[str, list[float]]]:
    """Photograph the garment on its wearer; see ``on_form``."""
    model, body = worn.model, worn.body
    layer = choose_base_layer(worn.garment.kind, model, (0.5, 0.5, 0.5))
    skin = load_or_paint_skin(model, body, layer, settings.cache, 1024)
    shoes = None if rng.random() < 0.3 else make_shoes(body).carried(worn.posed)
    hair = pose_hair(
        fewer_strands(load_or_grow_hair(model, body, settings.cache), 0.3)[0], body, worn.posed, worn.drape.vertices_m
    )
    scene = Scene(worn.posed, body, skin, hair, worn.drape, worn.garment, shoes, 12)
    framing = str(rng.choice(["full", "upper" if worn.garment.kind.category.covers_upper else "lower", "chin-down"]))
    camera = frame_camera(worn.posed, worn.drape, "front", framing, (SIDE, SIDE * 3 // 4))
    maps = render_conditions(scene, camera)
    backdrop = str(rng.choice(["light-grey", "white", "#c8b8a8"]))
    rgb = render_draft(scene, camera, maps, "soft-key", backdrop, int(rng.integers(1 << 20)))
    pixels, _ = project_points(np.stack(list(worn.marks_m().values())), camera)
    height, width = camera.size
    marks = dict(zip(worn.marks_m(), (pixels / (width, height)).tolist(), strict=True))
    return rgb, np.asarray(maps.garment_mask, np.float32), marks


def store(
    copies: Path,
    name: str,
    label: Mapping[str, Any],
    laid: str,
    picture: tuple[ByteArray, FloatArray, dict[str, list[float]]],
) -> dict[str, Any]:
    """Write a picture and its mask; return the line of its label."""
    rgb, mask, marks = picture
    path = copies / FOLDER / f"{name}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rgb).save(path, quality=92)
    Image.fromarray(np.asarray(mask * 255, np.uint8)).save(path.with_suffix(".mask.png"))
    line = {key: value for key, value in label.items() if key not in {"hidden", "points", "closure"}}
    if line["neckline"] in _PLAIN:
        line["neckline"] = None
    points = {key: [round(x, 4) for x in at] for key, at in marks.items()}
    return line | {"photo": f"{FOLDER}/{name}.jpg", "laid": laid, "face": "front", "garments": 1, "points": points,
                   "of": label["photo"]}  # fmt: skip


def usable(label: Mapping[str, Any]) -> bool:
    """Return whether a label shows a garment from its front that a block exists for."""
    return bool(
        label["ok"] and label["face"] == "front" and label["category"] in set(Category) and label["closure"] != "open"
    )


@dataclass(frozen=True)
class Session:
    """Inputs shared by all garments' pictures; seed and label number determine all randomness."""

    photos: Path
    copies: Path
    seed: int

    def photograph(self, numbered: tuple[int, dict[str, Any]]) -> list[dict[str, Any]]:
        """Make the pictures of one garment; none if it is not worn right."""
        torch.set_num_threads(1)
        number, label = numbered
        settings, rng = Settings(), np.random.default_rng([self.seed, number])
        people = [model for model in StageCache(settings).roster.values() if not model.is_child]
        model, is_worn = people[int(rng.integers(len(people)))], rng.random() < _WORN_SHARE
        pose = str(rng.choice(WORN_POSES if is_worn else POSES))
        try:
            worn = put_on(load_photo(self.photos, self.copies, label), label, model, pose, settings)
        except VModelError as error:
            Console().print(f"{label['photo']}: {error}")
            return []
        name = f"{Path(label['photo']).stem[:8]}-{number}"
        lines = [store(self.copies, f"{name}-{view}", label, "form", on_form(worn, rng)) for view in range(_FORM_VIEWS)]
        if is_worn:
            lines.append(store(self.copies, f"{name}-worn", label, "worn", on_somebody(worn, settings, rng)))
        return lines


def make(session: Session, labels: Mapping[str, dict[str, Any]], count: int, workers: int) -> None:
    """Photograph garments until there are enough; resume an earlier run."""
    out = session.copies / f"{FOLDER}.jsonl"
    done = {json.loads(line)["of"] for line in out.read_text().splitlines()} if out.is_file() else set()
    chosen = [
        label for label in labels.values()
        if usable(label) and (session.copies / label["photo"]).with_suffix(".mask.png").is_file()
    ]  # fmt: skip
    rng = np.random.default_rng(session.seed)
    order = [int(n) for n in rng.permutation(len(chosen)) if rng.random() < _SHARES[chosen[n]["category"]]]
    todo = [(number, chosen[number]) for number in order if chosen[number]["photo"] not in done]
    todo = todo[: max(0, count - len(done))]
    with get_context("spawn").Pool(workers) as pool:
        for lines in track(pool.imap_unordered(session.photograph, todo), "garments", len(todo)):
            with out.open("a") as file:
                file.writelines(json.dumps(line) + "\n" for line in lines)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--copies", type=Path, required=True)
    parser.add_argument("--labels", type=Path, nargs="+", required=True)
    parser.add_argument("--count", type=int, default=300, help="garments")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    session = Session(given.photos, given.copies, given.seed)
    make(session, read_labels(given.labels), given.count, given.workers)


if __name__ == "__main__":
    main()
