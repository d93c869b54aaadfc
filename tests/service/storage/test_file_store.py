"""Files are stored once under the hash of their content, and only their owners reach them."""

from __future__ import annotations

import errno
import os
import stat
import time
from pathlib import Path

import pytest

from vmodel.config import Settings
from vmodel.core.storage_faults import NoSpaceLeft
from vmodel.service.accounts.app_secret import installation_secret
from vmodel.service.storage.errors import LinkInvalid, StoredFileDamaged, StoredFileMissing, StoreUnavailable
from vmodel.service.storage.file_store import FileStore, open_link, open_store, sign_link, write_local

PICTURE = b"not quite a picture"


@pytest.fixture
def store(files_address: str) -> FileStore:
    return FileStore(files_address)


def test_what_was_put_is_got_back_and_the_same_content_is_one_file(store: FileStore) -> None:
    key = store.put("ann", PICTURE, "png")
    assert store.put("ann", PICTURE, "png") == key
    assert store.get("ann", key) == PICTURE
    assert [file.key for file in store.keys("ann")] == [key]
    assert next(store.keys("ann")).size == len(PICTURE)


def test_nobody_gets_or_deletes_what_is_anothers(store: FileStore) -> None:
    key = store.put("ann", PICTURE, "png")
    for touch in (store.get, store.delete):
        with pytest.raises(StoredFileMissing):
            touch("bob", key)
    assert not store.has("bob", key)
    assert store.get("ann", key) == PICTURE


@pytest.mark.parametrize("key", ["", "../secret", "ann/../bob/x.png", "ann/" + "0" * 64 + ".png/..", "ann/%2e%2e"])
def test_a_path_trick_is_a_missing_file(store: FileStore, key: str) -> None:
    with pytest.raises(StoredFileMissing):
        store.get("ann", key)
    assert not store.has("ann", key)


def test_a_deleted_file_is_gone_and_deleting_it_again_is_no_error(store: FileStore) -> None:
    key = store.put("ann", PICTURE, "png")
    store.delete("ann", key)
    store.delete("ann", key)
    with pytest.raises(StoredFileMissing):
        store.get("ann", key)


def test_all_files_of_one_account_are_deleted_and_no_other(store: FileStore) -> None:
    for number in range(3):
        store.put("ann", PICTURE + bytes([number]), "png")
    kept = store.put("bob", PICTURE, "png")
    assert store.delete_account("ann") == 3
    assert list(store.keys("ann")) == []
    assert [file.key for file in store.every_file()] == [kept]


def test_a_file_that_was_changed_on_the_disk_is_not_handed_out(tmp_path: Path) -> None:
    store = FileStore((tmp_path / "files").as_uri())
    key = store.put("ann", PICTURE, "png")
    (tmp_path / "files" / key).write_bytes(b"x" * len(PICTURE))
    with pytest.raises(StoredFileDamaged):
        store.get("ann", key)


def test_a_file_that_was_changed_on_the_disk_is_whole_again_when_it_is_put_again(tmp_path: Path) -> None:
    store = FileStore((tmp_path / "files").as_uri())
    key = store.put("ann", PICTURE, "png")
    (tmp_path / "files" / key).write_bytes(b"x" * len(PICTURE))
    store.put("ann", PICTURE, "png")
    assert store.get("ann", key) == PICTURE


def test_a_full_disk_is_said_and_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    store = FileStore((tmp_path / "files").as_uri())
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(NoSpaceLeft, match="make room"):
        store.put("ann", PICTURE, "png")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_folder_whose_name_has_spaces_and_signs_holds_files(tmp_path: Path) -> None:
    store = FileStore((tmp_path / "my files %20 ü").as_uri())
    key = store.put("ann", PICTURE, "png")
    assert store.get("ann", key) == PICTURE
    assert (tmp_path / "my files %20 ü" / key).is_file()


def test_a_file_is_fetched_once_for_the_machine(store: FileStore, tmp_path: Path) -> None:
    key = store.put("ann", PICTURE, "png")
    path = write_local(store, "ann", key, tmp_path / "here")
    store.delete("ann", key)
    assert write_local(store, "ann", key, tmp_path / "here").read_bytes() == path.read_bytes() == PICTURE


def test_a_store_that_does_not_answer_names_the_setting() -> None:
    with pytest.raises(StoreUnavailable, match="VMODEL_FILES_URL"):
        FileStore("nonsense://here")


def test_a_laptop_needs_no_setting(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "state", files_url=None)
    key = open_store(settings).put("ann", PICTURE, "png")
    assert open_store(settings).get("ann", key) == PICTURE
    assert (tmp_path / "state" / "files" / key).is_file()


def test_a_link_opens_its_file_until_it_expires(tmp_path: Path) -> None:
    secret = installation_secret(Settings(home=tmp_path, secret=None))
    key = f"ann/{'0' * 64}.png"
    token = sign_link(secret, key, time.time() + 60)
    assert open_link(secret, token) == ("ann", key)
    with pytest.raises(LinkInvalid):
        open_link(secret, token, at=time.time() + 61)


def test_a_link_that_was_changed_or_comes_from_elsewhere_opens_nothing(tmp_path: Path) -> None:
    secret = installation_secret(Settings(home=tmp_path, secret=None))
    token = sign_link(secret, f"ann/{'0' * 64}.png", time.time() + 60)
    forged = token[:-3] + ("B" if token[-3] == "A" else "A") + token[-2:]
    for other in ("", "x", token[:-1], forged, "é", token[1:], "A" * len(token)):
        with pytest.raises(LinkInvalid):
            open_link(secret, other)
    with pytest.raises(LinkInvalid):
        open_link(b"another installation's secret...", token)


def test_the_secret_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, secret=None)
    assert installation_secret(settings) == installation_secret(settings)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
