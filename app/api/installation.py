"""What the requests of one process share; made once by the app factory and found at ``request.app.state``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from app.api.figures import HttpFigures
from vmodel.body.roster import Roster
from vmodel.config import Settings
from vmodel.database import Database


@dataclass(frozen=True)
class Installation:
    """One installation, as one process sees it.

    Attributes:
        settings: of this process.
        database: open, with the newest tables.
        roster: the virtual models.
        registry: figures for Prometheus.
        figures: those of HTTP.
        readers: threads that read photos, few, so that the other requests keep their time.
    """

    settings: Settings
    database: Database
    roster: Roster
    registry: CollectorRegistry
    figures: HttpFigures
    readers: ThreadPoolExecutor

    def close(self) -> None:
        """Let running readings end and give everything back."""
        self.readers.shutdown(wait=True, cancel_futures=True)
        self.database.close()


def _installation(request: Request) -> Installation:
    found: Installation = request.app.state.installation
    return found


#: Parameter of a route that needs the installation.
Here = Annotated[Installation, Depends(_installation)]
