"""Flags that several commands share, each with its help."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from vmodel.shot.request import (
    FILE_FIELDS,
    GarmentSource,
    RequestPart,
    ShotRequest,
    bounds_of,
    field_of,
    format_size,
    parse_size,
)


def file_path(text: str) -> Path:
    """Parse the path of a file and refuse an empty one, which would silently mean the working folder."""
    if not text:
        raise typer.BadParameter("the path is empty; name a file.")
    return Path(text)


_GARMENT = "The garment"
_PICTURE = "The picture"
_OUTPUT = "Output"
_OUTFIT = "The outfit"
SIZE = format_size(ShotRequest.size)
_REPEATED = {"model", "pose", "view"}


def _flag(
    name: str, *names: str, panel: str | None = _PICTURE, kind: type[RequestPart] = ShotRequest, **more: Any
) -> Any:
    """Return the flag of a request's field, with the field's help and bounds."""
    field = field_of(kind, name)
    low, high = bounds_of(field)
    told = field.description or ""
    if not told.partition(" ")[0].endswith(","):  # a list of names shows them as they are typed
        told = told[:1].upper() + told[1:]
    return typer.Option(*names, min=low, max=high, help=f"{told}.", rich_help_panel=panel, **more)


def _garment_flag(name: str, *names: str, **more: Any) -> Any:
    """Return the flag of what the seller states about a garment."""
    file: dict[str, Any] = {"parser": file_path, "metavar": "<path>"} if name in FILE_FIELDS else {}
    return _flag(name, *names, panel=_GARMENT, kind=GarmentSource, **file, **more)


def request_of(context: typer.Context, garment: GarmentSource, **more: Any) -> ShotRequest:
    """Return the request that a command's flags describe; flags that may be repeated are left to the caller.

    Args:
        context: of the command, whose parameters are named like the fields.
        garment: to be worn.
        more: fields that no flag sets, or not alone.
    Raises:
        SizeOutOfRange, BadUsage: the size or the default pipeline is none.
    """
    from pipelines.selection import resolve_pipeline
    from vmodel.config import default_pipeline, default_style

    asked = {name: value for name, value in _given(context, ShotRequest).items() if name not in _REPEATED} | more
    asked |= {"size": parse_size(asked["size"]), "pipeline": resolve_pipeline(asked["pipeline"] or default_pipeline())}
    asked["style"] = asked.get("style") or default_style()
    return ShotRequest(garment, **asked)


def check_set(context: typer.Context) -> None:
    """Refuse flags that the set of ``--set`` decides.

    Raises:
        BadUsage: --pose, --view or --framing is given as well.
    """
    from vmodel.shot.pose_sets import STAGED, refuse_beside_set

    if (name := context.params["set_name"]) is not None:
        refuse_beside_set(name, [f"--{field}" for field in STAGED if is_given(context, field)])


def is_given(context: typer.Context, name: str) -> bool:
    """Return whether a parameter was typed rather than left at its default."""
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"


def garment_of(context: typer.Context, photo: Path) -> GarmentSource:
    """Return a photo's garment with what a command's flags state about it."""
    return GarmentSource(**_given(context, GarmentSource) | {"photo": photo})


def _given(context: typer.Context, kind: type[RequestPart]) -> dict[str, Any]:
    return {each.name: context.params[each.name] for each in fields(kind) if each.name in context.params}


Photos = Annotated[
    list[Path] | None,
    typer.Argument(help="Flat-lay photos, each showing one garment.", parser=file_path, show_default=False),
]
Models = Annotated[
    list[str] | None, typer.Option("--model", help="Model id, see `vmodel models list`; may be repeated.")
]
Poses = Annotated[
    list[str] | None,
    typer.Option("--pose", help="Pose name, see `vmodel poses list`, or a pose file; may be repeated."),
]
SetName = Annotated[
    str | None,
    typer.Option(
        "--set",
        help="classic, street, studio or kids: 4 to 6 pictures as shops show a garment, instead of poses and views.",
    ),
]
Views = Annotated[list[str] | None, _flag("view", "--view", panel=None)]
Framing = Annotated[str, _flag("framing")]
Background = Annotated[str, _flag("background")]
ChannelName = Annotated[str | None, _flag("channel", "--channel")]
Light = Annotated[str, _flag("light")]
Size = Annotated[str, _flag("size")]
Focal = Annotated[float, _flag("focal_mm", "--focal")]
Seed = Annotated[int, _flag("seed")]
Count = Annotated[
    int,
    typer.Option(
        min=1, max=100, help="Pictures of each combination; each uses the next seed.", rich_help_panel=_PICTURE
    ),
]
Steps = Annotated[int | None, _flag("steps")]
Barefoot = Annotated[bool, _flag("barefoot", "--barefoot")]
Shoes = Annotated[str, _flag("shoes", "--shoes")]
Fitting = Annotated[bool, _flag("fitting", "--fitting")]
PipelineName = Annotated[str | None, _flag("pipeline", "--pipeline", show_default=False)]
Out = Annotated[Path, typer.Option(help="Output folder.", rich_help_panel=_OUTPUT)]
FileFormat = Annotated[str, typer.Option("--format", help="png, jpeg, webp or avif.", rich_help_panel=_OUTPUT)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object per shot.")]
Maps = Annotated[
    bool,
    typer.Option(
        "--maps", help="Also save the condition maps, such as pose, depth and masks.", rich_help_panel=_OUTPUT
    ),
]
Sheet = Annotated[
    bool,
    typer.Option(
        "--contact-sheet", help="Also write one page that shows all pictures of this run.", rich_help_panel=_OUTPUT
    ),
]
With = Annotated[
    list[Path] | None,
    typer.Option(
        "--with",
        parser=file_path,
        metavar="<path>",
        help="Flat-lay of another garment to wear with it; may be repeated up to 3 times.",
        rich_help_panel=_OUTFIT,
    ),
]
Outfit = Annotated[
    Path | None,
    typer.Option(
        "--outfit",
        parser=file_path,
        metavar="<path>",
        help="YAML file that lists the other garments, see docs/cli.md.",
        rich_help_panel=_OUTFIT,
    ),
]
Tucked = Annotated[bool, _flag("tucked", "--tucked", panel=_OUTFIT)]
Style = Annotated[str | None, _flag("style", "--style", panel=_OUTFIT, show_default=False)]
Mask = Annotated[Path | None, _garment_flag("mask")]
Back = Annotated[Path | None, _garment_flag("back")]
Category = Annotated[str | None, _garment_flag("category")]
LandmarksFile = Annotated[Path | None, _garment_flag("landmarks", "--landmarks")]
WornOpen = Annotated[bool | None, _garment_flag("worn_open", "--open/--closed", show_default=False)]
Material = Annotated[str | None, _garment_flag("material")]
WidthCm = Annotated[float | None, _garment_flag("width_cm")]
LengthCm = Annotated[float | None, _garment_flag("length_cm")]
Chart = Annotated[
    Path | None,
    typer.Option(
        "--size-chart",
        parser=file_path,
        metavar="<path>",
        help="CSV file of sizes; makes every size on a matching model unless --garment-size picks one.",
        rich_help_panel=_GARMENT,
    ),
]
GarmentSize = Annotated[str | None, _garment_flag("garment_size")]
From = Annotated[
    Path | None,
    typer.Option(
        "--from", parser=file_path, metavar="<path>", help="Sidecar of a picture; makes the same picture again."
    ),
]
