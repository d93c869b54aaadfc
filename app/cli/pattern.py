"""``vmodel pattern``: make pictures of a designer's drawing, pattern or print on a model, in any colourway."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import flags
from app.cli.errors import cli_errors
from vmodel.errors import BadUsage
from vmodel.shot.request import GarmentSource, ShotRequest, expand_combinations

if TYPE_CHECKING:
    from vmodel.garment.blocks.print_repeat import PrintRepeat
    from vmodel.garment.designs.block_design import Design
    from vmodel.garment.designs.colourway import Colourway
    from vmodel.garment.sewing.assemble import Sewn
    from vmodel.studio.stage_cache import StageCache

_DESIGN = "The design"

File = Annotated[
    Path | None,
    typer.Argument(
        help="Technical flat (SVG), or sewing pattern: SVG with pieces, DXF (AAMA) or GarmentCode JSON.",
        show_default=False,
    ),
]
BlockName = Annotated[
    str | None,
    typer.Option(
        "--block",
        help="Built-in block instead of FILE: tee, shirt, sweatshirt, hoodie, dress, skirt, trousers, shorts or coat; "
        "for children child-tee, child-sweatshirt, child-hoodie, child-dress, child-skirt, child-trousers, "
        "child-shorts or child-coat.",
        rich_help_panel=_DESIGN,
    ),
]
PrintFile = Annotated[
    Path | None,
    typer.Option(
        "--print",
        help="One repeat of a print (SVG or picture), for --block or the pieces of a sewing pattern.",
        rich_help_panel=_DESIGN,
    ),
]
Repeat = Annotated[float, typer.Option("--repeat-cm", help="Width of one repeat in cm.", rich_help_panel=_DESIGN)]
Rotate = Annotated[
    float,
    typer.Option("--rotate", help="Rotation of the print in degrees, counter-clockwise.", rich_help_panel=_DESIGN),
]
Offset = Annotated[
    str,
    typer.Option(
        "--offset-cm",
        help="Shift of a repeat's centre from the neck or waist, in cm: RIGHT,UP.",
        rich_help_panel=_DESIGN,
    ),
]
Ground = Annotated[
    str,
    typer.Option(
        "--ground", help="Base colour as #rrggbb, of a block or of pieces without a colour.", rich_help_panel=_DESIGN
    ),
]
TrimColour = Annotated[
    str | None,
    typer.Option(
        "--trim", help="Colour of bands and buttons as #rrggbb. Default: that of --ground.", rich_help_panel=_DESIGN
    ),
]
Colourways = Annotated[
    list[str] | None,
    typer.Option(
        "--colorway",
        help="NAME:#old=#new,#old=#new; also makes the design in these colours; may be repeated.",
        rich_help_panel=_DESIGN,
    ),
]
Size = Annotated[
    str | None,
    typer.Option(
        "--garment-size",
        help="Size of the block, XS to 4XL or a child's size. Default: the model's.",
        rich_help_panel=_DESIGN,
    ),
]
PieceMaterials = Annotated[
    list[str] | None,
    typer.Option(
        "--piece-material",
        help="PIECE=MATERIAL; PIECE is the name of a pattern piece or a word in several names; may be repeated.",
        rich_help_panel=_DESIGN,
    ),
]
FlatOnly = Annotated[
    bool,
    typer.Option(
        "--flat-only",
        help="Only draw the garments lying flat, and for a sewing pattern its pieces and marker check.",
        rich_help_panel=_DESIGN,
    ),
]


@dataclass(frozen=True)
class _Choice:
    """Flags that describe a design."""

    file: Path | None
    block: str | None
    print_file: Path | None
    repeat_cm: float
    rotate: float
    offset: str
    ground: str
    trim: str | None
    garment_size: str | None
    material: str | None
    piece_materials: tuple[str, ...]

    @property
    def is_sewn(self) -> bool:
        """Flag that the file is a sewing pattern."""
        from vmodel.garment.sewing.formats.load import is_sewing_pattern

        return self.file is not None and is_sewing_pattern(self.file)


def shoot_pattern(
    context: typer.Context,
    file: File = None,
    block: BlockName = None,
    print_file: PrintFile = None,
    repeat_cm: Repeat = 10.0,
    rotate: Rotate = 0.0,
    offset: Offset = "0,0",
    ground: Ground = "#f4f2ee",
    trim: TrimColour = None,
    colorway: Colourways = None,
    garment_size: Size = None,
    piece_material: PieceMaterials = None,
    flat_only: FlatOnly = False,
    model: flags.Models = None,
    pose: flags.Poses = None,
    view: flags.Views = None,
    framing: flags.Framing = ShotRequest.framing,
    set_name: flags.SetName = None,
    background: flags.Background = ShotRequest.background,
    light: flags.Light = ShotRequest.light,
    channel: flags.ChannelName = None,
    size: flags.Size = flags.SIZE,
    focal_mm: flags.Focal = ShotRequest.focal_mm,
    seed: flags.Seed = ShotRequest.seed,
    pipeline: flags.PipelineName = None,
    steps: flags.Steps = None,
    fitting: flags.Fitting = False,
    barefoot: flags.Barefoot = False,
    style: flags.Style = None,
    shoes: flags.Shoes = ShotRequest.shoes,
    out: flags.Out = Path("out"),
    file_format: flags.FileFormat = "png",
    as_json: flags.AsJson = False,
    contact_sheet: flags.Sheet = False,
    material: flags.Material = None,
    width_cm: flags.WidthCm = None,
    length_cm: flags.LengthCm = None,
) -> None:
    """Make pictures of a design before sewing a sample: a technical flat, a sewing pattern, or a print on a block.

    The command saves the design files of all colourways next to the pictures. `vmodel shoot` accepts them like photos.
    """
    from app.cli.output import Output
    from app.cli.shoot import make_shots
    from pipelines.registry import PIPELINES, load_pipeline, weights_used
    from vmodel.config import Settings
    from vmodel.core.files import make_folder, make_home
    from vmodel.garment.designs.colourway import parse_colourways
    from vmodel.publishing.publisher import Publisher
    from vmodel.shot.pose_sets import in_set
    from vmodel.studio.stage_cache import StageCache
    from vmodel.studio.validate import check_requests

    with cli_errors(as_json):
        flags.check_set(context)
        choice = _Choice(file, block, print_file, repeat_cm, rotate, offset, ground, trim, garment_size, material,
            tuple(piece_material or ()),
        )  # fmt: skip
        _check(choice)
        stages, ways = StageCache(Settings()), parse_colourways(colorway or [])
        like = flags.request_of(context, GarmentSource(out))
        make_folder(out)
        make_home(stages.settings.home)
        requests: list[ShotRequest] = []
        for wearer, path in _designs(choice, model or [None], ways, out, stages):
            garment = GarmentSource(path, material=material, width_cm=width_cm, length_cm=length_cm)
            requests += expand_combinations([garment], [wearer], pose or [None], view or [ShotRequest.view], like)
        requests = requests if set_name is None else in_set(requests, set_name, stages.roster)
        output = Output(out, file_format, False, contact_sheet, as_json, Publisher(stages.settings, weights_used))
        check_requests(requests, stages.roster, PIPELINES)
        output.check(requests)
        if flat_only:
            return _draw_flat(list(dict.fromkeys(request.garment for request in requests)), out, stages)
        loaded = load_pipeline(requests[0].pipeline, steps)
    raise typer.Exit(make_shots(requests, stages, loaded, output))


def _check(choice: _Choice) -> None:
    if (choice.file is None) == (choice.block is None):
        raise BadUsage(
            "Give either FILE, a technical flat in SVG, or --block; `vmodel pattern --help` shows all flags."
        )
    if choice.piece_materials and not choice.is_sewn:
        raise BadUsage("--piece-material belongs to sewing patterns; give --material for the whole garment.")
    if choice.file is not None and choice.garment_size is not None:
        raise BadUsage("--garment-size belongs to --block; give a flat's size by --width-cm.")
    if choice.file is not None and choice.print_file is not None and not choice.is_sewn:
        raise BadUsage("--print belongs to --block and to sewing patterns; a flat has its print drawn in.")


def _designs(
    choice: _Choice, models: Sequence[str | None], ways: Sequence[Colourway], out: Path, stages: StageCache
) -> Iterator[tuple[str | None, Path]]:
    """Yield (wearer, design file) of every model and colourway; write the files that are not the designer's own."""
    from vmodel.core.files import write_whole

    if choice.is_sewn:
        yield from _sewn(choice, models, ways, out)
        return
    if choice.file is not None:
        yield from _flats(choice.file, models, ways, out)
        return
    from vmodel.garment.designs.block_design import ENDING, write_design

    for wearer, name, design in _blocks(choice, models, ways, stages):
        path = out / f"{name}{ENDING}"
        write_whole(path, write_design(design))
        yield wearer, path


