"""Waiting time of a newcomer behind thirteen sellers with a hundred jobs each.

    python -m benchmarks.service.fairness --sellers 13 --jobs 100

The queue, the ledger and the worker are real (VMODEL_HOME, DATABASE_URL); the renderer is cheap.
"""

from __future__ import annotations

import argparse
import json
import threading
from dataclasses import replace
from typing import Any

from benchmarks.service.crash import PLANS, new_seller
from benchmarks.service.fake_renderer import Painter
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.core.database import open_database
from vmodel.service.jobs.lifecycle import submit, watch_job
from vmodel.service.jobs.renderer import ProgressCallback, Rendered, ShotAssignment
from vmodel.service.jobs.request import JobRequest
from vmodel.service.storage.file_store import open_store
from vmodel.service.worker.loop import Worker
from vmodel.shot.request import ShotRequest


class NotingPainter(Painter):
    """Painter that records the account of each picture it begins."""

    def __init__(self) -> None:
        super().__init__()
        self.began: list[str] = []

    def __call__(self, request: ShotRequest, assignment: ShotAssignment, tell: ProgressCallback) -> Rendered:
        """Implement ``Painter``."""
        self.began.append(assignment.account_id)
        return super().__call__(request, assignment, tell)


def wait_of_newcomer(settings: Settings, sellers: int, jobs: int) -> dict[str, Any]:
    """Submit the backlog, let a worker begin, submit the newcomer's job, and count the turns begun before it."""
    database, store, roster, paint = (
        open_database(settings),
        open_store(settings),
        load_roster(settings),
        NotingPainter(),
    )

    def job_of_one(number: int) -> JobRequest:
        account_id, photo = new_seller(database, store, number)
        return JobRequest(account_id, {"photo": photo}, [{"model": "wm-ines", "size": "512x384"}], "0")

    for seller in range(sellers):
        asked = job_of_one(seller)
        for number in range(jobs):
            submit(database, PLANS, roster, replace(asked, idempotency_key=f"{number}"))
    newcomers = job_of_one(sellers)
    stop = threading.Event()
    working = threading.Thread(target=Worker(settings, database, store, paint, "w").run, args=(stop, 30))
    working.start()
    while len(paint.began) < 2 * sellers:
        stop.wait(0.05)
    before = len(paint.began)
    job = submit(database, PLANS, roster, newcomers)
    *_, last = watch_job(database, newcomers.account_id, job.id, 0.05)
    stop.set()
    working.join()
    database.close()
    waited = paint.began.index(newcomers.account_id) - before
    return {
        "sellers": sellers,
        "jobs each": jobs,
        "place told": job.place,
        "turns begun between its submit and its start": waited,
        "in rounds of all sellers": round(waited / (sellers + 1), 2),
        "state": last.state,
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sellers", type=int, default=13)
    parser.add_argument("--jobs", type=int, default=100)
    asked = parser.parse_args()
    print(json.dumps(wait_of_newcomer(Settings(), asked.sellers, asked.jobs), indent=2))


if __name__ == "__main__":
    main()
