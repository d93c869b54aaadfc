"""App factory: the routers, the app's settings, and the state that requests share."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from prometheus_client import CollectorRegistry

from app.api.http.bounded_pool import BoundedPool
from app.api.http.error_handlers import Problem, catch_problems
from app.api.http.errors import TooManyWatches
from app.api.http.metrics import HttpFigures
from app.api.http.middleware import RequestMiddleware
from app.api.http.open_limit import MOST_WATCHES, OpenLimit
from app.api.http.state import AppState
from app.api.openapi import describe_with_problems
from app.api.rights import garment_review, models, public
from app.api.routes import (
    account,
    catalogue,
    designs,
    files,
    garments,
    health,
    jobs,
    keys,
    logins,
    second_factor,
    shots,
    usage,
    webhooks,
)
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.core.crash_log import log_fault
from vmodel.core.database import open_database
from vmodel.service.accounts.app_secret import installation_secret
from vmodel.service.accounts.plans import read_plans
from vmodel.service.jobs.metrics import QueueFigures
from vmodel.service.storage.file_store import open_store

_ROUTERS = (
    *(health.router, catalogue.router, garments.router, designs.router, jobs.router, shots.router, files.router),
    *(usage.router, keys.router, logins.router, webhooks.router, account.router, second_factor.router),
    *(public.router, models.router, garment_review.router),
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """Make the API of an installation; ``app.ui`` mounts the web page in it.

    The state that requests share is the ``AppState`` at ``app.state.installation``. It can be read before the app
    starts up, and is closed when the app's lifespan ends.

    Args:
        settings: of the installation; read from the environment when None.
    Raises:
        VModelError: the state folder or the database cannot be used.
    """
    settings = Settings() if settings is None else settings
    here = open_installation(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        here.close()

    app = FastAPI(
        title="vmodel",
        version=version("vmodel"),
        openapi_url="/v1/openapi.json",
        docs_url=None,  # the bundled viewers load scripts from other sites
        redoc_url=None,
        lifespan=lifespan,
        responses={code: {"model": Problem} for code in (401, 403, 404, 422, 429, "default")},
    )
    app.state.installation = here
    catch_problems(app)
    describe_with_problems(app)
    for router in _ROUTERS:
        app.include_router(router)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key"],
        )
    report_fault = partial(log_fault, home=settings.home, or_on_stderr=True)
    app.add_middleware(RequestMiddleware, settings=settings, figures=here.figures, report_fault=report_fault)
    return app


def open_installation(settings: Settings) -> AppState:
    """Open the state that the requests of a process share.

    Raises:
        VModelError: the state folder or the database cannot be used.
    """
    registry, database = CollectorRegistry(), open_database(settings)
    registry.register(QueueFigures(database))
    return AppState(
        settings=settings,
        database=database,
        roster=load_roster(settings),
        registry=registry,
        figures=HttpFigures(registry),
        reading_pool=BoundedPool(settings.readers),
        drawing_pool=BoundedPool(settings.readers),
        plans=read_plans(settings),
        store=open_store(settings),
        secret=installation_secret(settings),
        watches=OpenLimit(MOST_WATCHES, TooManyWatches),
        leaving=threading.Event(),
    )
