"""Webhooks: signed calls with retries, and protection against addresses of the internal network."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from tests.support.installation import Shop
from tests.support.webhook_receiver import receiving
from vmodel.client import WebhookForged, read_webhook
from vmodel.core.database import now
from vmodel.service.jobs.lifecycle import cancel_job
from vmodel.service.webhooks.delivery import WAITS, WebhookDispatcher
from vmodel.service.webhooks.errors import WebhookAddressRefused
from vmodel.service.webhooks.safe_http import is_public, resolve_target
from vmodel.service.webhooks.subscriptions import (
    EVENTS,
    WebhookDelivery,
    create_webhook,
    end_webhook,
    list_deliveries,
    list_webhooks,
    secret_of,
)

SECRET = b"s" * 32


@dataclass
class Clock:
    """A clock that tests advance by hand."""

    at: datetime = field(default_factory=now)

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, by: timedelta) -> None:
        self.at += by


def hook(shop: Shop, seller: str, port: int, events: tuple[str, ...] = EVENTS) -> str:
    with shop.database.transaction() as session:
        return create_webhook(session, seller, f"http://127.0.0.1:{port}/hook", events, inside=True).id


def told(shop: Shop, webhook_id: str) -> list[WebhookDelivery]:
    with shop.database.transaction() as session:
        return list_deliveries(session, webhook_id)


def test_a_seller_is_told_of_a_jobs_end_signed_with_the_webhooks_secret(shop: Shop) -> None:
    seller = shop.seller()
    with receiving() as receiver:
        webhook_id = hook(shop, seller, receiver.port)
        job = cancel_job(shop.database, seller, shop.submit(seller).id)
        assert WebhookDispatcher(shop.database, SECRET, inside=True).deliver_due() == 1
    ((headers, body),) = receiver.calls
    event = read_webhook(secret_of(SECRET, webhook_id), headers, body)
    assert Webhook(secret_of(SECRET, webhook_id)).verify(body, dict(headers)) == event, (
        "as the standard's own reader does"
    )
    assert (event["type"], event["data"]) == ("job.cancelled", {"job_id": job.id, "state": "cancelled"})
    for forged in (body + b" ", body.replace(b"cancelled", b"completed")):
        with pytest.raises(WebhookForged):
            read_webhook(secret_of(SECRET, webhook_id), headers, forged)
    with pytest.raises(WebhookForged):
        read_webhook(secret_of(b"other" * 8, webhook_id), headers, body)
    late = now() + timedelta(hours=1)
    with pytest.raises(WebhookForged):
        read_webhook(secret_of(SECRET, webhook_id), headers, body, at=late)
    assert told(shop, webhook_id)[0].state == "delivered"


def test_a_receiver_that_fails_is_called_again_under_the_same_id_after_ever_longer_waits(laptop: Shop) -> None:
    seller, clock = laptop.seller(), Clock()
    with receiving() as receiver:
        receiver.answers = [500, 302, 200]
        webhook_id = hook(laptop, seller, receiver.port)
        cancel_job(laptop.database, seller, laptop.submit(seller).id)
        clock.pass_(timedelta(seconds=1))
        dispatcher = WebhookDispatcher(laptop.database, SECRET, inside=True, clock=clock)
        assert dispatcher.deliver_due() == 1
        assert dispatcher.deliver_due() == 0
        for wait in WAITS[:2]:
            clock.pass_(wait - timedelta(seconds=1))
            assert dispatcher.deliver_due() == 0
            clock.pass_(timedelta(seconds=2))
            assert dispatcher.deliver_due() == 1
    assert len(receiver.calls) == 3, "a redirect is a failure and is not followed"
    assert len({headers["webhook-id"] for headers, _ in receiver.calls}) == 1
    (delivery,) = told(laptop, webhook_id)
    assert (delivery.state, delivery.tries, delivery.status) == ("delivered", 3, 200)


def test_a_call_is_given_up_after_its_last_wait_and_at_once_where_the_receiver_is_gone(laptop: Shop) -> None:
    seller, clock = laptop.seller(), Clock()
    with receiving() as receiver:
        receiver.answers = [500]
        webhook_id = hook(laptop, seller, receiver.port)
        cancel_job(laptop.database, seller, laptop.submit(seller).id)
        dispatcher = WebhookDispatcher(laptop.database, SECRET, inside=True, clock=clock)
        for wait in (timedelta(seconds=1), *WAITS):
            clock.pass_(wait + timedelta(seconds=1))
            dispatcher.deliver_due()
        assert [(each.state, each.tries) for each in told(laptop, webhook_id)] == [("given_up", len(WAITS) + 1)]
        receiver.answers = [410]
        cancel_job(laptop.database, seller, laptop.submit(seller).id)
        clock.pass_(timedelta(seconds=5))
        dispatcher.deliver_due()
    with laptop.database.transaction() as session:
        assert list_webhooks(session, seller) == []


def test_couriers_of_several_processes_make_each_call_once(shop: Shop) -> None:
    seller = shop.seller()
    with receiving() as receiver:
        hook(shop, seller, receiver.port, ("job.cancelled",))
        for _ in range(6):
            cancel_job(shop.database, seller, shop.submit(seller).id)
        couriers = [WebhookDispatcher(shop.database, SECRET, inside=True) for _ in range(4)]
        for _ in range(3):
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(WebhookDispatcher.deliver_due, couriers))
    ids = [headers["webhook-id"] for headers, _ in receiver.calls]
    assert (len(ids), len(set(ids))) == (6, 6)


def test_a_call_whose_courier_died_is_made_by_another(laptop: Shop) -> None:
    seller, clock = laptop.seller(), Clock()
    with receiving() as receiver:
        webhook_id = hook(laptop, seller, receiver.port)
        cancel_job(laptop.database, seller, laptop.submit(seller).id)
        clock.pass_(timedelta(seconds=1))
        dispatcher = WebhookDispatcher(laptop.database, SECRET, inside=True, clock=clock)
        assert len(dispatcher._claim()) == 1  # and it dies
        assert dispatcher.deliver_due() == 0
        clock.pass_(timedelta(minutes=2))
        assert dispatcher.deliver_due() == 1
    assert told(laptop, webhook_id)[0].state == "delivered"


def test_an_address_that_breaks_its_call_is_noted_and_leaves_the_others_their_calls(laptop: Shop) -> None:
    seller, other = laptop.seller(), laptop.seller()

    def resolve(host: str, port: int) -> list[str]:
        if host == "broken.example":
            raise RuntimeError("no such thing was foreseen")
        return ["127.0.0.1"]

    with receiving() as receiver:
        with laptop.database.transaction() as session:
            url = f"http://broken.example:{receiver.port}/"
            broken = create_webhook(session, seller, url, EVENTS, True, lambda host, port: ["127.0.0.1"])
        well = hook(laptop, other, receiver.port)
        for account_id in (seller, other):
            cancel_job(laptop.database, account_id, laptop.submit(account_id).id)
        assert WebhookDispatcher(laptop.database, SECRET, inside=True, resolve=resolve).deliver_due() == 2
    assert [each.state for each in told(laptop, well)] == ["delivered"]
    (delivery,) = told(laptop, broken.id)
    assert (delivery.state, delivery.error) == ("waiting", "RuntimeError: no such thing was foreseen")


def test_the_thread_of_the_calls_outlives_a_fault(laptop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vmodel.service.webhooks.delivery._LOOK_S", 0.01)
    seller, stop, faults = laptop.seller(), threading.Event(), iter([ValueError("once")])

    def clock() -> datetime:
        for fault in faults:
            raise fault
        return now()

    with receiving() as receiver:
        hook(laptop, seller, receiver.port)
        cancel_job(laptop.database, seller, laptop.submit(seller).id)
        thread = threading.Thread(
            target=WebhookDispatcher(laptop.database, SECRET, inside=True, clock=clock).run, args=(stop,)
        )
        thread.start()
        try:
            assert receiver.called.wait(20)
        finally:
            stop.set()
            thread.join()


def test_a_deleted_webhook_is_told_nothing_more(laptop: Shop) -> None:
    seller = laptop.seller()
    with receiving() as receiver:
        webhook_id = hook(laptop, seller, receiver.port)
        cancel_job(laptop.database, seller, laptop.submit(seller).id)
        with laptop.database.transaction() as session:
            end_webhook(session, seller, webhook_id)
        cancel_job(laptop.database, seller, laptop.submit(seller).id)
        WebhookDispatcher(laptop.database, SECRET, inside=True).deliver_due()
    assert receiver.calls == []


def test_another_sellers_events_are_not_told(laptop: Shop) -> None:
    seller, other = laptop.seller(), laptop.seller()
    with receiving() as receiver:
        hook(laptop, seller, receiver.port)
        cancel_job(laptop.database, other, laptop.submit(other).id)
        WebhookDispatcher(laptop.database, SECRET, inside=True).deliver_due()
    assert receiver.calls == []


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://0.0.0.0/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://10.1.2.3/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://224.0.0.1/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fe80::1%25eth0]/",
        "https://[fec0::1]/",
        "https://[3fff::1]/",
        "https://[5f00::1]/",
        "https://[2001:2::1]/",
        "https://192.88.99.1/",
        "https://192.0.0.8/",
        "https://192.0.0.9/",
        "https://8.8.8.8:22/",
        "https://8.8.8.8:5432/",
        "https://8.8.8.8:80/",
        "https://[fd00::1]/",
        "https://user:pass@8.8.8.8/",
        "https://8.8.8.8@127.0.0.1/",
        "https://8.8.8.8\\@127.0.0.1/",
        "https://8.8.8.8 /",
        "https://8.8.8.8/\r\nHost: inside",
        "https:///hook",
        "https://8.8.8.8:99999/",
        "https://１.1.1.1/hook",
        "https://ex\u00adample.com/",
        "https://[::1/",
        f"https://8.8.8.8/{'x' * 600}",
        "",
    ],
)
def test_addresses_that_lead_into_the_house_are_refused(url: str) -> None:
    with pytest.raises(WebhookAddressRefused):
        resolve_target(url)


def test_a_name_is_refused_if_any_of_its_addresses_is_inside() -> None:
    def both(host: str, port: int) -> list[str]:
        return ["8.8.8.8", "10.0.0.1"]

    with pytest.raises(WebhookAddressRefused):
        resolve_target("https://rebinding.example/", resolve=both)
    public = resolve_target("https://shop.example:8443/a?b=c", resolve=lambda host, port: ["8.8.8.8"])
    assert (public.url, public.authority) == ("https://8.8.8.8:8443/a?b=c", "shop.example:8443")
    assert all(map(is_public, ("2606:4700:4700::1111", "2a00:1450:4001::1", "192.0.1.1", "1.1.1.1")))


def test_a_name_in_other_letters_is_called_by_its_name_in_ascii() -> None:
    found = resolve_target("https://Läden.example:8443/für?wen=ä", resolve=lambda host, port: ["8.8.8.8"])
    assert (found.host, found.authority) == ("xn--lden-loa.example", "xn--lden-loa.example:8443")
    assert found.url.isascii()


def test_a_name_that_moves_inside_after_it_was_registered_is_not_called(laptop: Shop) -> None:
    seller = laptop.seller()
    with laptop.database.transaction() as session:
        url = "https://moving.example/"
        webhook = create_webhook(session, seller, url, EVENTS, resolve=lambda host, port: ["8.8.8.8"])
    cancel_job(laptop.database, seller, laptop.submit(seller).id)
    WebhookDispatcher(laptop.database, SECRET, resolve=lambda host, port: ["127.0.0.1"]).deliver_due()
    (delivery,) = told(laptop, webhook.id)
    assert delivery.state == "waiting"
    assert "WebhookAddressRefused" in (delivery.error or "")


def test_the_call_goes_to_the_checked_address_and_the_certificate_is_the_names(laptop: Shop, tmp_path: Path) -> None:
    seller = laptop.seller()
    with receiving(tmp_path) as receiver:
        with laptop.database.transaction() as session:
            url = f"https://hook.example:{receiver.port}/told?by=vmodel"
            create_webhook(session, seller, url, EVENTS, inside=True, resolve=lambda host, port: ["127.0.0.1"])
        cancel_job(laptop.database, seller, laptop.submit(seller).id)
        dispatcher = WebhookDispatcher(
            laptop.database,
            SECRET,
            inside=True,
            resolve=lambda host, port: ["127.0.0.1"],
            certificates=receiver.trusted,
        )
        dispatcher.deliver_due()
        assert [headers["host"] for headers, _ in receiver.calls] == [f"hook.example:{receiver.port}"]
        with laptop.database.transaction() as session:
            url = f"https://other.example:{receiver.port}/"
            wrong = create_webhook(session, seller, url, EVENTS, inside=True, resolve=dispatcher.resolve)
        cancel_job(laptop.database, seller, laptop.submit(seller).id)
        replace(dispatcher).deliver_due()
    (delivery,) = told(laptop, wrong.id)
    assert "certificate" in (delivery.error or "").lower()
    assert json.loads(delivery.body)["type"] == "job.cancelled"
