"""Job changes as server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import anyio
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.api.http.state import AppState
from app.api.schemas.jobs import show_job
from vmodel.errors import VModelError
from vmodel.service.accounts.auth import Identity, revalidate_identity
from vmodel.service.jobs.lifecycle import find_job
from vmodel.service.jobs.views import Job

_EVERY_S = 0.7
_ALIVE_S = 15.0


def stream_job(here: AppState, identity: Identity, first: Job) -> StreamingResponse:
    """Send a job now and after every change, until it has ended or the process is asked to stop.

    The stream also ends when the caller's key or login does.

    Raises:
        TooManyWatches: the account has as many open streams as allowed.
    """
    here.watches.enter(identity.account_id)
    return _Stream(here, identity, first)


class _Stream(StreamingResponse):
    """Event stream that counts as open until its response ends, even if the caller left before the first event."""

    def __init__(self, here: AppState, identity: Identity, first: Job) -> None:
        headers = {"X-Accel-Buffering": "no"}  # proxies must not buffer events
        super().__init__(_tell(here, identity, first), media_type="text/event-stream", headers=headers)
        self._leave = partial(here.watches.leave, identity.account_id)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, then count the stream as closed."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()


async def _tell(here: AppState, identity: Identity, job: Job) -> AsyncIterator[str]:
    def look() -> Job:
        with here.database.reading() as session:
            revalidate_identity(session, identity)
        return find_job(here.database, identity.account_id, job_id)

    def write() -> str:
        return show_job(job, here).model_dump_json()

    job_id = job.id
    told, silent_s = None, 0.0
    try:
        while not here.leaving.is_set():
            if job != told:
                # It reads the database for designs, and a slow one must not stall every request of the process.
                yield f"event: job\ndata: {await anyio.to_thread.run_sync(write)}\n\n"
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
