"""Form of the designer: the same for every visitor, so it is rendered once."""

from __future__ import annotations

import json
from typing import Any

from app.api.http.state import AppState
from app.ui.base.i18n import label_stages, load_words
from app.ui.base.templating import render, static_url
from app.ui.view_models.casting import usable_pipelines
from app.ui.view_models.order_form import FORMATS
from vmodel.shot.request import parse_size
from vmodel.types import Category

FITTING_SIZE = "680x512"
"""Size of a first fitting, HEIGHTxWIDTH in pixels."""
#: Name among the page's words, bounds, step, unit.
_DIALS = (
    ("repeat", 1, 80, 0.5, "cm"),
    ("rotate", -180, 180, 1, "°"),
    ("right", -40, 40, 0.5, "cm"),
    ("up", -40, 40, 0.5, "cm"),
)


def show_designer(here: AppState, language: str) -> str:
    """Render the empty form.

    Args:
        here: for the roster and prices.
        language: of the page.
    """
    from vmodel.body.pose.library import pose_names
    from vmodel.drape.cloth.materials import load_materials
    from vmodel.garment.blocks.library import BLOCKS
    from vmodel.scene import VIEWS

    wearers: dict[str, list[Any]] = {}
    for model in here.roster.values():
        wearers.setdefault("child" if model.is_child else model.gender, []).append(model)
    labels = ("XS", "S", "M", "L", "XL", "2XL", "3XL", "4XL")
    found = {model.size for model in here.roster.values()}
    children = sorted(found - set(labels), key=lambda size: (len(size), size))
    return render(
        "designer.html",
        language,
        blocks=list(BLOCKS),
        dials=_DIALS,
        sizes=[*(size for size in labels if size in found), *children],
        materials=list(load_materials()),
        categories=[each.value for each in Category],
        wearers=wearers,
        poses=pose_names(),
        views=list(VIEWS),
        formats=list(FORMATS),
        lemons=static_url("static", "lemons.svg"),
        raglan=static_url("static", "raglan-tee.svg"),
        told=json.dumps(_told(here, language), ensure_ascii=False),
    )


def _told(here: AppState, language: str) -> dict[str, Any]:
    """Return the texts of the form's script, and the prices that it sums up."""
    words, plans = load_words(language), here.plans
    pipeline = next(iter(usable_pipelines(here)), "draft")
    prices = {name: plans.price_shot(pipeline, parse_size(size)) for name, size in FORMATS.items()}
    return {
        **words["designer"],
        "blocks": words["blocks"],
        "bar": words["bar"],
        "stages": label_stages(words),
        "pipeline": pipeline,
        "sizes": FORMATS,
        "prices": prices,
        "fitting_size": FITTING_SIZE,
        "fitting_price": plans.price_shot("draft", parse_size(FITTING_SIZE)),
    }
