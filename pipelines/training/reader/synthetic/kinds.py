"""Kinds of drawn garments and their frequencies: most often those that labelled photos lack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from pipelines.training.reader.synthetic.lowers import LEG_STYLES, draw_legs, draw_skirt
from pipelines.training.reader.synthetic.parts import Drawing, Plan, pick
from pipelines.training.reader.synthetic.small import add_hanger, draw_bra, draw_briefs, draw_dungarees, draw_pair
from pipelines.training.reader.synthetic.uppers import draw_upper

_SLEEVES: Final = {"none": 0.22, "short": 0.32, "three-quarter": 0.12, "long": 0.34}
_NECKS: Final = {"crew": 0.3, "v": 0.22, "scoop": 0.14, "boat": 0.09, "square": 0.12, "high": 0.08, "sweetheart": 0.05}


def draw_garment(rng: np.random.Generator) -> Drawing:
    """Draw a random garment of a random kind."""
    name = pick(rng, {name: weight for name, (weight, _) in KINDS.items()})
    return KINDS[name][1](rng)


def _laid(rng: np.random.Generator, hanger: float = 0.2, form: float = 0.25) -> str:
    return pick(rng, {"flat": 1 - hanger - form, "hanger": hanger, "form": form})


def _upper(rng: np.random.Generator, category: str, **fixed: str) -> Drawing:
    """Draw a garment from the shoulders; attributes that are not fixed are random."""
    plan = Plan(category, laid=fixed.get("laid") or _laid(rng))
    for name, value in fixed.items():
        setattr(plan, name, value)
    plan.sleeve = fixed.get("sleeve") or pick(rng, _SLEEVES)
    plan.neckline = fixed.get("neckline") or pick(rng, _NECKS)
    plan.is_child = rng.random() < 0.15
    plan.face = fixed.get("face") or ("back" if rng.random() < 0.08 and plan.closure in {"none", "closed"} else "front")
    return _hung(rng, draw_upper(rng, plan))


def _hung(rng: np.random.Generator, drawing: Drawing) -> Drawing:
    """Add a hanger where the garment hangs; return it."""
    if drawing.choices["laid"] == "hanger":
        add_hanger(rng, drawing)
    return drawing


def _tee(rng: np.random.Generator) -> Drawing:
    neck = pick(rng, {"crew": 0.5, "v": 0.25, "scoop": 0.1, "high": 0.1, "boat": 0.05})
    closure = "half" if rng.random() < 0.12 else "none"
    return _upper(rng, "top", neckline=neck, closure=closure, style=pick(rng, {"": 0.6, "fitted": 0.2, "crop": 0.2}))


def _shirt(rng: np.random.Generator) -> Drawing:
    category = pick(rng, {"top": 0.8, "dress": 0.2})
    sleeve = pick(rng, {"short": 0.35, "long": 0.5, "three-quarter": 0.1, "none": 0.05})
    closure = pick(rng, {"closed": 0.75, "half": 0.25})
    return _upper(rng, category, neckline="collar", sleeve=sleeve, closure=closure)


def _hooded(rng: np.random.Generator) -> Drawing:
    category = pick(rng, {"top": 0.55, "outerwear": 0.4, "dress": 0.05})
    closure = pick(rng, {"none": 0.5, "closed": 0.25, "open": 0.15, "half": 0.1})
    if category == "outerwear":
        closure = pick(rng, {"closed": 0.6, "open": 0.4})
    sleeve = pick(rng, {"long": 0.8, "short": 0.1, "none": 0.1})
    return _upper(rng, category, neckline="hood", sleeve=sleeve, closure=closure)


def _open(rng: np.random.Generator) -> Drawing:
    category = pick(rng, {"outerwear": 0.8, "top": 0.2})
    neck = pick(rng, {"v": 0.4, "collar": 0.35, "crew": 0.15, "high": 0.1})
    sleeve = pick(rng, {"long": 0.72, "three-quarter": 0.1, "short": 0.08, "none": 0.1})
    return _upper(rng, category, neckline=neck, sleeve=sleeve, closure="open", face="front")


def _coat(rng: np.random.Generator) -> Drawing:
    neck = pick(rng, {"collar": 0.5, "high": 0.2, "v": 0.15, "crew": 0.15})
    return _upper(rng, "outerwear", neckline=neck, sleeve=pick(rng, {"long": 0.85, "none": 0.15}), closure="closed")


def _dress(rng: np.random.Generator) -> Drawing:
    style = pick(rng, {"": 0.35, "aline": 0.2, "fitted": 0.15, "wrap": 0.15, "tiers": 0.15})
    closure = "closed" if rng.random() < 0.12 else "none"
    if style == "wrap":
        return _upper(rng, "dress", neckline="v", style=style, lower="skirt")
    return _upper(rng, "dress", style=style, lower="skirt", closure=closure)


def _strappy(rng: np.random.Generator) -> Drawing:
    category = pick(rng, {"top": 0.45, "dress": 0.55})
    neck = pick(rng, {"v": 0.35, "sweetheart": 0.2, "scoop": 0.2, "square": 0.25})
    style = pick(rng, {"": 0.4, "crop": 0.15, "fitted": 0.25, "tiers": 0.1, "aline": 0.1})
    return _upper(rng, category, sleeve="strap", neckline=neck, style=style)


def _bare(rng: np.random.Generator) -> Drawing:
    """Draw a top or dress that leaves one shoulder or both free."""
    category = pick(rng, {"top": 0.5, "dress": 0.5})
    neck = pick(rng, {"asymmetric": 0.3, "strapless": 0.25, "off-shoulder": 0.25, "halter": 0.2})
    sleeve = "none"
    if neck == "off-shoulder":
        sleeve = pick(rng, {"short": 0.5, "three-quarter": 0.2, "long": 0.3})
    elif neck == "asymmetric":
        sleeve = pick(rng, {"none": 0.55, "short": 0.15, "long": 0.3})
    style = pick(rng, {"": 0.4, "crop": 0.25, "fitted": 0.25, "aline": 0.1})
    return _upper(rng, category, sleeve=sleeve, neckline=neck, style=style)


def _jumpsuit(rng: np.random.Generator) -> Drawing:
    lower = pick(rng, {"legs": 0.6, "shorts": 0.4})
    neck = pick(rng, {"v": 0.25, "collar": 0.2, "crew": 0.15, "square": 0.12, "strapless": 0.08, "halter": 0.08,
                      "off-shoulder": 0.05, "scoop": 0.07})  # fmt: skip
    sleeve = pick(rng, {"none": 0.25, "strap": 0.25, "short": 0.25, "long": 0.25})
    closure = "none"
    if neck in {"collar", "off-shoulder"}:
        sleeve = "short" if sleeve in {"none", "strap"} else sleeve
        closure = "closed" if neck == "collar" else "none"
    elif neck in {"strapless", "halter"}:
        sleeve = "none"
    elif neck == "crew" and sleeve == "strap":
        neck = "scoop"
    style = "wrap" if neck == "v" and sleeve != "strap" and rng.random() < 0.4 else ""
    return _upper(rng, "jumpsuit", lower=lower, neckline=neck, sleeve=sleeve, closure=closure, style=style)


def _dungarees(rng: np.random.Generator) -> Drawing:
    lower = pick(rng, {"legs": 0.6, "shorts": 0.25, "skirt": 0.15})
    plan = Plan("dress" if lower == "skirt" else "jumpsuit", lower=lower, laid=_laid(rng), is_child=rng.random() < 0.3)
    return _hung(rng, draw_dungarees(rng, plan))


def _one_piece(rng: np.random.Generator) -> Drawing:
    """Draw a swimsuit or bodysuit."""
    category = pick(rng, {"swimwear": 0.65, "underwear": 0.35})
    sleeve = pick(rng, {"strap": 0.6, "none": 0.22, "long": 0.1, "short": 0.08})
    neck = pick(rng, {"v": 0.3, "scoop": 0.3, "square": 0.15, "sweetheart": 0.15, "crew": 0.1})
    if sleeve == "none":
        neck = pick(rng, {"halter": 0.3, "asymmetric": 0.3, "strapless": 0.2, "scoop": 0.2})
    neck = "scoop" if neck == "crew" and sleeve == "strap" else neck
    return _upper(rng, category, lower="brief", sleeve=sleeve, neckline=neck)


def _small(rng: np.random.Generator) -> Drawing:
    """Draw a bikini, a bra or briefs."""
    kind = pick(rng, {"pair": 0.5, "bra": 0.25, "briefs": 0.25})
    plan = Plan(pick(rng, {"swimwear": 0.6, "underwear": 0.4}), laid=_laid(rng, 0.05, 0.3), closure="none")
    if kind == "briefs":
        plan.style = "trunks" if rng.random() < 0.45 else ""
        return _hung(rng, draw_briefs(rng, plan))
    plan.sleeve = "strap" if rng.random() < 0.8 else "none"
    plan.style = pick(rng, {"triangle": 0.5, "": 0.5})
    plan.neckline = pick(rng, {"v": 0.5, "sweetheart": 0.35, "halter": 0.15})
    if plan.sleeve == "none":
        plan.neckline, plan.style = "strapless", ""
    return _hung(rng, draw_pair(rng, plan) if kind == "pair" else draw_bra(rng, plan))


def _lower(rng: np.random.Generator, category: str) -> Drawing:
    plan = Plan(category, laid=_laid(rng, 0.08, 0.25), is_child=rng.random() < 0.15)
    plan.face = "back" if rng.random() < 0.12 else "front"
    if category == "skirt":
        plan.style = pick(
            rng, {"": 0.1, "pencil": 0.2, "aline": 0.2, "pleated": 0.2, "maxi": 0.15, "tiers": 0.08, "circle": 0.07}
        )
        return _hung(rng, draw_skirt(rng, plan))
    plan.style = pick(rng, LEG_STYLES)
    return _hung(rng, draw_legs(rng, plan))


KINDS: Final[dict[str, tuple[float, Callable[[np.random.Generator], Drawing]]]] = {
    "tee": (0.07, _tee), "shirt": (0.08, _shirt), "hooded": (0.07, _hooded), "open": (0.09, _open),
    "coat": (0.03, _coat), "dress": (0.08, _dress), "strappy": (0.09, _strappy), "bare": (0.12, _bare),
    "jumpsuit": (0.09, _jumpsuit), "dungarees": (0.05, _dungarees), "one-piece": (0.07, _one_piece),
    "small": (0.07, _small), "trousers": (0.08, lambda r: _lower(r, "trousers")),
    "shorts": (0.03, lambda r: _lower(r, "shorts")), "skirt": (0.06, lambda r: _lower(r, "skirt")),
}  # fmt: skip
