"""The index of copies follows the database: even with damaged files, the next query is answered."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from vmodel.publishing.publisher import Published, Publisher
from vmodel.rights.fingerprint.copy_index import find_copies
from vmodel.rights.fingerprint.index_store import bring_up_to_date, index_folder, open_index
from vmodel.rights.verification.verifier import Verifier
from vmodel.shot.pipeline_interface import Shot

Publish = Callable[[str], Published]


def lost(folder: Path) -> None:
    shutil.rmtree(folder)


def cut_short(folder: Path) -> None:
    (points,) = folder.glob("points-*")
    points.write_bytes(points.read_bytes()[:-40])


def of_an_earlier_version(folder: Path) -> None:
    (folder / "names").write_text('["a", "b"]')


def half_written(folder: Path) -> None:
    (folder / "names").write_text('{"stamp": "00')


@pytest.mark.parametrize("damage", [lost, cut_short, of_an_earlier_version, half_written])
def test_an_index_whose_files_are_damaged_is_made_anew_from_the_database(
    publish: Publish, publisher: Publisher, worn_shot: Shot, damage: Callable[[Path], None]
) -> None:
    licence = publish("png").licence
    settings, database = publisher.settings, publisher.database
    assert open_index(settings, database).names == [licence.id]
    damage(index_folder(settings))
    for _ in range(2):
        index = open_index(settings, database)
        assert [found.name for found in find_copies(worn_shot.picture, index)] == [licence.id]


def test_what_is_published_later_is_found_by_whoever_opened_the_index_before(
    publish: Publish, publisher: Publisher, verifier: Verifier, worn_shot: Shot, other_shot: Shot
) -> None:
    first = publish("png").licence
    found = verifier.look_alike(worn_shot.picture)
    assert found is not None
    assert found.shot.id == first.id
    second = publisher.publish(other_shot, "png").licence
    assert verifier.look_alike(other_shot.picture) is None
    verifier.refresh()
    found = verifier.look_alike(other_shot.picture)
    assert found is not None
    assert found.shot.id == second.id
    # No picture is indexed twice, and the files include the later one.
    index = open_index(publisher.settings, publisher.database)
    assert index.names == [first.id, second.id]
    assert bring_up_to_date(index, publisher.settings, publisher.database).names == [first.id, second.id]
