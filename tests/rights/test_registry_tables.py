"""The registry on SQLite and on Postgres."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import vmodel.rights.registry.tables
from vmodel.config import Settings
from vmodel.core.database import Database, Table
from vmodel.publishing.publisher import Publisher
from vmodel.rights.errors import LicenceUnknown
from vmodel.rights.registry.queries import (
    external_codes,
    find_by_mark,
    find_revocation,
    get_shot,
    revoke,
    set_external_code,
)
from vmodel.rights.registry.registration_export import registration_data
from vmodel.shot.pipeline_interface import Shot

OURS = {name for name, table in Table.metadata.tables.items()} & {
    each.__tablename__
    for each in vars(vmodel.rights.registry.tables).values()
    if isinstance(each, type) and hasattr(each, "id") and issubclass(each, Table)
}


def test_the_migration_makes_the_tables_that_the_code_expects(any_database: Database) -> None:
    with any_database.engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), Table.metadata)
    ours = [change for change in found if any(f"'{name}'" in repr(change) for name in OURS)]
    assert not [change for change in ours if change[0] not in {"remove_table", "remove_index"}]


def test_a_licence_is_found_revoked_and_given_a_foreign_code(
    any_database: Database, worn_shot: Shot, tmp_path: Path
) -> None:
    publisher = Publisher(Settings(home=tmp_path), lambda name: (), any_database)
    published = publisher.publish(worn_shot, "jpeg")
    licence = published.licence
    with any_database.transaction() as session:
        found = find_by_mark(session, int(licence.mark, 16))
        assert found is not None
        assert found.id == get_shot(session, licence.id[:20]).id == licence.id
        set_external_code(session, licence.id, "DCI", "86.3001/C00000001")
    with any_database.transaction() as session:
        assert external_codes(session, licence.id) == {"DCI": "86.3001/C00000001"}
        asked = registration_data(session, get_shot(session, licence.id))
        assert asked["workFingerPrint"] == [published.sidecar["picture_sha256"].upper()]
        assert asked["author"] == licence.seller
        revoke(session, licence.id, "sold", "operator")
        revoke(session, licence.id, "again", "operator")
    with any_database.transaction() as session:
        revocation = find_revocation(session, licence.id)
        assert revocation is not None
        assert revocation.reason == "sold"


@pytest.mark.parametrize("asked", ["", "zz", "%", "ab", "' OR 1=1", "0" * 33])
def test_an_id_that_is_none_is_refused(any_database: Database, asked: str) -> None:
    with any_database.transaction() as session, pytest.raises(LicenceUnknown):
        get_shot(session, asked)
