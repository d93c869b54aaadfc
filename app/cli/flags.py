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
Views = Annotated[
    list[str] | None,
    typer.Option(
        "--view", help="front, back, side, side-right, three-quarter, three-quarter-right or an angle in degrees."
    ),
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
        help="Where you will publish the picture: tmall, taobao, amazon …; sets the visible AI label.",
        rich_help_panel=_PICTURE,
    ),
]
Light = Annotated[str, typer.Option(help="Studio light setup.", rich_help_panel=_PICTURE)]
Size = Annotated[str, typer.Option(help="HEIGHTxWIDTH in pixels, 384x288 to 3072x3072.", rich_help_panel=_PICTURE)]
Focal = Annotated[
    float,
    typer.Option(
        "--focal",
        min=SHORTEST_FOCAL_MM,
        max=LONGEST_FOCAL_MM,
        help="Focal length in mm; a shorter lens moves the camera closer.",
        rich_help_panel=_PICTURE,
    ),
]
Seed = Annotated[
    int,
    typer.Option(
        min=0,
        max=SEEDS - 1,
        help="Random seed; the same request and seed give the same picture.",
        rich_help_panel=_PICTURE,
    ),
]
Count = Annotated[
    int,
    typer.Option(
        min=1, max=100, help="Pictures of each combination; each uses the next seed.", rich_help_panel=_PICTURE
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        min=1, max=MOST_STEPS, help="Denoising steps of the pipeline; not for draft.", rich_help_panel=_PICTURE
    ),
]
Barefoot = Annotated[
    bool,
    typer.Option("--barefoot", help="Leave out the plain shoes that models wear by default.", rich_help_panel=_PICTURE),
]
Fitting = Annotated[
    bool,
    typer.Option(
        "--fitting", help="Fast preview in half the time: coarser cloth and half the hair.", rich_help_panel=_PICTURE
    ),
]
PipelineName = Annotated[
    str | None,
    typer.Option(
        "--pipeline",
        help="Pipeline that makes the picture, see docs/pipelines.md. Default: VMODEL_PIPELINE, or embedded if unset.",
        show_default=False,
        rich_help_panel=_PICTURE,
    ),
]
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
Tucked = Annotated[bool, typer.Option("--tucked", help="Tuck tops into trousers and skirts.", rich_help_panel=_OUTFIT)]
Mask = Annotated[
    Path | None,
    typer.Option(
        parser=file_path,
        metavar="<path>",
        help="Black and white mask, same size as the photo; white is the garment.",
        rich_help_panel=_GARMENT,
    ),
]
Back = Annotated[
    Path | None,
    typer.Option(parser=file_path, metavar="<path>", help="Flat-lay of the garment's back.", rich_help_panel=_GARMENT),
]
Category = Annotated[
    str | None,
    typer.Option(
        help="top, dress, trousers, shorts, skirt, jumpsuit, outerwear or swimwear (also bodysuits).",
        rich_help_panel=_GARMENT,
    ),
]
LandmarksFile = Annotated[
    Path | None,
    typer.Option(
        "--landmarks",
        parser=file_path,
        metavar="<path>",
        help="JSON file of landmarks, in the format that `vmodel inspect --json` prints.",
        rich_help_panel=_GARMENT,
    ),
]
WornOpen = Annotated[
    bool | None,
    typer.Option(
        "--open/--closed",
        help="Wear a jacket, cardigan, vest or shirt open or closed in front. Default: as photographed.",
        show_default=False,
        rich_help_panel=_GARMENT,
    ),
]
Material = Annotated[
    str | None,
    typer.Option(
        help="Fabric: jersey, cotton, denim, silk, chiffon, knit, leather or coat-wool.", rich_help_panel=_GARMENT
    ),
]
WidthCm = Annotated[
    float | None,
    typer.Option(help="Flat width in cm, from armpit to armpit or at the waist.", rich_help_panel=_GARMENT),
]
LengthCm = Annotated[
    float | None,
    typer.Option(help="Length in cm, from neck to hem or from waist to leg end.", rich_help_panel=_GARMENT),
]
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
GarmentSize = Annotated[
    str | None, typer.Option(help="Make only this size of the size chart.", rich_help_panel=_GARMENT)
]
From = Annotated[
    Path | None,
    typer.Option(
        "--from", parser=file_path, metavar="<path>", help="Sidecar of a picture; makes the same picture again."
    ),
]
