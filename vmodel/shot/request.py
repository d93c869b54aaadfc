"""Shot requests: all data needed to make a picture, and to make it again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator
from pydantic.dataclasses import dataclass
from pydantic.fields import FieldInfo

from vmodel.body.shoes.catalogue import AUTO, CANVAS_SHOES
from vmodel.errors import BadUsage, FocalOutOfRange, SizeOutOfRange
from vmodel.limits import LONGEST_FOCAL_MM, MOST_STEPS, SEEDS, SHORTEST_FOCAL_MM, USUAL_FOCAL_MM, check_size
from vmodel.wardrobe.styles import PLAIN

DEFAULT_SIZE = (1024, 768)
FocalMm = Annotated[
    float,
    Field(
        ge=SHORTEST_FOCAL_MM,
        le=LONGEST_FOCAL_MM,
        description="focal length in mm; a shorter lens moves the camera closer",
        examples=[85],
    ),
]
# A whole number stays one: digests of a request were made of its JSON.
_Centimetres = int | float | None


def _default_pipeline() -> str:
    from vmodel.config import default_pipeline  # it doubles the time that `vmodel --help` takes

    return default_pipeline()


def _default_style() -> str:
    from vmodel.config import default_style

    return default_style()


@dataclass(frozen=True, config=ConfigDict(strict=True, extra="forbid"))
class RequestPart:
    """Base of requests, whose fields take values of their own type only, within their bounds."""

    @model_validator(mode="wrap")
    @classmethod
    def _name_the_fault(cls, values: Any, check: Callable[[Any], Self]) -> Self:
        try:
            return check(values)
        except ValidationError as error:
            raise _fault(cls, error) from None


@dataclass(frozen=True)
class GarmentSource(RequestPart):
    """Files and statements of the seller about one garment; every field but the photo may be absent.

    Measures are bounded only by ``vmodel.studio.validate``: the rules for child models are told before a wrong measure.

    Raises:
        TypeError: a field is unknown, or has a value of another type.
    """

    photo: Annotated[Path, Field(description="flat-lay of the garment")]
    mask: Annotated[
        Path | None, Field(description="black and white mask, same size as the photo; white is the garment")
    ] = None
    back: Annotated[Path | None, Field(description="flat-lay of the garment's back")] = None
    category: Annotated[
        str | None,
        Field(description="top, dress, trousers, shorts, skirt, jumpsuit, outerwear or swimwear (also bodysuits)"),
    ] = None
    landmarks: Annotated[
        Path | None, Field(description="JSON file of landmarks, in the format that `vmodel inspect --json` prints")
    ] = None
    material: Annotated[
        str | None, Field(description="fabric: jersey, cotton, denim, silk, chiffon, knit, leather or coat-wool")
    ] = None
    width_cm: Annotated[_Centimetres, Field(description="flat width in cm, from armpit to armpit or at the waist")] = (
        None
    )
    length_cm: Annotated[_Centimetres, Field(description="length in cm, from neck to hem or from waist to leg end")] = (
        None
    )
    size_chart: Annotated[Path | None, Field(description="CSV with the columns size, width_cm, length_cm")] = None
    garment_size: Annotated[str | None, Field(description="make only this size of the size chart")] = None
    worn_open: Annotated[
        bool | None,
        Field(description="wear a jacket, cardigan, vest or shirt open or closed in front. Default: as photographed"),
    ] = None

    def to_json(self) -> dict[str, Any]:
        """Return the fields that were given, as plain values; paths become strings."""
        given = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}
        return {name: str(value) if isinstance(value, Path) else value for name, value in given.items()}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> GarmentSource:
        """Read what ``to_json`` wrote.

        Raises:
            TypeError: a field is unknown, or has a value of another type.
        """
        typed: dict[str, Any] = {name: Path(v) if name in FILE_FIELDS else v for name, v in plain.items()}
        return cls(**typed)


@dataclass(frozen=True)
class ShotRequest(RequestPart):
    """Request for one picture: a garment, its wearer and the view.

    ``pose`` and ``background`` may be paths of files; ``size`` is (height, width).

    Raises:
        TypeError: a field is unknown, or has a value of another type.
        BadUsage, FocalOutOfRange: a number is out of its bounds.
    """

    garment: GarmentSource
    model: Annotated[
        str | None, Field(description="model id; null picks a model that suits the garment", examples=["wm-ines"])
    ] = None
    pose: Annotated[
        str | None, Field(description="pose name; null picks a pose that suits the garment", examples=["walking"])
    ] = None
    view: Annotated[
        str,
        Field(
            description="front, back, side, side-right, three-quarter, three-quarter-right or an angle in degrees",
            examples=["front"],
        ),
    ] = "front"
    framing: Annotated[str, Field(description="full, upper, lower, detail or chin-down", examples=["full"])] = "full"
    light: Annotated[
        str,
        Field(
            description="soft-key, bright, dramatic-side, beauty, daylight, window, hard-sun or low-key",
            examples=["soft-key"],
        ),
    ] = "soft-key"
    background: Annotated[
        str,
        Field(
            description="white, light-grey, grey, warm-grey, dark or gradient; paper-sand, paper-sage, plaster, "
            "limewash, concrete, white-brick, apartment, panelling, curtain, wood, terrace, street or living-room; "
            "transparent, #rrggbb or a picture file",
            examples=["light-grey"],
        ),
    ] = "light-grey"
    size: Annotated[
        tuple[int, int], Field(description="HEIGHTxWIDTH in pixels, 384x288 to 3072x3072", examples=["1024x768"])
    ] = DEFAULT_SIZE
    seed: Annotated[
        int,
        Field(ge=0, lt=SEEDS, description="random seed; the same request and seed give the same picture", examples=[0]),
    ] = 0
    pipeline: Annotated[
        str,
        Field(
            description="pipeline that makes the picture, see docs/pipelines.md. "
            "Default: VMODEL_PIPELINE, or embedded if unset",
            examples=["draft"],
        ),
    ] = Field(default_factory=_default_pipeline)
    steps: Annotated[
        int | None,
        Field(ge=1, le=MOST_STEPS, description="denoising steps of the pipeline; not for draft", examples=[None]),
    ] = None
    outfit: Annotated[tuple[GarmentSource, ...], Field(description="other garments of the outfit in any order")] = ()
    tucked: Annotated[bool, Field(description="tuck tops into trousers and skirts")] = False
    style: Annotated[
        str,
        Field(
            description="auto, casual or smart complete the outfit from vmodel's own wardrobe, as do names of its "
            "pieces, joined by +; plain leaves the base layer. Default: VMODEL_STYLE, or auto if unset",
            examples=["auto"],
        ),
    ] = Field(default_factory=_default_style)
    channel: Annotated[
        str | None,
        Field(
            description="where you will publish the picture: tmall, taobao, amazon …; sets the visible AI label",
            examples=["tmall"],
        ),
    ] = None
    barefoot: Annotated[bool, Field(description="leave out the shoes that models wear by default")] = False
    shoes: Annotated[
        str,
        Field(
            description="auto, canvas, sneakers, strap-sneakers, loafers, ankle-boots, ballet-flats or sandals, "
            "also in a colour such as loafers-tan; auto suits the garment",
            examples=["auto"],
        ),
    ] = AUTO
    fitting: Annotated[bool, Field(description="fast preview in half the time: coarser cloth and half the hair")] = (
        False
    )
    focal_mm: FocalMm = USUAL_FOCAL_MM

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a sidecar; paths become strings."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in {"garment", "outfit"}}
        plain["size"] = format_size(self.size)
        plain["garment"] = self.garment.to_json()
        if self.focal_mm == USUAL_FOCAL_MM:  # records of earlier versions do not name it and stay the same
            del plain["focal_mm"]
        if self.style == PLAIN:  # likewise
            del plain["style"]
        if self.shoes == CANVAS_SHOES:  # nor do these, and they wear canvas shoes
            del plain["shoes"]
        if self.outfit:
            plain["outfit"] = [source.to_json() for source in self.outfit]
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> ShotRequest:
        """Read what ``to_json`` wrote.

        Raises:
            KeyError, TypeError, BadUsage, FocalOutOfRange, SizeOutOfRange: the values are not those of a request.
        """
        garment = GarmentSource.from_json(plain["garment"])
        outfit = tuple(GarmentSource.from_json(source) for source in plain.get("outfit", ()))
        named = {"style": PLAIN, "shoes": CANVAS_SHOES}
        rest = named | {name: value for name, value in plain.items() if name not in {"garment", "size", "outfit"}}
        return cls(garment=garment, size=parse_size(plain["size"]), outfit=outfit, **rest)


def field_of(kind: type[RequestPart], name: str) -> FieldInfo:
    """Return description, bounds, default and examples of a request's field, for all who offer it."""
    found: FieldInfo = kind.__pydantic_fields__[name]  # type: ignore[attr-defined]
    return found


