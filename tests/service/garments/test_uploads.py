"""Uploaded files: counted against the seller's plan, also when many come at once, and collected when unneeded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.support.installation import PLAN, PLANS, Shop
from vmodel.core.database import now
from vmodel.service.accounts.plans import Plans
from vmodel.service.garments.errors import StorageFull, UploadInUse
from vmodel.service.garments.records import (
    GarmentFiles,
    RecognitionResult,
    StatedAttributes,
    delete_garment,
    keep_garment,
)
from vmodel.service.garments.uploads import StoredUpload, drop_uploads, keep_upload
from vmodel.service.maintenance.retention import UNNEEDED, collect_uploads, delete_upload, erase_account
from vmodel.service.storage.errors import StoredFileMissing

SMALL = Plans(PLANS.pipelines, PLANS.sizes, {"free": PLAN.model_copy(update={"storage_mb": 1, "stored_files": 4})})


def keep(shop: Shop, seller: str, content: bytes, plans: Plans = SMALL) -> str:
    return keep_upload(shop.database, shop.store, plans, seller, content, "png")


def age(shop: Shop, seller: str) -> None:
    """Let a week pass since the seller's files were needed."""
    long_ago = now() - UNNEEDED - timedelta(minutes=1)
    with shop.database.transaction() as session:
        session.execute(update(StoredUpload).where(StoredUpload.account_id == seller).values(needed_at=long_ago))


def test_files_that_come_at_once_do_not_pass_the_plans_bound_together(shop: Shop) -> None:
    seller, other = shop.seller(), shop.seller()

    def try_to_keep(number: int) -> bool:
        try:
            return bool(keep(shop, seller, b"file %d" % number))
        except StorageFull:
            return False

    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(try_to_keep, range(12)))
    assert kept.count(True) == 4
    assert len(list(shop.store.keys(seller))) == 4
    assert keep(shop, other, b"file 0"), "another seller has room"


def test_bytes_are_bounded_and_a_deleted_file_gives_its_room_back(laptop: Shop) -> None:
    seller = laptop.seller()
    first = keep(laptop, seller, b"a" * 600_000)
    assert keep(laptop, seller, b"a" * 600_000) == first, "the same content counts once"
    with pytest.raises(StorageFull, match="1 MB"):
        keep(laptop, seller, b"b" * 600_000)
    assert [each.key for each in laptop.store.keys(seller)] == [first]
    drop_uploads(laptop.database, laptop.store, seller, [first])
    assert keep(laptop, seller, b"b" * 600_000)
    erase_account(laptop.settings, laptop.database, laptop.store, seller)
    assert keep(laptop, seller, b"c" * 600_000)


def test_what_nothing_has_needed_for_a_week_is_collected(shop: Shop) -> None:
    seller = shop.seller()
    worn, loose, printed, pictured = (keep(shop, seller, name) for name in (b"worn", b"loose", b"print", b"picture"))
    job = shop.submit(seller, garment={"photo": pictured})
    with shop.database.transaction() as session:
        garment = keep_garment(
            session, seller, "tee", GarmentFiles(worn), StatedAttributes(), RecognitionResult({}, b"")
        )
        garment.design = {"print_key": printed}
    assert collect_uploads(shop.database, shop.store) == 0
    age(shop, seller)
    assert collect_uploads(shop.database, shop.store) == 1
    assert not shop.store.has(seller, loose)
    assert all(shop.store.has(seller, key) for key in (worn, printed, pictured))
    assert job.garment["photo"] == pictured
    assert collect_uploads(shop.database, shop.store) == 0, "the others were needed now"
    with shop.database.transaction() as session:
        delete_garment(session, seller, garment.id)
    age(shop, seller)
    assert collect_uploads(shop.database, shop.store) == 2


def test_what_is_uploaded_again_before_it_is_collected_stays(shop: Shop) -> None:
    seller, due = shop.seller(), now() - UNNEEDED
    key = keep(shop, seller, b"print")
    age(shop, seller)
    keep(shop, seller, b"print")  # after the collection looked, and before it deletes
    assert drop_uploads(shop.database, shop.store, seller, [key], due) == 0
    assert shop.store.has(seller, key)
    age(shop, seller)
    assert drop_uploads(shop.database, shop.store, seller, [key], due) == 1
    assert not shop.store.has(seller, key)


def test_a_file_that_a_new_garment_needs_stays_although_an_older_one_took_it_along(shop: Shop) -> None:
    seller, blank = shop.seller(), RecognitionResult({}, b"")
    key = keep(shop, seller, b"photo")
    with shop.database.transaction() as session:
        first = keep_garment(session, seller, "tee", GarmentFiles(key), StatedAttributes(), blank)
    with shop.database.transaction() as session:
        gone = delete_garment(session, seller, first.id)
    assert gone == [keep(shop, seller, b"photo")]
    with shop.database.transaction() as session:
        keep_garment(session, seller, "tee again", GarmentFiles(key), StatedAttributes(), blank)
    assert drop_uploads(shop.database, shop.store, seller, gone) == 0
    assert shop.store.get(seller, key) == b"photo"


def test_a_file_in_use_or_of_somebody_else_is_not_deleted(laptop: Shop) -> None:
    seller, other = laptop.seller(), laptop.seller()
    key = keep(laptop, seller, b"worn by a design")
    file_id = key.rpartition("/")[2]
    with laptop.database.transaction() as session:
        garment = keep_garment(
            session, seller, "tee", GarmentFiles(key), StatedAttributes(), RecognitionResult({}, b"")
        )
    with pytest.raises(UploadInUse):
        delete_upload(laptop.database, laptop.store, seller, file_id)
    with pytest.raises(StoredFileMissing):
        delete_upload(laptop.database, laptop.store, other, file_id)
    with laptop.database.transaction() as session:
        delete_garment(session, seller, garment.id)
    delete_upload(laptop.database, laptop.store, seller, file_id)
    assert not laptop.store.has(seller, key)
