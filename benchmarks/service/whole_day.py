"""A whole peak day: ``python -m benchmarks.service.whole_day [--seconds S] [--postgres ADDRESS] [...]``.

1,000,000 pictures for 14,000 sellers, with the load of a quiet night and of a busy afternoon. The clock is virtual: it
jumps from event to event, and the end of a picture is such an event.

First the whole day is played in memory with the queue's rules alone, for installations of several sizes. Then as many
seconds of its busiest hour as ``--seconds`` says, the same jobs at the full rate for all cards, are played on the real
tables in Postgres: submit with its reservation, handing out, every step of a turn, progress, delivery with its
charge, and each job's end, in the program's own transactions, one after the other. Memory and tables must hand out the
same turns in the same order, so what the rules say of the whole day holds for the tables. Not in it: the durable
queue's own tables, worker processes and what they ask while idle, which ``benchmarks.service.peak_day`` has in real
time.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.common.tables import Figures, Table, print_table, publish
from benchmarks.service.day_load import (
    HOURS,
    POSES,
    VIEWS,
    Ask,
    Course,
    MemoryQueue,
    Turn,
    ask_all_day,
    ask_between,
    play,
)
from benchmarks.service.ledger import postgres
from benchmarks.service.peak_day import ResourceMeter, prove, tidy
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.core.database import Database, new_id, open_database
from vmodel.service.accounts.plans import read_plans
from vmodel.service.accounts.users import create_account
from vmodel.service.jobs import fair_queue, heartbeat, transitions
from vmodel.service.jobs.lifecycle import submit
from vmodel.service.jobs.renderer import ShotAssignment
from vmodel.service.jobs.request import JobRequest
from vmodel.service.jobs.transitions import Delivery

#: Seconds per picture: assumed for a graphics card, and measured on a processor (``docs/benchmarks.md``).
CARD = Course("card, 3 s a picture", 3.0, 3.0, 3.0)
PROCESSOR = Course("processor, draft", 18.58, 9.29, 2.22)
INSTALLATIONS = ((CARD, 56), (CARD, 64), (PROCESSOR, 170), (PROCESSOR, 200))
_PLAN = "shop"
_STAGES = ("drape", "skin", "scene", "conditions", "photograph", "publish")
_WORKER = "played"
_BEAT_S = 5.0
_BUSIEST_S = 15 * 3600.0
T = TypeVar("T")


def main(arguments: Sequence[str] | None = None) -> None:
    """Play the day in memory, then a part of its busiest hour on the tables, and print the results."""
    parser = argparse.ArgumentParser(description="Play a peak day.")
    parser.add_argument("--postgres", help="address of an empty database; a server is started without")
    parser.add_argument("--sellers", type=int, default=14_000)
    parser.add_argument("--seconds", type=float, default=120.0, help="of the busiest hour, played on the tables")
    given = parser.parse_args(arguments)
    tables = [play_in_memory(given.sellers)]
    print_table(tables[0].title, tables[0].head, tables[0].rows)
    with tempfile.TemporaryDirectory() as folder, postgres(Path(folder), given.postgres) as url:
        settings = Settings(home=Path(folder) / "home", database_url=url)
        database = open_database(settings)
        tables += play_on_tables(database, settings, given.sellers, given.seconds)
        findings = [f"Tables: {prove(settings, database)}"]
        database.close()
    findings.append("Memory and tables handed out the same turns in the same order.")
    publish(Figures("whole_day", tables, findings))


def play_in_memory(sellers: int) -> Table:
    """Play the whole day by the rules alone for installations of several sizes; tabulate the waits."""
    ids, rows = [f"{number:05d}" for number in range(sellers)], []
    for course, slots in INSTALLATIONS:
        outcome = play(ask_all_day(sellers), MemoryQueue(ids, slots, 4), slots, course)
        hour = max(range(HOURS), key=lambda hour: outcome.busy_s[hour])
        busy = [wait for at, wait in outcome.waits if int(at / 3600) == hour]
        day = [wait for _, wait in outcome.waits]
        share = outcome.busy_s[hour] / 3600 / slots
        seconds = sum(outcome.busy_s) / sum(outcome.delivered)
        cells = [f"{slots} x {course.name}", f"{sum(outcome.delivered)}", f"{seconds:.1f}"]
        rows.append([*cells, f"{share:.0%}", *_waits(day), *_waits(busy), f"{max(day):.0f}"])
    head = ["installation", "pictures", "s/picture", "busiest hour: in use", "day: wait p50 s", "p99 s"]
    head += ["busiest hour: p50 s", "p99 s", "longest s"]
    return Table(f"The whole day by the queue's rules, {sellers} sellers", head, rows)


class TablesQueue:
    """Queue on the real tables and ledger, with each step in the program's own transaction.

    Args:
        database: a Postgres.
        settings: of the installation.
        sellers: ids of the accounts.
        slots: number of slots of all workers.
    """

    def __init__(self, database: Database, settings: Settings, sellers: list[str], slots: int) -> None:
        self._database, self._sellers = database, sellers
        self._plans, self._roster = read_plans(settings), load_roster(settings)
        self._jobs: dict[str, tuple[int, int]] = {}
        self._parts: dict[tuple[int, int], str] = {}
        self._works: dict[Turn, list[str]] = {}
        self._joined = heartbeat.join(database, _WORKER, slots)
        self._beat = time.monotonic()
        self.order: list[tuple[int, int]] = []
        self.spent_ms: dict[str, list[float]] = defaultdict(list)

    def submit(self, job: int, ask: Ask) -> None:
        """Implement ``Queue``."""
        seller = self._sellers[ask.seller]
        kinds = [(POSES[number // len(VIEWS)], VIEWS[number % len(VIEWS)]) for number in range(ask.shots)]
        shots = [{"model": "wm-ines", "pose": pose, "view": view, "size": "1024x768"} for pose, view in kinds]
        asked = JobRequest(seller, {"photo": f"{seller}/{'0' * 64}.png"}, shots, new_id())
        made = self._timed("submit a job", lambda: submit(self._database, self._plans, self._roster, asked))
        self._jobs[made.id] = (job, ask.shots)

    def release(self) -> list[Turn]:
        """Implement ``Queue``."""
        if time.monotonic() - self._beat > _BEAT_S:
            self._beat = time.monotonic()
            assert heartbeat.beat(self._database, _WORKER, self._joined, heartbeat.LIVE)
        parts = self._timed("hand turns out", lambda: fair_queue.schedule_parts(self._database))
        if parts:
            self._timed("note the handing out", lambda: fair_queue.mark_enqueued(self._database, parts))
        return [self._turn(part) for part in parts]

    def begin(self, turn: Turn) -> None:
        """Implement ``Queue``."""
        part = self._parts[turn.job, turn.place]
        shots = self._timed("begin a turn", lambda: transitions.open_shots(self._database, part, _WORKER))
        assert len(shots) == turn.shots
        self._works[turn] = shots

    def begin_shot(self, turn: Turn, number: int) -> None:
        """Implement ``Queue``; report all of the picture's progress at once."""
        shot = self._works[turn][number]
        assignment = self._timed("begin a picture", lambda: transitions.begin_shot(self._database, shot, _WORKER))
        assert assignment is not None
        for stage in _STAGES:
            self._timed("tell progress", self._telling(assignment, stage))

    def deliver(self, turn: Turn, number: int) -> None:
        """Implement ``Queue``."""
        shot = self._works[turn][number]
        delivery = Delivery(f"{'1' * 64}.png", f"{'2' * 64}.json", 3.0)
        assert self._timed("deliver and charge", lambda: transitions.deliver(self._database, shot, delivery))

    def end(self, turn: Turn) -> None:
        """Implement ``Queue``."""
        del self._works[turn]
        part = self._parts.pop((turn.job, turn.place))
        self._timed("end a turn", lambda: fair_queue.end_part(self._database, part))

    def _telling(self, assignment: ShotAssignment, stage: str) -> Callable[[], None]:
        return lambda: transitions.record_progress(self._database, assignment, _WORKER, stage, 0.5)

    def _turn(self, part: str) -> Turn:
        job_id, _, place = part.rpartition("-")
        job, shots = self._jobs[job_id]
        turn = Turn(job, int(place), min(4, shots - 4 * int(place)))
        self._parts[turn.job, turn.place] = part
        self.order.append((turn.job, turn.place))
        return turn

    def _timed(self, name: str, deed: Callable[[], T]) -> T:
        begun = time.perf_counter()
        done = deed()
        self.spent_ms[name].append(1000 * (time.perf_counter() - begun))
        return done


