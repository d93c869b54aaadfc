"""Request and response bodies of designs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from app.api.http.signed_links import link_to
from app.api.http.state import AppState
from app.api.http.strict_model import StrictModel
from app.api.schemas.garments import Understood
from vmodel.garment.sewing.pattern import MOST_PIECES
from vmodel.service.garments.designs import MOST_COLORWAYS, Colorway, Recipe
from vmodel.service.garments.records import StoredGarment

_Word = Annotated[str, Field(max_length=64)]
_Colour = Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$", examples=["#22304a"])]
_FileId = Annotated[str, Field(max_length=80)]
_Centimetres = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
_Offset = Annotated[float, Field(ge=-300, le=300, allow_inf_nan=False)]
_FILE = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class BlockShown(BaseModel):
    """A garment from the library, cut to a model's measurements."""

    name: str = Field(examples=["dress"])
    category: str = Field(examples=["dress"])


class Blocks(BaseModel):
    """Blocks, sizes and materials that you can use in a design."""

    blocks: list[BlockShown]
    sizes: list[str] = Field(
        description="size labels; children's sizes are heights in cm", examples=[["S", "M", "116"]]
    )
    materials: list[str] = Field(examples=[["jersey", "cotton"]])


class PrintShown(BaseModel):
    """One uploaded repeat of a print."""

    id: str = Field(description="id to use as `print` of a design", examples=[f"{_FILE}.png"])
    size_px: tuple[int, int] = Field(description="[height, width] of one repeat in pixels", examples=[[1024, 1024]])
    colours: list[str] = Field(description="its colours, largest area first", examples=[["#f0b93a"]])
    link: str = Field(description="link to one repeat as PNG, valid for one to two hours", examples=["/v1/files/Zm9v…"])


class FlatShown(BaseModel):
    """An uploaded technical flat."""

    id: str = Field(description="id to use as `flat` of a design", examples=[f"{_FILE}.svg"])
    has_back: bool
    colours: list[str] = Field(
        description="its colours as written in the drawing, largest area first", examples=[["#b8402c"]]
    )


class PieceShown(BaseModel):
    """A piece of a sewing pattern."""

    piece: str = Field(description="name of the piece", examples=["skirt_front"])
    size_cm: tuple[float, float] = Field(
        description="[across the grain, along the grain] in cm", examples=[[92.4, 57.0]]
    )
    area_cm2: float = Field(examples=[3977.0])
    grain_deg: float = Field(
        description="angle between its grain line and the vertical of the drawing, in degrees", examples=[0]
    )
    material: str | None = Field(description="material; null for the design's material", examples=["chiffon"])
    colour: str | None = Field(description="colour; null for the design's ground", examples=["#a9bfcf"])


class SeamShown(BaseModel):
    """Two edges of a sewing pattern that are sewn together, with their lengths in cm."""

    seam: str = Field(description="label of the seam", examples=["waist_front_l"])
    kind: str = Field(description="seam, dart, gather or ease", examples=["gather"])
    first: str = Field(examples=["seam-waist_front_l.0 of bodice_front"])
    first_cm: float = Field(examples=[19.4])
    second: str = Field(examples=["gather-waist_front_l.5 of skirt_front"])
    second_cm: float = Field(examples=[33.0])


class PatternShown(BaseModel):
    """An uploaded sewing pattern, whose pieces fit together."""

    id: str = Field(description="id to use as `pattern` of a design", examples=[f"{_FILE}.dxf"])
    pieces: list[PieceShown]
    seams: list[SeamShown]
    colours: list[str] = Field(description="colours of its pieces, largest area first", examples=[["#a9bfcf"]])
    warnings: list[str]
    link: str = Field(
        description="link to the pieces side by side as PNG, valid for one to two hours", examples=["/v1/files/Zm9v…"]
    )


class ColorwayAsked(StrictModel):
    """Colourway of a design: a name, and the colours to replace."""

    name: str = Field(pattern=r"^\w[\w-]{0,39}$", examples=["night"])
    colours: dict[_Colour, _Colour] = Field(
        max_length=16, description="old colour to new colour", examples=[{"#fbf6ea": "#22304a"}]
    )


