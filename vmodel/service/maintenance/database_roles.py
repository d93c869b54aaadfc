"""Two roles on a Postgres: one owns the tables and changes their form, the other works with them and cannot.

The guards of ledger and audit log are triggers, which whoever owns the tables can drop. So the service works as a role
that owns none of them: it adds rows to what only grows, and has no right to change or delete them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection, make_url, text
from sqlalchemy.exc import ProgrammingError

from vmodel.config import Settings
from vmodel.core.database import Database, database_url, is_not_allowed, open_database
from vmodel.service.errors import OwnerTooWeak, RolesNotApart

_QUEUE_SCHEMA = "dbos"
"""Schema of the durable queue, which brings its own tables up to date and holds nothing that is guarded."""


def migrate(settings: Settings) -> str | None:
    """Bring the tables to the newest state and, where an owner's address is set, give the service's role its rights.

    Args:
        settings: of the installation.
    Returns:
        Name of the service's role; None where one role does both.
    Raises:
        DatabaseNewer, DatabaseNeedsOwner: see ``Database.upgrade``.
        RolesNotApart: the two addresses are not of one Postgres, or the service's role could undo its bounds.
        OwnerTooWeak: the owner's role may not make the service's role, or not give it its rights.
    """
    service = make_url(database_url(settings))
    owner = None if settings.owner_database_url is None else make_url(settings.owner_database_url)
    if owner is None:
        open_database(settings).close()
        return None
    _check_addresses(owner, service)
    database = Database(owner.render_as_string(hide_password=False))
    try:
        database.upgrade()
        with database.engine.begin() as connection:
            _make_role(connection, service)
            _grant(connection, str(service.username))
    except ProgrammingError as error:
        if is_not_allowed(error):
            raise OwnerTooWeak(str(service.username)) from None
        raise
    finally:
        database.close()
    return service.username


def _check_addresses(owner: URL, service: URL) -> None:
    for url in (owner, service):
        if url.get_backend_name() != "postgresql" or not url.username:
            raise RolesNotApart("both must be addresses of a Postgres with a role's name")
    if owner.username == service.username:
        raise RolesNotApart("they name the same role")
    if owner.database != service.database:
        raise RolesNotApart("they name two databases")


def _make_role(connection: Connection, service: URL) -> None:
    name = str(service.username)
    asked = text("SELECT rolsuper OR pg_has_role(rolname, current_user, 'MEMBER') FROM pg_roles WHERE rolname = :name")
    strong = connection.execute(asked, {"name": name}).scalar()
    if strong:
        raise RolesNotApart(f"the role {name} is a superuser or belongs to the owner's role")
    # Whoever owns the database owns its schema, and may drop what others own there.
    owning = text(
        "SELECT 1 FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid JOIN pg_roles r "
        "ON r.oid IN (n.nspowner, c.relowner) WHERE n.nspname = 'public' "
        "AND pg_has_role(CAST(:name AS name), r.oid, 'MEMBER') LIMIT 1"
    )
    if strong is not None and connection.execute(owning, {"name": name}).scalar():
        raise RolesNotApart(f"the role {name} owns tables, their schema or the database")
    if strong is None:
        # The server gets the verifier only, so that no log of statements holds the password.
        driver: Any = connection.connection.driver_connection
        secret = driver.pgconn.encrypt_password(str(service.password or "").encode(), name.encode(), b"scram-sha-256")
        login = f"LOGIN PASSWORD '{secret.decode()}'" if service.password else "LOGIN"
        connection.exec_driver_sql(f"CREATE ROLE {_quote(connection, name)} {login}".replace("%", "%%"))


def _grant(connection: Connection, name: str) -> None:
    role = _quote(connection, name)
    run = connection.exec_driver_sql
    run(f"GRANT {role} TO CURRENT_USER")  # to give it the queue's schema
    run("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    run(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
    run(f"GRANT USAGE ON SCHEMA public TO {role}")
    run(f"GRANT SELECT, USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}")
    guarded = "EXISTS (SELECT 1 FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgrelid = c.oid "
    guarded += "AND p.proname = 'vmodel_only_grows')"
    tables = f"SELECT c.oid::regclass::text, c.relname = 'alembic_version', {guarded} FROM pg_class c "
    tables += "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'"
    for table, is_version, only_grows in run(tables.replace("%", "%%")).all():
        rights = "SELECT" if is_version else "SELECT, INSERT" if only_grows else "SELECT, INSERT, UPDATE, DELETE"
        run(f"GRANT {rights} ON {table} TO {role}")
    run(f"CREATE SCHEMA IF NOT EXISTS {_QUEUE_SCHEMA} AUTHORIZATION {role}")
    run(f"ALTER SCHEMA {_QUEUE_SCHEMA} OWNER TO {role}")
    queue = f"SELECT oid::regclass::text FROM pg_class WHERE relnamespace = '{_QUEUE_SCHEMA}'::regnamespace"
    for (table,) in run(f"{queue} AND relkind = 'r'").all():
        run(f"ALTER TABLE {table} OWNER TO {role}")
    functions = f"SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = '{_QUEUE_SCHEMA}'::regnamespace"
    for (function,) in run(functions).all():
        run(f"ALTER ROUTINE {function} OWNER TO {role}")


def _quote(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)
