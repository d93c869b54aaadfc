"""Request and response bodies of designs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from app.api.http.signed_links import link_to
from app.api.http.state import Installation
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
    """A garment of the library that is cut to measure."""

    name: str = Field(examples=["dress"])
    category: str = Field(examples=["dress"])


class Blocks(BaseModel):
    """Blocks, sizes and materials that a design can be made of."""

    blocks: list[BlockShown]
    sizes: list[str] = Field(description="labels, and children's in cm", examples=[["S", "M", "116"]])
    materials: list[str] = Field(examples=[["jersey", "cotton"]])


class PrintShown(BaseModel):
    """An uploaded repeat of a print."""

    id: str = Field(description="for `print` of a design", examples=[f"{_FILE}.png"])
    size_px: tuple[int, int] = Field(description="(height, width) as it is laid", examples=[[1024, 1024]])
    colours: list[str] = Field(description="those that it is made of, most of it first", examples=[["#f0b93a"]])
    link: str = Field(description="one repeat as PNG, for an hour", examples=["/v1/files/Zm9v…"])


class FlatShown(BaseModel):
    """An uploaded technical flat."""

    id: str = Field(description="for `flat` of a design", examples=[f"{_FILE}.svg"])
    has_back: bool
    colours: list[str] = Field(description="as the drawing writes them, most of it first", examples=[["#b8402c"]])


class PieceShown(BaseModel):
    """A piece of a sewing pattern."""

    piece: str = Field(description="its name", examples=["skirt_front"])
    size_cm: tuple[float, float] = Field(description="across its grain, and along it", examples=[[92.4, 57.0]])
    area_cm2: float = Field(examples=[3977.0])
    grain_deg: float = Field(description="lean of its grain line against the upright of the drawing", examples=[0])
    material: str | None = Field(description="null for the design's", examples=["chiffon"])
    colour: str | None = Field(description="null for the design's ground", examples=["#a9bfcf"])


class SeamShown(BaseModel):
    """Two edges of a sewing pattern that are sewn together."""

    seam: str = Field(description="its label", examples=["waist_front_l"])
    kind: str = Field(description="seam, dart, gather or ease", examples=["gather"])
    first: str = Field(examples=["seam-waist_front_l.0 of bodice_front"])
    first_cm: float = Field(examples=[19.4])
    second: str = Field(examples=["gather-waist_front_l.5 of skirt_front"])
    second_cm: float = Field(examples=[33.0])


class PatternShown(BaseModel):
    """An uploaded sewing pattern, whose pieces fit together."""

    id: str = Field(description="for `pattern` of a design", examples=[f"{_FILE}.dxf"])
    pieces: list[PieceShown]
    seams: list[SeamShown]
    colours: list[str] = Field(description="of its pieces, that of most cloth first", examples=[["#a9bfcf"]])
    warnings: list[str]
    link: str = Field(description="the pieces side by side as PNG, for an hour", examples=["/v1/files/Zm9v…"])


class ColorwayAsked(StrictModel):
    """Colourway of a design: a name and exchanged colours."""

    name: str = Field(pattern=r"^\w[\w-]{0,39}$", examples=["night"])
    colours: dict[_Colour, _Colour] = Field(
        max_length=16, description="which colours give way to which", examples=[{"#fbf6ea": "#22304a"}]
    )


class DesignAsked(StrictModel):
    """A block with a print, a technical flat, or a sewing pattern."""

    name: str = Field(default="", max_length=200, examples=["Lemon dress"])
    block: _Word | None = Field(
        default=None, description="of /v1/blocks; this, `flat` or `pattern`", examples=["dress"]
    )
    flat: _FileId | None = Field(default=None, description="id of /v1/flats", examples=[None])
    pattern: _FileId | None = Field(default=None, description="id of /v1/patterns", examples=[None])
    print: _FileId | None = Field(default=None, description="id of /v1/prints; plain cloth without", examples=[None])
    size: _Word | None = Field(default=None, description="that a block is cut to", examples=["M"])
    model: _Word | None = Field(default=None, description="whose measures count without a size", examples=["wm-ines"])
    repeat_cm: float = Field(default=10.0, ge=0.5, le=300, description="width of one repeat", examples=[16])
    rotate_deg: float = Field(default=0.0, ge=-360, le=360, description="counter-clockwise", examples=[0])
    offset_cm: tuple[_Offset, _Offset] = Field(
        default=(0.0, 0.0), description="[to the right, up] of a repeat's middle from neck or waist", examples=[[0, 0]]
    )
    ground: _Colour = "#f4f2ee"
    trim: _Colour | None = Field(default=None, description="of bands and buttons; the ground's without")
    material: _Word | None = Field(default=None, examples=["cotton"])
    piece_materials: dict[_Word, _Word] = Field(
        default={},
        max_length=MOST_PIECES,
        description="of a pattern: piece, or word in several pieces' names, to material",
        examples=[{}],
    )
    category: _Word | None = Field(default=None, description="of a flat, where it was taken for something else")
    width_cm: _Centimetres | None = Field(default=None, description="of a flat, lying flat", examples=[50])
    length_cm: _Centimetres | None = Field(default=None, examples=[66])
    colorways: list[ColorwayAsked] = Field(default=[], max_length=MOST_COLORWAYS)

    def recipe(self) -> Recipe:
        """Return the chosen recipe, not yet checked."""
        ways = tuple(Colorway(way.name, way.colours) for way in self.colorways)
        plain = {name: getattr(self, name) for name in self.model_fields_set - {"name", "colorways"}}
        return Recipe(**plain, colorways=ways)


class ColorwayShown(BaseModel):
    """A colourway of a design."""

    name: str = Field(description="empty for the design's own colours", examples=["night"])
    colours: dict[str, str] = Field(examples=[{"#fbf6ea": "#22304a"}])
    picture: str | None = Field(
        description="front and back lying flat, a link for an hour", examples=["/v1/files/Zm9v…"]
    )


class DesignShown(BaseModel):
    """A design of yours; `id` is a garment's, so jobs and outfits accept it."""

    id: str = Field(examples=["019abcf0c0de7b0c8f0e5a6b7c8d9e0f"])
    name: str = Field(description="escape it where you show it", examples=["Lemon dress"])
    asked: dict[str, Any] = Field(description="as it was asked for", examples=[{"block": "dress", "repeat_cm": 16}])
    colorways: list[ColorwayShown] = Field(description="its own first")
    colours: list[str] = Field(
        description="of pieces, print or drawing, as a colourway exchanges them", examples=[["#f0b93a"]]
    )
    has_back: bool = Field(description="a flat that draws its back, or any block or pattern")
    pieces: list[PieceShown] = Field(description="of a pattern")
    pieces_picture: str | None = Field(
        description="a pattern's pieces as PNG, for an hour", examples=["/v1/files/Zm9v…"]
    )
    print_picture: str | None = Field(description="one repeat as PNG, for an hour", examples=["/v1/files/Zm9v…"])
    understood: Understood
    created_at: datetime
    changed_at: datetime


def show_design(garment: StoredGarment, here: Installation) -> DesignShown:
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
