"""Keys are made once, are readable by their owner only, and the root may go offline."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.main import run
from app.cli.operator.rights import _read_roots as read_roots
from vmodel.config import Settings
from vmodel.rights.errors import RightsKeysMissing
from vmodel.rights.provenance.keys import keys_folder, make_authority, open_authority, rotate_leaf

ROOT = Path(__file__).resolve().parents[3]


def test_nobody_else_on_the_machine_can_read_a_key(tmp_path: Path) -> None:
    authority = open_authority(Settings(home=tmp_path))
    assert stat.S_IMODE(authority.folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in authority.folder.iterdir()}
    assert modes == dict.fromkeys(["root.pem", "root.key", "signer.pem", "mark.key"], 0o600)


def test_keys_are_made_once(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    first = open_authority(settings)
    assert not make_authority(settings, "Somebody else")
    again = open_authority(settings)
    assert (again.root, again.leaf, again.mark_key) == (first.root, first.leaf, first.mark_key)


def test_two_processes_that_start_together_agree_on_the_keys(tmp_path: Path) -> None:
    code = (
        "from vmodel.config import Settings; from vmodel.rights.provenance.keys import open_authority; "
        "print(open_authority(Settings()).mark_key.hex())"
    )
    command = [sys.executable, "-c", code]
    environment = {"VMODEL_HOME": str(tmp_path), "PATH": ""}
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) for _ in "abc"]
    said = {process.communicate(timeout=60)[0] for process in started}
    assert len(said) == 1
    assert len(said.pop().strip()) == 64
    assert [path.name for path in (tmp_path / "rights").iterdir()] == ["keys"]


def test_an_issuer_that_is_named_stands_in_its_certificates(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert make_authority(settings, "Haus Mode GmbH")
    assert open_authority(settings).name == "Haus Mode GmbH"


def test_a_root_that_is_kept_elsewhere_is_needed_to_rotate_and_for_nothing_else(tmp_path: Path) -> None:
    settings, drawer = Settings(home=tmp_path / "home"), tmp_path / "drawer.key"
    make_authority(settings, root_key=drawer)
    first = open_authority(settings)
    assert not first.has_root_key
    with pytest.raises(RightsKeysMissing, match="--root-key"):
        rotate_leaf(settings)
    second = rotate_leaf(settings, drawer)
    assert second.leaf != first.leaf
    assert second.mark_key == first.mark_key
    second.leaf.verify_directly_issued_by(first.root)
    assert len(list((keys_folder(settings) / "retired").iterdir())) == 1


def test_the_command_withdraws_a_lost_signer_and_shows_the_list_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VMODEL_HOME", str(tmp_path))
    first = open_authority(Settings())
    assert run(["rights", "rotate", "--lost-since", "2999-01-01"]) != 0
    assert "has passed" in capsys.readouterr().err
    assert open_authority(Settings()).leaf == first.leaf
    assert run(["rights", "rotate", "--mark", "--lost-since", "1900-01-01"]) == 0
    capsys.readouterr()
    assert run(["rights", "show", "--pem"]) == 0
    (root, *_), (listed, *_) = read_roots([written(tmp_path / "root.pem", capsys.readouterr().out)])
    assert root == first.root
    entry = listed.get_revoked_certificate_by_serial_number(first.leaf.serial_number)
    assert entry is not None
    assert entry.revocation_date_utc == first.leaf.not_valid_before_utc
    assert len(open_authority(Settings()).mark_keys) == 2


def written(path: Path, content: str) -> Path:
    path.write_text(content)
    return path


def test_another_installation_s_root_cannot_rotate(tmp_path: Path) -> None:
    ours, theirs = Settings(home=tmp_path / "ours"), Settings(home=tmp_path / "theirs")
    open_authority(ours)
    with pytest.raises(RightsKeysMissing, match="another root"):
        rotate_leaf(ours, open_authority(theirs).folder / "root.key")


def test_a_key_that_is_lost_is_named_and_not_made_anew(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    (open_authority(settings).folder / "mark.key").unlink()
    with pytest.raises(RightsKeysMissing, match=r"mark\.key.*restore"):
        open_authority(settings)
