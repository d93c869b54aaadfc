"""Make training pictures: ``python -m pipelines.training.pictures --count 1200 --seed 1``.

Each scene (a person in a drawn garment, dressed and posed by vmodel) is seen five times: the whole figure, half of it,
the head, a hand and an opening of the garment. Each view is rendered twice: as the draft with its condition maps, and
as a photograph by Cycles. Each picture is one .npz file; docs/training.md describes the format. A run that was
interrupted resumes where it stopped; the same seed makes the same pictures.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pipelines.embedded.conditioning import stack_conditions
from pipelines.embedded.develop import develop_light
from pipelines.embedded.exposure import ExposedView, normalise_exposure
from pipelines.training.blender.client import VARIABLE, BlenderWorker, find_blender_python
from pipelines.training.blender.scene_export import hand_over
from pipelines.training.scenes.scene import (
    TrainingScene,
    in_one_colour,
    magnification,
    make_scene,
    scratch_folder,
    split_of,
)
from pipelines.training.scenes.store import VIEWS, Index, PictureStore, write_contact_sheet
from pipelines.training.scenes.target_picture import (
    REFERENCES,
    Overlay,
    develop,
    exposure_gain,
    middle_of_cloth,
    prepare,
    settle_exposure,
    skin_gain,
    with_backdrop,
    with_catchlights,
    with_texture,
)
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.core.colour import to_srgb
from vmodel.core.files import CACHE_BYTES, evict_oldest
from vmodel.errors import VModelError
from vmodel.scene import Scene, TracedLight, project_points, render_conditions, render_draft, trace_light
from vmodel.types import ByteArray, Camera, ConditionMaps, FloatArray

SAMPLES = 8
HELD_OUT = 4
HELD_OUT_HEAD = 16
"""Factors on the light paths of held-out pictures, and of heads among them, where noise weighs most."""
DEFAULT_OUT = Path("~/.cache/vmodel-train/pictures")


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and make pictures until ``--count`` are there."""
    options = _parse(arguments)
    out = options.out.expanduser()
    console = Console()
    try:
        python = find_blender_python(options.blender_python)
        told = options.count, options.seed, python, options.samples, options.workers, console, options.split
        make_pictures(out, *told)
    except VModelError as error:
        console.print(f"[red]error[/] {error}")
        raise SystemExit(1) from None


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=1200, help="pictures in all, those already there included")
    parser.add_argument("--seed", type=int, default=1, help="decides every scene")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help=f"folder (default {DEFAULT_OUT})")
    parser.add_argument("--workers", type=int, default=1, help="processes, each with a Blender of its own")
    parser.add_argument("--split", choices=("train", "test"), help="scenes to learn from only, or to be judged by")
    parser.add_argument("--samples", type=int, default=SAMPLES, help="light paths a pixel")
    parser.add_argument("--blender-python", type=Path, help=f"Python that has bpy (or {VARIABLE})")
    return parser.parse_args(arguments)


def make_pictures(
    out: Path,
    count: int,
    seed: int,
    python: Path,
    samples: int,
    workers: int,
    console: Console,
    split: str | None = None,
) -> None:
    """Fill a folder with pictures.

    Args:
        out: folder.
        count: pictures in all; scenes are made whole, so up to four more may be made.
        seed: of the run; scene n has the seed ``seed * 100000 + n``.
        python: Python that has ``bpy``.
        samples: light paths per pixel.
        workers: number of processes.
        console: shows the progress.
        split: "train" or "test", the only scenes that are made; the others are left for another run.
    Raises:
        BlenderFailed: three scenes in a row could not be photographed.
    """
    store = PictureStore(out)
    index = Index(out)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("training pictures", total=count, completed=index.pictures)
        seeds = (scene for scene in index.open_scenes(seed) if split in (None, split_of(scene)))
        for made, skipped in _work(seeds, store, index, python, samples, workers, count):
            progress.update(task, completed=min(made, count), description=f"training pictures ({skipped} left out)")
    write_contact_sheet(out)
    console.print(f"{index.pictures} pictures in {out}; {index.skipped} scenes were left out.")


