"""Casting routes: models, poses, and the other values that a shot accepts."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.api.http.auth import Reader
from app.api.http.errors import NotFound
from app.api.http.state import Here
from vmodel.types import VirtualModel

router = APIRouter(prefix="/v1", tags=["casting"])


class Model(BaseModel):
    """A virtual model; all of them are invented people."""

    id: str = Field(examples=["wm-ines"])
    name: str = Field(examples=["Inês"])
    gender: str = Field(description="woman, man, girl or boy", examples=["woman"])
    age: float = Field(description="age in years", examples=[27])
    size: str = Field(description="size label; a child's size is a height in cm", examples=["S"])
    height_cm: float = Field(examples=[174])
    hair: str = Field(examples=["long-wavy"])
    is_child: bool = Field(description="child models may only wear everyday clothes", examples=[False])

    @classmethod
    def of(cls, model: VirtualModel) -> Model:
        """Return the public part of a model."""
        return cls(
            id=model.id,
            name=model.name,
            gender=model.gender,
            age=model.age,
            size=model.size,
            height_cm=model.height_cm,
            hair=model.hair.style,
            is_child=model.is_child,
        )


class Pose(BaseModel):
    """A pose of the library."""

    name: str = Field(examples=["walking"])


class Choices(BaseModel):
    """Values that a shot and a correction accept."""

    views: list[str] = Field(examples=[["front", "back"]])
    framings: list[str] = Field(examples=[["full", "upper"]])
    sets: list[str] = Field(description="of several pictures each", examples=[["classic", "street"]])
    lights: list[str] = Field(examples=[["soft-key"]])
    backgrounds: list[str] = Field(
        description="named backgrounds; a colour such as #d8d0c8 works too", examples=[["light-grey", "white"]]
    )
    styles: list[str] = Field(examples=[["auto", "plain"]])
    pieces: list[str] = Field(
        description="of the wardrobe; a style may name one, or two joined by +", examples=[["jeans-dark", "tee-white"]]
    )
    pipelines: list[str] = Field(examples=[["draft"]])
    categories: list[str] = Field(examples=[["top", "dress"]])
    materials: list[str] = Field(examples=[["jersey", "denim"]])
    shoes: list[str] = Field(
        description="most come in colours of their own too, such as loafers-tan", examples=[["auto", "loafers"]]
    )
    channels: list[str] = Field(description="where you can publish a picture", examples=[["amazon", "tmall"]])


@router.get("/models")
def list_models(_: Reader, here: Here, gender: str | None = None, size: str | None = None) -> list[Model]:
    """List the virtual models; filter them by `gender` and `size`."""
    return [
        Model.of(model)
        for model in here.roster.values()
        if (gender is None or model.gender == gender) and (size is None or model.size == size)
    ]


@router.get("/models/{model_id}")
def get_model(model_id: str, _: Reader, here: Here) -> Model:
    """Show one virtual model."""
    if model_id not in here.roster:
        raise NotFound("model")
    return Model.of(here.roster[model_id])


@router.get("/poses")
def list_poses(_: Reader) -> list[Pose]:
    """List the poses."""
    from vmodel.body.pose.library import pose_names

    return [Pose(name=name) for name in pose_names()]


@router.get("/choices")
def list_choices(_: Reader, here: Here) -> Choices:
    """List all other values that a shot or a correction accepts."""
    from pipelines.registry import PIPELINES
    from vmodel.body.shoes.catalogue import SHOES
    from vmodel.drape.cloth.materials import load_materials
    from vmodel.rights.provenance.channels import CHANNELS
    from vmodel.scene import BACKGROUNDS, FRAMINGS, LIGHTS, VIEWS
    from vmodel.shot.pose_sets import set_names
    from vmodel.types import Category
    from vmodel.wardrobe.pieces import PIECES
    from vmodel.wardrobe.styles import STYLES

    return Choices(
        views=list(VIEWS),
        framings=list(FRAMINGS),
        sets=list(set_names()),
        lights=list(LIGHTS),
        backgrounds=list(BACKGROUNDS),
        styles=list(STYLES),
        pieces=list(PIECES),
        # Pipelines without a price, such as those for research only, cannot be ordered.
        pipelines=[name for name in PIPELINES if name in here.plans.pipelines],
        categories=[category.value for category in Category],
        materials=list(load_materials()),
        shoes=list(SHOES),
        channels=list(CHANNELS),
    )
