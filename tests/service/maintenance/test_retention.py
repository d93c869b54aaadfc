"""Deletion of files on request or after their retention period; charges remain."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.support.installation import Shop
from vmodel.core.database import now
from vmodel.service.jobs import transitions
from vmodel.service.jobs.errors import AccountBusy, JobUnknown, ShotUnknown
from vmodel.service.jobs.lifecycle import Job, find_job
from vmodel.service.jobs.tables import ShotRow
from vmodel.service.jobs.transitions import Delivery
from vmodel.service.maintenance.retention import delete_expired, delete_job, delete_shot, erase_account


def delivered(shop: Shop, seller: str, shots: int = 1) -> Job:
    """Return a job whose pictures are all delivered."""
    job = shop.submit(seller, shots=shots)
    for shot in job.shots:
        keys = [shop.store.put(seller, f"{shot.id} {suffix}".encode(), suffix) for suffix in ("png", "json")]
        transitions.deliver(shop.database, shot.id, Delivery(*keys, seconds=1.0))
    return find_job(shop.database, seller, job.id)


def test_a_deleted_picture_is_gone_and_stays_charged(laptop: Shop) -> None:
    seller, other = laptop.seller(), laptop.seller()
    job = delivered(laptop, seller, shots=2)
    with pytest.raises(ShotUnknown):
        delete_shot(laptop.database, laptop.store, other, job.shots[0].id)
    with pytest.raises(JobUnknown):
        delete_job(laptop.database, laptop.store, other, job.id)
    for _ in range(2):
        delete_shot(laptop.database, laptop.store, seller, job.shots[0].id)
    first, second = find_job(laptop.database, seller, job.id).shots
    assert (first.deleted, first.picture_key, second.deleted) == (True, None, False)
    assert not laptop.store.has(seller, str(job.shots[0].picture_key))
    assert laptop.store.has(seller, str(second.picture_key))
    assert laptop.balance(seller).consumed == 2
    delete_job(laptop.database, laptop.store, seller, job.id)
    assert [file.key for file in laptop.store.keys(seller)] == [laptop.photo(seller)]


def test_pictures_are_kept_as_long_as_the_installation_says(laptop: Shop) -> None:
    seller = laptop.seller()
    old, young = delivered(laptop, seller), delivered(laptop, seller)
    with laptop.database.transaction() as session:
        long_ago = now() - timedelta(days=31)
        session.execute(update(ShotRow).where(ShotRow.job_id == old.id).values(ended_at=long_ago))
    assert delete_expired(laptop.settings, laptop.database, laptop.store) == 0
    keeping = laptop.settings.model_copy(update={"keep_pictures_days": 30})
    assert delete_expired(keeping, laptop.database, laptop.store) == 1
    assert find_job(laptop.database, seller, old.id).shots[0].deleted
    assert not find_job(laptop.database, seller, young.id).shots[0].deleted


def test_all_files_of_an_account_are_erased_and_its_ledger_stays(laptop: Shop) -> None:
    seller, other = laptop.seller(credits=10), laptop.seller()
    job, waiting, kept = delivered(laptop, seller), laptop.submit(seller, shots=3), delivered(laptop, other)
    outfit = {"size": "512x384", "outfit": [{"photo": laptop.photo(seller), "category": "skirt"}]}
    worn = laptop.submit(seller, [outfit])
    assert erase_account(laptop.settings, laptop.database, laptop.store, seller) == 3
    assert list(laptop.store.keys(seller)) == []
    assert find_job(laptop.database, seller, waiting.id).state == "cancelled"
    assert find_job(laptop.database, seller, job.id).garment == {"photo": "deleted"}
    assert "outfit" not in find_job(laptop.database, seller, worn.id).shots[0].request
    assert (laptop.balance(seller).consumed, laptop.balance(seller).available) == (1, 9)
    assert laptop.store.has(other, str(kept.shots[0].picture_key))


def test_nothing_is_erased_while_a_picture_is_being_made(laptop: Shop) -> None:
    seller = laptop.seller()
    job = laptop.submit(seller)
    transitions.begin_shot(laptop.database, job.shots[0].id, "w")
    with pytest.raises(AccountBusy):
        erase_account(laptop.settings, laptop.database, laptop.store, seller, wait_s=0)
    assert laptop.store.has(seller, laptop.photo(seller))
