"""Training scene from its seed: a person in a drawn garment and a pose, under a light, before a backdrop."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipelines.embedded.conditioning import LEARNED_LIGHTS
from pipelines.training.scenes.garments import DrawnGarment, draw_garment
from pipelines.training.scenes.people import cast_person
from vmodel.body.appearance.cache import load_or_grow_hair, load_or_paint_skin
from vmodel.body.base_layer.paint import choose_base_layer
from vmodel.body.hair.motion import pose_hair
from vmodel.body.model.body import build_body
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.core.colour import to_linear, to_srgb
from vmodel.drape import DrapeSettings, drape
from vmodel.garment.pattern.fit import fit_garment
from vmodel.rights.policy.minors import check_declared, check_detected
from vmodel.scene import Scene, frame_camera, project_points
from vmodel.scene.render.background import SWEEPS
from vmodel.types import Camera, FloatArray, VirtualModel

SIZE = (512, 384)
TEST_SHARE = 0.12
_STREAM = 60
"""Second part of a scene's random seed."""
ATTEMPTS = 1
"""Number of tries to drape a garment; a failed one is left out, because another seed costs less than another try."""
_ADULT_POSES = (
    "a-pose-relaxed", "standing", "contrapposto", "contrapposto-mirror", "hand-on-hip", "walking", "walking-mirror",
    "hands-clasped-front", "three-quarter-turn", "arms-behind-back", "relaxed-weight-shift", "looking-aside",
    "step-forward", "hand-on-hip-mirror",
)  # fmt: skip
_CHILD_POSES = ("standing", "a-pose-relaxed", "contrapposto", "child-playful", "relaxed-weight-shift")
_VIEWS = ("front", "front", "front", "three-quarter", "three-quarter-right", "20", "-20", "back", "back")


@dataclass(frozen=True)
class TrainingScene:
    """Training scene and its cameras.

    Attributes:
        split: "train" or "test"; bodies and garments belong to one of them only.
        cameras: crop name -> camera, the whole figure first; all look along one azimuth.
    """

    seed: int
    split: str
    model: VirtualModel
    garment: DrawnGarment
    scene: Scene
    light: str
    background: str
    cameras: Mapping[str, Camera]


def split_of(seed: int) -> str:
    """Return the split of a seed's scene, "train" or "test", known before it is made."""
    return _draw_split(np.random.default_rng([seed, _STREAM]))


def _draw_split(rng: np.random.Generator) -> str:
    return "test" if rng.random() < TEST_SHARE else "train"


def make_scene(seed: int, roster: Mapping[str, VirtualModel], settings: Settings) -> TrainingScene:
    """Cast, dress, pose and frame a scene.

    Args:
        seed: decides everything.
        roster: the bundled models.
        settings: ``cache`` keeps skins and hair.
    Raises:
        VModelError: this seed's garment cannot be read, is not for this child, or does not stay on.
    """
    rng = np.random.default_rng([seed, _STREAM])
    split = _draw_split(rng)
    model = cast_person(rng, split, roster)
    drawn = draw_garment(f"garment-{seed}", seed)
    if model.is_child:
        check_declared(model, drawn.kind.category.value, drawn.garment.material)
        check_detected(model, drawn.kind, drawn.garment.material)
    body = build_body(model)
    pose = load_pose(str(rng.choice(_CHILD_POSES if model.is_child else _ADULT_POSES)))
    garment = fit_garment(drawn.garment, body.measurements, model.gender)
    worn = drape(garment, body, pose, settings, options=DrapeSettings(attempts=ATTEMPTS))
    posed = body.posed(pose)
    skin = load_or_paint_skin(model, body, choose_base_layer(drawn.kind, model), settings.cache)
    hair = pose_hair(load_or_grow_hair(model, body, settings.cache), body, posed, worn.vertices_m)
    scene = Scene(posed, body, skin, hair, worn, garment)
    return TrainingScene(
        seed, split, model, drawn, scene, str(rng.choice(LEARNED_LIGHTS)), _background(rng), _cameras(rng, scene)
    )


