"""A job's changes as server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import anyio
from fastapi.responses import StreamingResponse

from app.api.installation import Installation
from app.api.job_bodies import show_job
from vmodel.errors import VModelError
from vmodel.service.job_views import Job
from vmodel.service.jobs import find_job

_EVERY_S = 0.7
_ALIVE_S = 15.0


def stream_job(here: Installation, account_id: str, first: Job) -> StreamingResponse:
    """Tell a job now and whenever it has changed, until it has ended or the process is asked to stop.

    Raises:
        TooManyWatches: the account has as many streams as it may.
    """
    here.watches.enter(account_id)
    headers = {"X-Accel-Buffering": "no"}  # proxies must hand each event on
    return StreamingResponse(_tell(here, account_id, first), media_type="text/event-stream", headers=headers)


async def _tell(here: Installation, account_id: str, job: Job) -> AsyncIterator[str]:
    look = partial(find_job, here.database, account_id, job.id)
    told, silent_s = None, 0.0
    try:
        while not here.leaving.is_set():
            if job != told:
                yield f"event: job\ndata: {show_job(job, here).model_dump_json()}\n\n"
                told, silent_s = job, 0.0
            if not job.is_open:
                return
            await anyio.sleep(_EVERY_S)
            silent_s += _EVERY_S
            if silent_s >= _ALIVE_S:
                yield ": alive\n\n"
                silent_s = 0.0
            job = await anyio.to_thread.run_sync(look)
    except VModelError as error:
        yield f"event: problem\ndata: {error.code}\n\n"
    finally:
        here.watches.leave(account_id)
