"""The durable queue: DBOS behind the few words that workers need.

DBOS keeps which steps of a turn have ended, so that a turn goes on where it stood after a crash, and hands turns to
whichever worker is free. Order and fairness are decided before (``vmodel.service.lanes``), money after
(``vmodel.service.settling``): should DBOS run a step twice, nothing is counted twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from sqlalchemy import make_url

from vmodel.config import Settings
from vmodel.database import database_url

if TYPE_CHECKING:
    from dbos import DBOSConfig

T = TypeVar("T")

VERSION = "jobs-v1"
"""Of the steps below, not of the program: a deploy goes on with the jobs it finds as long as this stays the same."""
_QUEUE = "parts"
_BETWEEN = "between"
_WORKFLOW = "make_part"


class Steps(Protocol):
    """What a turn consists of; every step may run twice."""

    def open_shots(self, part_id: str) -> list[str]:
        """Begin a turn and say which shots are to be made."""
        ...

    def make_shot(self, shot_id: str) -> bool:
        """Make one picture; False if this worker is leaving and wants no further one."""
        ...

    def end_part(self, part_id: str) -> None:
        """End the turn."""
        ...


class DurableQueue:
    """The queue as one worker process sees it; there is one of it in a process."""

    def __init__(self, settings: Settings, worker_id: str, slots: int, steps: Steps, polling_s: float = 0.25) -> None:
        """Connect, and go on with the turns that this worker had begun when it ended last.

        Args:
            settings: say where the database is; DBOS has tables of its own there, or a file of its own beside SQLite's.
            worker_id: the same after a restart.
            slots: turns at once.
            steps: what is done.
            polling_s: how often to ask for turns.

        Beside the turns one more is taken at a time that goes between their pictures.
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

    def hand_in(self, part_ids: Sequence[str], between: Collection[str] = ()) -> None:
        """Put turns into the queue, in this order; one that it has already is not put in again.

        Args:
            part_ids: which.
            between: of these, the ones that do not wait for a free slot; a worker begins them beside its turns.
        """
        from dbos import DBOS, SetWorkflowID

        for part_id in part_ids:
            with SetWorkflowID(part_id):
                DBOS.enqueue_workflow(_BETWEEN if part_id in between else _QUEUE, self._make_part, part_id)

    def take_over(self, worker_id: str) -> int:
        """Put the turns of a dead worker back into the queue; another's that runs them by now keeps them.

        Returns:
            How many there were.
        """
        from dbos import DBOS

        # The one call of DBOS's that moves a turn only if the dead worker still has it.
        return len(DBOS._recover_pending_workflows([worker_id]))

    def unfinished(self, part_ids: Sequence[str]) -> set[str]:
        """Which of these turns wait in the queue or run."""
        from dbos import DBOS

        if not part_ids:
            return set()
        found = DBOS.list_workflows(workflow_ids=list(part_ids), load_input=False, load_output=False)
        return {each.workflow_id for each in found if each.status in {"ENQUEUED", "PENDING", "DELAYED"}}

    def mend(self) -> int:
        """Put back turns that the queue believes to be running here and that are not.

        That comes of a database that went away just when a turn was handed out. A turn must have been seen so by the
        last call too, so that none is taken that is only just beginning or ending.

        Returns:
            How many there were.
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
    # Its notes of every start are nothing for an operator's log; faults still come through.
    logging.getLogger("dbos").setLevel(logging.WARNING)
