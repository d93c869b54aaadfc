"""Batches through a service: each photo is uploaded once, and each picture is a separate job that is ordered once.

``service.json`` in the output folder records the uploads and how often each failed picture was ordered again. A batch
that was killed therefore asks for the same jobs again, and the service charges nothing twice.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

import httpx

from vmodel.batch.journal import Journal, Outcome
from vmodel.batch.plan import Task
from vmodel.batch.run import ProgressObserver
from vmodel.client import ApiProblem, Client, Job, Shot
from vmodel.client.models import read_answer
from vmodel.core.files import sha256_of, write_whole
from vmodel.errors import VModelError
from vmodel.garment.designs.block_design import is_design
from vmodel.garment.sizing.stated_sizes import read_size_chart
from vmodel.garment.vector.technical_flat import is_drawing
from vmodel.shot.request import GarmentSource

KEPT: Final = "service.json"
_ENDS_ALL: Final = {
    *("credits_exhausted", "daily_limit", "key_invalid", "key_expired", "account_closed", "service_unreachable")
}
"""Error codes that would stop every further picture as well: nothing more is ordered after one of them."""
_STATED: Final = ("category", "material", "width_cm", "length_cm", "worn_open")


class NotForService(VModelError):
    """A row that only this machine can make."""

    code = "not_for_service"

    def __str__(self) -> str:
        """Return the message with its remedy."""
        return "A service's batch takes photos; shoot designs, drawings and their colorways without --service."


@dataclass
class _Kept:
    """State of a batch that is kept from run to run.

    Attributes:
        garments: digest of a garment's files and stated properties -> id on the service.
        ordered_anew: key of a task -> how often it has failed.
        lock: guards both mappings.
        over: set once nothing more is ordered.
    """

    path: Path
    address: str
    garments: dict[str, str] = field(default_factory=dict)
    ordered_anew: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)

    def save(self) -> None:
        """Write the state to its file; the caller holds the lock."""
        plain = {"service": self.address, "garments": self.garments, "ordered_anew": self.ordered_anew}
        write_whole(self.path, (json.dumps(plain, indent=1) + "\n").encode())


def run_on_service(
    tasks: Sequence[Task], jobs: int, client: Client, address: str, journal: Journal, watch: ProgressObserver
) -> Iterator[tuple[Task, Outcome]]:
    """Order pictures from a service and record each outcome in the journal before yielding it.

    Args:
        tasks: those that are not made yet.
        jobs: pictures that are ordered at the same time.
        client: of the service.
        address: of the service; ids of another one are forgotten.
        journal: of the output folder.
        watch: receives the progress.
    Yields:
        Tasks with their outcomes, in the order of completion. After an error that stops every further picture, only
        the pictures ordered by then are still fetched.
    """
    kept, seats = _read_kept(journal.folder / KEPT, address), SimpleQueue[int]()
    for number in range(jobs):
        seats.put(number)
    pool = ThreadPoolExecutor(jobs, "vmodel-order")
    try:
        waiting = {pool.submit(_order_at, seats, task, client, kept, journal.folder, watch): task for task in tasks}
        while waiting:
            ended: set[Future[Outcome | None]] = wait(waiting, return_when=FIRST_COMPLETED).done
            for future in ended:
                outcome, task = future.result(), waiting.pop(future)
                if outcome is not None:
                    journal.keep(outcome)
                    yield task, outcome
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        client.close()  # ends calls that still listen to a job


def _read_kept(path: Path, address: str) -> _Kept:
    try:
        plain: Mapping[str, Any] = json.loads(path.read_bytes())
        if plain["service"] == address:
            return _Kept(path, address, dict(plain["garments"]), dict(plain["ordered_anew"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    return _Kept(path, address)


def _order_at(
    seats: SimpleQueue[int], task: Task, client: Client, kept: _Kept, folder: Path, watch: ProgressObserver
) -> Outcome | None:
    """Order one picture and return its outcome, a failure included; None once nothing more is ordered."""
    seat = seats.get()
    try:
        if kept.over.is_set():
            return None
        watch.begin(seat, task)
        outcome = _outcome(seat, task, client, kept, folder, watch)
        if outcome.code in _ENDS_ALL:
            kept.over.set()
        return outcome
    finally:
        seats.put(seat)


def _outcome(seat: int, task: Task, client: Client, kept: _Kept, folder: Path, watch: ProgressObserver) -> Outcome:
    try:
        return _order(seat, task, client, kept, folder, watch)
    except ApiProblem as problem:
        return Outcome(task.key, code=problem.code, message=problem.message)
    except VModelError as error:
        return Outcome(task.key, code=error.code, message=str(error))
    except httpx.HTTPError as error:
        words = f"The service at {kept.address} does not answer ({type(error).__name__}); call again when it does."
        return Outcome(task.key, code="service_unreachable", message=words)


def _order(seat: int, task: Task, client: Client, kept: _Kept, folder: Path, watch: ProgressObserver) -> Outcome:
    garment_id = _garment_on(client, task, kept)
    again = kept.ordered_anew.get(task.key, 0)
    job = client.submit(garment_id, [_shot_of(task)], key=f"batch-{task.key}-{again}")
    job = _followed(client, job, seat, watch)
    made = job.pictures[0]
    if made.state != "done":
        with kept.lock:
            kept.ordered_anew[task.key] = again + 1
            kept.save()
        reason = made.error or {"code": made.state, "message": f"The service gave the picture up ({made.state})."}
        return Outcome(task.key, code=reason["code"], message=reason["message"])
    got = client.download(made, folder)
    told = json.loads(got.with_suffix(".json").read_bytes())
    model, pose = _worn_by(told, task)
    picture = got.with_name(task.stem(model, pose) + got.suffix)
    sidecar = picture.with_suffix(".json")
    got.with_suffix(".json").replace(sidecar)
    got.replace(picture)
    seconds = made.seconds or 0.0
    check = told.get("check") or {}
    return Outcome(task.key, picture.name, sidecar.name, sha256_of(picture), model, pose, seconds, check=check)


def _worn_by(plain: Mapping[str, Any], task: Task) -> tuple[str, str]:
    """Return model and pose: as requested, otherwise as the service chose them according to the picture's sidecar."""
    request, model = plain.get("request") or {}, plain.get("model") or {}
    chosen = model.get("id") if isinstance(model, dict) else model
    return (
        task.request.model or str(chosen or "somebody"),
        task.request.pose or str(plain.get("pose") or request.get("pose") or "pose"),
    )


