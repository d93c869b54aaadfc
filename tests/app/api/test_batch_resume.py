"""A batch and the worker of its service, killed midway: real processes, real pictures, one price."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from pipelines.registry import load_pipeline
from vmodel.client import Client
from vmodel.config import Settings
from vmodel.core.database import open_database
from vmodel.rights.provenance.keys import open_authority
from vmodel.rights.watermark.codec import embed_mark
from vmodel.service.accounts.auth import create_api_key
from vmodel.service.accounts.users import create_account
from vmodel.shoot import shoot
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.studio.stage_cache import StageCache

ROOT = Path(__file__).resolve().parents[3]
SIZE = (384, 288)


@dataclass(frozen=True)
class Service:
    """A running ``vmodel serve`` with its worker."""

    address: str
    key: str
    settings: Settings
    pid: int

    def workers(self) -> list[psutil.Process]:
        """Return the service's processes that make pictures."""
        return [
            each
            for each in psutil.Process(self.pid).children(recursive=True)
            if "app.server.render_worker" in each.cmdline()
        ]


@contextmanager
def command(home: Path, *words: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Run a vmodel command as a process whose output can be read."""
    inherited = {name: value for name, value in os.environ.items() if name != "VMODEL_API_KEY"}
    known = {**inherited, "VMODEL_HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **environment}
    with (home / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli.main", *words],
            stdout=subprocess.PIPE,
            stderr=log,
            env=known,
            cwd=ROOT,
            text=True,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


@pytest.fixture
def service(tmp_path: Path, home: Path) -> Iterator[Service]:
    state = tmp_path / "service"
    state.mkdir()
    # Painted skins of other tests are reused; drapes are not, so that a killed one is computed again.
    (home / "cache" / "looks").mkdir(parents=True, exist_ok=True)
    (state / "cache").mkdir()
    (state / "cache" / "looks").symlink_to(home / "cache" / "looks")
    settings = Settings(home=state)
    database = open_database(settings)
    with database.transaction() as session:
        account = create_account(session, "Season", "season@shop.example", password="a long password")
        key = create_api_key(session, account.id).token
    database.close()
    with command(state, "serve", "--port", "0") as running:
        assert running.stdout is not None
        told = running.stdout.readline()
        match = re.search(r"http://\S+", told)
        assert match, f"{told}{(state / 'log').read_text(errors='replace')[-2000:]}"
        yield Service(match[0], key, settings, running.pid)


def told_of(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    """Yield a batch's JSON lines about its pictures as they arrive."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            yield json.loads(line)


@pytest.mark.slow
def test_a_batch_and_a_worker_that_are_killed_deliver_the_same_pictures_for_one_price(
    service: Service, stages: StageCache, examples: Path, tmp_path: Path
) -> None:
    shutil.copy(examples / "logo-tee.jpg", tmp_path)
    rows = ["photo,width_cm,models,poses,views", "logo-tee.jpg,50,wm-ines,standing,front"]
    rows += ["logo-tee.jpg,50,wm-ines,walking,front;back"]
    (tmp_path / "season.csv").write_text("\n".join(rows) + "\n")
    mine = tmp_path / "mine"
    mine.mkdir()

    def words(out: str) -> list[str]:
        flags = ["--size", "{}x{}".format(*SIZE), "--pipeline", "draft", "--jobs", "2", "--json"]
        return [
            "batch",
            str(tmp_path / "season.csv"),
            "--service",
            service.address,
            "--out",
            str(tmp_path / out),
            *flags,
        ]

    with Client(service.address, service.key) as client:
        with command(mine, *words("out"), VMODEL_API_KEY=service.key) as process:
            first = next(each for each in told_of(process) if each.get("picture"))
            process.kill()
        (worker,) = service.workers()
        worker.kill()
        ordered = client.jobs()
        assert len(ordered) > sum(job.state == "done" for job in ordered)
        before = Path(first["picture"]).read_bytes(), Path(first["picture"]).stat().st_mtime_ns

        with command(mine, *words("out"), VMODEL_API_KEY=service.key) as process:
            again = list(told_of(process))
            assert process.wait() == 0, again
        assert len(again) == 2
        assert first["picture"] not in [each["picture"] for each in again]
        assert (Path(first["picture"]).read_bytes(), Path(first["picture"]).stat().st_mtime_ns) == before
        usage = client.usage()
        assert (usage.consumed, usage.reserved) == (3, 0)
        assert (len(client.jobs()), len(client.garments())) == (3, 1)

        with command(mine, *words("elsewhere"), VMODEL_API_KEY=service.key) as process:
            assert len(list(told_of(process))) == 3
        assert client.usage().consumed == 3

    delivered = sorted((tmp_path / "out").glob("*.png"))
    assert len(delivered) == 3
    assert not list((tmp_path / "out").glob("vmodel-*"))
    for path in delivered:
        assert (tmp_path / "elsewhere" / path.name).read_bytes() == path.read_bytes()
    for each in (first, *again):
        assert_is_what_one_machine_makes(Path(each["picture"]), service, stages, tmp_path / "logo-tee.jpg")


def assert_is_what_one_machine_makes(path: Path, service: Service, stages: StageCache, photo: Path) -> None:
    """Check that the picture equals, bit for bit, the one made here under the same licence without a kill."""
    sidecar = json.loads(path.with_suffix(".json").read_bytes())
    _, model, pose, view = path.stem.split("--")
    asked = ShotRequest(GarmentSource(photo, width_cm=50), model=model, pose=pose, view=view, size=SIZE)
    made = shoot(asked, stages, load_pipeline("draft")).picture
    mark = int(sidecar["certificate"]["licence"]["mark"], 16)
    with Image.open(path) as picture:
        assert np.array_equal(np.asarray(picture), embed_mark(made, mark, open_authority(service.settings).mark_key))