def play_on_tables(database: Database, settings: Settings, sellers: int, seconds: float) -> list[Table]:
    """Play a part of the busiest hour on Postgres; raise AssertionError if it deviates from the rules."""
    course, slots = INSTALLATIONS[0]
    asks = list(ask_between(sellers, _BUSIEST_S, _BUSIEST_S + seconds))
    ids = sorted(open_shops(database, sellers))
    tidy(database)
    queue = TablesQueue(database, settings, ids, slots)
    watch = ResourceMeter(database, [])
    before, begun, cpu_s = watch.read(), time.perf_counter(), time.process_time()
    outcome = play(iter(asks), queue, slots, course)
    spent = {key: value - before[key] for key, value in watch.read().items()}
    lasted_s, cpu_s = time.perf_counter() - begun, time.process_time() - cpu_s
    rules = MemoryQueue(ids, slots, read_plans(settings).plan(_PLAN).concurrent_jobs)
    expected = play(iter(asks), rules, slots, course)
    assert (queue.order, outcome.waits) == (rules.order, expected.waits), "tables and rules differ"
    title = f"{seconds:.0f} s of the busiest hour on Postgres, {slots} x {course.name}, {sellers} sellers"
    pictures, asked = sum(outcome.delivered), [wait for _, wait in outcome.waits]
    row = [
        f"{len(asks)}",
        f"{pictures}",
        f"{pictures / seconds:.1f}",
        f"{pictures * course.first_s / slots / seconds:.0%}",
    ]
    return [
        Table(title, ["jobs", "pictures", "asked/s", "of the cards", "wait p50 s", "p99 s"], [[*row, *_waits(asked)]]),
        _statements(queue, pictures),
        _load(spent, pictures, lasted_s, cpu_s),
    ]


