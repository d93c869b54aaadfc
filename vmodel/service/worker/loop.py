"""Worker: takes turns, makes and delivers their pictures, and takes over the turns of dead workers."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from vmodel.config import Settings
from vmodel.core.crash_log import log_fault
from vmodel.core.database import Database
from vmodel.errors import StageError, VModelError
from vmodel.service.jobs import fair_queue, heartbeat, transitions
from vmodel.service.jobs.errors import ShotStopped
from vmodel.service.jobs.heartbeat import BEAT_S, DRAINING, LIVE, LivenessMonitor
from vmodel.service.jobs.renderer import BatchRenderer, Progress, Renderer, ShotAssignment
from vmodel.service.jobs.request import download_inputs, read_shot
from vmodel.service.jobs.transitions import Delivery
from vmodel.service.jobs.views import SILENT
from vmodel.service.maintenance import retention
from vmodel.service.storage.errors import StoreUnavailable
from vmodel.service.storage.file_store import FileStore, write_local
from vmodel.service.worker import periodic_tasks
from vmodel.service.worker.db_retry import retry_on_disconnect
from vmodel.service.worker.dbos_queue import DurableQueue
from vmodel.service.worker.priority_slots import PrioritySlots
from vmodel.shot.request import ShotRequest

SUPERSEDED = 75
"""Exit code of a worker that was taken for dead; its supervisor is expected to start it again."""
TRIES = 3
"""Maximum number of tries of a picture whose error may be transient."""
_HAND_OUT_S, _HAND_OUT_RAREST_S, _LOOKERS = 0.3, 5.0, 4
_POLL_S, _POLL_RAREST_S, _POLLERS = 0.25, 1.0, 25
_UPKEEP_S = 30.0
_PASSING = (OSError, MemoryError)


class Worker:
    """Worker of one process.

    Args:
        settings: of the installation.
        database, store: open.
        render: makes a picture; called from no more threads at once than there are slots.
        worker_id: the same after a restart, and unique among processes.
        slots: maximum number of turns at once.
        silent: time without a heartbeat after which another worker counts as dead.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        store: FileStore,
        render: Renderer,
        worker_id: str,
        slots: int = 1,
        silent: timedelta = SILENT,
    ) -> None:
        self.settings, self.database, self.store = settings, database, store
        self.render, self.id, self.slots = render, worker_id, slots
        self._silent, self._places = silent, PrioritySlots(slots)
        self._draining = threading.Event()
        self._hand_out_now = threading.Event()
        self._hand_out_s = _HAND_OUT_S
        self._log = structlog.get_logger().bind(worker=worker_id)
        self._fetched = settings.cache / "uploads"

    def run(self, stop: threading.Event, drain_s: int = 600) -> None:
        """Work until asked to stop, then finish the running pictures and leave.

        Args:
            stop: event that asks the worker to stop.
            drain_s: seconds to wait for running pictures; another worker makes again those that take longer.
        """
        started_at = retry_on_disconnect(lambda: heartbeat.join(self.database, self.id, self.slots))
        alive = retry_on_disconnect(lambda: heartbeat.count_alive(self.database))
        queue = DurableQueue(self.settings, self.id, self.slots, self, poll_every_s(alive))
        self._log.info("worker_joined", slots=self.slots)
        ended = threading.Event()
        beating = threading.Thread(target=self._beat_until, args=(ended, started_at, queue), daemon=True)
        beating.start()
        try:
            while not stop.is_set():
                self._hand_out(queue)
                self._hand_out_now.wait(self._hand_out_s)
                self._hand_out_now.clear()
        finally:
            self._draining.set()
            self._log.info("worker_draining")
            queue.close(drain_s)
            ended.set()
            beating.join()
            retry_on_disconnect(lambda: heartbeat.leave(self.database, self.id), 10)
            self._log.info("worker_left")

    def open_shots(self, part_id: str) -> list[str]:
        """Begin a turn; see ``vmodel.service.worker.dbos_queue.Steps``."""
        return retry_on_disconnect(lambda: transitions.open_shots(self.database, part_id, self.id))

    def make_shot(self, shot_id: str) -> bool:
        """Make, deliver and charge one picture; see ``vmodel.service.worker.dbos_queue.Steps``."""
        if self._draining.is_set():
            return False
        with self._places.acquire(retry_on_disconnect(lambda: fair_queue.is_fitting(self.database, shot_id))):
            if self._draining.is_set():
                return False
            while (
                assignment := retry_on_disconnect(lambda: transitions.begin_shot(self.database, shot_id, self.id))
            ) is not None:
                log = self._log.bind(job=assignment.job_id, shot=assignment.shot_id, account=assignment.account_id)
                if self._try(assignment, log):
                    break
        self._hand_out_now.set()
        return not self._draining.is_set()

    def end_part(self, part_id: str) -> None:
        """End a turn; see ``vmodel.service.worker.dbos_queue.Steps``."""
        retry_on_disconnect(lambda: fair_queue.end_part(self.database, part_id))
        self._hand_out_now.set()

    def _try(self, assignment: ShotAssignment, log: structlog.stdlib.BoundLogger) -> bool:
        """Make a picture.

        Returns:
            False if it is to be tried again.
        """
        start = time.perf_counter()
        try:
            self._make(assignment, start)
            log.info("shot_done", seconds=round(time.perf_counter() - start, 2))
        except ShotStopped:
            retry_on_disconnect(lambda: transitions.cancel_shot(self.database, assignment.shot_id))
            log.info("shot_stopped")
        except Exception as error:
            if _may_pass(error) and assignment.starts < TRIES:
                log.warning("shot_again", error=type(error).__name__, starts=assignment.starts)
                retry_on_disconnect(lambda: transitions.requeue_shot(self.database, assignment.shot_id))
                time.sleep(0.5 * 2**assignment.starts)
                return False
            self._fail(assignment, error, log)
        return True

    def _make(self, assignment: ShotAssignment, start: float) -> None:
        previews: set[str] = set()
        write = partial(self._write_progress, assignment, previews)
        try:
            self._make_and_deliver(assignment, start, write)
        finally:
            for key in previews:
                self._forget(assignment.account_id, key)

    def _make_and_deliver(
        self, assignment: ShotAssignment, start: float, write: Callable[[str, float, bytes | None], None]
    ) -> None:
        shot = download_inputs(
            read_shot(assignment.garment, assignment.request), lambda key: self._fetch(assignment.account_id, key)
        )
        if isinstance(self.render, BatchRenderer) and (most := self.render.further_batch_capacity(shot, assignment)):
            self.render.queue_ahead(self._next_of_turn(assignment, most))
        rendered = self.render(shot, assignment, Progress(write))
        picture = self.store.put(assignment.account_id, rendered.picture, rendered.suffix)
        sidecar = self.store.put(assignment.account_id, rendered.sidecar, "json")
        model3d = None if rendered.model3d is None else self.store.put(assignment.account_id, rendered.model3d, "glb")
        delivery = Delivery(picture, sidecar, round(time.perf_counter() - start, 3), model3d)
        if not retry_on_disconnect(lambda: transitions.deliver(self.database, assignment.shot_id, delivery)):
            # The 3D model stays: pictures of the same drape share it, and one may be about to reference it.
            drop = partial(
                retention.delete_unreferenced, self.database, self.store, assignment.account_id, [picture, sidecar]
            )
            with contextlib.suppress(StoreUnavailable):
                retry_on_disconnect(drop)
            raise ShotStopped

    def _next_of_turn(self, assignment: ShotAssignment, most: int) -> list[tuple[str, ShotRequest]]:
        following = retry_on_disconnect(lambda: transitions.next_of_turn(self.database, assignment, most))
        fetch = partial(self._fetch, assignment.account_id)
        return [(each.shot_id, download_inputs(read_shot(each.garment, each.request), fetch)) for each in following]

    def _write_progress(
        self, assignment: ShotAssignment, previews: set[str], stage: str, share: float, preview: bytes | None
    ) -> None:
        key = None
        if preview is not None:
            # A failed preview must not fail the picture: the store may be reachable again when the picture is done.
            with contextlib.suppress(StoreUnavailable):
                key = self.store.put(assignment.account_id, preview, "jpg")
                previews.add(key)
        retry_on_disconnect(lambda: transitions.record_progress(self.database, assignment, self.id, stage, share, key))

    def _forget(self, account_id: str, key: str) -> None:
        with contextlib.suppress(StoreUnavailable):
            self.store.delete(account_id, key)

    def _fail(self, assignment: ShotAssignment, error: Exception, log: structlog.stdlib.BoundLogger) -> None:
        known = error if isinstance(error, VModelError) else None
        if known is None:
            log.error("shot_fault", note=log_fault(error, self.settings.home, or_on_stderr=True))
        else:
            log.info("shot_failed", code=known.code)
        sentence = "Something went wrong inside vmodel; the operator has a note of it. Try again later."
        retry_on_disconnect(lambda: transitions.fail(self.database, assignment.shot_id, known, sentence))

    def _fetch(self, account_id: str, key: str) -> Path:
        return write_local(self.store, account_id, key, self._fetched)

    def _hand_out(self, queue: DurableQueue) -> None:
        try:
            parts = fair_queue.schedule_parts(self.database)
            if parts:
                queue.enqueue(parts, fair_queue.find_interleaved_fittings(self.database, parts))
                fair_queue.mark_enqueued(self.database, parts)
        except SQLAlchemyError as error:
            self._log.warning("database_away", error=type(error).__name__)
            time.sleep(1)

    def _beat_until(self, ended: threading.Event, started_at: datetime, queue: DurableQueue) -> None:
        watch = LivenessMonitor(self.id, self._silent.total_seconds())
        kept_up = time.monotonic()
        every_s = min(BEAT_S, self._silent.total_seconds() / 4)
        while not ended.wait(every_s):
            try:
                state = DRAINING if self._draining.is_set() else LIVE
                if not heartbeat.beat(self.database, self.id, started_at, state):
                    self._leave_at_once()
                for dead in watch.find_dead_workers(self.database):
                    taken = queue.reclaim_from(dead)
                    heartbeat.leave(self.database, dead, heartbeat.LOST)
                    self._log.warning("worker_lost", lost=dead, turns_taken_over=taken)
                self._hand_out_s = hand_out_every_s(watch.others + 1)
                if time.monotonic() - kept_up > _UPKEEP_S:
                    kept_up = time.monotonic()
                    periodic_tasks.run_maintenance(self.settings, self.database, self.store, queue)
            except (SQLAlchemyError, VModelError) as error:
                self._log.warning("beat_failed", error=type(error).__name__)
            except Exception as error:  # without its beat a worker that is well loses its turns to the others
                self._log.error("beat_fault", note=log_fault(error, self.settings.home, or_on_stderr=True))

    def _leave_at_once(self) -> None:
        """Exit at once: others have our turns, so our further work would be done twice, and DBOS would record it."""
        self._log.error("worker_superseded")
        os._exit(SUPERSEDED)


def hand_out_every_s(workers: int) -> float:
    """Return the seconds between two hand-outs of turns by one worker, besides those after it has ended something.

    Each worker hands out for all, so that a fleet needs no more queries than a few workers do. If 56 workers each
    looked three times a second, these queries would load the database more than the pictures they make.
    """
    return min(_HAND_OUT_RAREST_S, _HAND_OUT_S * max(1.0, workers / _LOOKERS))


def poll_every_s(workers: int) -> float:
    """Return the seconds between two polls of the durable queue by one worker; a turn waits half as long on average."""
    return min(_POLL_RAREST_S, _POLL_S * max(1.0, workers / _POLLERS))


def _may_pass(error: Exception) -> bool:
    """Return whether the same picture may succeed shortly; a stage that missed its quality bar would miss it again."""
    if isinstance(error, VModelError):
        return error.retryable and not isinstance(error, StageError)
    return isinstance(error, _PASSING) or type(error).__name__ == "OutOfMemoryError"
