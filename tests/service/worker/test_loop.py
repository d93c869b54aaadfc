"""Worker: makes waiting pictures, reports progress, drops cancelled work, and shuts down in order."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from benchmarks.service.fake_renderer import Painter
from tests.support.disk_log import DiskLog
from tests.support.installation import PLAN, PLANS, Shop, open_shop
from vmodel.core.crash_log import log_fault
from vmodel.core.database import now
from vmodel.errors import GarmentNotFound
from vmodel.rights.provenance.keys import open_authority
from vmodel.rights.registry.original_store import Originals
from vmodel.service.accounts.plans import Plans
from vmodel.service.jobs import fair_queue, heartbeat
from vmodel.service.jobs.lifecycle import Job, cancel_job, find_job, submit, watch_job
from vmodel.service.jobs.renderer import ProgressCallback, Rendered, Renderer, ShotAssignment
from vmodel.service.jobs.tables import WorkerRow
from vmodel.service.ledger.checkpoints import sign_daily_checkpoint
from vmodel.service.ledger.integrity_check import verify
from vmodel.service.ledger.reservations import Balance
from vmodel.service.maintenance.backup import back_up
from vmodel.service.worker.loop import Worker, hand_out_every_s, poll_every_s
from vmodel.shot.request import ShotRequest
from vmodel.shot.stages import Stage

ONE_TURN = Plans(PLANS.pipelines, PLANS.sizes, {"free": PLAN.model_copy(update={"concurrent_jobs": 1})})
"""Plans in which a seller may have one turn at a time."""


@pytest.fixture(params=["sqlite and folder", "postgres and s3"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """Open a laptop's installation, and one on Postgres and S3."""
    if request.param == "sqlite and folder":
        opened = open_shop(tmp_path / "home")
    else:
        addresses = request.getfixturevalue("new_postgres"), request.getfixturevalue("s3_files")
        opened = open_shop(tmp_path / "home", *addresses)
    yield opened
    opened.database.close()


@contextmanager
def working(shop: Shop, render: Renderer, slots: int = 1) -> Iterator[threading.Event]:
    """Run a worker for the duration of the block; set the yielded event to stop it earlier."""
    stop = threading.Event()
    worker = Worker(shop.settings, shop.database, shop.store, render, "w", slots, timedelta(seconds=4))
    thread = threading.Thread(target=worker.run, args=(stop, 20))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join()


def ended(shop: Shop, job: Job) -> Job:
    """Wait until the job has ended, and return it."""
    return list(watch_job(shop.database, job.account_id, job.id, 0.05))[-1]


def heartbeat_of(shop: Shop) -> datetime:
    """Return when the worker was last alive."""
    with shop.database.reading() as session:
        return session.get_one(WorkerRow, "w").seen_at


