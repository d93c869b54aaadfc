"""A published film is recognised by frames that only it shows, even without its mark, with the second reported."""

from __future__ import annotations

import io
import shutil
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from alembic import command
from alembic.config import Config
from PIL import Image, ImageOps
from sqlalchemy import delete, func, select

from tests.rights.conftest import SELLER, weights_of, worn_picture
from vmodel.config import Settings
from vmodel.core.database import open_database
from vmodel.core.video import write_film
from vmodel.publishing.publisher import Published, Publisher
from vmodel.rights.fingerprint.film_frames import MOST_KEPT, FrameSampler, film_frames, register_film
from vmodel.rights.fingerprint.index_store import index_folder, open_index
from vmodel.rights.registry.queries import revoke
from vmodel.rights.registry.tables import FilmFrame, RegisteredShot
from vmodel.rights.verification.copy_monitor import search, write_report
from vmodel.rights.verification.crawl_sources import open_source
from vmodel.rights.verification.takedown_package import write_pack
from vmodel.rights.verification.trace import trace
from vmodel.rights.verification.verifier import Verifier
from vmodel.rights.watermark.codec import embed_mark
from vmodel.rights.watermark.video import frames_of, mark_frames
from vmodel.shot.pipeline_interface import Shot
from vmodel.types import ByteArray

PER_SECOND = 25
TURNED = 13
"""First frame with content that its still never shows."""


@dataclass(frozen=True)
class Filmed:
    """A published film: its still's licence, its frames without a mark, and its file."""

    published: Published
    frames: list[ByteArray]
    marked: bytes


def moving(column: int) -> list[ByteArray]:
    """Return thirteen frames of a picture, seen through a window that moves sideways."""
    picture = worn_picture(column)
    return [np.ascontiguousarray(picture[:, 3 * step : 420 + 3 * step]) for step in range(TURNED)]


def film_of(frames: list[ByteArray], folder: Path) -> bytes:
    write_film(folder / "film.mp4", frames, PER_SECOND)
    return (folder / "film.mp4").read_bytes()


def jpeg_of(picture: ByteArray | Image.Image, quality: int = 70) -> bytes:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def register(publisher: Publisher, published: Published, frames: list[ByteArray], folder: Path) -> bytes:
    """Publish a film of a still as ``publish_clip`` does, and return the data of its file."""
    sampler = FrameSampler(frames, PER_SECOND)
    marked = mark_frames(sampler, int(published.licence.mark, 16), publisher.authority.mark_key)
    write_film(folder / "made.mp4", marked, PER_SECOND)
    register_film(publisher.database, publisher.originals, published.licence.id, sampler.kept)
    return (folder / "made.mp4").read_bytes()


@pytest.fixture
def filmed(publisher: Publisher, worn_shot: Shot, tmp_path: Path) -> Filmed:
    """Return a film whose second half differs from its still, as if the model had turned round."""
    published = publisher.publish(worn_shot, "jpeg", SELLER)
    frames = moving(0) + moving(1)
    return Filmed(published, frames, register(publisher, published, frames, tmp_path))


def test_a_picture_taken_from_a_film_is_recognised_without_its_mark_and_says_at_which_second(
    filmed: Filmed, verifier: Verifier
) -> None:
    turned = Image.fromarray(filmed.frames[TURNED + 5])
    cropped = ImageOps.mirror(turned.crop((30, 40, 400, 600)))
    found = verifier.verify(jpeg_of(cropped), "stolen.jpg")
    assert (found.verdict, found.found_by, found.state) == ("copy", "likeness", "valid")
    assert found.licence == filmed.published.licence
    assert found.film_second is not None
    assert found.film_second >= TURNED / PER_SECOND
    assert f"shows a registered film at second {found.film_second:.1f}" in found.reason
    assert found.at_second is None


