"""Clips: the model turns or walks, keeps size and clothes, and the file is a valid film."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from app.cli.main import run
from vmodel.core.video import write_film
from vmodel.errors import BadUsage
from vmodel.scene import project_points, steady_cameras
from vmodel.studio.clip import LARGEST_JUMP_M, ClipRequest, check_clip, largest_jump_m, orbit_angles, render_clip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmodel.rights.verification.verifier import Verifier
    from vmodel.shot.pipeline_interface import RenderContext, Shot
    from vmodel.shot.request import ShotRequest
    from vmodel.studio.stage_cache import StageCache
    from vmodel.types import ByteArray


def pictures(count: int = 6) -> list[ByteArray]:
    """Return grey pictures through which a white bar moves."""
    made = [np.full((288, 384, 3), 90, np.uint8) for _ in range(count)]
    for index, picture in enumerate(made):
        picture[:, 40 * index : 40 * index + 30] = 240
    return made


def frames_of(path: Path) -> list[ByteArray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_a_turntable_goes_round_once_in_even_steps() -> None:
    degrees = orbit_angles("turntable", 100, 25)
    assert degrees[0] == 0
    assert np.allclose(np.diff(degrees), 3.6)


def test_a_turn_goes_to_both_sides_and_comes_back() -> None:
    degrees = orbit_angles("turn", 100, 25)
    assert degrees.max() == pytest.approx(60, abs=0.1)
    assert degrees.min() == pytest.approx(-60, abs=0.1)
    assert abs(degrees[-1] - degrees[0]) < 5


def test_a_figure_that_turns_keeps_its_height_and_its_place(tee_context: RenderContext) -> None:
    scene = tee_context.scene
    angles = [0.0, 50.0, 90.0, 180.0, 265.0]
    cameras = steady_cameras(scene.posed, scene.drape, angles, "full", (512, 384))
    body = np.asarray(scene.posed.vertices_m, float)
    boxes = [project_points(body, camera)[0] for camera in cameras]
    heights = [np.ptp(box[:, 1]) for box in boxes]
    assert max(heights) / min(heights) < 1.04
    for box in boxes:
        assert abs((box[:, 0].min() + box[:, 0].max()) / 2 - 192) < 25
        assert box.min() > 0
        assert (box < [384, 512]).all()


def test_a_film_holds_the_pictures_in_order(tmp_path: Path) -> None:
    count = write_film(tmp_path / "bar.mp4", pictures(), 25)
    shown = frames_of(tmp_path / "bar.mp4")
    assert count == len(shown) == 6
    for index, frame in enumerate(shown):
        assert frame.shape == (288, 384, 3)
        assert int(np.argmax(frame[100, :, 0].astype(int) > 160)) == pytest.approx(40 * index, abs=3)


def test_the_same_pictures_make_the_same_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_film(tmp_path / f"{name}.mp4", pictures(), 25)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_a_film_that_fails_half_way_leaves_no_file(tmp_path: Path) -> None:
    def torn() -> Iterator[ByteArray]:
        yield from pictures(3)
        raise LookupError

    with pytest.raises(LookupError):
        write_film(tmp_path / "torn.mp4", torn(), 25)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_model_walks_and_the_garment_goes_with_her(stages: StageCache, tee_request: ShotRequest) -> None:
    shot = replace(tee_request, size=(384, 288))
    frames = list(render_clip(ClipRequest(shot, "walk", seconds=1.0, frames_per_second=4), stages))
    assert len(frames) == 4
    assert all(0.002 < frame.jump_m < LARGEST_JUMP_M for frame in frames[1:])
    legs = [frame.picture[250:340].astype(int) for frame in frames]
    assert all((np.abs(first - second).max(axis=2) > 40).sum() > 100 for first, second in pairwise(legs))
    # The shirt's teal stays where a chest is, and as much of it.
    teal = [(frame.picture[..., 2].astype(int) - frame.picture[..., 0] > 40)[90:190, 90:200].sum() for frame in frames]
    assert min(teal) > 0.8 * max(teal) > 1000


def test_what_counts_as_a_jump_is_a_speed_where_frames_are_few() -> None:
    assert [largest_jump_m(rate) for rate in (25, 10, 60)] == pytest.approx([0.12, 0.3, 0.12])


@pytest.mark.slow
def test_a_turntable_shows_the_back(stages: StageCache, tee_request: ShotRequest) -> None:
    shot = replace(tee_request, size=(384, 288))
    front, back = render_clip(ClipRequest(shot, "turntable", seconds=1.0, frames_per_second=2), stages)
    # The logo is cream: bright, and more red than blue, unlike shirt and backdrop.
    chests = [frame.picture[100:170, 112:172].astype(int) for frame in (front, back)]
    seen = [((chest[..., 0] > 150) & (chest[..., 0] - chest[..., 2] > 15)).sum() for chest in chests]
    assert seen[0] > 50
    assert seen[1] < 10


@pytest.fixture
def filmed(tee_shot: Shot, tmp_path: Path) -> tuple[Path, Verifier]:
    """Publish a film of the example T-shirt, moving a little; returns its path and a verifier that knows it."""
    from pipelines.registry import weights_used
    from vmodel.config import Settings
    from vmodel.publishing.clip_publisher import publish_clip
    from vmodel.publishing.publisher import Publisher
    from vmodel.rights.verification.verifier import Verifier

    publisher = Publisher(Settings(home=tmp_path / "home"), weights_used)
    frames = [np.roll(tee_shot.picture, 2 * step, axis=1) for step in range(14)]
    path, _ = publish_clip(publisher, tee_shot, frames, 25, tmp_path, "clip")
    return path, Verifier(publisher.settings, publisher.database)


@pytest.mark.slow
def test_a_published_film_is_authentic_until_a_byte_of_it_changes(filmed: tuple[Path, Verifier]) -> None:
    path, verifier = filmed
    content = path.read_bytes()
    assert len(frames_of(path)) == 14
    found = verifier.verify(content, path.name)
    assert (found.verdict, found.state) == ("authentic", "valid")
    at = len(content) * 3 // 4
    touched = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    assert verifier.verify(touched, path.name).verdict == "altered"


@pytest.mark.slow
def test_a_film_that_was_encoded_anew_is_recognised_by_its_mark(filmed: tuple[Path, Verifier], tmp_path: Path) -> None:
    path, verifier = filmed
    write_film(tmp_path / "again.mp4", frames_of(path), 25)
    found = verifier.verify((tmp_path / "again.mp4").read_bytes(), "again.mp4")
    assert (found.verdict, found.found_by) == ("copy", "mark")


@pytest.mark.slow
def test_a_film_of_somebody_else_is_unknown(filmed: tuple[Path, Verifier], tmp_path: Path) -> None:
    write_film(tmp_path / "bar.mp4", pictures(), 25)
    assert filmed[1].verify((tmp_path / "bar.mp4").read_bytes(), "bar.mp4").verdict == "unknown"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"motion": "dance"}, "turntable, turn, walk"),
        ({"seconds": 30.0}, "1 to 8 seconds"),
        ({"frames_per_second": 0}, "1 to 60"),
    ],
)
def test_what_cannot_be_filmed_is_refused(changes: dict[str, object], said: str, tee_request: ShotRequest) -> None:
    with pytest.raises(BadUsage, match=said):
        check_clip(replace(ClipRequest(tee_request), **changes))  # type: ignore[arg-type]


def test_a_film_knows_no_odd_size_and_no_transparency(tee_request: ShotRequest) -> None:
    with pytest.raises(BadUsage, match="even size"):
        check_clip(ClipRequest(replace(tee_request, size=(511, 384))))
    with pytest.raises(BadUsage, match="transparency"):
        check_clip(ClipRequest(replace(tee_request, background="transparent")))
    with pytest.raises(BadUsage, match="--pose"):
        check_clip(ClipRequest(replace(tee_request, pose="seated"), "walk"))


@pytest.mark.slow
def test_the_command_makes_a_film_of_drafts_with_its_default_settings(
    tee_shot: Shot, examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tee_shot.model.id  # who wears the T-shirt already
    wanted = ["clip", str(examples / "logo-tee.jpg"), "--model", model, "--size", "384x288", "--seconds", "1"]
    assert run([*wanted, "--fps", "3", "--out", str(tmp_path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert len(frames_of(Path(said["clip"]))) == said["frames"] == 3
    sidecar = json.loads((tmp_path / f"logo-tee--{model}--turntable.json").read_text())
    assert sidecar["request"]["pipeline"] == "draft"


def test_a_child_in_swimwear_is_not_filmed(examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = ["clip", str(examples / "logo-tee.jpg"), "--model", "ch-noah", "--category", "swimwear"]
    assert run([*wanted, "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.startswith("not_allowed_for_children")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("flags", "said"),
    [(["--open"], "has no front to part"), (["--mask", "nowhere.png"], "nowhere.png"),
     (["--landmarks", "nowhere.json"], "nowhere.json")],
)  # fmt: skip
def test_a_film_takes_what_the_seller_says_of_the_photo(
    flags: list[str], said: str, examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = ["clip", str(examples / "denim-trousers.jpg"), "--model", "wm-ines", "--size", "384x288", *flags]
    assert run([*wanted, "--out", str(tmp_path / "out")]) != 0
    assert said in capsys.readouterr().err
