"""Files are written atomically, under names that any file system accepts."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.disk_log import DiskLog
from vmodel.core.files import json_bytes, make_folder, make_home, make_private, stem_of, write_durably, write_whole
from vmodel.errors import OutputNotWritable


def test_a_file_may_have_the_longest_name_that_a_disk_takes(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    write_whole(path, b"whole")
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    for path in (tmp_path / ("x" * 256), tmp_path / "taken", tmp_path / "nowhere" / "file"):
        with pytest.raises(OutputNotWritable):
            write_whole(path, b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_file_is_on_the_disk_before_it_gets_its_name_and_its_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, path = DiskLog(monkeypatch), tmp_path / "new" / "inner" / "file"
    make_folder(path.parent)
    write_whole(path, b"whole")
    assert log.when_synced(path)[0] < log.when_named(path) < log.when_synced(path.parent)[0]
    assert log.when_synced(tmp_path)
    assert log.when_synced(tmp_path / "new")


def test_a_state_folder_that_others_can_read_is_closed_once_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    (home / "rights" / "keys").mkdir(parents=True)
    elsewhere.mkdir()
    (home / "cache").symlink_to(elsewhere)
    for path in (home / "vmodel.db", home / "rights" / "keys" / "root.pem", home / "plans.yaml"):
        path.write_text("x")
        path.chmod(0o644)
    for folder in (home, home / "rights", elsewhere):
        folder.chmod(0o755)
    for _ in range(2):
        make_home(home)
    modes = {str(path.relative_to(home)): path.lstat().st_mode & 0o777 for path in (home, *home.rglob("*"))}
    assert modes["."] == modes["rights"] == 0o700
    assert modes["vmodel.db"] == modes["rights/keys/root.pem"] == 0o600
    # What is not the service's own stays as it is, in a folder that others no longer enter.
    assert modes["plans.yaml"] == 0o644
    assert elsewhere.stat().st_mode & 0o777 == 0o755
    assert [record.getMessage() for record in caplog.records] == [
        f"The state folder {home} could be read by other users of this machine; it is closed now."
    ]


def test_a_folder_that_everybody_writes_to_is_not_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)  # as /tmp
    make_home(tmp_path)
    assert tmp_path.stat().st_mode & 0o7777 == 0o1777


def test_of_two_who_make_one_file_the_first_wins_also_on_a_disk_without_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")  # as a FAT medium answers

    for name in ("linked", "moved"):
        write_durably(tmp_path / name, b"first", exclusive=True)
        with pytest.raises(FileExistsError, match=name):
            write_durably(tmp_path / name, b"second", exclusive=True)
        assert (tmp_path / name).read_bytes() == b"first"
        monkeypatch.setattr(os, "link", refuse)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["linked", "moved"]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        (b"shirt.jpg", "shirt"),
        ("旗袍.jpg".encode(), "旗袍"),
        (b"two\nlines\x1b[31m.jpg", "two-lines-[31m"),
        (b"a\xffb.jpg", "ab"),
        (b"\xff.jpg", "photo"),
        (("袍" * 80 + ".jpg").encode(), "袍" * 40),
    ],
    ids=["plain", "Chinese", "with control characters", "no text", "not a letter of text", "long"],
)
def test_names_of_pictures_begin_like_their_photo_and_can_be_printed(name: bytes, stem: str) -> None:
    assert stem_of(Path(os.fsdecode(name))) == stem


def test_a_file_name_that_is_no_text_comes_back_from_json() -> None:
    photo = os.fsdecode(b"a\xffb \xe8\xa2\x8d.jpg")
    written = json_bytes({"photo": photo}, 2)
    assert "袍" in written.decode()
    assert json.loads(written) == {"photo": photo}


def test_a_private_file_keeps_the_locks_that_this_process_holds_on_it(tmp_path: Path) -> None:
    """A process loses its locks on a file when it closes it anywhere: SQLite's database would be open to others."""
    path = tmp_path / "vmodel.db"
    make_private(path)
    assert path.stat().st_mode & 0o777 == 0o600
    take = f"import fcntl; fcntl.lockf(open({str(path)!r}, 'r+b'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with path.open("r+b") as held:
        fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        make_private(path)
        other = subprocess.run([sys.executable, "-c", take], capture_output=True, check=False, timeout=60)
    assert other.returncode != 0
    assert b"BlockingIOError" in other.stderr