def test_a_film_encoded_anew_smaller_and_mirrored_is_recognised_by_frames_that_the_still_never_shows(
    filmed: Filmed, verifier: Verifier, tmp_path: Path
) -> None:
    turned = [Image.fromarray(frame).resize((294, 448)) for frame in filmed.frames[TURNED:]]
    stolen = film_of([np.asarray(ImageOps.mirror(frame)) for frame in turned], tmp_path)
    found = verifier.verify(stolen, "stolen.mp4")
    assert (found.verdict, found.found_by) == ("copy", "likeness")
    assert found.licence == filmed.published.licence
    assert found.at_second == 0.0
    assert found.film_second is not None
    assert found.film_second >= TURNED / PER_SECOND
    told = trace(stolen, "stolen.mp4", verifier)
    assert (told.seller_id, told.film_second) == (SELLER.seller_id, found.film_second)
    assert told.lines()["at second"] == "0.0"


def test_a_marked_picture_from_a_film_is_a_copy_and_the_mark_on_another_picture_is_found_out(
    filmed: Filmed, publisher: Publisher, verifier: Verifier
) -> None:
    key, mark = publisher.authority.mark_key, int(filmed.published.licence.mark, 16)
    taken = embed_mark(filmed.frames[-2], mark, key)
    found = verifier.verify(jpeg_of(taken, 90), "taken.jpg")
    assert (found.verdict, found.found_by) == ("copy", "mark")
    assert found.film_second is not None
    assert found.film_second >= TURNED / PER_SECOND
    moved = embed_mark(worn_picture(2), mark, key)
    assert verifier.verify(jpeg_of(moved, 90), "moved.jpg").verdict == "altered"


def test_a_film_of_somebody_else_is_unknown(filmed: Filmed, verifier: Verifier, tmp_path: Path) -> None:
    assert verifier.verify(film_of(moving(2), tmp_path), "other.mp4").verdict == "unknown"


def test_the_index_is_made_anew_with_every_frame(filmed: Filmed, publisher: Publisher, verifier: Verifier) -> None:
    with publisher.database.reading() as session:
        rows = film_frames(session, filmed.published.licence.id)
    assert [row.at_ms for row in rows] == [0, 120, 240, 360, 480, 600, 720, 840, 960]
    assert len(open_index(publisher.settings, publisher.database)) == 1 + len(rows)
    shutil.rmtree(index_folder(publisher.settings))
    found = verifier.verify(jpeg_of(filmed.frames[-1]), "stolen.jpg")
    assert found.licence == filmed.published.licence


def test_a_film_published_later_is_found_by_whoever_opened_the_index_before(
    publisher: Publisher, worn_shot: Shot, tmp_path: Path, verifier: Verifier
) -> None:
    published, turned = publisher.publish(worn_shot, "jpeg", SELLER), moving(1)
    assert verifier.look_alike(turned[0]) is None
    register(publisher, published, turned, tmp_path)
    verifier.refresh()
    found = verifier.look_alike(turned[0])
    assert found is not None
    assert (found.shot.id, found.second) == (published.licence.id, 0.0)


def test_the_same_film_again_is_registered_once(filmed: Filmed, publisher: Publisher, tmp_path: Path) -> None:
    def count() -> int | None:
        with publisher.database.reading() as session:
            return session.scalar(select(func.count()).select_from(FilmFrame))

    before = count()
    register(publisher, filmed.published, filmed.frames, tmp_path)
    assert count() == before
    register(publisher, filmed.published, filmed.frames[TURNED:], tmp_path)
    assert count() == (before or 0) + 5


def test_a_revoked_licence_is_revoked_for_the_film(filmed: Filmed, publisher: Publisher, verifier: Verifier) -> None:
    with publisher.database.transaction() as session:
        revoke(session, filmed.published.licence.id, "sold", "operator")
    found = verifier.verify(jpeg_of(filmed.frames[-1]), "stolen.jpg")
    assert (found.verdict, found.state) == ("copy", "revoked")


