"""Durable queue: DBOS behind the few operations that workers need.

DBOS records which steps of a turn have ended, so that a turn continues there after a crash, and gives turns to free
workers. ``vmodel.service.jobs.fair_queue`` decides order and fairness beforehand; ``vmodel.service.jobs.transitions``
charges afterwards. If DBOS runs a step twice, nothing is counted twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from sqlalchemy import make_url

from vmodel.config import Settings
from vmodel.core.database import database_url
from vmodel.core.files import make_private

if TYPE_CHECKING:
    from dbos import DBOSConfig

T = TypeVar("T")

VERSION = "jobs-v1"
"""Version of the steps below, not of the program: while it stays the same, a deploy continues the jobs it finds."""
_QUEUE = "parts"
_BETWEEN = "between"
_WORKFLOW = "make_part"


class Steps(Protocol):
    """Steps of a turn; every step may run twice."""

    def open_shots(self, part_id: str) -> list[str]:
        """Begin a turn and return the ids of the shots to make."""
        ...

    def make_shot(self, shot_id: str) -> bool:
        """Make one picture; return False if this worker is leaving and takes no further one."""
        ...

    def end_part(self, part_id: str) -> None:
        """End the turn."""
        ...


class DurableQueue:
    """Queue as one worker process sees it; a process has one instance."""

    def __init__(self, settings: Settings, worker_id: str, slots: int, steps: Steps, polling_s: float = 0.25) -> None:
        """Connect, and continue the turns that this worker had begun when it last ended.

        Args:
            settings: for the database's address; DBOS has its own tables there, or its own file next to SQLite's.
            worker_id: the same after a restart.
            slots: maximum number of turns at once.
            steps: called for each turn.
            polling_s: seconds between two polls for turns.

        In addition to ``slots``, the worker takes one turn at a time that runs between the pictures of the others.
        """
        from dbos import DBOS

        _quieten()
        DBOS(config=_config(settings, worker_id))

        self._worker_id, self._running, self._idle = worker_id, set[str](), set[str]()

        @DBOS.workflow(name=_WORKFLOW)
        def make_part(part_id: str) -> None:
            self._running.add(part_id)
            try:
                for shot_id in _step("open_shots", steps.open_shots, part_id):
                    if not _step("make_shot", steps.make_shot, shot_id):
                        break
                _step("end_part", steps.end_part, part_id)
            finally:
                self._running.discard(part_id)

        self._make_part = make_part
        DBOS.launch()
        DBOS.register_queue(_QUEUE, worker_concurrency=slots, polling_interval_sec=polling_s)
        DBOS.register_queue(_BETWEEN, worker_concurrency=1, polling_interval_sec=2 * polling_s)

    def enqueue(self, part_ids: Sequence[str], between: Collection[str] = ()) -> None:
        """Enqueue turns in this order; a turn that is already in the queue is not enqueued again.

        Args:
            part_ids: the turns.
            between: those of them that do not wait for a free slot; a worker begins them in addition to its turns.
        """
        from dbos import DBOS, SetWorkflowID

        for part_id in part_ids:
            with SetWorkflowID(part_id):
                DBOS.enqueue_workflow(_BETWEEN if part_id in between else _QUEUE, self._make_part, part_id)

    def reclaim_from(self, worker_id: str) -> int:
        """Requeue the turns of a dead worker; a turn that another worker runs by now stays there.

        Returns:
            Number of turns requeued.
        """
        from dbos import DBOS

        # The only call of DBOS that moves a turn only if the dead worker still has it.
        return len(DBOS._recover_pending_workflows([worker_id]))

    def unfinished(self, part_ids: Sequence[str]) -> set[str]:
        """Return those of these turns that wait in the queue or run."""
        from dbos import DBOS

        if not part_ids:
            return set()
        found = DBOS.list_workflows(workflow_ids=list(part_ids), load_input=False, load_output=False)
        return {each.workflow_id for each in found if each.status in {"ENQUEUED", "PENDING", "DELAYED"}}

    def requeue_orphans(self) -> int:
        """Requeue turns that the queue records as running here although they are not.

        This happens if the database becomes unreachable just when a turn is handed out. A turn is requeued only if the
        last call found it idle too, so that turns that are just beginning or ending are left alone.

        Returns:
            Number of turns requeued.
        """
        from dbos import DBOS

        found = DBOS.list_workflows(status="PENDING", executor_id=self._worker_id, load_input=False, load_output=False)
        idle = {each.workflow_id for each in found} - self._running
        lost = idle & self._idle
        self._idle = idle - lost
        for part_id in lost:
            DBOS.resume_workflow(part_id, queue_name=_QUEUE)
        return len(lost)

    def close(self, wait_s: int) -> None:
        """Take no more turns and wait for the running ones.

        Args:
            wait_s: seconds; a turn that is not done by then is taken over by another worker, or by this one's next
                start.
        """
        from dbos import DBOS

        DBOS.destroy(workflow_completion_timeout_sec=wait_s, destroy_registry=True)


def _step(name: str, do: Callable[[str], T], argument: str) -> T:
    from dbos import DBOS

    return DBOS.run_step({"name": name}, do, argument)


def _config(settings: Settings, worker_id: str) -> DBOSConfig:
    url = make_url(database_url(settings))
    if url.get_backend_name() == "sqlite":
        make_private(settings.home / "queue.db")
        address = f"sqlite:///{settings.home / 'queue.db'}"
    else:
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return {
        "name": "vmodel",
        "system_database_url": address,
        "application_version": VERSION,
        "executor_id": worker_id,
        "enable_otlp": False,
        "log_level": "WARNING",
        "use_listen_notify": False,
    }


def _quieten() -> None:
    # DBOS logs every start, which an operator's log does not need; warnings and errors still appear.
    logging.getLogger("dbos").setLevel(logging.WARNING)
