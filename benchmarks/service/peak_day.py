"""Load of a peak day, on the real queue: ``python -m benchmarks.service.peak_day [--share F] [--seconds N] [...]``.

14,000 sellers, 1,000,000 pictures a day: 11.6 a second on average. Jobs are submitted, handed out, paid and ended by
the program itself on Postgres, in real time; only the making of a picture is replaced by waiting for as long as it
takes on a card. A whole day would take too long, so slices of it are run: a quiet hour, the day's mean, a busy hour.
``--share`` lets the machine carry a part of the installation: that share of the cards, and of the load.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import signal
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, select, text

from benchmarks.common.tables import Figures, Table, publish
from benchmarks.service.fake_renderer import Painter, encode
from benchmarks.service.ledger import postgres
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.core.database import Database, new_id, open_database
from vmodel.service.accounts.plans import read_plans
from vmodel.service.accounts.users import create_account, list_accounts
from vmodel.service.jobs.lifecycle import submit
from vmodel.service.jobs.request import JobRequest
from vmodel.service.jobs.tables import DONE, OPEN, ShotRow, WorkerRow
from vmodel.service.ledger.entries import ChainTip
from vmodel.service.ledger.grants import grant
from vmodel.service.ledger.integrity_check import verify
from vmodel.service.ledger.signing_key import signing_key
from vmodel.service.storage.file_store import open_store
from vmodel.service.worker.loop import Worker

PICTURES_A_DAY = 1_000_000
MEAN_A_S = PICTURES_A_DAY / 86_400
LEVELS = {"quiet hour": 0.4, "the day's mean": 1.0, "busy hour": 1.6}
_JOB_SHOTS = (1, 2, 4, 4, 6, 8)
_SUBMITTERS = 2
_DRAIN_S = 240.0
_IDLE_S = 15.0


@dataclass(frozen=True)
class Load:
    """Load on this machine.

    Attributes:
        share: of the whole installation.
        service_s: seconds that a card needs per picture.
        cards: of the whole installation.
        seconds: of each slice.
        workers: number of processes.
    """

    share: float
    service_s: float
    cards: int
    seconds: float
    workers: int

    @property
    def slots(self) -> int:
        """Cards that each worker process here stands for."""
        return max(1, round(self.cards * self.share / self.workers))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the slices and print the results."""
    load, sellers, address, home = _read(arguments)
    with tempfile.TemporaryDirectory() as folder, postgres(Path(folder), address) as url:
        settings = Settings(home=home or Path(folder) / "home", database_url=url)
        database = open_database(settings)
        ids = open_sellers(database, sellers)
        tidy(database)
        print(f"{sellers} sellers are open.", flush=True)
        with working(settings, load) as workers:
            watch = ResourceMeter(database, [worker.pid for worker in workers if worker.pid])
            idle = watch.rest(_IDLE_S)
            rows = [run_slice(settings, database, watch, load, ids, name, idle) for name in LEVELS]
        findings = [prove(settings, database), name_bottleneck(rows, load)]
        findings.append(
            f"Without any job, workers use {idle['workers']:.2f} and Postgres {idle['postgres']:.2f} cores."
        )
        database.close()
    head = ["slice", "asked/s", "done/s", "wait p50 s", "wait p99 s", "commits/picture", "WAL kB/picture"]
    # A job's wait ends when its first picture begins; CPU excludes that of an idle installation.
    head += ["CPU ms/picture: workers", "submit", "Postgres"]
    title = f"{sellers} sellers, {load.workers * load.slots} cards of {load.cards} at {load.service_s:g} s a picture"
    publish(Figures("peak_day", [Table(title, head, rows)], findings))


def _read(arguments: Sequence[str] | None) -> tuple[Load, int, str | None, Path | None]:
    parser = argparse.ArgumentParser(description="Run slices of a peak day.")
    parser.add_argument(
        "--postgres", help="address of a database, empty or of an earlier run; a server is started without"
    )
    parser.add_argument("--home", type=Path, help="state folder of an earlier run")
    parser.add_argument("--sellers", type=int, default=14_000)
    parser.add_argument("--share", type=float, default=1.0, help="of the installation that this machine carries")
    parser.add_argument("--service-s", type=float, default=3.0, help="seconds that a card needs for a picture")
    parser.add_argument("--cards", type=int, default=56, help="of the whole installation")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each slice")
    parser.add_argument("--workers", type=int, default=2, help="worker processes here")
    given = parser.parse_args(arguments)
    load = Load(given.share, given.service_s, given.cards, given.seconds, given.workers)
    return load, given.sellers, given.postgres, given.home