def open_shops(database: Database, count: int) -> list[str]:
    """Create sellers who pay with their plan's free credits; return their ids."""
    ids: list[str] = []
    for start in range(0, count, 500):
        with database.transaction() as session:
            for number in range(start, min(count, start + 500)):
                address = f"shop{number}@shop.example"
                ids.append(create_account(session, f"shop {number}", address, plan=_PLAN).id)
    print(f"{count} sellers are open.", flush=True)
    return ids


def _statements(queue: TablesQueue, pictures: int) -> Table:
    rows = []
    for name, times in queue.spent_ms.items():
        cuts = statistics.quantiles(times, n=100, method="inclusive")
        calls = len(times) / pictures
        rows.append([name, f"{calls:.2f}", f"{cuts[49]:.1f}", f"{cuts[98]:.1f}", f"{sum(times) / pictures:.1f}"])
    head = ["transaction", "calls/picture", "p50 ms", "p99 ms", "ms/picture"]
    return Table("Each transaction of it, from begin to commit on the disk", head, rows)


def _load(spent: dict[str, Any], pictures: int, lasted_s: float, cpu_s: float) -> Table:
    cells = [f"{pictures}", f"{pictures / lasted_s:.1f}", f"{spent['commits'] / pictures:.0f}"]
    cells += [f"{spent['wal'] / pictures / 1000:.0f}", f"{1000 * cpu_s / pictures:.0f}"]
    cells.append(f"{1000 * spent['postgres'] / pictures:.0f}")
    head = ["pictures", "pictures/s, one after the other", "commits/picture", "WAL kB/picture"]
    return Table("Load", [*head, "CPU ms/picture: program", "Postgres"], [cells])


def _waits(waits: list[float]) -> list[str]:
    cuts = statistics.quantiles(waits, n=100, method="inclusive")
    return [f"{cuts[49]:.1f}", f"{cuts[98]:.1f}"]


if __name__ == "__main__":
    main()
