"""Clips: one garment on one person, who turns, or walks while the cloth is simulated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vmodel.body.hair.motion import pose_hair
from vmodel.body.model.walk_cycle import STEPS, learn_walk
from vmodel.drape.neck.collar import with_collars
from vmodel.drape.neck.hood import with_hoods
from vmodel.drape.simulate.animate import move_cloth
from vmodel.errors import BadUsage, ClothTornLoose
from vmodel.quality.wear.judge import check_worn
from vmodel.scene import Scene, render_conditions, steady_cameras, view_angle
from vmodel.shot.pipeline_interface import GarmentReading, RenderContext
from vmodel.shot.request import ShotRequest
from vmodel.shot.stages import Stage
from vmodel.studio.dress_model import DressedModel, cast_and_dress
from vmodel.studio.read_garment import read_pattern
from vmodel.studio.stage_cache import StageCache
from vmodel.types import ByteArray, Camera, FloatArray, PosedBody

FRAMES_PER_SECOND = 25
CLIP_SIZE = (960, 720)
SECONDS = (1.0, 8.0)
LARGEST_JUMP_M = 0.12
"""Largest movement of a vertex between two frames at 25 frames per second, in metres.

A swinging hem moves half as much; cloth that snaps through an arm moves more."""

_TURN_DEG = 60.0
_TURN_S = 4.0
"""Seconds in which a model turns to one side, to the other and back."""
_STEP_S = 0.56
"""Duration of a step in seconds: the time between one foot's contact and the other's."""
_START_S = 0.6
"""Seconds until the walk has its full speed."""


@dataclass(frozen=True)
class Motion:
    """Motion of a clip.

    Attributes:
        summary: for the list of motions.
        walks: the body moves; otherwise only the camera does, as if the floor turned.
    """

    summary: str
    walks: bool = False


MOTIONS = {
    "turntable": Motion("the model stands still and is seen from all sides"),
    "turn": Motion("the model turns to one side, to the other, and back"),
    "walk": Motion("the model walks on the spot; the cloth moves", walks=True),
}


@dataclass(frozen=True)
class ClipRequest:
    """Request for one clip.

    Attributes:
        shot: garment, wearer and view; ``view`` is where the clip begins.
        motion: a key of ``MOTIONS``.
        seconds: 1..8.
        frames_per_second: of the film.
    """

    shot: ShotRequest
    motion: str = "turntable"
    seconds: float = 4.0
    frames_per_second: int = FRAMES_PER_SECOND

    @property
    def frames(self) -> int:
        """Number of pictures."""
        return max(2, round(self.seconds * self.frames_per_second))


@dataclass(frozen=True)
class ClipFrame:
    """One picture of a clip.

    Attributes:
        picture: (H, W, 3) uint8 sRGB.
        jump_m: largest movement of a vertex of the garment since the previous frame.
    """

    picture: ByteArray
    jump_m: float


def check_clip(request: ClipRequest) -> None:
    """Reject a clip that cannot be filmed.

    Raises:
        BadUsage: unknown motion, a length out of range, an odd size, or what the motion does not allow.
    """
    shot = request.shot
    if request.motion not in MOTIONS:
        raise BadUsage(f"Unknown motion {request.motion!r}; use one of: {', '.join(MOTIONS)}.")
    if not SECONDS[0] <= request.seconds <= SECONDS[1]:
        raise BadUsage(f"A clip lasts {SECONDS[0]:g} to {SECONDS[1]:g} seconds, not {request.seconds:g}.")
    if not 1 <= request.frames_per_second <= 60:
        raise BadUsage(f"Films have 1 to 60 pictures a second, not {request.frames_per_second}.")
    if shot.size[0] % 2 or shot.size[1] % 2:
        raise BadUsage(
            f"Films need an even size, not {shot.size[0]}x{shot.size[1]}; use {CLIP_SIZE[0]}x{CLIP_SIZE[1]}."
        )
    if shot.background == "transparent":
        raise BadUsage("Films know no transparency; choose another --background.")
    if MOTIONS[request.motion].walks and shot.pose is not None:
        raise BadUsage("A walking model takes no --pose; leave it out.")


def first_frame_request(request: ClipRequest) -> ShotRequest:
    """Return the shot that a clip begins with: its garment and wearer in the first pose."""
    return replace(request.shot, pose=STEPS[0]) if MOTIONS[request.motion].walks else request.shot


def render_clip(request: ClipRequest, stages: StageCache) -> Iterator[ClipFrame]:
    """Make the pictures of a clip, one after the other; person, garment, light and grain are those of one shot.

    They are drafts: a generative pipeline would invent each picture independently, and the garment would flicker.

    Args:
        request: checked by ``check_clip``.
        stages: keeps the results of earlier shots.
    Raises:
        VModelError: as ``shoot``.
        ClothTornLoose: the cloth jumped.
        NotWornRight: the garment slipped while the model walked.
    """
    stages.reset_timings()
    walks = MOTIONS[request.motion].walks
    shot = first_frame_request(request)
    reading = read_pattern(shot.garment, stages, shot.fitting)
    dressed = cast_and_dress(reading, shot, stages)
    start = view_angle(shot.view)
    degrees = [start + turned for turned in orbit_angles(request.motion, request.frames, request.frames_per_second)]
    view = shot.framing, shot.size, shot.focal_mm
    cameras = steady_cameras(dressed.posed, dressed.worn, degrees, *view, hair=dressed.hair)
    if not walks:
        for camera in cameras:
            yield ClipFrame(_render_frame(dressed.scene, camera, shot, reading, dressed, stages), 0.0)
        return
    yield from _walk(request, shot, reading, dressed, cameras, stages)


def orbit_angles(motion: str, frames: int, frames_per_second: int) -> FloatArray:
    """Return (frames,) angles of the camera round the model, in degrees."""
    if motion == "turntable":
        return np.asarray(np.arange(frames) * 360.0 / frames)
    if motion == "turn":
        turns = max(1, round(frames / frames_per_second / _TURN_S))
        return np.asarray(_TURN_DEG * np.sin(2 * np.pi * turns * np.arange(frames) / frames))
    return np.zeros(frames)


def _render_frame(
    scene: Scene, camera: Camera, shot: ShotRequest, reading: GarmentReading, dressed: DressedModel, stages: StageCache
) -> ByteArray:
    with stages.timed(Stage.CONDITIONS):
        maps = render_conditions(scene, camera)
    with stages.timed(Stage.DRAFT):
        context = RenderContext(scene, camera, maps, shot.light, shot.background, shot.seed, reading, dressed.model)
        return context.draft


def _walk(
    request: ClipRequest,
    shot: ShotRequest,
    reading: GarmentReading,
    dressed: DressedModel,
    cameras: Sequence[Camera],
    stages: StageCache,
) -> Iterator[ClipFrame]:
    path = walking_path(dressed, request.frames, request.frames_per_second)
    frame_s = 1 / request.frames_per_second
    cloth = move_cloth(dressed.garment, dressed.body, dressed.cloth, path, frame_s, stages.settings)
    before = dressed.cloth.vertices_m
    judged_every = max(1, round(_STEP_S * request.frames_per_second))
    for frame, (posed, camera) in enumerate(zip(path, cameras, strict=True)):
        with stages.timed(Stage.DRAPE):
            vertices_m = next(cloth)
        jump_m = float(np.linalg.norm(vertices_m - before, axis=1).max())
        before = vertices_m
        if jump_m > largest_jump_m(request.frames_per_second):
            raise ClothTornLoose(jump_m)
        worn = replace(dressed.cloth, vertices_m=vertices_m)
        if frame % judged_every == judged_every - 1:
            with stages.timed(Stage.JUDGE):
                check_worn([dressed.garment], worn, dressed.body, posed)
        worn = with_hoods([dressed.garment], dressed.garment, worn)
        worn = with_collars([dressed.garment], dressed.garment, worn, posed)
        with stages.timed(Stage.POSING_HAIR):
            hair = pose_hair(dressed.grown, dressed.body, posed, worn.vertices_m)
        shoes = None if dressed.shoes is None else dressed.shoes.carried(posed)
        scene = Scene(posed, dressed.body, dressed.skin, hair, worn, dressed.garment, shoes)
        yield ClipFrame(_render_frame(scene, camera, shot, reading, dressed, stages), jump_m)


def largest_jump_m(frames_per_second: int) -> float:
    """Return the largest movement of a vertex between frames; at lower frame rates a leg swings further in one."""
    return LARGEST_JUMP_M * max(1.0, FRAMES_PER_SECOND / frames_per_second)


def walking_path(dressed: DressedModel, frames: int, frames_per_second: int) -> list[PosedBody]:
    """Return the body in each frame: from the first pose into an even walk.

    Args:
        dressed: in the pose in which the left foot is set down.
        frames: number of pictures.
        frames_per_second: of the film.
    """
    walk = learn_walk(dressed.body)
    return [dressed.posed, *(walk.posed(phase) for phase in walking_phases(frames, frames_per_second)[1:])]


def walking_phases(frames: int, frames_per_second: int) -> FloatArray:
    """Return (frames,) phases in cycles of two steps; the walk gathers speed, so that the cloth is not jerked."""
    seconds = np.arange(frames) / frames_per_second
    gathering = np.clip(seconds / _START_S, 0.0, 1.0)
    gone = _START_S * (gathering**3 - gathering**4 / 2) + np.maximum(seconds - _START_S, 0.0)
    return np.asarray(gone / (2 * _STEP_S))