def open_sellers(database: Database, count: int) -> list[str]:
    """Return sellers with more credits than they can spend here, including those of an earlier run."""
    with database.transaction() as session:
        ids = [account.id for account in list_accounts(session, "seller")]
    for begin in range(len(ids), count, 50):
        with database.transaction() as session:
            for number in range(begin, min(count, begin + 50)):
                seller = create_account(session, f"shop {number}", f"shop{number}@shop.example", plan="shop").id
                grant(session, seller, 10**6, "benchmark")
                ids.append(seller)
    return ids


def tidy(database: Database) -> None:
    """Run Postgres's maintenance of many new rows now, which would otherwise fall into the first slice."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))


@contextmanager
def working(settings: Settings, load: Load) -> Iterator[list[SpawnProcess]]:
    """Run real worker processes that wait instead of photographing."""
    spawn = get_context("spawn")
    workers = [
        spawn.Process(target=work, args=(settings, f"card-{number}", load.service_s, load.slots), name=f"card-{number}")
        for number in range(load.workers)
    ]
    for worker in workers:
        worker.start()
    try:
        wait_until_joined(settings, workers)
        yield workers
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.join()


def work(settings: Settings, name: str, service_s: float, slots: int) -> None:
    """Run a worker until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    logging.disable()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    database, store = open_database(settings), open_store(settings)
    Worker(settings, database, store, Painter(service_s), name, slots, timedelta(seconds=60)).run(stop)


def wait_until_joined(settings: Settings, workers: list[SpawnProcess]) -> None:
    """Wait until all workers have sent a heartbeat."""
    database = open_database(settings)
    joined = 0
    while joined < len(workers):
        time.sleep(0.2)
        if not all(worker.is_alive() for worker in workers):
            raise RuntimeError("a worker has ended before it began")
        with database.transaction() as session:
            joined = session.scalar(select(func.count()).where(WorkerRow.state == "live")) or 0
    database.close()


class ResourceMeter:
    """Reader of the resources that the database and the processes have used so far."""

    def __init__(self, database: Database, workers: list[int]) -> None:
        self._database, self._workers = database, workers

    def read(self) -> dict[str, float]:
        """Return commits, bytes of the write-ahead log, CPU seconds of workers and of Postgres."""
        asked = (
            "SELECT (SELECT sum(xact_commit) FROM pg_stat_database WHERE datname = current_database()),"
            " (SELECT wal_bytes FROM pg_stat_wal), pg_backend_pid()"
        )
        with self._database.engine.connect() as connection:
            commits, wal, backend = connection.execute(text(asked)).one()
        server = _parent(int(backend))
        return {
            "commits": float(commits),
            "wal": float(wal),
            "workers": sum(_cpu_s(pid) for pid in self._workers),
            "postgres": sum(_cpu_s(pid) for pid in [server, *_children(server)]) + _gone_s(server),
        }

    def rest(self, seconds: float) -> dict[str, float]:
        """Return the same per second, while no job is submitted."""
        before = self.read()
        time.sleep(seconds)
        after = self.read()
        return {key: (after[key] - before[key]) / seconds for key in before}


def run_slice(
    settings: Settings,
    database: Database,
    watch: ResourceMeter,
    load: Load,
    sellers: list[str],
    name: str,
    idle: dict[str, float],
) -> list[str]:
    """Submit at one level's rate for a while and wait until all is done; return a row of figures."""
    rate = MEAN_A_S * LEVELS[name] * load.share
    with ProcessPoolExecutor(_SUBMITTERS) as pool:
        # A first job each, so that one-time imports and compilation do not count.
        list(pool.map(submit_jobs, [(settings, sellers, 50.0, 1.0, number) for number in range(_SUBMITTERS)]))
        wait_until_done(database)
        before, begun = watch.read(), time.time()
        shares = [(settings, sellers, rate / _SUBMITTERS, load.seconds, number) for number in range(_SUBMITTERS)]
        submit_s = sum(pool.map(submit_jobs, shares))
        stopped = time.time()
    wait_until_done(database)
    after, lasted_s = watch.read(), time.time() - begun
    done = _shots_since(database, begun)
    waits = job_waits(done)
    ended = sum(1 for shot in done if shot[3] <= stopped)
    cuts = statistics.quantiles(waits, n=100, method="inclusive")
    print(f"{name}: {len(done)} pictures of {len(waits)} jobs", flush=True)
    resting = {**idle, "wal": 0.0}  # a checkpoint's writes while idle belong to no job
    spent = {key: (after[key] - before[key] - lasted_s * resting[key]) / len(done) for key in before}
    return [
        name,
        f"{len(done) / (stopped - begun):.1f}",
        f"{ended / (stopped - begun):.1f}",
        f"{cuts[49]:.1f}",
        f"{cuts[98]:.1f}",
        f"{spent['commits']:.0f}",
        f"{spent['wal'] / 1000:.0f}",
        f"{1000 * spent['workers']:.0f}",
        f"{1000 * submit_s / len(done):.0f}",
        f"{1000 * spent['postgres']:.0f}",
    ]


