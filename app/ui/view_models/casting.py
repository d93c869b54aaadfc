"""Choices of the studio: models by their faces, poses by their pictures, and the rest by words."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.api.http.state import AppState
from app.ui.base.templating import has_static, render, static_url
from app.ui.view_models.order_form import FORMATS, LENSES, MOST_COUNT
from vmodel.body.model.roster import SKIN_TONES
from vmodel.body.shoes.catalogue import SHOES
from vmodel.limits import USUAL_FOCAL_MM
from vmodel.types import VirtualModel

_AGES = ((18, "child"), (30, "young"), (50, "middle"), (999, "older"))
_SIZES = ("XS", "S", "M", "L", "XL", "2XL", "3XL", "4XL")


def show_chooser(here: AppState, language: str) -> str:
    """Render the choices; they are the same for every visitor, so once is enough."""
    from vmodel.body.pose.library import pose_names
    from vmodel.scene import BACKGROUNDS, FRAMINGS, LIGHTS, VIEWS
    from vmodel.shot.pose_sets import set_names
    from vmodel.wardrobe.styles import STYLES

    sizes = [size for size in _SIZES if any(model.size == size for model in here.roster.values())]
    children = sorted(
        {m.size for m in here.roster.values() if m.size not in _SIZES}, key=lambda size: (len(size), size)
    )
    return render(
        "chooser.html",
        language,
        models=[_card(model) for model in here.roster.values()],
        sizes=[*sizes, *children],
        tones={tone: _shown(colour) for tone, colour in SKIN_TONES.items()},
        poses=pose_names(),
        sets=set_names(),
        views=list(VIEWS),
        framings=FRAMINGS,
        lights=list(LIGHTS),
        shoes=SHOES,
        lenses=LENSES,
        usual_lens=USUAL_FOCAL_MM,
        backgrounds={name: _swatch(name) for name in BACKGROUNDS},
        styles=dict.fromkeys((*STYLES, here.settings.style)),  # the usual one may be pieces of the wardrobe
        usual_style=here.settings.style,
        formats=list(FORMATS),
        pipelines=usable_pipelines(here),
        most_count=MOST_COUNT,
    )


def usable_pipelines(here: AppState) -> list[str]:
    """List the pipelines with a price and local weights: the installation's own, then from the highest price down."""
    from pipelines.embedded.pipeline import FOLDER
    from pipelines.hub.weights.store import find_weights
    from vmodel.errors import VModelError

    found = []
    for name in sorted(here.plans.pipelines, key=lambda each: -here.plans.pipelines[each]):
        if name == "embedded":
            if not (here.settings.weights / FOLDER).is_dir():
                continue
        elif name != "draft":
            try:
                find_weights(name, here.settings)
            except VModelError:
                continue
        found.append(name)
    return sorted(found, key=lambda name: name != here.settings.pipeline)


def _card(model: VirtualModel) -> dict[str, Any]:
    picture = f"face-{model.id}.webp"
    return {
        "id": model.id,
        "name": model.name,
        "gender": model.gender,
        "group": "child" if model.is_child else model.gender,
        "age": f"{model.age:.0f}",
        "age_group": next(name for limit, name in _AGES if model.age < limit),
        "size": model.size,
        "height_cm": f"{model.height_cm:.0f}",
        "tone": _tone(model.skin_tone),
        "is_child": model.is_child,
        "picture": static_url("pictures", picture) if has_static("pictures", picture) else "",
    }


def _swatch(background: str) -> str:
    """Return the CSS that shows a background: a sweep's colour, or the picture of a place."""
    from vmodel.scene.render.background import SWEEPS

    picture = f"place-{background}.webp"
    if has_static("pictures", picture):
        return f"background: center / cover url('{static_url('pictures', picture)}')"
    return "background-color: #{:02x}{:02x}{:02x}".format(*SWEEPS[background]) if background in SWEEPS else ""


def _tone(colour: tuple[float, float, float]) -> str:
    apart = {name: float(np.linalg.norm(np.subtract(colour, tone))) for name, tone in SKIN_TONES.items()}
    return min(apart, key=lambda name: apart[name])


def _shown(colour: tuple[float, float, float]) -> str:
    """Return the CSS colour of a linear-light albedo under the page's light."""
    srgb = [round(255 * min(1.0, 1.05 * channel ** (1 / 2.2))) for channel in colour]
    return "#{:02x}{:02x}{:02x}".format(*srgb)
