"""Two roles on a Postgres: one owns the tables and changes their form, the other works with them and cannot.

The guards of ledger and audit log are triggers, which whoever owns the tables can drop. So the service works as a role
that owns none of them: it adds rows to what only grows, and has no right to change or delete them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection, make_url, text

from vmodel.config import Settings
from vmodel.core.database import Database, database_url
from vmodel.service.errors import RolesNotApart

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
    """
    service = make_url(database_url(settings))
    owner = None if settings.owner_database_url is None else make_url(settings.owner_database_url)
    if owner is not None:
        _check_addresses(owner, service)
    database = Database((owner or service).render_as_string(hide_password=False))
    try:
        database.upgrade()
        if owner is None:
            return None
        with database.engine.begin() as connection:
            _make_role(connection, service)
            _grant(connection, str(service.username))
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
    owning = text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = :name")
    if connection.execute(owning, {"name": name}).scalar():
        raise RolesNotApart(f"the role {name} owns tables")
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