def job_waits(shots: list[tuple[str, float, float, float]]) -> list[float]:
    """Return the seconds from each job's submit until its first picture begins."""
    first: dict[str, float] = {}
    for job, created, started, _ in shots:
        first[job] = min(first.get(job, started - created), started - created)
    return sorted(first.values())


def submit_jobs(share: tuple[Settings, list[str], float, float, int]) -> float:
    """Submit jobs at random moments, with few busy sellers (Zipf); return the CPU seconds spent."""
    settings, sellers, rate, seconds, number = share
    rng = random.Random(f"{number} {rate}")
    database, store, plans, roster = (
        open_database(settings),
        open_store(settings),
        read_plans(settings),
        load_roster(settings),
    )
    photo = _photo()
    weights = [1 / (rank + 10) for rank in range(len(sellers))]
    jobs_a_s = rate / statistics.mean(_JOB_SHOTS)
    begun, cpu_s, due = time.perf_counter(), time.process_time(), 0.0
    while (due := due + rng.expovariate(jobs_a_s)) < seconds:
        time.sleep(max(0.0, begun + due - time.perf_counter()))
        seller = rng.choices(sellers, weights)[0]
        key = store.put(seller, photo, "png")
        shots = [{"model": "wm-ines", "size": "1024x768", "seed": seed} for seed in range(rng.choice(_JOB_SHOTS))]
        submit(database, plans, roster, JobRequest(seller, {"photo": key}, shots, new_id()))
    database.close()
    return time.process_time() - cpu_s


def _photo() -> bytes:
    from PIL import Image

    return encode(Image.new("RGB", (64, 64), "navy"), "PNG")


def wait_until_done(database: Database) -> None:
    """Wait until no picture is open, at most a few minutes."""
    waiting = select(func.count()).select_from(ShotRow).where(ShotRow.state.in_(OPEN))
    ends = time.monotonic() + _DRAIN_S
    while time.monotonic() < ends:
        with database.transaction() as session:
            if session.scalar(waiting) == 0:
                return
        time.sleep(1.0)


def _shots_since(database: Database, begun: float) -> list[tuple[str, float, float, float]]:
    """Return (job, submitted, started, ended) of finished pictures submitted since then, in seconds since 1970."""
    asked = select(ShotRow.job_id, ShotRow.created_at, ShotRow.started_at, ShotRow.ended_at)
    with database.transaction() as session:
        rows = session.execute(asked.where(ShotRow.state == DONE)).all()
    made = []
    for job, created, started, ended in rows:
        if started is not None and ended is not None and created.timestamp() >= begun:
            made.append((job, created.timestamp(), started.timestamp(), ended.timestamp()))
    return made


def prove(settings: Settings, database: Database) -> str:
    """Check that every picture was charged once, and the whole ledger; return a sentence."""
    with database.transaction() as session:
        made = session.scalar(select(func.count()).select_from(ShotRow).where(ShotRow.state == DONE)) or 0
        owed = session.scalar(select(func.sum(ShotRow.price)).where(ShotRow.state == DONE)) or 0
        others = session.scalar(select(func.count()).select_from(ShotRow).where(ShotRow.state != DONE)) or 0
        charged = session.scalar(select(func.sum(ChainTip.consumed))) or 0
    begun = time.perf_counter()
    faults = verify(database, [signing_key(settings).public_key()])
    return (
        f"{made} pictures were made, {others} were not; their prices come to {owed} credits and {charged} were "
        f"charged; the ledger was proven in {time.perf_counter() - begun:.0f} s with {len(faults)} faults."
    )


def name_bottleneck(rows: list[list[str]], load: Load) -> str:
    """Estimate from the busiest slice the cores that a whole peak day needs; return a sentence."""
    workers, submitters, server = (float(cell) for cell in rows[-1][-3:])
    busiest = MEAN_A_S * max(LEVELS.values())
    cores = {"workers": workers, "the API's submits": submitters, "Postgres": server}
    needed = {name: busiest * ms / 1000 for name, ms in cores.items()}
    most = max(needed, key=lambda name: needed[name])
    listed = ", ".join(f"{name} {count:.1f}" for name, count in needed.items())
    return (
        f"At {busiest:.1f} pictures a second, the busy hour of the whole installation, the programs need so many "
        f"cores: {listed}. First to be short is the CPU of {most}; cards needed: {busiest * load.service_s:.0f}."
    )


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])


def _children(pid: int) -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _is_child(entry.name, pid)]


def _is_child(name: str, pid: int) -> bool:
    fields: list[Any] = _stat(int(name))
    return len(fields) > 1 and int(fields[1]) == pid


def _cpu_s(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _gone_s(pid: int) -> float:
    # CPU of children that have ended, which Postgres's connections become.
    fields = _stat(pid)
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _stat(pid: int) -> list[str]:
    """Return fields of /proc/PID/stat from the state on; none if the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []


if __name__ == "__main__":
    main()
