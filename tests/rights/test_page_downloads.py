"""Downloads of the page in a marketplace's size carry the authorisation of their source picture."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

import pytest
from PIL import Image

from app.ui.base.downloads import ORIGINAL, pack, picture_for
from vmodel.publishing.publisher import Published, Publisher
from vmodel.rights.errors import LicenceRevoked
from vmodel.rights.registry.queries import revoke
from vmodel.rights.verification.verifier import Verifier
from vmodel.service.jobs.tables import DONE
from vmodel.service.jobs.views import Job, JobShot
from vmodel.service.storage.file_store import FileStore, open_store

Publish = Callable[[str], Published]
ACCOUNT = "01" * 16


@pytest.fixture
def store(publisher: Publisher) -> FileStore:
    return open_store(publisher.settings)


@pytest.fixture
def finished(publish: Publish, store: FileStore) -> JobShot:
    published = publish("png")
    picture = store.put(ACCOUNT, published.content, "png")
    sidecar = store.put(ACCOUNT, json.dumps(published.sidecar).encode(), "json")
    keys = {"preview_key": None, "picture_key": picture, "sidecar_key": sidecar, "model3d_key": None}
    told = {"stage": None, "share": 1.0, "credits": 1, "seconds": 1.0, "error_code": None, "error_message": None}
    return JobShot(id="s", job_id="j", number=0, request={}, state=DONE, ended_at=None, deleted=False, **keys, **told)  # type: ignore[arg-type]


def test_a_file_for_a_marketplace_is_authentic_and_names_its_licence(
    finished: JobShot, store: FileStore, publisher: Publisher, verifier: Verifier, publish: Publish
) -> None:
    licence = publish("png").licence
    for way, size in ((ORIGINAL, (480, 640)), ("taobao", (640, 640))):
        content, _ = picture_for(store, ACCOUNT, finished, way, publisher.authorise_rendition)
        found = verifier.verify(content, way)
        assert (found.verdict, found.state, found.licence) == ("authentic", "valid", licence)
        with Image.open(io.BytesIO(content)) as opened:
            assert opened.size == size
            packet = opened.info.get("xmp") or opened.info["XML:com.adobe.xmp"].encode()
        assert licence.id in packet.decode()
        assert "TC260:AIGC" in packet.decode()


def test_of_a_revoked_picture_no_further_file_is_made(
    finished: JobShot, store: FileStore, publisher: Publisher, publish: Publish
) -> None:
    with publisher.database.transaction() as session:
        revoke(session, publish("png").licence.id, "sold", "operator")
    with pytest.raises(LicenceRevoked):
        picture_for(store, ACCOUNT, finished, "amazon", publisher.authorise_rendition)
    job = Job.__new__(Job)
    object.__setattr__(job, "account_id", ACCOUNT)
    object.__setattr__(job, "shots", (finished,))
    for way, packed in (("amazon", 0), (ORIGINAL, 1)):
        file = io.BytesIO()
        pack(store, job, way, "tee", publisher.authorise_rendition, file)
        assert len(zipfile.ZipFile(file).namelist()) == packed