def _work(
    seeds: Iterator[int], store: PictureStore, index: Index, python: Path, samples: int, workers: int, count: int
) -> Iterator[tuple[int, int]]:
    """Make scenes until there are enough pictures; yield (pictures, scenes left out) after each."""
    if index.pictures >= count:
        return
    if workers == 1:
        studio = SceneStudio(python, store, samples)
        outcomes: Iterator[dict[str, Any]] = map(studio.shoot, seeds)
        yield from _record(outcomes, index, count)
        studio.close()
        return
    context = get_context("spawn")
    with context.Pool(workers, _start_worker, (python, store, samples)) as pool:
        yield from _record(pool.imap_unordered(_shoot_in_worker, seeds), index, count)
        pool.terminate()


def _record(outcomes: Iterator[dict[str, Any]], index: Index, count: int) -> Iterator[tuple[int, int]]:
    for number, outcome in enumerate(outcomes):
        index.add(outcome)
        if number % 10 == 4:
            write_contact_sheet(index.folder)
        yield index.pictures, index.skipped
        if index.pictures >= count:
            return


_worker: list[SceneStudio] = []


def _start_worker(python: Path, store: PictureStore, samples: int) -> None:
    _worker.append(SceneStudio(python, store, samples))


def _shoot_in_worker(seed: int) -> dict[str, Any]:
    return _worker[0].shoot(seed)