class Halting:
    """Renderer that waits at the first stage of every picture until the test releases it."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self._paint = Painter()

    def __call__(self, request: ShotRequest, assignment: ShotAssignment, tell: ProgressCallback) -> Rendered:
        self.begun.set()
        while not self.go_on.wait(0.05):
            tell(Stage.DRAPE, 0.5, b"preview")
        return self._paint(request, assignment, tell)


def test_pictures_are_made_charged_and_kept_for_their_seller(shop: Shop) -> None:
    seller = shop.seller(credits=10)
    with working(shop, Painter()):
        job = ended(shop, shop.submit(seller, shots=6))
    assert job.state == "done"
    assert job.charged == 6
    assert shop.balance(seller) == Balance(available=4, reserved=0, consumed=6)
    assert len({shot.picture_key for shot in job.shots}) == 6
    kept = {file.key for file in shop.store.keys(seller)}
    named = {key for shot in job.shots for key in (shot.picture_key, shot.sidecar_key)}
    assert kept - {shop.photo(seller)} == named
    assert shop.store.get(seller, str(job.shots[0].picture_key)).startswith(b"\x89PNG")
    assert verify(shop.database, []) == []


def test_a_picture_is_on_the_disk_before_the_row_that_charges_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, log = open_shop(tmp_path / "home"), DiskLog(monkeypatch)
    log.listen(shop.database)
    seller = shop.seller(credits=10)
    with working(shop, Painter()):
        job = ended(shop, shop.submit(seller))
    shop.database.close()
    for key in (job.shots[0].picture_key, job.shots[0].sidecar_key):
        path = tmp_path / "home" / "files" / str(key)
        stated = log.when_stated(str(key))
        assert log.when_synced(path)[0] < log.when_named(path) < stated
        assert any(log.when_named(path) < synced < stated for synced in log.when_synced(path.parent))


def test_what_a_service_writes_is_its_owners_whatever_the_process_allows_others(tmp_path: Path) -> None:
    usual = os.umask(0)
    try:
        shop = open_shop(tmp_path / "new" / "home")
        with working(shop, Painter()):
            assert ended(shop, shop.submit(shop.seller())).state == "done"
        sign_daily_checkpoint(shop.settings, shop.database)
        open_authority(shop.settings)
        Originals(shop.settings).put("0" * 32, np.zeros((8, 8, 3), np.uint8))
        log_fault(RuntimeError("a fault"), shop.settings.home)
        back_up(shop.settings, tmp_path / "backup")
        shop.database.close()
    finally:
        os.umask(usual)
    written = [tmp_path / "new", *(tmp_path / "new").rglob("*"), tmp_path / "backup", *(tmp_path / "backup").rglob("*")]
    names = {path.name for path in written}
    assert {"vmodel.db", "queue.db", "heads.jsonl", "root.pem", "faults.txt", "backup.json", "uploads"} <= names
    assert [path for path in written if path.stat().st_mode & 0o077] == []


def test_a_fault_of_the_upkeep_leaves_the_worker_its_heartbeat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vmodel.service.worker.loop._UPKEEP_S", 0.0)
    shop, until = open_shop(tmp_path), time.monotonic() + 20
    (tmp_path / "ledger" / "heads.jsonl").mkdir(parents=True)  # where a file is written: OSError
    with working(shop, Painter()):
        while not list((tmp_path / "logs").glob("*.txt")):
            assert time.monotonic() < until, "the fault is noted"
        noted_at = now()
        while heartbeat_of(shop) < noted_at:
            assert time.monotonic() < until, "the worker still gives signs of life"
    shop.database.close()


def test_a_running_picture_tells_its_stage_and_shows_a_preview(shop: Shop) -> None:
    seller, paint = shop.seller(), Halting()
    with working(shop, paint):
        job = shop.submit(seller)
        seen = next(
            each for each in watch_job(shop.database, seller, job.id, 0.05) if each.shots[0].preview_key is not None
        )
        assert (seen.state, seen.shots[0].stage) == ("running", "drape")
        assert 0.1 < seen.shots[0].share < 0.6
        assert shop.store.get(seller, str(seen.shots[0].preview_key)) == b"preview"
        paint.go_on.set()
        last = ended(shop, job)
    assert last.shots[0].preview_key is None
    assert not shop.store.has(seller, str(seen.shots[0].preview_key))


def test_a_cancelled_picture_is_given_up_while_it_is_made_and_costs_nothing(shop: Shop) -> None:
    seller, paint = shop.seller(credits=10), Halting()
    with working(shop, paint):
        job = shop.submit(seller, shots=3)
        assert paint.begun.wait(30)
        assert cancel_job(shop.database, seller, job.id).cancelling
        last = ended(shop, job)
        paint.go_on.set()
        assert ended(shop, shop.submit(seller)).state == "done"
    assert last.state == "cancelled"
    assert [shot.state for shot in last.shots] == ["cancelled"] * 3
    assert shop.balance(seller) == Balance(available=9, reserved=0, consumed=1)


def test_a_picture_that_is_finished_after_its_job_was_cancelled_is_thrown_away(shop: Shop) -> None:
    seller = shop.seller(credits=10)

    def paint(request: ShotRequest, assignment: ShotAssignment, tell: ProgressCallback) -> Rendered:
        cancel_job(shop.database, seller, assignment.job_id)
        return Painter()(request, assignment, lambda *_: None)

    with working(shop, paint):
        last = ended(shop, shop.submit(seller))
    assert (last.state, last.charged) == ("cancelled", 0)
    assert shop.balance(seller) == Balance(available=10, reserved=0, consumed=0)
    assert [file.key for file in shop.store.keys(seller)] == [last.garment["photo"]]


def test_a_worker_that_is_asked_to_leave_finishes_its_picture_and_leaves_the_rest_to_others(shop: Shop) -> None:
    seller, paint = shop.seller(credits=10), Halting()
    with working(shop, paint) as stop:
        job = shop.submit(seller, shots=4)
        assert paint.begun.wait(30)
        stop.set()
        paint.go_on.set()
    left = find_job(shop.database, seller, job.id)
    assert [shot.state for shot in left.shots] == ["done", "queued", "queued", "queued"]
    assert shop.balance(seller) == Balance(available=6, reserved=3, consumed=1)
    with working(shop, Painter()):
        assert ended(shop, job).state == "done"
    assert shop.balance(seller) == Balance(available=6, reserved=0, consumed=4)


class Failing:
    """Renderer that fails as a seed's errors say, once per try, then paints."""

    def __init__(self, errors: dict[int, list[Exception]]) -> None:
        self._errors, self._paint = errors, Painter()

    def __call__(self, request: ShotRequest, assignment: ShotAssignment, tell: ProgressCallback) -> Rendered:
        if self._errors.get(request.seed):
            raise self._errors[request.seed].pop(0)
        return self._paint(request, assignment, tell)