def _flats(
    file: Path, models: Sequence[str | None], ways: Sequence[Colourway], out: Path
) -> Iterator[tuple[str | None, Path]]:
    from vmodel.core.files import write_whole
    from vmodel.garment.designs.colourway import recolour_file
    from vmodel.garment.vector.technical_flat import is_drawing

    if not is_drawing(file):
        raise BadUsage(f"{file} is no SVG; export drawings as SVG, and shoot photos with `vmodel shoot`.")
    paths = [file]
    for way in ways:
        paths.append(out / f"{file.stem}--{way.name}.svg")
        write_whole(paths[-1], recolour_file(file, way.colours))
    yield from ((model, path) for model in models for path in paths)


def _blocks(
    choice: _Choice, models: Sequence[str | None], ways: Sequence[Colourway], stages: StageCache
) -> Iterator[tuple[str, str, Design]]:
    """Yield (wearer's id, name, design) of every model and colourway."""
    from vmodel.garment.designs.block_design import Design, check_colour
    from vmodel.garment.designs.colourway import Colourway
    from vmodel.studio.design_wearer import choose_wearer

    printed = _print(choice)
    ground, trim = check_colour(choice.ground), check_colour(choice.trim or choice.ground)
    for model in models:
        wearer, measures = choose_wearer(choice.block or "", model, choice.garment_size, stages.roster)
        design = Design(choice.block or "", measures, printed, ground, trim, choice.material)
        for way in (Colourway("", {}), *ways):
            parts = (
                choice.block,
                choice.print_file and choice.print_file.stem,
                choice.garment_size,
                wearer.id,
                way.name,
            )
            yield wearer.id, "--".join(str(part) for part in parts if part), design.in_colours(way.colours)


