"""State that the requests of one process share; the app factory makes it once, at ``request.app.state``."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from app.api.http.bounded_pool import BoundedPool
from app.api.http.metrics import HttpFigures
from app.api.http.open_limit import OpenLimit
from vmodel.body.model.roster import Roster
from vmodel.config import Settings
from vmodel.core.database import Database
from vmodel.service.accounts.plans import Plans
from vmodel.service.garments.uploads import drop_uploads, keep_upload
from vmodel.service.storage.file_store import FileStore


@dataclass(frozen=True)
class AppState:
    """One installation, as one process sees it.

    Attributes:
        settings: of this process.
        database: open, with the newest tables.
        roster: the virtual models.
        registry: metrics for Prometheus.
        figures: metrics of HTTP requests.
        reading_pool: a small thread pool that reads photos, so that other requests are not starved.
        drawing_pool: a pool of the same size that draws designs, so that they do not wait behind photos.
        plans: prices and limits.
        store: sellers' files.
        secret: signs links.
        watches: counts open event streams by account.
        leaving: set when the process is asked to stop; streams end then.
    """

    settings: Settings
    database: Database
    roster: Roster
    registry: CollectorRegistry
    figures: HttpFigures
    reading_pool: BoundedPool
    drawing_pool: BoundedPool
    plans: Plans
    store: FileStore
    secret: bytes = field(repr=False)
    watches: OpenLimit
    leaving: threading.Event

    def keep(self, account_id: str, content: bytes, suffix: str) -> str:
        """Store a seller's file within the storage of their plan, and return its key.

        Raises:
            StorageFull, StoreUnavailable: see ``vmodel.service.garments.uploads.keep_upload``.
        """
        return keep_upload(self.database, self.store, self.plans, account_id, content, suffix)

    def drop(self, account_id: str, keys: Iterable[str]) -> None:
        """Delete files of a seller, which then no longer count."""
        drop_uploads(self.database, self.store, account_id, keys)

    def close(self) -> None:
        """Wait until running work in both pools ends, and release everything."""
        self.reading_pool.close()
        self.drawing_pool.close()
        self.database.close()


async def _installation(request: Request) -> AppState:
    # Asynchronous, because FastAPI would run a plain function in another thread.
    found: AppState = request.app.state.installation
    return found


#: Parameter of a route that needs the installation.
Here = Annotated[AppState, Depends(_installation)]
