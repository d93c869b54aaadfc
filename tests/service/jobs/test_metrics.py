"""Figures of the queue for operators and Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from tests.support.installation import Shop
from vmodel.errors import GarmentNotFound
from vmodel.service.jobs import heartbeat, transitions
from vmodel.service.jobs.fair_queue import end_part, schedule_parts
from vmodel.service.jobs.metrics import QueueFigures, read_queue
from vmodel.service.jobs.transitions import Delivery
from vmodel.service.webhooks.subscriptions import create_webhook


def test_the_queue_is_seen_as_it_stands(shop: Shop) -> None:
    seller, other = shop.seller(), shop.seller()
    job = shop.submit(seller, shots=6)
    shop.submit(other)
    heartbeat.join(shop.database, "w", slots=1)
    with shop.database.transaction() as session:
        create_webhook(session, seller, "https://8.8.8.8/", ["shot.done"])
    registry = CollectorRegistry()
    registry.register(QueueFigures(shop.database))
    assert registry.get_sample_value("vmodel_queue_turns", {"state": "waiting"}) == 3

    (part,) = schedule_parts(shop.database)
    first, second, *_ = transitions.open_shots(shop.database, part, "w")
    transitions.begin_shot(shop.database, first, "w")
    seen = read_queue(shop.database)
    assert seen.jobs == {"queued": 1, "running": 1}
    assert seen.turns == {"waiting": 2, "released": 0, "running": 1}
    assert (seen.sellers_waiting, seen.slots) == (2, 1)
    assert [(worker.id, worker.state, worker.making) for worker in seen.workers] == [("w", "live", first)]

    transitions.deliver(shop.database, first, Delivery("picture", "sidecar", 2.0))
    transitions.fail(shop.database, second, GarmentNotFound("photo"))
    end_part(shop.database, part)
    assert registry.get_sample_value("vmodel_pictures_hour", {"pipeline": "draft", "state": "done"}) == 1
    assert registry.get_sample_value("vmodel_picture_seconds", {"pipeline": "draft"}) == 2.0
    assert registry.get_sample_value("vmodel_failures_hour", {"code": "garment_not_found"}) == 1
    assert registry.get_sample_value("vmodel_webhook_calls_waiting") == 1
    # The rest of the turn became a separate turn.
    assert registry.get_sample_value("vmodel_queue_turns", {"state": "waiting"}) == 3
    assert job.place == 0


def test_whoever_waits_is_told_a_time_that_counts_what_is_being_made(shop: Shop) -> None:
    seller, newcomer = shop.seller(), shop.seller()
    shop.submit(seller, shots=3)
    heartbeat.join(shop.database, "w", slots=1)
    (part,) = schedule_parts(shop.database)
    first, *_ = transitions.open_shots(shop.database, part, "w")
    transitions.begin_shot(shop.database, first, "w")
    assert shop.submit(newcomer).eta_s is None
    transitions.deliver(shop.database, first, Delivery("picture", "sidecar", 2.0))
    waiting = shop.submit(shop.seller(), shots=2)
    # The estimate counts one earlier turn of four pictures, two in progress, and the job's own two.
    assert (waiting.place, waiting.eta_s) == (1, 2.0 * (4 + 2 + 2))