FILE_FIELDS: Final = tuple(
    each.name for each in fields(GarmentSource) if field_of(GarmentSource, each.name).annotation in (Path, Path | None)
)
"""Fields of ``GarmentSource`` that name files."""


def bounds_of(field: FieldInfo) -> tuple[int | None, int | None]:
    """Return the smallest and the largest number that a field takes; None without bounds."""
    low = next((each.ge for each in field.metadata if hasattr(each, "ge")), None)
    high = next((each.le for each in field.metadata if hasattr(each, "le")), None)
    return low, next((each.lt - 1 for each in field.metadata if hasattr(each, "lt")), high)


_TAKES: Final = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "is_instance_of": "the path of a file",
    "list_type": "a list",
    "too_short": "one or more",
}
"""Type of a fault of pydantic -> what the field takes; of a union's faults the last counts."""


def _fault(kind: type[RequestPart], error: ValidationError) -> Exception:
    """Return the first fault in words of ours, with what the field takes."""
    first, *_ = faults = error.errors(include_url=False)
    if not first["loc"]:
        return TypeError(f"{first['input']!r} is no {kind.__name__}")
    place, value = first["loc"][0], first["input"]
    if first["type"] == "unexpected_keyword_argument":
        known = ", ".join(sorted(each.name for each in fields(kind)))
        return TypeError(f"the field {place!r} is not known; there are {known}")
    name = place if isinstance(place, str) else fields(kind)[place].name
    if first["type"] == "missing":
        return TypeError(f"{name} is missing")
    if not first["type"].startswith(("greater", "less")):
        takes = [_TAKES[each["type"]] for each in faults if each["loc"][:1] == (place,) and each["type"] in _TAKES]
        return TypeError("; give ".join([f"{name} is {value!r:.80}", *takes[-1:]]))
    if name == "focal_mm":
        return FocalOutOfRange(value)
    low, high = bounds_of(field_of(kind, name))
    return BadUsage(f"{value} is out of range for {name}; give {low} to {high}.")