def _sewn(
    choice: _Choice, models: Sequence[str | None], ways: Sequence[Colourway], out: Path
) -> Iterator[tuple[str | None, Path]]:
    """Check the pattern, then write and yield a design file in its own colours and in each colourway."""
    from vmodel.core.files import write_whole
    from vmodel.drape.cloth.materials import load_material
    from vmodel.garment.designs.block_design import ENDING, check_colour
    from vmodel.garment.designs.pattern_design import SewnDesign, write_sewn_design
    from vmodel.garment.sewing.assemble import with_materials
    from vmodel.garment.sewing.formats.load import load_pattern, read_pattern_file

    file = choice.file or Path()
    content = load_pattern(file)
    materials = dict(_piece_material(word) for word in choice.piece_materials)
    for material in (*materials.values(), *([choice.material] if choice.material else [])):
        load_material(material)
    with_materials(read_pattern_file(content, file.name), materials)
    ground = check_colour(choice.ground)
    design = SewnDesign(file.name, content, _print(choice), ground, choice.material, materials)
    paths = []
    for name, each in (("", design), *((f"--{way.name}", design.in_colours(way.colours)) for way in ways)):
        paths.append(out / f"{file.stem}{name}{ENDING}")
        write_whole(paths[-1], write_sewn_design(each))
    yield from ((model, path) for model in models for path in paths)


def _piece_material(word: str) -> tuple[str, str]:
    piece, equals, material = (part.strip() for part in word.partition("="))
    if not (piece and equals and material):
        raise BadUsage(f"{word!r} names no piece and material; write it like skirt=chiffon.")
    return piece, material


def _print(choice: _Choice) -> PrintRepeat | None:
    from vmodel.garment.blocks.print_repeat import PrintRepeat, read_tile

    right, up = _offset(choice.offset)
    if choice.print_file is None:
        return None
    return PrintRepeat(read_tile(choice.print_file), choice.repeat_cm, choice.rotate, (right, up))


def _offset(text: str) -> tuple[float, float]:
    try:
        right, up = (float(word) for word in text.split(","))
    except ValueError:
        raise BadUsage(f"{text!r} is no offset; give RIGHT,UP in centimetres, like 2.5,-1.") from None
    return right, up


def _draw_flat(garments: Sequence[GarmentSource], out: Path, stages: StageCache) -> None:
    """Save every garment lying flat, with its outline as transparency, and next to it the back as seen from behind."""
    import numpy as np

    from vmodel.core.files import encode_picture, write_whole
    from vmodel.garment.designs.block_design import is_design
    from vmodel.garment.designs.pattern_design import read_sewn_design, sew_design
    from vmodel.studio.read_garment import read_pattern

    for garment in garments:
        design = read_sewn_design(garment.photo) if is_design(garment.photo) else None
        if design is not None:
            _draw_sewn(sew_design(design), garment.photo.name.removesuffix(".design.json"), out)
            continue
        reading = read_pattern(garment, stages)
        alpha = np.rint(reading.cutout.matte * 255).astype(np.uint8)
        front = np.dstack([reading.flat_lay.rgb, alpha])
        back = np.dstack([reading.garment.textures[1], alpha])[:, ::-1]
        path = out / f"{garment.photo.name.removesuffix('.json').removesuffix('.svg')}--flat.png"
        write_whole(path, encode_picture(np.ascontiguousarray(np.hstack([front, back])), "png"))
        print(path)


def _draw_sewn(sewn: Sewn, name: str, out: Path) -> None:
    """Save a sewn garment lying flat, its pieces side by side, and what the marker check found."""
    import json

    import numpy as np

    from vmodel.core.files import encode_picture, write_whole

    alpha = np.rint(sewn.cutout.matte * 255).astype(np.uint8)
    sides = [np.dstack([sewn.flat_lay.rgb, alpha]), np.dstack([sewn.back, alpha])[:, ::-1]]
    files = {f"{name}--flat.png": encode_picture(np.ascontiguousarray(np.hstack(sides)), "png")}
    for number, sheet in enumerate(sewn.sheets, 1):
        files[f"{name}--pieces-{number}.png"] = encode_picture(sheet, "png")
    files[f"{name}--marker.json"] = (json.dumps(sewn.marker, indent=1) + "\n").encode()
    for file, content in files.items():
        write_whole(out / file, content)
        print(out / file)
    for warning in sewn.garment.warnings:
        print(warning)