class DesignAsked(StrictModel):
    """A block with a print, a technical flat, or a sewing pattern."""

    name: str = Field(default="", max_length=200, examples=["Lemon dress"])
    block: _Word | None = Field(
        default=None,
        description="block from /v1/blocks; give exactly one of `block`, `flat` and `pattern`",
        examples=["dress"],
    )
    flat: _FileId | None = Field(default=None, description="id from /v1/flats", examples=[None])
    pattern: _FileId | None = Field(default=None, description="id from /v1/patterns", examples=[None])
    print: _FileId | None = Field(default=None, description="id from /v1/prints; null for plain cloth", examples=[None])
    size: _Word | None = Field(default=None, description="size of the block, see /v1/blocks", examples=["M"])
    model: _Word | None = Field(
        default=None, description="model whose measurements to use if there is no size", examples=["wm-ines"]
    )
    repeat_cm: float = Field(default=10.0, ge=0.5, le=300, description="width of one repeat in cm", examples=[16])
    rotate_deg: float = Field(
        default=0.0, ge=-360, le=360, description="rotation of the print in degrees, counter-clockwise", examples=[0]
    )
    offset_cm: tuple[_Offset, _Offset] = Field(
        default=(0.0, 0.0),
        description="[right, up] shift of a repeat's centre from neck or waist, in cm",
        examples=[[0, 0]],
    )
    ground: _Colour = Field(default="#f4f2ee", description="base colour of the cloth")
    trim: _Colour | None = Field(
        default=None, description="colour of bands and buttons; null for the colour of the ground"
    )
    material: _Word | None = Field(default=None, examples=["cotton"])
    piece_materials: dict[_Word, _Word] = Field(
        default={},
        max_length=MOST_PIECES,
        description="for a pattern: name of a piece, or a word in several names, to material",
        examples=[{}],
    )
    category: _Word | None = Field(default=None, description="category of a flat, if vmodel recognised another one")
    width_cm: _Centimetres | None = Field(
        default=None, description="flat width of a technical flat in cm", examples=[50]
    )
    length_cm: _Centimetres | None = Field(default=None, examples=[66])
    colorways: list[ColorwayAsked] = Field(default=[], max_length=MOST_COLORWAYS)

    def recipe(self) -> Recipe:
        """Return the chosen recipe, not yet checked."""
        ways = tuple(Colorway(way.name, way.colours) for way in self.colorways)
        plain = {name: getattr(self, name) for name in self.model_fields_set - {"name", "colorways"}}
        return Recipe(**plain, colorways=ways)


class ColorwayShown(BaseModel):
    """A colourway of a design."""

    name: str = Field(description="name; empty for the design's own colours", examples=["night"])
    colours: dict[str, str] = Field(examples=[{"#fbf6ea": "#22304a"}])
    picture: str | None = Field(
        description="link to front and back lying flat, valid for one to two hours", examples=["/v1/files/Zm9v…"]
    )


class DesignShown(BaseModel):
    """One of your designs. Its `id` is a garment id, so jobs and outfits accept it."""

    id: str = Field(examples=["019abcf0c0de7b0c8f0e5a6b7c8d9e0f"])
    name: str = Field(
        description="name that you gave it; escape it before you show it in HTML", examples=["Lemon dress"]
    )
    asked: dict[str, Any] = Field(
        description="the design as you requested it", examples=[{"block": "dress", "repeat_cm": 16}]
    )
    colorways: list[ColorwayShown] = Field(description="its colourways, its own colours first")
    colours: list[str] = Field(
        description="colours of pieces, print or drawing that a colourway can replace", examples=[["#f0b93a"]]
    )
    has_back: bool = Field(description="true if the back is drawn too; always true for blocks and patterns")
    pieces: list[PieceShown] = Field(description="pieces of a sewing pattern")
    pieces_picture: str | None = Field(
        description="link to a pattern's pieces as PNG, valid for one to two hours", examples=["/v1/files/Zm9v…"]
    )
    print_picture: str | None = Field(
        description="link to one repeat as PNG, valid for one to two hours", examples=["/v1/files/Zm9v…"]
    )
    understood: Understood
    created_at: datetime
    changed_at: datetime


def show_design(garment: StoredGarment, here: AppState) -> DesignShown:
    """Return a design as its owner sees it."""
    design = garment.design or {}
    own: dict[str, Any] = {"name": "", "colours": {}, "drawn_key": design.get("drawn_key") or garment.cutout_key}
    asked_ways = {way["name"]: way["colours"] for way in design["recipe"]["colorways"]}
    ways = [own, *({**way, "colours": asked_ways.get(name, {})} for name, way in garment.colorways.items())]
    return DesignShown(
        id=garment.id,
        name=garment.name,
        asked={"name": garment.name, **design["recipe"]},
        colorways=[
            ColorwayShown(name=way["name"], colours=way["colours"], picture=link_to(here, str(way["drawn_key"])))
            for way in ways
        ],
        colours=design["colours"],
        has_back=design["has_back"],
        pieces=[PieceShown(**piece) for piece in design.get("pieces", ())],
        pieces_picture=None if design.get("pieces_key") is None else link_to(here, design["pieces_key"]),
        print_picture=None if design.get("tile_key") is None else link_to(here, design["tile_key"]),
        understood=Understood(**(garment.understood or {})),
        created_at=garment.created_at,
        changed_at=garment.changed_at,
    )
