"""Flags that several commands share, each with its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vmodel.limits import LONGEST_FOCAL_MM, MOST_STEPS, SEEDS, SHORTEST_FOCAL_MM


def file_path(text: str) -> Path:
    """Parse the path of a file and refuse an empty one, which would silently mean the working folder."""
    if not text:
        raise typer.BadParameter("the path is empty; name a file.")
    return Path(text)


_GARMENT = "The garment"
_PICTURE = "The picture"
_OUTPUT = "Output"
_OUTFIT = "The outfit"

Photos = Annotated[
    list[Path] | None, typer.Argument(help="Flat-lay photos, one garment each.", parser=file_path, show_default=False)
]
Models = Annotated[
    list[str] | None, typer.Option("--model", help="Id of the roster, see `vmodel models list`; may be repeated.")
]
Poses = Annotated[
    list[str] | None,
    typer.Option("--pose", help="Name, see `vmodel poses list`, or a pose file; may be repeated."),
]
Views = Annotated[
    list[str] | None,
    typer.Option("--view", help="front, back, side, side-right, three-quarter, three-quarter-right or degrees."),
]
Framing = Annotated[str, typer.Option(help="full, upper, lower, detail or chin-down.", rich_help_panel=_PICTURE)]
Background = Annotated[
    str,
    typer.Option(
        help="white, light-grey, grey, warm-grey, dark, gradient, transparent, #rrggbb or a picture file.",
        rich_help_panel=_PICTURE,
    ),
]
ChannelName = Annotated[
    str | None,
    typer.Option(
        "--channel",
        help="Where it will be shown: tmall, taobao, amazon …; decides about the visible AI label.",
        rich_help_panel=_PICTURE,
    ),
]
Light = Annotated[str, typer.Option(help="Light of the studio.", rich_help_panel=_PICTURE)]
Size = Annotated[str, typer.Option(help="HEIGHTxWIDTH in pixels.", rich_help_panel=_PICTURE)]
Focal = Annotated[
    float,
    typer.Option(
        "--focal",
        min=SHORTEST_FOCAL_MM,
        max=LONGEST_FOCAL_MM,
        help="Focal length in mm; a shorter one comes nearer.",
        rich_help_panel=_PICTURE,
    ),
]
Seed = Annotated[
    int,
    typer.Option(min=0, max=SEEDS - 1, help="Whatever is left to chance follows from it.", rich_help_panel=_PICTURE),
]
Count = Annotated[
    int,
    typer.Option(
        min=1, max=100, help="Pictures of each combination, each with the next seed.", rich_help_panel=_PICTURE
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        min=1, max=MOST_STEPS, help="How often a pipeline asks its network; not for draft.", rich_help_panel=_PICTURE
    ),
]
Barefoot = Annotated[
    bool,
    typer.Option("--barefoot", help="Without the plain shoes that everybody wears else.", rich_help_panel=_PICTURE),
]
Fitting = Annotated[
    bool,
    typer.Option(
        "--fitting", help="A first look, sooner made: coarser cloth and half of the hair.", rich_help_panel=_PICTURE
    ),
]
PipelineName = Annotated[
    str | None,
    typer.Option(
        "--pipeline",
        help="How the picture is made; see docs/pipelines.md. Without it: what VMODEL_PIPELINE names, else embedded.",
        show_default=False,
        rich_help_panel=_PICTURE,
    ),
]
Out = Annotated[Path, typer.Option(help="Folder of the pictures.", rich_help_panel=_OUTPUT)]
FileFormat = Annotated[str, typer.Option("--format", help="png, jpeg, webp or avif.", rich_help_panel=_OUTPUT)]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a shot on standard output.")]
Maps = Annotated[bool, typer.Option("--maps", help="Save the condition maps too.", rich_help_panel=_OUTPUT)]
Sheet = Annotated[
    bool, typer.Option("--contact-sheet", help="One page of all pictures of this run.", rich_help_panel=_OUTPUT)
]
With = Annotated[
    list[Path] | None,
    typer.Option(
        "--with",
        parser=file_path,
        metavar="<path>",
        help="Flat-lay of a garment worn with it; may be repeated.",
        rich_help_panel=_OUTFIT,
    ),
]
Outfit = Annotated[
    Path | None,
    typer.Option(
        "--outfit",
        parser=file_path,
        metavar="<path>",
        help="YAML file of the garments worn with it, see docs/cli.md.",
        rich_help_panel=_OUTFIT,
    ),
]
Tucked = Annotated[bool, typer.Option("--tucked", help="Tops go inside trousers and skirts.", rich_help_panel=_OUTFIT)]
Mask = Annotated[
    Path | None,
    typer.Option(
        parser=file_path, metavar="<path>", help="Black and white picture of the garment.", rich_help_panel=_GARMENT
    ),
]
Back = Annotated[
    Path | None,
    typer.Option(parser=file_path, metavar="<path>", help="Flat-lay of the garment's back.", rich_help_panel=_GARMENT),
]
Category = Annotated[
    str | None,
    typer.Option(
        help="top, dress, trousers, shorts, skirt, jumpsuit, outerwear or swimwear; a bodysuit is swimwear.",
        rich_help_panel=_GARMENT,
    ),
]
LandmarksFile = Annotated[
    Path | None,
    typer.Option(
        "--landmarks",
        parser=file_path,
        metavar="<path>",
        help="JSON of points, as `vmodel inspect --json` prints.",
        rich_help_panel=_GARMENT,
    ),
]
WornOpen = Annotated[
    bool | None,
    typer.Option(
        "--open/--closed",
        help="Wear the front of a jacket, cardigan or shirt open or closed; as photographed without it.",
        show_default=False,
        rich_help_panel=_GARMENT,
    ),
]
Material = Annotated[str | None, typer.Option(help="What it is made of.", rich_help_panel=_GARMENT)]
WidthCm = Annotated[float | None, typer.Option(help="Flat width at chest or waist.", rich_help_panel=_GARMENT)]
LengthCm = Annotated[float | None, typer.Option(help="Neck to hem, or waist to leg end.", rich_help_panel=_GARMENT)]
Chart = Annotated[
    Path | None,
    typer.Option(
        "--size-chart",
        parser=file_path,
        metavar="<path>",
        help="CSV of sizes; without --garment-size every one is shot on a matching model.",
        rich_help_panel=_GARMENT,
    ),
]
GarmentSize = Annotated[str | None, typer.Option(help="Row of the size chart.", rich_help_panel=_GARMENT)]
From = Annotated[
    Path | None, typer.Option("--from", parser=file_path, metavar="<path>", help="Sidecar of a picture to make again.")
]