class SceneStudio:
    """Maker of all pictures of one scene after the other, with one Blender kept alive.

    Args:
        python: Python that has ``bpy``.
        store: destination of the pictures.
        samples: light paths per pixel.
        settings: ``cache`` keeps skins and hair between scenes.
    """

    def __init__(self, python: Path, store: PictureStore, samples: int, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._roster = {k: v for k, v in load_roster(self._settings).items() if not (v.is_child and v.age >= 18)}
        self._python = python
        self._store = store
        self._samples = samples
        self._photographer: BlenderWorker | None = None
        self._failures = 0

    def close(self) -> None:
        """End Blender."""
        if self._photographer is not None:
            self._photographer.close()
            self._photographer = None

    def shoot(self, seed: int) -> dict[str, Any]:
        """Make the pictures of one scene, or return the reason why there are none.

        Returns:
            {"scene": seed, "pictures": [meta ...]} or {"scene": seed, "left_out": code}.
        Raises:
            BlenderFailed: the third time in a row.
        """
        start = time.monotonic()
        evict_oldest(self._settings.cache, CACHE_BYTES)
        try:
            scene = make_scene(seed, self._roster, self._settings)
            pictures = self._photograph(scene)
        except VModelError as error:
            self._note(error)
            return {"scene": seed, "left_out": error.code, "seconds": round(time.monotonic() - start, 1)}
        self._failures = 0
        return {"scene": seed, "pictures": pictures, "seconds": round(time.monotonic() - start, 1)}

    def _note(self, error: VModelError) -> None:
        if error.code != "blender_failed":
            return
        self.close()
        self._failures += 1
        if self._failures >= 3:
            raise error

    def _photograph(self, set_up: TrainingScene) -> list[dict[str, Any]]:
        one_colour = in_one_colour(set_up.scene)
        views = [_draw(set_up, one_colour, camera) for camera in set_up.cameras.values()]
        shots = self._shots(set_up, one_colour)
        plain, maps = [view.plain for view in views], [view.plain_maps for view in views]
        gain = exposure_gain(shots[0], plain[0], maps[0])
        bare = skin_gain(shots[0], views[0].overlay, gain, plain[0], maps[0])
        middle = middle_of_cloth(shots[0], views[0].overlay, gain, maps[0])
        targets = []
        for number, view in enumerate(views):
            target = develop(shots[number], view.overlay, view.plain_maps, gain, bare, middle)
            target = with_backdrop(target, view.plain, view.overlay)
            targets.append(with_catchlights(target, view.plain, view.plain_maps))
        targets = settle_exposure(targets, plain, maps)
        developed = develop_light([view.traced for view in views])
        seen = [
            ExposedView(light, view.draft, view.maps.parts, view.maps.hair_mask)
            for light, view in zip(developed, views, strict=True)
        ]
        traced = normalise_exposure(seen, REFERENCES)
        written = []
        for number, (name, camera) in enumerate(set_up.cameras.items()):
            view = views[number]
            arrays = pack_picture(view.draft, targets[number], view.maps, traced[number], set_up.garment.flat_lay)
            arrays["target"] = with_texture(targets[number], view.plain, stack_conditions([arrays]))
            meta = describe(set_up, name, camera, set_up.cameras["full"], gain)
            written.append(self._store.write(set_up.seed * VIEWS + number, arrays, meta))
        return written

    def _shots(self, set_up: TrainingScene, scene: Scene) -> list[FloatArray]:
        """Return (H, W, 4) linear light of each camera from Blender, of ``scene``, whose cloth has one colour."""
        cameras, seed = list(set_up.cameras.values()), set_up.seed
        times = [_light_paths(name, set_up.split) for name in set_up.cameras]
        scratch = scratch_folder(self._store.folder)
        hand_over(scene, cameras, scene.lighting_for(set_up.light, cameras[0], seed).setup, seed, scratch / "scene.npz")
        if self._photographer is None:
            self._photographer = BlenderWorker(self._python)
        return self._photographer.render(scratch / "scene.npz", scratch, [self._samples * n for n in times], seed)


def _light_paths(crop: str, split: str) -> int:
    """Return the factor on a view's light paths, relative to a training view."""
    if split != "test":
        return 1
    return HELD_OUT_HEAD if crop == "head" else HELD_OUT


@dataclass(frozen=True)
class _View:
    """Drawings of vmodel for one camera; ``plain`` is the draft with cloth in one colour, as it is photographed."""

    draft: ByteArray
    maps: ConditionMaps
    plain: ByteArray
    plain_maps: ConditionMaps
    overlay: Overlay
    traced: TracedLight


def _draw(set_up: TrainingScene, plain: Scene, camera: Camera) -> _View:
    scene = set_up.scene
    told = set_up.light, set_up.background, set_up.seed
    return _View(
        maps=render_conditions(scene, camera),
        draft=render_draft(scene, camera, None, *told),
        plain_maps=render_conditions(plain, camera),
        plain=render_draft(plain, camera, None, *told),
        overlay=prepare(plain, camera, *told),
        traced=trace_light(scene, camera, set_up.light, set_up.seed),
    )


def pack_picture(
    draft: ByteArray, target: ByteArray, maps: ConditionMaps, traced: FloatArray, flat_lay: ByteArray
) -> dict[str, Any]:
    """Pack one picture's arrays in the format of docs/training.md."""

    def coverage(mask: FloatArray) -> ByteArray:
        return np.asarray(np.clip(mask, 0, 1) * 255 + 0.5, np.uint8)

    return {
        "draft": draft,
        "target": target,
        "albedo": to_srgb(maps.albedo),
        "normals": np.clip(np.rint(maps.normals * 127), -127, 127).astype(np.int8),
        "depth_m": maps.depth_m.astype(np.float16),
        "parts": maps.parts,
        "garment": coverage(maps.garment_mask),
        "person": coverage(maps.person_mask),
        "hair": coverage(maps.hair_mask),
        "pose_map": maps.pose_map,
        "traced": traced.astype(np.float16),
        "flat_lay": flat_lay,
    }


def describe(scene: TrainingScene, crop: str, camera: Camera, whole: Camera, gain: float) -> dict[str, Any]:
    """Return the metadata of a picture for training and index."""
    model = scene.model
    middle = scene.scene.posed.vertices_m.mean(axis=0)
    if crop not in ("full", "upper", "lower"):
        zoom = camera.focal_px / whole.focal_px
    else:
        zoom = magnification(camera, whole, middle)
    _, depth = project_points(middle[None], camera)
    return {
        "skin_tone": [round(float(c), 5) for c in model.skin_tone],
        "hair_colour": [round(float(c), 5) for c in model.hair.colour],
        "hair_style": model.hair.style,
        "age": float(model.age),
        "gender": model.gender,
        "light": scene.light,
        "background": scene.background,
        "material": scene.garment.garment.material,
        "zoom": round(zoom, 4),
        "distance_m": round(float(depth[0]), 3),
        "crop": crop,
        "split": scene.split,
        "garment": scene.garment.id,
        "category": scene.garment.kind.category.value,
        "body": model.id,
        "seed": scene.seed,
        "gain": round(gain, 4),
    }


if __name__ == "__main__":
    main()
