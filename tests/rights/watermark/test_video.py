from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from vmodel.core.video import write_film
from vmodel.errors import UnreadablePhoto
from vmodel.publishing.clip_publisher import publish_clip
from vmodel.publishing.publisher import Publisher
from vmodel.rights.verification.verifier import Verifier
from vmodel.rights.watermark.video import mark_frames, read_mark_of_clip
from vmodel.shot.pipeline_interface import Shot

KEY = b"a secret of this installation 01"


def test_a_moving_clips_mark_is_read_from_its_frames(tmp_path: Path) -> None:
    with Image.open("examples/logo-tee.jpg") as opened:
        still = np.asarray(opened.convert("RGB").resize((600, 800)))
    moving = (np.ascontiguousarray(still[4 * step : 4 * step + 640, 40 : 40 + 480]) for step in range(14))
    write_film(tmp_path / "clip.mp4", mark_frames(moving, 987654321, KEY), 25)
    assert read_mark_of_clip(tmp_path / "clip.mp4", KEY) == (987654321, 2)
    assert read_mark_of_clip(tmp_path / "clip.mp4", b"another installation's secret 02", most=1) is None


def test_what_is_no_film_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"\0" * 5000)
    with pytest.raises(UnreadablePhoto, match="no film"):
        read_mark_of_clip(tmp_path / "clip.mp4", KEY)


def test_a_published_film_says_what_it_is_and_stays_whole(
    publisher: Publisher, verifier: Verifier, worn_shot: Shot, tmp_path: Path
) -> None:
    frames = [worn_shot.picture] * 3
    path, published = publish_clip(publisher, worn_shot, frames, 25, tmp_path, "film")
    content = path.read_bytes()
    packet = publisher.xmp_packet(published.licence)
    assert content.count(packet) == 1
    box = content.index(packet) - 24
    assert int.from_bytes(content[box : box + 4], "big") == 24 + len(packet)
    assert content[box + 4 : box + 8] == b"uuid"
    assert f"/licence/{published.licence.id}".encode() in packet
    with av.open(str(path)) as container:
        assert len(list(container.decode(video=0))) == 3
    found = verifier.verify(content, "film.mp4")
    assert (found.verdict, found.licence) == ("authentic", published.licence)
    changed = content.replace(b"trainedAlgorithmicMedia", b"photographedRealPeople!", 1)
    assert verifier.verify(changed, "film.mp4").verdict == "altered"


def test_a_published_film_is_registered_by_frames_of_its_own(
    publisher: Publisher, verifier: Verifier, worn_shot: Shot, other_shot: Shot, tmp_path: Path
) -> None:
    frames = [worn_shot.picture] * 3 + [other_shot.picture] * 4
    _, published = publish_clip(publisher, worn_shot, frames, 25, tmp_path, "film")
    found = verifier.look_alike(other_shot.picture)
    assert found is not None
    assert (found.shot.id, found.second) == (published.licence.id, 0.12)
