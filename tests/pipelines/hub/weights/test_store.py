from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from app.cli.main import run
from pipelines.hub.weights.catalogue import CATALOGUE
from pipelines.hub.weights.sources import SUMS
from pipelines.hub.weights.store import (
    RECORD,
    find_weights,
    folder_of,
    licence_texts,
    pull_weights,
    pulled_bytes,
    remove_weights,
    state_of,
    verify_weights,
)
from pipelines.registry import load_pipeline
from tests.support.hub_mirror import serving
from vmodel.config import Settings
from vmodel.errors import (
    DiskTooFull,
    LicenceNotAccepted,
    UnknownWeights,
    WeightsChanged,
    WeightsIncomplete,
    WeightsNotPulled,
    WeightsUnavailable,
)

NAME = "flux2-klein"
PART = CATALOGUE[NAME].parts[0]
LARGEST = "transformer/diffusion_pytorch_model.safetensors"


@pytest.fixture
def settings(published: Path, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", weights_source=str(published))


@pytest.fixture
def copied(published: Path, tmp_path: Path) -> Path:
    """Copy the published folder, so that a test may damage it."""
    return Path(shutil.copytree(published, tmp_path / "copied"))


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def write_sums(repository: Path) -> None:
    files = sorted(path for path in repository.rglob("*") if path.is_file())
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(repository)}\n" for path in files]
    (repository / SUMS).write_text("".join(lines))


@pytest.mark.parametrize("name", CATALOGUE)
def test_weights_name_repositories_at_a_commit_and_a_licence(name: str) -> None:
    weights = CATALOGUE[name]
    assert weights.name == name
    assert weights.licence
    assert all(url.startswith("https://") for url in weights.licence_urls)
    for part in weights.parts:
        assert part.repository.count("/") == 1
        assert len(part.revision) == 40
        assert int(part.revision, 16) > 0


def test_pulled_weights_are_found_whole_and_recorded(settings: Settings, published: Path) -> None:
    assert state_of(NAME, settings) == "not pulled"
    folder = pull_weights(NAME, settings, accept_licence=True)
    assert find_weights(NAME, settings) == folder
    assert state_of(NAME, settings) == "ready"
    assert set(verify_weights(NAME, settings).values()) == {None}
    copied = (folder / PART.folder / LARGEST).read_bytes()
    assert copied == (published / PART.repository / LARGEST).read_bytes()
    assert json.loads((folder / RECORD).read_text())["parts"][0]["revision"] == PART.revision


def test_every_byte_that_is_copied_or_checked_is_told(settings: Settings) -> None:
    told: dict[str, int] = {}

    def tell(what: str, done: int) -> None:
        told[what] = told.get(what, 0) + done

    folder = pull_weights(NAME, settings, accept_licence=True, tell=tell)
    size = (folder / PART.folder / LARGEST).stat().st_size
    largest = Path(LARGEST).name
    # The autoencoder's file has the same name; the source states no hashes, so its own file is read as well.
    both = size + (folder / PART.folder / "vae" / largest).stat().st_size
    assert told[f"copying {largest}"] == both
    assert told[f"checking {largest}"] == 2 * both
    told.clear()
    assert set(verify_weights(NAME, settings, tell).values()) == {None}
    assert sum(told.values()) == pulled_bytes(NAME, settings)


def test_files_that_no_pattern_names_stay_where_they_are(settings: Settings, copied: Path) -> None:
    (copied / PART.repository / "flux-2-klein-4b.safetensors").write_bytes(b"the same once more")
    folder = pull_weights(NAME, settings.model_copy(update={"weights_source": str(copied)}), accept_licence=True)
    assert not (folder / PART.folder / "flux-2-klein-4b.safetensors").exists()


def test_a_licence_is_shown_first_and_asked_for_once(settings: Settings) -> None:
    with pytest.raises(LicenceNotAccepted, match=r"Apache-2\.0.*https://.*--accept-licence"):
        pull_weights(NAME, settings)
    assert not folder_of(NAME, settings).exists()
    pull_weights(NAME, settings, accept_licence=True)
    remove_weights(NAME, settings)
    pull_weights(NAME, settings)
    # An unreadable record is no acceptance, and neither is that of another licence.
    for spoilt in ("{", "[]", "7", json.dumps({NAME: "Another-1.0"})):
        (settings.home / "weights" / "licences.json").write_text(spoilt)
        with pytest.raises(LicenceNotAccepted):
            pull_weights(NAME, settings)