def test_an_error_that_may_pass_is_tried_again_and_another_is_not(laptop: Shop) -> None:
    seller = laptop.seller(credits=10)
    errors = {0: [OSError("disk"), OSError("disk")], 1: [GarmentNotFound("photo")], 2: [ZeroDivisionError()]}
    with working(laptop, Failing(errors)):
        job = ended(laptop, laptop.submit(seller, shots=4))
    found = [(shot.state, shot.error_code) for shot in job.shots]
    assert found == [("done", None), ("failed", "garment_not_found"), ("failed", "internal"), ("done", None)]
    assert job.state == "partly_done"
    assert "division" not in str(job.shots[2].error_message)
    assert list((laptop.settings.home / "logs").glob("*.txt"))
    assert laptop.balance(seller) == Balance(available=8, reserved=0, consumed=2)


class Noting:
    """Renderer that records the seller of each picture."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self._paint = Painter()

    def __call__(self, request: ShotRequest, assignment: ShotAssignment, tell: ProgressCallback) -> Rendered:
        self.order.append(assignment.account_id)
        return self._paint(request, assignment, tell)


def test_a_newcomer_behind_thirteen_sellers_with_many_jobs_starts_within_two_rounds(tmp_path: Path) -> None:
    shop, paint = open_shop(tmp_path / "home"), Noting()
    for seller in [shop.seller() for _ in range(13)]:
        asked = shop.ask(seller)
        for number in range(4):
            submit(shop.database, PLANS, shop.roster, shop.again(asked, f"{number}"))
    with working(shop, paint):
        newcomer = shop.seller()
        job = shop.submit(newcomer)
        before = len(paint.order)
        ended(shop, job)
    assert newcomer in paint.order[before : before + 28]
    shop.database.close()


def test_a_plan_bounds_how_many_of_a_sellers_turns_run_at_once(laptop: Shop) -> None:
    seller, paint = laptop.seller(), Halting()
    one = Plans(PLANS.pipelines, PLANS.sizes, {"free": PLAN.model_copy(update={"concurrent_jobs": 1})})
    with working(laptop, paint, slots=3):
        first = submit(laptop.database, one, laptop.roster, laptop.ask(seller))
        second = submit(laptop.database, one, laptop.roster, laptop.ask(seller))
        other = laptop.submit(laptop.seller())
        assert next(
            job for job in watch_job(laptop.database, other.account_id, other.id, 0.05) if job.state == "running"
        )
        assert find_job(laptop.database, seller, first.id).state == "running"
        assert find_job(laptop.database, seller, second.id).state == "queued"
        paint.go_on.set()
        assert ended(laptop, second).state == "done"


def test_a_sellers_urgent_job_comes_before_the_sellers_others(laptop: Shop) -> None:
    seller, paint = laptop.seller(), Noting()
    late, urgent = laptop.submit(seller, shots=4), laptop.submit(seller, shots=4, priority=9)
    with working(laptop, paint):
        assert ended(laptop, late).state == "done"
    first, second = (find_job(laptop.database, seller, job.id) for job in (urgent, late))
    assert str(first.started_at) < str(second.started_at)


def test_a_fleet_asks_the_database_hardly_more_often_than_a_few_workers_do(laptop: Shop) -> None:
    assert hand_out_every_s(1) == hand_out_every_s(4) < 0.5
    assert 56 / hand_out_every_s(56) == pytest.approx(4 / hand_out_every_s(4))
    assert poll_every_s(8) < poll_every_s(56) < poll_every_s(400) == 1.0
    with laptop.database.transaction() as session:
        session.query(WorkerRow).delete()
    watch = heartbeat.LivenessMonitor("w0", 15)
    for number in range(5):
        heartbeat.join(laptop.database, f"w{number}", 1)
    heartbeat.leave(laptop.database, "w4")
    assert watch.find_dead_workers(laptop.database) == []
    assert (watch.others, heartbeat.count_alive(laptop.database)) == (3, 4)
    for number in range(4):
        heartbeat.leave(laptop.database, f"w{number}")


class Holding:
    """Renderer that records the order of its pictures; the very first one waits for the test."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.go_on = threading.Event()
        self._paint = Painter()

    def __call__(self, request: ShotRequest, assignment: ShotAssignment, tell: ProgressCallback) -> Rendered:
        self.made.append(assignment.job_id)
        while len(self.made) == 1 and not self.go_on.wait(0.05):
            tell(Stage.DRAPE, 0.5)
        return self._paint(request, assignment, tell)


