from __future__ import annotations

import io
import struct
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from vmodel.core.video import write_film
from vmodel.errors import PhotoTooLarge, UnreadablePhoto
from vmodel.publishing.clip_publisher import publish_clip
from vmodel.publishing.publisher import Publisher
from vmodel.rights.verification.verifier import Verifier
from vmodel.rights.watermark import film_decoder
from vmodel.rights.watermark.film_decoder import decode_frames
from vmodel.rights.watermark.video import frames_of, mark_frames, read_mark_of_frames
from vmodel.shot.pipeline_interface import Shot

KEY = b"a secret of this installation 01"


def test_a_moving_clips_mark_is_read_from_its_frames(tmp_path: Path) -> None:
    with Image.open("examples/logo-tee.jpg") as opened:
        still = np.asarray(opened.convert("RGB").resize((600, 800)))
    moving = (np.ascontiguousarray(still[4 * step : 4 * step + 640, 40 : 40 + 480]) for step in range(14))
    write_film(tmp_path / "clip.mp4", mark_frames(moving, 987654321, KEY), 25)
    frames = frames_of((tmp_path / "clip.mp4").read_bytes(), "clip.mp4", spread=False)
    assert read_mark_of_frames(frames, KEY) == (987654321, 2)
    assert read_mark_of_frames(frames[:1], b"another installation's secret 02") is None


def test_what_is_no_film_is_said_to_be_none() -> None:
    with pytest.raises(UnreadablePhoto, match=r"^clip\.mp4 .*no film"):
        frames_of(b"\0" * 5000, "clip.mp4")


def test_a_film_that_nothing_here_decodes_is_said_to_be_none(tmp_path: Path) -> None:
    write_film(tmp_path / "still.mp4", [np.zeros((64, 64, 3), np.uint8)] * 3, 25)
    content = (tmp_path / "still.mp4").read_bytes().replace(b"avc1", b"zzzz")
    with pytest.raises(UnreadablePhoto, match=r"^film\.mp4 .*no film"):
        frames_of(content, "film.mp4")


def film_of_one_png(width: int, height: int, stated: tuple[int, int] | None = None) -> bytes:
    """Return an MP4 of one PNG frame, whose header may state another size than the frame has."""
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as container:
        track = container.add_stream("png", rate=1)
        track.width, track.height, track.pix_fmt = width, height, "rgb48be"
        frame = av.VideoFrame(width, height, "rgb48be")
        frame.pts = 0
        container.mux([*track.encode(frame), *track.encode()])
    content = stream.getvalue()
    if stated is not None:
        content = content.replace(struct.pack(">HH", width, height), struct.pack(">HH", *stated))
    return content


@pytest.mark.parametrize("stated", [None, (64, 64)])
def test_a_frame_that_is_too_large_is_never_decoded(stated: tuple[int, int] | None) -> None:
    content = film_of_one_png(4000, 4000, stated)
    with pytest.raises((PhotoTooLarge, UnreadablePhoto), match=r"^film\.mp4 "):
        frames_of(content, "film.mp4")


def test_a_film_is_decoded_up_to_a_number_of_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_film(tmp_path / "still.mp4", (np.full((100, 100, 3), n, np.uint8) for n in range(200)), 25)
    content = (tmp_path / "still.mp4").read_bytes()
    assert len(decode_frames(content, "still.mp4", 50, False)) == 17
    monkeypatch.setattr(film_decoder, "MOST_MEGAPIXELS", 1.0)  # a hundred frames
    assert len(decode_frames(content, "still.mp4", 50, False)) == 9
    spread = decode_frames(content, "still.mp4", 8, True)
    assert spread[-1].second < 4.0


def test_films_are_decoded_in_a_process_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_film(tmp_path / "still.mp4", [np.zeros((64, 64, 3), np.uint8)] * 3, 25)

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a stranger's film was opened in this process")

    monkeypatch.setattr(av, "open", fail)
    assert len(frames_of((tmp_path / "still.mp4").read_bytes(), "still.mp4")) == 1


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