def test_weights_that_were_never_pulled_are_named_with_the_command(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VMODEL_HOME", str(settings.home))
    with pytest.raises(WeightsNotPulled, match="`vmodel weights pull flux2-klein`"):
        load_pipeline(NAME)
    with pytest.raises(WeightsNotPulled):
        remove_weights(NAME, settings)
    with pytest.raises(UnknownWeights, match="flux2-klein"):
        pull_weights("flux9", settings)


def test_a_half_pulled_folder_is_refused_and_finished_by_the_next_pull(settings: Settings) -> None:
    folder = pull_weights(NAME, settings, accept_licence=True)
    (folder / RECORD).unlink()
    (folder / PART.folder / LARGEST).unlink()
    kept = folder / PART.folder / "vae" / "diffusion_pytorch_model.safetensors"
    before = kept.stat().st_ino
    with pytest.raises(WeightsIncomplete, match=r"\(the pull did not end\); run `vmodel weights pull flux2-klein`"):
        find_weights(NAME, settings)
    pull_weights(NAME, settings)
    assert find_weights(NAME, settings) == folder
    assert kept.stat().st_ino == before


def test_what_is_there_whole_is_pulled_again_without_a_copy(settings: Settings) -> None:
    folder, told = pull_weights(NAME, settings, accept_licence=True), set[str]()
    assert pull_weights(NAME, settings, tell=lambda what, _: told.add(what.split()[0])) == folder
    assert told == {"checking"}
    assert find_weights(NAME, settings) == folder


def test_a_pull_that_is_stopped_while_it_checks_counts_as_half(settings: Settings, copied: Path) -> None:
    # With checksums beside them, the source's own files are not read, so the local files are the first to be read.
    write_sums(copied / PART.repository)
    source = settings.model_copy(update={"weights_source": str(copied)})
    pull_weights(NAME, source, accept_licence=True)

    def stop(what: str, done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull_weights(NAME, source, tell=stop)
    assert state_of(NAME, settings) == "incomplete"


def test_a_file_that_is_gone_or_cut_short_is_noticed_before_loading(settings: Settings) -> None:
    path = pull_weights(NAME, settings, accept_licence=True) / PART.folder / LARGEST
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(WeightsIncomplete, match="transformer"):
        find_weights(NAME, settings)


def test_a_changed_file_is_found_by_its_hash_and_mended_by_a_pull(settings: Settings) -> None:
    path = pull_weights(NAME, settings, accept_licence=True) / PART.folder / LARGEST
    spoil(path)
    wrong = {name for name, fault in verify_weights(NAME, settings).items() if fault}
    assert wrong == {f"{PART.folder}/{LARGEST}"}
    pull_weights(NAME, settings)
    assert set(verify_weights(NAME, settings).values()) == {None}


def test_a_source_that_breaks_its_own_sums_is_refused(settings: Settings, copied: Path) -> None:
    write_sums(copied / PART.repository)
    spoil(copied / PART.repository / LARGEST)
    source = settings.model_copy(update={"weights_source": str(copied)})
    with pytest.raises(WeightsChanged, match="wrong hash"):
        pull_weights(NAME, source, accept_licence=True)
    assert not (folder_of(NAME, settings) / PART.folder / LARGEST).exists()
    with pytest.raises(WeightsIncomplete):
        find_weights(NAME, settings)


def test_a_folder_that_loses_a_file_or_cannot_be_written_is_named(
    settings: Settings, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = pull_weights(NAME, settings, accept_licence=True)
    (folder / PART.folder / LARGEST).unlink()
    assert verify_weights(NAME, settings)[f"{PART.folder}/{LARGEST}"] == "not there"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipelines.hub.weights.sources.copy_told", full)
    with pytest.raises(WeightsUnavailable, match="No space left on device"):
        pull_weights(NAME, settings)
    assert not list(folder.rglob("*.part"))


def test_what_was_never_pulled_has_neither_size_nor_sums(settings: Settings) -> None:
    for ask in (pulled_bytes, verify_weights):
        with pytest.raises(WeightsNotPulled):
            ask(NAME, settings)


def test_weights_for_research_that_nobody_accepted_are_not_ready(settings: Settings) -> None:
    pull_weights("catvton", settings, accept_licence=True)
    assert state_of("catvton", settings) == "ready"
    (settings.home / "weights" / "licences.json").unlink()
    assert state_of("catvton", settings) == "not accepted"


def test_a_mirror_without_the_part_s_files_is_named(settings: Settings, copied: Path) -> None:
    shutil.rmtree(copied / PART.repository)
    (copied / PART.repository).mkdir(parents=True)
    (copied / PART.repository / "README.md").write_text("moved")
    with serving(copied) as mirror, pytest.raises(WeightsUnavailable, match="has no such files"):
        pull_weights(NAME, settings.model_copy(update={"weights_source": mirror.address}), accept_licence=True)


def test_licence_texts_are_shown_from_where_they_can_be_had(settings: Settings, published: Path) -> None:
    assert licence_texts(NAME, settings) == {PART.repository: "Apache License 2.0\n"}
    with serving(published) as mirror:
        source = settings.model_copy(update={"weights_source": mirror.address})
        assert licence_texts(NAME, source) == {PART.repository: "Apache License 2.0\n"}
        assert licence_texts(NAME, source.model_copy(update={"offline": True})) == {}
    assert licence_texts(NAME, settings.model_copy(update={"weights_source": str(published / "nowhere")})) == {}


def test_what_is_too_long_for_a_licence_is_not_shown_as_one(settings: Settings, copied: Path) -> None:
    source = settings.model_copy(update={"weights_source": str(copied)})
    (copied / PART.repository / "LICENSE.weights").write_bytes(b"x" * 1_000_001)
    assert licence_texts(NAME, source) == {PART.repository: "Apache License 2.0\n"}
    (copied / PART.repository / "LICENSE.md").unlink()
    assert licence_texts(NAME, source) == {}


def test_a_record_of_another_revision_is_refused(settings: Settings) -> None:
    record = pull_weights(NAME, settings, accept_licence=True) / RECORD
    record.write_text(record.read_text().replace(PART.revision, "0" * 40))
    with pytest.raises(WeightsIncomplete, match="revision"):
        find_weights(NAME, settings)


def test_a_full_disk_is_noticed_before_anything_is_copied(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.hub.weights.store._SPARE_BYTES", 10**18)
    with pytest.raises(DiskTooFull, match="VMODEL_HOME"):
        pull_weights(NAME, settings, accept_licence=True)
    assert not list(folder_of(NAME, settings).rglob("*.safetensors"))


def test_a_source_without_the_repository_is_named_with_the_setting(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match="VMODEL_WEIGHTS_SOURCE"):
        pull_weights(NAME, settings.model_copy(update={"weights_source": str(tmp_path)}), accept_licence=True)


def test_offline_nothing_is_asked_of_the_hub_but_folders_serve(settings: Settings, published: Path) -> None:
    with serving(published) as mirror:
        offline = settings.model_copy(update={"offline": True, "weights_source": mirror.address})
        with pytest.raises(WeightsUnavailable, match=r"take VMODEL_OFFLINE away, or set .* to a folder\."):
            pull_weights(NAME, offline, accept_licence=True)
    pull_weights(NAME, settings.model_copy(update={"offline": True}))


def test_a_mirror_serves_the_same_files_as_the_folder(settings: Settings, published: Path) -> None:
    with serving(published) as mirror:
        source = settings.model_copy(update={"weights_source": mirror.address})
        folder = pull_weights(NAME, source, accept_licence=True)
        # Files and the hashes they are compared with belong to one commit.
        assert mirror.revisions == {PART.revision}
    assert set(verify_weights(NAME, settings).values()) == {None}
    for path in verify_weights(NAME, settings):
        here, there = folder / path, published / PART.repository / Path(path).relative_to(PART.folder)
        assert here.read_bytes() == there.read_bytes()


def test_a_download_that_broke_off_goes_on_where_it_ended(
    settings: Settings, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 10_000)
    with serving(published) as mirror:
        source = settings.model_copy(update={"weights_source": mirror.address})
        mirror.break_off_at = 40_000
        pull_weights(NAME, source, accept_licence=True)
        assert mirror.break_off_at is None
        assert any(int(asked.removeprefix("bytes=").split("-")[0]) >= 10_000 for asked in mirror.ranges)
    assert set(verify_weights(NAME, settings).values()) == {None}


def test_a_mirror_without_the_repository_is_named(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with serving(tmp_path / "empty") as mirror, pytest.raises(WeightsUnavailable, match="cannot be pulled"):
        pull_weights(NAME, settings.model_copy(update={"weights_source": mirror.address}), accept_licence=True)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://no-such-host.invalid"])
def test_a_mirror_that_does_not_answer_is_named_with_the_setting(
    settings: Settings, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)
    gone = settings.model_copy(update={"weights_source": address})
    with pytest.raises(WeightsUnavailable, match="VMODEL_WEIGHTS_SOURCE"):
        pull_weights(NAME, gone, accept_licence=True)


def test_a_mirror_that_does_not_answer_is_one_line_on_the_command_line(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)
    monkeypatch.setenv("VMODEL_HOME", str(settings.home))
    monkeypatch.setenv("VMODEL_WEIGHTS_SOURCE", "http://127.0.0.1:9")
    assert run(["weights", "pull", NAME, "--accept-licence"]) == 1
    said = capfd.readouterr().err
    assert said.startswith("weights_unavailable: ")
    assert len(said.splitlines()) == 1


def test_a_download_that_keeps_breaking_off_is_refused_and_finished_later(
    settings: Settings, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _: None)
    with serving(published) as mirror:
        source = settings.model_copy(update={"weights_source": mirror.address})
        mirror.break_off_at, mirror.breaks_off_always = 40_000, True
        with pytest.raises(WeightsUnavailable):
            pull_weights(NAME, source, accept_licence=True)
        assert state_of(NAME, settings) == "incomplete"
        mirror.break_off_at = None
        pull_weights(NAME, source)
    assert set(verify_weights(NAME, settings).values()) == {None}


def test_the_doctor_tells_which_weights_are_there(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VMODEL_HOME", str(settings.home))
    pull_weights(NAME, settings, accept_licence=True)
    run(["doctor", "--json"])
    found = {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert found["weights flux2-klein"]["state"] == "ok"
    assert found["weights sdxl"]["state"] == "absent"
    assert "`vmodel weights pull sdxl`" in found["weights sdxl"]["detail"]


def test_the_command_line_lists_verifies_and_removes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VMODEL_HOME", str(settings.home))
    monkeypatch.setenv("VMODEL_WEIGHTS_SOURCE", settings.weights_source)
    assert run(["weights", "pull", NAME, "--accept-licence"]) == 0
    assert run(["weights", "where", NAME]) == 0
    pulled, where = capsys.readouterr().out.split()
    assert pulled == where == str(folder_of(NAME, settings))
    assert run(["weights", "list", "--json"]) == 0
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert (listed[NAME]["state"], listed["sdxl"]["state"]) == ("ready", "not pulled")
    assert (listed[NAME]["bytes"], listed["sdxl"]["bytes"]) == (pulled_bytes(NAME, settings), None)
    assert run(["weights", "list"]) == 0
    assert "Apache-2.0" in capsys.readouterr().out
    assert run(["weights", "verify", NAME]) == 0
    spoil(folder_of(NAME, settings) / PART.folder / LARGEST)
    assert run(["weights", "verify", NAME]) == 1
    assert LARGEST in capsys.readouterr().err
    assert run(["weights", "remove", NAME]) == 0
    assert run(["weights", "verify", NAME]) == 1
    assert capsys.readouterr().err.startswith("weights_not_pulled: ")