def fit_on(shop: Shop, seller: str) -> Job:
    """Submit a fitting."""
    shots = [{"model": "wm-ines", "size": "512x384", "fitting": True}]
    return submit(shop.database, ONE_TURN, shop.roster, shop.ask(seller, shots))


def until(shop: Shop, job: Job, state: str) -> None:
    """Wait until a job reaches a state."""
    assert any(seen.state == state for seen in watch_job(shop.database, job.account_id, job.id, 0.05))


def test_a_fitting_goes_between_two_pictures_of_the_turn_that_is_being_made(shop: Shop) -> None:
    seller, paint = shop.seller(), Holding()
    with working(shop, paint):
        full = submit(shop.database, ONE_TURN, shop.roster, shop.ask(seller, 6))
        until(shop, full, "running")
        fitting = fit_on(shop, seller)
        assert fitting.place == 0
        until(shop, fitting, "running")
        paint.go_on.set()
        assert ended(shop, fitting).state == "done"
        assert ended(shop, full).state == "done"
    assert paint.made.index(fitting.id) <= 2
    assert len(paint.made) == 7


def test_an_idle_worker_is_given_a_fitting_before_one_that_is_at_work(tmp_path: Path) -> None:
    shop = open_shop(tmp_path / "home")
    heartbeat.join(shop.database, "w", 2)
    shop.submit(shop.seller(), 4)
    (full,) = fair_queue.schedule_parts(shop.database)
    fair_queue.mark_enqueued(shop.database, [full])
    fit_on(shop, shop.seller())
    first = fair_queue.schedule_parts(shop.database)
    assert fair_queue.find_interleaved_fittings(shop.database, first) == set()
    fair_queue.mark_enqueued(shop.database, first)
    fit_on(shop, shop.seller())
    second = fair_queue.schedule_parts(shop.database)
    assert fair_queue.find_interleaved_fittings(shop.database, second) == set(second)
    assert len(second) == 1
    shop.database.close()


def test_a_seller_has_one_fitting_under_way_and_pays_for_it_with_the_lanes_time(tmp_path: Path) -> None:
    shop = open_shop(tmp_path / "home")
    heartbeat.join(shop.database, "w", 4)
    eager, other = shop.seller(), shop.seller()
    jobs = [fit_on(shop, eager) for _ in range(3)]
    (part,) = fair_queue.schedule_parts(shop.database)
    full = [shop.submit(each) for each in (eager, other)]
    assert set(fair_queue.schedule_parts(shop.database)) == {part, *(f"{each.id}-000" for each in full)}
    cancel_job(shop.database, eager, jobs[2].id)
    # As a worker that leaves: its unmade pictures return to the queue as a fitting.
    fair_queue.end_part(shop.database, part)
    assert set(fair_queue.schedule_parts(shop.database)) == {f"{part}+", *(f"{each.id}-000" for each in full)}
    with shop.database.transaction() as session:
        lane = fair_queue.lock_lane(session, eager)
        assert (lane.waiting, lane.active, lane.turn) == (0, 1, 3)
    shop.database.close()
