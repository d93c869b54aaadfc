"""``vmodel clip``: a short film of a garment on a model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import flags
from app.cli.console import watching
from app.cli.errors import cli_errors
from vmodel.shot.request import ShotRequest
from vmodel.wardrobe.styles import PLAIN

if TYPE_CHECKING:
    from vmodel.studio.clip import ClipFrame, ClipRequest
    from vmodel.studio.stage_cache import StageCache
    from vmodel.types import ByteArray

_CLIP = "The clip"

Photo = Annotated[
    Path, typer.Argument(help="Flat-lay photo that shows one garment.", parser=flags.file_path, show_default=False)
]
MotionName = Annotated[
    str, typer.Option("--motion", help="turntable (all sides), turn (side to side) or walk.", rich_help_panel=_CLIP)
]
Seconds = Annotated[float, typer.Option(help="Length in seconds, 1 to 8.", rich_help_panel=_CLIP)]
Rate = Annotated[int, typer.Option("--fps", help="Frames per second, 1 to 60.", rich_help_panel=_CLIP)]
ModelId = Annotated[str | None, typer.Option("--model", help="Model id, see `vmodel models list`.")]
PoseName = Annotated[str | None, typer.Option("--pose", help="Pose name or pose file; not for walk.")]
ViewName = Annotated[str, typer.Option("--view", help="View of the first frame.")]


def make_clip(
    context: typer.Context,
    photo: Photo,
    motion: MotionName = "turntable",
    seconds: Seconds = 4.0,
    frames_per_second: Rate = 25,
    model: ModelId = None,
    pose: PoseName = None,
    view: ViewName = ShotRequest.view,
    framing: flags.Framing = ShotRequest.framing,
    background: flags.Background = ShotRequest.background,
    light: flags.Light = ShotRequest.light,
    size: flags.Size = "960x720",
    focal_mm: flags.Focal = ShotRequest.focal_mm,
    seed: flags.Seed = ShotRequest.seed,
    out: flags.Out = Path("out"),
    as_json: flags.AsJson = False,
    mask: flags.Mask = None,
    back: flags.Back = None,
    category: flags.Category = None,
    landmarks: flags.LandmarksFile = None,
    barefoot: flags.Barefoot = False,
    shoes: flags.Shoes = ShotRequest.shoes,
    material: flags.Material = None,
    width_cm: flags.WidthCm = None,
    length_cm: flags.LengthCm = None,
    worn_open: flags.WornOpen = None,
) -> None:
    """Make a short MP4 film of a model who stands on a turntable, turns, or walks while the cloth moves.

    Person, garment and light are the same in every frame. The frames are drafts; see docs/cli.md.
    """
    from vmodel.config import Settings
    from vmodel.core.files import make_folder, make_home
    from vmodel.studio.clip import ClipRequest, check_clip
    from vmodel.studio.stage_cache import StageCache
    from vmodel.studio.validate import check_requests

    with cli_errors(as_json):
        garment = flags.garment_of(context, photo)
        shot = flags.request_of(context, garment, model=model, pose=pose, view=view, pipeline="draft", style=PLAIN)
        request = ClipRequest(shot, motion, seconds, frames_per_second)
        settings = Settings()
        make_home(settings.home)
        stages = StageCache(settings)
        check_clip(request)
        check_requests([shot], stages.roster, ["draft"])
        make_folder(out)
    path, largest_m = _make(request, stages, out, as_json)
    found = {
        "photo": str(photo), "clip": str(path), "motion": motion, "frames": request.frames,
        "largest_jump_m": round(largest_m, 4), "timings": dict(stages.timings),
    }  # fmt: skip
    print(json.dumps(found, ensure_ascii=False) if as_json else path, flush=True)


@dataclass
class _FrameReader:
    """Iterable of a clip's pictures that records the largest jump of the cloth."""

    frames: Iterator[ClipFrame]
    largest_m: float = 0.0

    def __iter__(self) -> Iterator[ByteArray]:
        for frame in self.frames:
            self.largest_m = max(self.largest_m, frame.jump_m)
            yield frame.picture


def _make(request: ClipRequest, stages: StageCache, out: Path, silent: bool) -> tuple[Path, float]:
    from pipelines.registry import load_pipeline, weights_used
    from vmodel.core.files import stem_of
    from vmodel.publishing.clip_publisher import publish_clip
    from vmodel.publishing.publisher import Publisher
    from vmodel.shoot import shoot
    from vmodel.studio.clip import first_frame_request, render_clip

    shot = request.shot
    parts = [stem_of(shot.garment.photo), shot.model, request.motion]
    stem = "--".join(part for part in parts if part)
    with watching(request.frames, silent, shot.garment.photo.name) as watch:
        stages.watch = watch.stage
        still = shoot(first_frame_request(request), stages, load_pipeline("draft"))
        reader = _FrameReader(watch.counted(render_clip(request, stages)))
        publisher = Publisher(stages.settings, weights_used)
        path, _ = publish_clip(publisher, still, reader, request.frames_per_second, out, stem)
    return path, reader.largest_m
