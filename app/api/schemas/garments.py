"""Request and response bodies of garments."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.api.http.signed_links import link_to
from app.api.http.state import AppState
from app.api.http.strict_model import StrictModel
from vmodel.service.garments.records import StoredGarment

_Pixel = Annotated[float, Field(allow_inf_nan=False)]
_Centimetres = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]


class SizeCm(BaseModel):
    """Measures of a garment lying flat, in centimetres."""

    width: float = Field(description="flat width in cm, from armpit to armpit or at the waist", examples=[44.2])
    length: float = Field(description="length in cm, from neck point to hem or from waist to leg end", examples=[62.1])
    source: str = Field(
        description="where the size comes from: guessed, width, length, size chart, design or pattern",
        examples=["guessed"],
    )
    guessed_on: str = Field(
        description="id of the model whose body the guess is based on; empty for a sewing pattern",
        examples=["wm-amina"],
    )


class CutoutFound(BaseModel):
    """How the garment was separated from its background."""

    source: str = Field(examples=["network"])
    confidence: float = Field(description="confidence, 0 to 1", examples=[0.97])


class Understood(BaseModel):
    """Properties recognised in a photo."""

    category: str = Field(examples=["top"])
    confidence: float = Field(description="confidence of the category, 0 to 1", examples=[0.98])
    stated: bool = Field(description="true if you stated the category, false if it is a guess")
    sleeve: str = Field(examples=["short"])
    neckline: str = Field(examples=["crew"])
    length: str = Field(examples=["hip"])
    open_front: bool = Field(description="true if the garment was photographed with its front open")
    cutout: CutoutFound
    photo_size: tuple[int, int] = Field(description="[height, width] in pixels", examples=[[1600, 1200]])
    landmarks: dict[str, tuple[float, float]] = Field(
        description="landmark name to [x, y] in pixels of the photo; left and right are the wearer's",
        examples=[{"neck_left": [690.5, 231.0]}],
    )
    size_cm: SizeCm
    warnings: list[str]


class Hypothesis(BaseModel):
    """A category that the photo may show."""

    category: str = Field(examples=["dress"])
    share: float = Field(description="probability, 0 to 1", examples=[0.62])


class Reason(BaseModel):
    """Reason of a failure, such as a photo that could not be read."""

    code: str = Field(examples=["garment_not_found"])
    message: str


class Links(BaseModel):
    """Links to pictures; they work without a key for one to two hours."""

    photo: str = Field(examples=["/v1/files/Zm9v…"])
    cutout: str | None


class Garment(BaseModel):
    """One of your garments."""

    id: str = Field(examples=["019abcf0c0de7b0c8f0e5a6b7c8d9e0f"])
    name: str = Field(
        description="name that you gave it; escape it before you show it in HTML", examples=["Summer tee"]
    )
    category: str | None = Field(description="category that you stated; null if none")
    material: str | None = Field(description="material that you stated; null if none")
    width_cm: float | None = Field(description="flat width in cm that you stated; null if none")
    length_cm: float | None = Field(description="length in cm that you stated; null if none")
    worn_open: bool | None = Field(description="true to wear its front open, false closed; null as photographed")
    is_design: bool = Field(description="true for a design (see /v1/designs), false for a photo")
    colorways: list[str] = Field(
        description="names of a design's colourways, without its own colours", examples=[["night"]]
    )
    has_mask: bool
    has_back: bool
    understood: Understood | None = Field(description="what was recognised; null if the photo could not be read")
    problem: Reason | None = Field(description="why the photo could not be read, and what to do")
    hypotheses: list[Hypothesis] = Field(
        description="possible categories, most likely first; one if the category is sure, none if there is a problem"
    )
    question: str | None = Field(
        description="question to you if the category is not sure; state a category to answer it; jobs do not wait",
        examples=[None],
    )
    links: Links
    created_at: datetime
    changed_at: datetime


class Correction(StrictModel):
    """Partial update: omitted fields keep their value, and `null` clears a correction."""

    name: str | None = Field(default=None, max_length=200, examples=["Summer tee"])
    category: str | None = Field(default=None, max_length=64, examples=["top"])
    material: str | None = Field(default=None, max_length=64, examples=["jersey"])
    width_cm: _Centimetres | None = Field(default=None, examples=[51])
    length_cm: _Centimetres | None = Field(default=None, examples=[68])
    worn_open: bool | None = Field(
        default=None, description="true to wear its front open, false closed; null as photographed"
    )
    landmarks: dict[Annotated[str, Field(max_length=32)], tuple[_Pixel, _Pixel]] | None = Field(
        default=None, max_length=40, examples=[{"hem_left": [812, 1490]}]
    )


def show_garment(garment: StoredGarment, here: AppState) -> Garment:
    """Return a garment as its owner sees it."""
    seen = garment.understood or {}
    sure = [{"category": seen["category"], "share": seen["confidence"]}] if seen else []  # for older rows
    return Garment(
        id=garment.id,
        name=garment.name,
        category=garment.category,
        material=garment.material,
        width_cm=garment.width_cm,
        length_cm=garment.length_cm,
        worn_open=garment.worn_open,
        is_design=garment.design is not None,
        colorways=list(garment.colorways),
        has_mask=garment.mask_key is not None,
        has_back=garment.back_key is not None,
        understood=None if garment.understood is None else Understood(**garment.understood),
        problem=None if garment.problem is None else Reason(**garment.problem),
        hypotheses=[Hypothesis(**each) for each in seen.get("hypotheses", sure)],
        question=seen.get("question"),
        links=Links(
            photo=link_to(here, garment.shown_key or garment.photo_key),
            cutout=None if garment.cutout_key is None else link_to(here, garment.cutout_key),
        ),
        created_at=garment.created_at,
        changed_at=garment.changed_at,
    )
