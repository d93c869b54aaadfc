"""Likeness of a real person requires a consent for the day and the channel; every model has its card."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from vmodel.body.model.create import save_model
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.errors import InputError, NotAllowedForChildren
from vmodel.publishing.publisher import Publisher
from vmodel.rights.errors import ConsentInvalid, ConsentUnknown, LikenessWithoutConsent
from vmodel.rights.policy import consent
from vmodel.rights.policy.consent import declared_person, list_consents, note_consent, withdraw_consent
from vmodel.rights.policy.minors import Likeness, check_likeness
from vmodel.rights.policy.model_card import card_of, card_page
from vmodel.rights.provenance.channels import UnknownChannel
from vmodel.shot.pipeline_interface import Shot

ROSTER = load_roster(Settings())
CONTRACT: dict[str, Any] = {
    "model_id": "wm-like",
    "person": "Agency no. 17",
    "scope": "shopify, tmall",
    "purpose": "pictures of garments in online shops",
    "pay": "200 EUR a month",
    "valid_from": "2020-01-01",
    "valid_until": "2029-12-31",
    "document_sha256": "a" * 64,
    "noted_by": "operator",
}


@pytest.fixture
def like(settings: Settings, worn_shot: Shot) -> Shot:
    """Return a shot of a model whose file says that it resembles a person."""
    model = replace(ROSTER["wm-ines"], id="wm-like")
    path = save_model(model, settings)
    entries = yaml.safe_load(path.read_text())
    entries["wm-like"]["likeness_of"] = "Agency no. 17"
    path.write_text(yaml.safe_dump(entries))
    assert load_roster(settings)["wm-like"].name == "Inês"
    request = replace(worn_shot.request, channel="shopify")
    return replace(worn_shot, model=model, request=request)


def note(publisher: Publisher, **changes: str) -> str:
    with publisher.database.transaction() as session:
        return note_consent(session, **CONTRACT | changes).id


def test_the_roster_declares_nobody() -> None:
    bundled = (Path(__file__).resolve().parents[3] / "vmodel" / "body" / "model" / "roster.yaml").read_text(
        encoding="utf-8"
    )
    assert "likeness_of" not in bundled


def test_no_picture_is_made_of_a_real_person_without_consent(publisher: Publisher, like: Shot) -> None:
    with pytest.raises(LikenessWithoutConsent, match="no consent"):
        publisher.publish(like, "jpeg")
    note(publisher, person="Somebody else")
    with pytest.raises(LikenessWithoutConsent, match="no consent of that person"):
        publisher.publish(like, "jpeg")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"valid_until": "2021-01-01"}, "does not hold today"),
        ({"valid_from": "2029-01-01"}, "does not hold today"),
        ({"scope": "tmall"}, "does not cover shopify"),
    ],
)
def test_a_consent_that_does_not_cover_the_picture_is_none(
    publisher: Publisher, like: Shot, changes: dict[str, str], reason: str
) -> None:
    note(publisher, **changes)
    with pytest.raises(LikenessWithoutConsent, match=reason):
        publisher.publish(like, "jpeg")


@pytest.mark.parametrize(
    ("moment", "holds"),
    [("2027-01-30T23:59", False), ("2027-01-31T00:00", True), ("2027-02-01T23:59", True), ("2027-02-02T00:00", False)],
)
def test_a_consent_holds_from_its_first_day_to_the_end_of_its_last(
    publisher: Publisher, like: Shot, monkeypatch: pytest.MonkeyPatch, moment: str, holds: bool
) -> None:
    noted = note(publisher, valid_from="2027-01-31", valid_until="2027-02-01")
    monkeypatch.setattr(consent, "now", lambda: datetime.fromisoformat(f"{moment}+00:00"))
    with publisher.database.transaction() as session:
        found = consent.likeness_of(session, publisher.settings, like.model.id, "shopify")
    assert found is not None
    assert found.consent == (noted if holds else None)


def test_a_picture_with_consent_names_it_and_lasts_no_longer_until_it_is_withdrawn(
    publisher: Publisher, like: Shot
) -> None:
    noted = note(publisher)
    licence = publisher.publish(like, "jpeg").licence
    assert (licence.model_rights, licence.valid_until) == (noted, "2029-12-31")
    everywhere = replace(like, request=replace(like.request, channel=None))
    with pytest.raises(LikenessWithoutConsent, match="every channel"):
        publisher.publish(everywhere, "jpeg")
    with publisher.database.transaction() as session:
        withdraw_consent(session, noted)
    with pytest.raises(LikenessWithoutConsent, match="withdrawn"):
        publisher.publish(like, "jpeg")


@pytest.mark.parametrize(
    "changes",
    [
        *({name: " "} for name in ("person", "scope", "purpose", "pay", "noted_by")),
        {"valid_until": "2019-01-01"},
        {"valid_until": "2099-01-01"},
        {"valid_until": "tomorrow"},
        {"document_sha256": ""},
    ],
)
def test_a_consent_without_scope_purpose_pay_duration_or_contract_is_not_noted(
    publisher: Publisher, changes: dict[str, str]
) -> None:
    with pytest.raises(ConsentInvalid):
        note(publisher, **changes)
    with pytest.raises(UnknownChannel):
        note(publisher, scope="bazaar")
    with publisher.database.transaction() as session:
        assert list_consents(session) == []
        with pytest.raises(ConsentUnknown):
            withdraw_consent(session, "f" * 32)


def test_a_child_is_like_nobody_even_with_consent() -> None:
    child = next(model for model in ROSTER.values() if model.is_child)
    with pytest.raises(NotAllowedForChildren):
        check_likeness(child, Likeness("somebody", "a" * 32))
    check_likeness(child, None)


def test_every_model_has_a_card_that_says_where_it_comes_from(publisher: Publisher, like: Shot) -> None:
    settings = publisher.settings
    with publisher.database.reading() as session:
        cards = [card_of(session, settings, model) for model in load_roster(settings).values()]
    invented = [card for card in cards if card.origin == "invented"]
    assert len(invented) == len(cards) - 1 >= 25
    assert len({card.recipe_sha256 for card in invented}) == len(invented)
    assert all(card.licence and card.recipe and card.made_with_licence for card in cards)
    (real,) = (card for card in cards if card.origin != "invented")
    assert (real.model, real.consents) == ("wm-like", ())
    assert "does not exist" in card_page(invented[0])
    assert "does not exist" not in card_page(real)
    assert declared_person(settings, "wm-ines") is None


def test_a_broken_model_file_declares_nobody_and_is_refused_by_the_roster(settings: Settings) -> None:
    folder = settings.home / "models"
    folder.mkdir(parents=True)
    (folder / "x.yaml").write_text("][")
    assert declared_person(settings, "x") is None
    with pytest.raises(InputError):
        load_roster(settings)