def expand_combinations(
    garments: Sequence[GarmentSource],
    models: Sequence[str | None],
    poses: Sequence[str | None],
    views: Sequence[str],
    like: ShotRequest,
    count: int = 1,
) -> list[ShotRequest]:
    """Return all combinations, in the order that lets the stages reuse most of their work.

    Args:
        garments: the photos with the seller's statements.
        models: ids; None casts a model that suits the garment.
        poses: names or files; None chooses one.
        views: see ``vmodel.scene``.
        like: gives the remaining fields of every shot.
        count: pictures of each combination, with the seeds from that of ``like`` on.
    """
    seeds = range(like.seed, like.seed + count)
    return [
        replace(like, garment=garment, model=model, pose=pose, view=view, seed=seed)
        for garment, model, pose, view, seed in product(garments, models, poses, views, seeds)
    ]


def parse_size(text: str) -> tuple[int, int]:
    """Read HEIGHTxWIDTH.

    Returns:
        (height, width) in pixels.
    Raises:
        SizeOutOfRange: not two whole numbers, or beyond what the renderer makes.
    """
    match = re.fullmatch(r"\s*(\d{1,5})\s*[xX×]\s*(\d{1,5})\s*", text)
    if match is None:
        raise SizeOutOfRange(text)
    size = int(match[1]), int(match[2])
    check_size(size)
    return size


def format_size(size: tuple[int, int]) -> str:
    """Format (height, width) as HEIGHTxWIDTH."""
    return f"{size[0]}x{size[1]}"
