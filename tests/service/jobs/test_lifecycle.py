"""Jobs: accepted once, paid once, visible to one seller, and cancellable."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from tests.support.installation import PLAN, PLANS, Shop
from vmodel.errors import NotAllowedForChildren, VModelError
from vmodel.rights.registry.tables import Refusal
from vmodel.service.accounts.plans import Plans
from vmodel.service.errors import CreditsExhausted, IdempotencyConflict, UnknownAccount
from vmodel.service.jobs import transitions
from vmodel.service.jobs.errors import DayFull, JobUnknown, ShotUnknown, TooManyShots
from vmodel.service.jobs.lifecycle import cancel_job, find_job, find_shot, list_jobs, submit, watch_job
from vmodel.service.jobs.transitions import Delivery
from vmodel.service.ledger.reservations import Balance
from vmodel.service.storage.errors import StoredFileMissing


def test_a_job_waits_with_its_price_held(shop: Shop) -> None:
    seller = shop.seller(credits=10)
    job = shop.submit(seller, shots=3)
    assert (job.state, job.credits, job.charged, job.share) == ("queued", 3, 0, 0.0)
    assert [shot.number for shot in job.shots] == [0, 1, 2]
    assert {shot.state for shot in job.shots} == {"queued"}
    assert shop.balance(seller) == Balance(available=7, reserved=3, consumed=0)
    assert find_job(shop.database, seller, job.id) == job


def test_the_same_key_is_the_same_job_and_another_body_is_refused(shop: Shop) -> None:
    seller = shop.seller()
    job = shop.submit(seller, shots=2, key="order 7")
    assert shop.submit(seller, shots=2, key="order 7").id == job.id
    with pytest.raises(IdempotencyConflict):
        shop.submit(seller, shots=3, key="order 7")
    assert shop.balance(seller).reserved == 2
    other = shop.seller()
    assert shop.submit(other, shots=3, key="order 7").id != job.id


def test_fifty_submits_with_one_key_at_once_are_one_job_and_one_reserve(shop: Shop) -> None:
    seller = shop.seller()
    asked = shop.ask(seller, shots=4, key="once")
    with ThreadPoolExecutor(50) as pool:
        jobs = list(pool.map(lambda _: submit(shop.database, PLANS, shop.roster, asked), range(50)))
    assert len({job.id for job in jobs}) == 1
    assert len(list_jobs(shop.database, seller)) == 1
    assert shop.balance(seller) == Balance(available=996, reserved=4, consumed=0)


def test_who_cannot_pay_gets_no_job(shop: Shop) -> None:
    seller = shop.seller(credits=2)
    with pytest.raises(CreditsExhausted):
        shop.submit(seller, shots=3)
    assert list_jobs(shop.database, seller) == []
    assert shop.balance(seller).available == 2


def test_a_plan_bounds_the_pictures_of_a_day(shop: Shop) -> None:
    seller = shop.seller()
    narrow = Plans(PLANS.pipelines, PLANS.sizes, {"free": PLAN.model_copy(update={"pictures_a_day": 5})})
    first = submit(shop.database, narrow, shop.roster, shop.ask(seller, shots=3))
    with pytest.raises(DayFull) as refused:
        submit(shop.database, narrow, shop.roster, shop.ask(seller, shots=3))
    assert refused.value.left == 2
    assert 86_000 < refused.value.retry_after_s <= 86_400
    cancel_job(shop.database, seller, first.id)
    assert submit(shop.database, narrow, shop.roster, shop.ask(seller, shots=5)).state == "queued"


def test_what_is_anothers_is_not_there(shop: Shop) -> None:
    seller, other = shop.seller(), shop.seller()
    job = shop.submit(seller)
    for look in (find_job, cancel_job):
        with pytest.raises(JobUnknown):
            look(shop.database, other, job.id)
    with pytest.raises(JobUnknown):
        next(watch_job(shop.database, other, job.id))
    with pytest.raises(ShotUnknown):
        find_shot(shop.database, other, job.shots[0].id)
    assert list_jobs(shop.database, other) == []
    with pytest.raises(StoredFileMissing):
        shop.submit(other, garment={"photo": shop.photo(seller)})


def test_a_stranger_has_no_job(shop: Shop) -> None:
    with pytest.raises(UnknownAccount):
        shop.submit("nobody")


@pytest.mark.parametrize(
    ("shot", "code"),
    [
        ({"pose": "/etc/passwd"}, "unknown_pose"),
        ({"background": "/etc/hostname"}, "unknown_background"),
        ({"background": "blur:/etc/hostname"}, "unknown_background"),
        ({"pose": "file:../../etc/passwd"}, "file_not_found"),
        ({"model": "nobody"}, "unknown_model"),
        ({"size": "9x9"}, "size_out_of_range"),
        ({"size": 7}, "usage"),
        ({"seed": -1}, "usage"),
        ({"seed": "1"}, "usage"),
        ({"fitting": "yes"}, "usage"),
        ({"steps": 0}, "usage"),
        ({"steps": 201}, "usage"),
        ({"focal_mm": 10}, "focal_out_of_range"),
        ({"focal_mm": "85"}, "usage"),
        ({"focal_mm": float("nan")}, "focal_out_of_range"),
        ({"light": "dark"}, "unknown_light"),
        ({"style": "dark"}, "unknown_style"),
        ({"style": None}, "usage"),
        ({"shoes": "clogs"}, "unknown_shoes"),
        ({"shoes": None}, "usage"),
        ({"framing": "odd"}, "unknown_framing"),
        ({"view": "up"}, "unknown_view"),
        ({"pipeline": "other"}, "pipeline_not_priced"),
        ({"nonsense": 1}, "usage"),
        ({"model": ["wm-ines"]}, "usage"),
    ],
)
def test_what_could_only_fail_later_is_refused_at_once(laptop: Shop, shot: dict[str, Any], code: str) -> None:
    seller = laptop.seller()
    with pytest.raises(VModelError) as refused:
        laptop.submit(seller, shots=[shot])
    assert refused.value.code == code
    assert laptop.balance(seller).reserved == 0


@pytest.mark.parametrize(
    "garment",
    [
        {},
        {"photo": "/etc/passwd"},
        {"photo": "PHOTO", "width_cm": float("nan")},
        {"photo": "PHOTO", "width_cm": "wide"},
        {"photo": "PHOTO", "category": "spaceship"},
        {"photo": "PHOTO", "garment_size": "M"},
        {"photo": "PHOTO", "mask": "/etc/passwd"},
        {"photo": "PHOTO", "nonsense": 1},
    ],
)
def test_a_garment_that_makes_no_sense_is_refused(laptop: Shop, garment: dict[str, Any]) -> None:
    seller = laptop.seller()
    if "photo" in garment:
        garment = garment | {"photo": garment["photo"].replace("PHOTO", laptop.photo(seller))}
    with pytest.raises(VModelError):
        laptop.submit(seller, garment=garment)


def test_a_child_model_in_refused_clothes_is_refused_first_of_all(laptop: Shop) -> None:
    seller = laptop.seller()
    child = next(model.id for model in map(laptop.roster.__getitem__, laptop.roster) if model.is_child)
    with pytest.raises(NotAllowedForChildren):
        laptop.submit(seller, garment={"photo": "nonsense", "category": "swimwear"}, shots=[{"model": child}])
    with laptop.database.reading() as session:
        noted = session.scalars(select(Refusal).where(Refusal.seller_id == seller)).one()
    assert (noted.code, noted.model_id, noted.declared) == ("not_allowed_for_children", child, "swimwear")


def test_a_job_has_bounds(laptop: Shop) -> None:
    seller = laptop.seller()
    refusals: list[list[dict[str, Any]]] = [[], [{}] * 501]
    for shots in refusals:
        with pytest.raises(VModelError) as refused:
            laptop.submit(seller, shots=shots)
        assert refused.value.code == ("too_many_shots" if shots else "usage")
    assert issubclass(TooManyShots, VModelError)


def test_a_job_that_waits_is_cancelled_at_once_and_costs_nothing(shop: Shop) -> None:
    seller = shop.seller(credits=10)
    job = shop.submit(seller, shots=6)
    for _ in range(2):
        cancelled = cancel_job(shop.database, seller, job.id)
        assert cancelled.state == "cancelled"
        assert {shot.state for shot in cancelled.shots} == {"cancelled"}
    assert shop.balance(seller) == Balance(available=10, reserved=0, consumed=0)


def begin(shop: Shop, job_id: str) -> None:
    assert transitions.begin_shot(shop.database, f"{job_id}-s000", "w") is not None


def test_a_picture_is_charged_with_its_delivery_and_only_once(shop: Shop) -> None:
    seller = shop.seller(credits=10)
    job = shop.submit(seller, shots=2)
    begin(shop, job.id)
    first, second = Delivery("picture", "sidecar", 2.5), Delivery("another", "sidecar", 3.5)
    assert transitions.deliver(shop.database, job.shots[0].id, first)
    assert not transitions.deliver(shop.database, job.shots[0].id, second)
    found = find_job(shop.database, seller, job.id)
    assert found.shots[0].picture_key == "picture"
    assert (found.charged, found.is_open) == (1, True)
    assert shop.balance(seller) == Balance(available=8, reserved=1, consumed=1)


def test_a_job_of_which_something_came_is_partly_done_and_the_rest_is_given_back(shop: Shop) -> None:
    seller = shop.seller(credits=10)
    job = shop.submit(seller, shots=3)
    transitions.deliver(shop.database, job.shots[0].id, Delivery("picture", "sidecar", 1.0))
    transitions.fail(shop.database, job.shots[1].id, None, "Sorry.")
    transitions.fail(shop.database, job.shots[2].id, TooManyShots(1, 1))
    ended = find_job(shop.database, seller, job.id)
    assert (ended.state, ended.charged, ended.share) == ("partly_done", 1, 1.0)
    assert [(shot.state, shot.error_code) for shot in ended.shots] == [
        ("done", None),
        ("failed", "internal"),
        ("failed", "too_many_shots"),
    ]
    assert shop.balance(seller) == Balance(available=9, reserved=0, consumed=1)


def test_a_picture_that_takes_its_workers_down_is_not_begun_for_ever(shop: Shop) -> None:
    seller = shop.seller(credits=10)
    job = shop.submit(seller)
    for _ in range(transitions.MOST_STARTS):
        begin(shop, job.id)
    assert transitions.begin_shot(shop.database, job.shots[0].id, "w") is None
    ended = find_job(shop.database, seller, job.id)
    assert (ended.state, ended.shots[0].error_code) == ("failed", "worker_lost")
    assert shop.balance(seller).available == 10


def test_jobs_are_listed_newest_first_page_by_page(shop: Shop) -> None:
    seller = shop.seller()
    made = [shop.submit(seller).id for _ in range(5)]
    cancel_job(shop.database, seller, made[1])
    page = list_jobs(shop.database, seller, most=2)
    assert [job.id for job in page] == made[:2:-1]
    assert [job.id for job in list_jobs(shop.database, seller, before=page[-1].id)] == made[2::-1]
    assert [job.id for job in list_jobs(shop.database, seller, states=["cancelled"])] == [made[1]]


def test_the_place_in_the_queue_counts_whom_the_queue_will_serve_first(shop: Shop) -> None:
    first, second, third = (shop.seller() for _ in range(3))
    for _ in range(5):
        shop.submit(first)
    shop.submit(second)
    assert shop.submit(third).place == 2
    assert shop.submit(third).place == 4
    assert shop.submit(third, priority=9).place == 2


def test_an_outfit_cannot_name_files_of_the_machine(laptop: Shop) -> None:
    seller = laptop.seller()
    for photo in ("/etc/passwd", "../../../etc/passwd"):
        with pytest.raises(StoredFileMissing):
            laptop.submit(seller, shots=[{"outfit": [{"photo": photo}]}])