def in_one_colour(scene: Scene) -> Scene:
    """Return the same scene with every texture of the garment in its mean colour; mesh and light are shared.

    A camera resolves the print of cloth; the denoiser of a few light paths does not, and takes flowers for light.
    """
    assert scene.garment is not None
    plain = [to_srgb(to_linear(texture).mean(axis=(0, 1), keepdims=True)) for texture in scene.garment.textures]
    textures = tuple(np.broadcast_to(c, t.shape).copy() for c, t in zip(plain, scene.garment.textures, strict=True))
    return scene.with_textures(replace(scene.garment, textures=textures))


def _background(rng: np.random.Generator) -> str:
    if rng.random() < 0.75:
        return str(rng.choice(["white", "light-grey", *SWEEPS]))
    return "#" + "".join(f"{int(v):02x}" for v in rng.uniform(90, 235) + rng.uniform(-25, 20, 3))


def _cameras(rng: np.random.Generator, scene: Scene) -> dict[str, Camera]:
    view = str(rng.choice(_VIEWS))
    full = frame_camera(scene.posed, scene.drape, view, "full", SIZE, hair=scene.hair)
    assert scene.garment is not None
    half = "upper" if scene.garment.kind.category.covers_upper or rng.random() < 0.3 else "lower"
    cameras = {"full": full, half: frame_camera(scene.posed, scene.drape, view, half, SIZE, hair=scene.hair)}
    joints, stature = scene.posed.joints_m, float(scene.posed.vertices_m[:, 2].max())
    eyes = 0.5 * (joints["eye.L"] + joints["eye.R"])
    side = "L" if rng.random() < 0.5 else "R"
    hand = joints[f"finger3-1.{side}"]
    targets = {
        "head": (eyes + rng.normal(0, 0.012, 3), stature**0.5 * rng.uniform(0.115, 0.165)),
        "hand": (hand + rng.normal(0, 0.02, 3), stature * rng.uniform(0.075, 0.12)),
        "cloth": (_opening(rng, scene, full), stature * rng.uniform(0.07, 0.15)),
    }
    for name, (point, half_m) in targets.items():
        cameras[name] = zoom_in(full, point, half_m)
    return cameras


def _opening(rng: np.random.Generator, scene: Scene, camera: Camera) -> FloatArray:
    """Return a point of a hem, cuff or neckline on the camera's side; otherwise any point of the cloth."""
    drape = scene.drape
    assert drape is not None
    index = np.unique(drape.open_edges) if rng.random() < 0.75 else np.arange(len(drape.vertices_m))
    points = drape.vertices_m[index if len(index) else slice(None)]
    _, depth = project_points(points, camera)
    near = points[depth <= np.quantile(depth, 0.4)]
    return np.asarray(near[rng.integers(len(near))], np.float64)


def zoom_in(camera: Camera, point_m: FloatArray, half_m: float) -> Camera:
    """Return the camera with a longer lens, shifted so that a point is in the middle.

    Args:
        camera: the whole picture's.
        point_m: (3,) world.
        half_m: half of the height that the picture shows at the point, metres.
    """
    pixel, depth = project_points(np.asarray(point_m)[None], camera)
    height, width = camera.size
    focal = 0.5 * height * float(depth[0]) / half_m
    offset = (pixel[0] - np.asarray(camera.centre_px)) * focal / camera.focal_px
    return replace(camera, focal_px=focal, centre_px=(width / 2 - float(offset[0]), height / 2 - float(offset[1])))


def magnification(camera: Camera, whole: Camera, point_m: FloatArray) -> float:
    """Return the magnification of a point relative to the whole-figure picture."""
    _, near = project_points(np.asarray(point_m)[None], camera)
    _, far = project_points(np.asarray(point_m)[None], whole)
    return float(camera.focal_px / near[0] * far[0] / whole.focal_px)


def scratch_folder(out: Path) -> Path:
    """Create the folder for temporary files of this process."""
    folder = out / ".passing" / str(os.getpid())
    folder.mkdir(parents=True, exist_ok=True)
    return folder