def test_whose_originals_are_deleted_is_shown_by_no_frame_any_more(
    filmed: Filmed, publisher: Publisher, verifier: Verifier
) -> None:
    licence_id, kept = filmed.published.licence.id, publisher.settings.home / "rights" / "originals"
    assert len(list(kept.rglob("*.jpg"))) == 10
    publisher.originals.delete(licence_id)
    assert not list(kept.rglob("*.jpg"))
    assert verifier.verify(jpeg_of(filmed.frames[-1]), "stolen.jpg").verdict == "unknown"
    publisher.originals.delete(licence_id)
    with publisher.database.transaction() as session:
        session.execute(delete(RegisteredShot))
        assert session.scalar(select(func.count()).select_from(FilmFrame)) == 0


def test_the_search_for_copies_shows_the_films_frame_beside_the_stolen_one(
    filmed: Filmed, publisher: Publisher, verifier: Verifier, tmp_path: Path
) -> None:
    crawl = tmp_path / "crawl"
    crawl.mkdir()
    (crawl / "a.mp4").write_bytes(film_of(filmed.frames[TURNED:], tmp_path))
    (crawl / "b.jpg").write_bytes(jpeg_of(filmed.frames[TURNED + 8]))
    (crawl / "c.mp4").write_bytes(filmed.marked)
    found = search(open_source(crawl, ()), verifier)
    assert {match.where for match in found.matches} == {"a.mp4", "b.jpg", "c.mp4"}
    for match in found.matches:
        assert match.alike > 0.9
        assert match.original is not None
        plain = match.to_json()
        if match.where == "b.jpg":
            assert plain["film_second"] >= TURNED / PER_SECOND
            assert plain["at_second"] is None
        else:
            assert plain["at_second"] is not None
    assert "Second of the registered film" in write_report(found, "crawl")
    stolen = next(match for match in found.matches if match.where == "a.mp4")
    pack = write_pack(stolen, verifier, publisher.authority)
    assert b"PK" in pack[:4]


def test_long_films_keep_a_bounded_number_of_frames_up_to_their_end() -> None:
    still = np.zeros((64, 48, 3), np.uint8)
    sampler = FrameSampler((still for _ in range(1000)), PER_SECOND)
    assert sum(1 for _ in sampler) == 1000
    at = [frame.at_ms for frame in sampler.kept]
    assert MOST_KEPT / 2 <= len(at) <= MOST_KEPT
    assert len({after - before for before, after in pairwise(at)}) == 1
    assert 40_000 - at[-1] <= at[1]


def test_frames_are_spread_over_a_film_and_know_their_second(tmp_path: Path) -> None:
    frames = [np.full((64, 48, 3), 2 * number, np.uint8) for number in range(120)]
    seen = frames_of(film_of(frames, tmp_path), "film.mp4", 4)
    assert [frame.second for frame in seen] == pytest.approx([0.0, 1.2, 2.4, 3.6])
    assert [int(frame.picture.mean()) for frame in seen] == pytest.approx([0, 60, 120, 180], abs=3)


def test_a_database_from_before_films_were_registered_opens_and_learns_of_them(
    settings: Settings, worn_shot: Shot, tmp_path: Path
) -> None:
    before = open_database(settings)
    published = Publisher(settings, weights_of, before).publish(worn_shot, "jpeg", SELLER)
    config = Config()
    config.set_main_option("script_location", "vmodel:migrations")
    with before.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0009_designs")
    before.close()
    database = open_database(settings)
    verifier = Verifier(settings, database)
    assert verifier.verify(jpeg_of(worn_shot.picture), "stolen.jpg").licence == published.licence
    turned = moving(1)
    register(Publisher(settings, weights_of, database), published, turned, tmp_path)
    verifier.refresh()
    assert verifier.verify(jpeg_of(turned[3]), "stolen.jpg").licence == published.licence