def _followed(client: Client, job: Job, seat: int, watch: ProgressObserver) -> Job:
    """Wait until a job has ended, report its progress to ``watch``, and return it."""
    last = job
    for last in client.watch(job.id) if job.is_open else ():
        shot = last.pictures[0]
        watch.stage(seat, shot.stage or shot.state, shot.share)
    return last


def _garment_on(client: Client, task: Task, kept: _Kept) -> str:
    """Return the id of a task's garment on the service; the first task that needs it uploads it."""
    garment = _with_size(task.request.garment)
    files = [path for path in (garment.photo, garment.mask, garment.back) if path is not None]
    if task.request.outfit or any(is_design(path) or is_drawing(path) for path in files):
        raise NotForService
    stated = {name: getattr(garment, name) for name in _STATED if getattr(garment, name) is not None}
    digest = json.dumps([[sha256_of(path) for path in files], stated], sort_keys=True)
    with kept.lock:
        if digest not in kept.garments:
            found = client.upload(garment.photo, garment.mask, garment.back, name=task.sku, **stated)
            kept.garments[digest] = found.id
            kept.save()
        return kept.garments[digest]


def _with_size(garment: GarmentSource) -> GarmentSource:
    """Return the garment with the measures of its row in a size chart."""
    if garment.size_chart is None or garment.garment_size is None:
        return garment
    width_cm, length_cm = read_size_chart(garment.size_chart, garment.garment_size)
    return replace(garment, width_cm=width_cm, length_cm=length_cm)


def _shot_of(task: Task) -> Shot:
    # Records leave these out where they are as they always were, but a service has other defaults.
    worn = {"style": task.request.style, "shoes": task.request.shoes}
    return read_answer(Shot, task.request.to_json() | worn)
