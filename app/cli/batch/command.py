"""``vmodel batch``: make all pictures of a folder or a table in several processes, and resume after a kill."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import flags
from app.cli.batch.forecast import KEY, counted, forecast_run
from app.cli.console import say_check, say_warning
from app.cli.errors import cli_errors
from vmodel.errors import BadUsage
from vmodel.shot.request import GarmentSource, ShotRequest

if TYPE_CHECKING:
    from vmodel.batch.journal import Journal, Outcome
    from vmodel.batch.plan import Plan, Task
    from vmodel.batch.report import Results
    from vmodel.batch.rows import RowDefaults
    from vmodel.batch.run import ProgressObserver
    from vmodel.batch.tables.reader import Table
    from vmodel.batch.worker import WorkerConfig
    from vmodel.config import Settings
    from vmodel.publishing.marketplaces import Marketplace

_BATCH = "The batch"
WORKER_BYTES = 2_500_000_000
"""Memory that a worker with the draft pipeline needs at 1024x768, with room for larger pictures."""

Source = Annotated[
    Path | None, typer.Argument(help="Folder of flat-lay photos, or a table: CSV, XLSX or JSONL.", show_default=False)
]
Jobs = Annotated[
    int | None,
    typer.Option(
        min=1, max=64, help="Worker processes. Default: as many as cores and memory allow.", rich_help_panel=_BATCH
    ),
]
Dry = Annotated[
    bool,
    typer.Option(
        "--dry-run", help="Check every row and estimate pictures and time; make nothing.", rich_help_panel=_BATCH
    ),
]
Template = Annotated[
    Path | None,
    typer.Option(
        "--template", help="Write a table to start from (.csv, .xlsx or .jsonl) and exit.", rich_help_panel=_BATCH
    ),
]
PhotoFolder = Annotated[
    Path | None,
    typer.Option(
        "--photos", help="Folder of the photos in the table. Default: the table's own folder.", rich_help_panel=_BATCH
    ),
]
Shops = Annotated[
    list[str] | None,
    typer.Option(
        "--marketplace",
        help="taobao, taobao-3x4, amazon or shopify: use its size and pack a ZIP; may be repeated.",
        rich_help_panel=_BATCH,
    ),
]
ServiceUrl = Annotated[
    str | None,
    typer.Option(
        "--service",
        help="URL of a vmodel service that makes the pictures; put its API key into VMODEL_API_KEY.",
        show_default=False,
        rich_help_panel=_BATCH,
    ),
]
Sizes = Annotated[
    Path | None,
    typer.Option(
        "--size-chart", help="CSV file of sizes; makes every size on a matching model.", rich_help_panel=_BATCH
    ),
]


@dataclass(frozen=True)
class _Run:
    """Everything that a batch needs once its flags are parsed."""

    table: Table
    defaults: RowDefaults
    plan: Plan
    out: Path
    jobs: int
    config: WorkerConfig
    as_json: bool
    service: str | None = None


def shoot_batch(
    context: typer.Context,
    source: Source = None,
    out: flags.Out = Path("out"),
    jobs: Jobs = None,
    dry_run: Dry = False,
    template: Template = None,
    photos: PhotoFolder = None,
    marketplace: Shops = None,
    size_chart: Sizes = None,
    service: ServiceUrl = None,
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
    count: flags.Count = 1,
    pipeline: flags.PipelineName = None,
    steps: flags.Steps = None,
    barefoot: flags.Barefoot = False,
    style: flags.Style = None,
    shoes: flags.Shoes = ShotRequest.shoes,
    file_format: flags.FileFormat = "png",
    as_json: flags.AsJson = False,
) -> None:
    """Make all pictures of a folder or a table in several processes.

    A bad row does not stop the others. After a stop or a crash, run the same command again to make the missing
    pictures. Flags apply where a row leaves a cell empty. Exit codes: 0 all made, 1 some failed, 2 bad usage.
    """
    from vmodel.batch.rows import RowDefaults
    from vmodel.config import Settings
    from vmodel.publishing.marketplaces import find_marketplaces

    with cli_errors(as_json):
        if template is not None:
            return _write_template(template)
        if source is None:
            raise BadUsage("Give a folder of photos or a table; `vmodel batch --template FILE` writes one.")
        flags.check_set(context)
        like = flags.request_of(context, GarmentSource(source))
        shops = find_marketplaces(marketplace or [])
        if service is not None:
            _check_service(service, bool(shops))
        if shops and file_format == "png":  # the format of marketplaces: signed files go into the ZIP unchanged
            file_format = "jpeg"
        defaults = RowDefaults(
            like, model or (None,), pose or (None,), view or (ShotRequest.view,), count, size_chart, shops, file_format,
            set_name,
        )  # fmt: skip
        run = replace(_prepare(source, photos, defaults, out, jobs, as_json, Settings()), service=service)
    if dry_run:
        raise typer.Exit(
            forecast_run(run.table, run.plan, run.out, run.jobs, run.config.settings, run.service, as_json)
        )
    raise typer.Exit(_carry_out(run))


def _check_service(address: str, has_shops: bool) -> None:
    if not address.startswith(("http://", "https://")):
        raise BadUsage(f"{address!r} is no address of a service; write it like https://vmodel.example.")
    if not os.environ.get(KEY):
        raise BadUsage(f"A service wants an API key; make one on its page and put it into {KEY}.")
    if has_shops:
        raise BadUsage("ZIPs for marketplaces are packed where pictures are signed; leave out --marketplace.")


def _write_template(path: Path) -> None:
    from vmodel.batch.rows import FRONTS
    from vmodel.batch.tables.template import write_template
    from vmodel.body.shoes.catalogue import SHOES
    from vmodel.drape.cloth.materials import load_materials
    from vmodel.scene import BACKGROUNDS, FRAMINGS, LIGHTS
    from vmodel.shot.pose_sets import set_names
    from vmodel.types import Category
    from vmodel.wardrobe.styles import STYLES

    choices = {
        "category": [category.value for category in Category],
        "material": list(load_materials()),
        "front": list(FRONTS),
        "framing": list(FRAMINGS),
        "set": list(set_names()),
        "background": list(BACKGROUNDS),
        "light": list(LIGHTS),
        "style": list(STYLES),
        "shoes": list(SHOES),
    }
    write_template(path, choices)
    print(path)


def _prepare(
    source: Path,
    photos: Path | None,
    defaults: RowDefaults,
    out: Path,
    jobs: int | None,
    as_json: bool,
    settings: Settings,
) -> _Run:
    from pipelines.registry import PIPELINES, load_pipeline, weights_used
    from vmodel.batch.plan import plan_batch
    from vmodel.batch.tables.reader import read_table, suggest_column
    from vmodel.batch.worker import WorkerConfig
    from vmodel.body.model.roster import load_roster
    from vmodel.core.files import FORMATS
    from vmodel.errors import PipelineUnknown

    if defaults.file_format not in FORMATS:
        raise BadUsage(f"Unknown format {defaults.file_format!r}; use one of: {', '.join(FORMATS)}.")
    like = defaults.like
    if like.pipeline not in PIPELINES:
        raise PipelineUnknown(like.pipeline, PIPELINES)
    if source.is_dir() and source.resolve() == out.resolve():
        raise BadUsage("Pictures among the photos would be taken for garments by the next call; choose another --out.")
    table = read_table(source)
    table = table if photos is None else replace(table, folder=photos)
    for column in table.unknown:
        meant = suggest_column(column, table)
        say_warning(f"the column {column!r} is unknown and ignored{f'; did you mean {meant}?' if meant else ''}")
    plan = plan_batch(table, defaults, load_roster(settings), PIPELINES)
    for note in (*table.notes, *plan.notes):
        say_warning(note)
    workers = jobs or _workers_that_fit()
    threads = max(1, (os.cpu_count() or 1) // workers)
    make_pipeline = partial(load_pipeline, like.pipeline, like.steps)
    config = WorkerConfig(settings, make_pipeline, out, defaults.file_format, threads, weights_used)
    return _Run(table, defaults, plan, out, workers, config, as_json)


def _workers_that_fit() -> int:
    import psutil

    by_memory = int(psutil.virtual_memory().available // WORKER_BYTES)
    return max(1, min(os.cpu_count() or 1, by_memory))


def _carry_out(run: _Run) -> int:
    from app.cli.batch.progress import say_refused
    from vmodel.batch.journal import open_journal
    from vmodel.core.files import make_folder, make_home, sweep_unfinished

    with cli_errors(run.as_json):
        make_folder(run.out)
        if run.service is None:
            make_home(run.config.settings.home)
    for row in run.plan.refused:
        say_refused(row, run.as_json)
    with open_journal(run.out) as journal:
        sweep_unfinished(run.out)
        if run.service is None:
            _prepare_registry(run.config)
        try:
            _make(run, journal)
        finally:  # also after Ctrl-C: the pictures made so far are listed
            results = _results(run, journal)
            _write_results(run, results)
    if results.waiting:
        left = counted(len(results.waiting), "picture")
        say_warning(f"{left} not tried; fix the reported problem and run the same command again")
    if results.rows_to_check:
        asked = counted(results.rows_to_check, "row")
        say_check(f"{asked} in results.csv may show another kind of garment; state its category and call again")
    return 1 if results.failed or results.refused or results.waiting else 0


def _prepare_registry(config: WorkerConfig) -> None:
    """Create keys and tables once, before several workers would create them at the same time."""
    from vmodel.core.database import open_database
    from vmodel.rights.provenance.keys import open_authority

    open_authority(config.settings)
    open_database(config.settings).close()


def _make(run: _Run, journal: Journal) -> None:
    from app.cli.batch.progress import watching_batch
    from vmodel.batch.journal import is_made
    from vmodel.batch.time_estimate import Measured, keep_speed, megapixels_of

    left = [task for task in run.plan.tasks if not is_made(journal.outcomes.get(task.key), run.out)]
    done = len(run.plan.tasks) - len(left)
    measured: list[Measured] = []
    with watching_batch(len(run.plan.tasks), done, run.jobs, run.as_json, run.out) as watch:
        try:
            for task, outcome in _outcomes(run, left, journal, watch):
                watch.finish(task, outcome)
                if outcome.made and run.service is None:
                    pipeline, megapixels = task.request.pipeline, megapixels_of(task)
                    measured.append(Measured(pipeline, outcome.dressed, megapixels, outcome.seconds, run.jobs))
        finally:
            keep_speed(run.config.settings.home, measured)


def _outcomes(
    run: _Run, left: Sequence[Task], journal: Journal, watch: ProgressObserver
) -> Iterator[tuple[Task, Outcome]]:
    """Run the tasks here or on the service, and return an iterator over them with their outcomes."""
    if run.service is None:
        from vmodel.batch.run import run_tasks

        return run_tasks(left, run.jobs, run.config, journal, watch)
    from app.cli.batch.remote import run_on_service
    from vmodel.client import Client

    client = Client(run.service, os.environ[KEY])
    return run_on_service(left, run.jobs, client, run.service, journal, watch)


def _results(run: _Run, journal: Journal) -> Results:
    from vmodel.batch.report import Results

    known = [(task, journal.outcomes.get(task.key)) for task in run.plan.tasks]
    waiting: list[Task] = [task for task, outcome in known if outcome is None]
    return Results([(task, outcome) for task, outcome in known if outcome is not None], run.plan.refused, waiting)


def _write_results(run: _Run, results: Results) -> None:
    from pipelines.registry import weights_used
    from vmodel.batch.marketplace_zip import pack
    from vmodel.batch.report import judge_results, write_csv, write_page
    from vmodel.config import Settings
    from vmodel.publishing.publisher import Publisher
    from vmodel.quality.consistency import write_consistency

    write_csv(results, run.out / "results.csv")
    written = [run.out / "results.csv", write_page(results, run.out, f"vmodel: {run.table.folder.resolve().name}")]
    sets = judge_results(results)
    if sets:
        write_consistency(sets, run.out / "consistency.json")
        written.append(run.out / "consistency.json")
    for warning in (warning for each in sets for warning in each.warnings):
        say_warning(warning)
    shops: list[Marketplace] = list(run.defaults.marketplaces)
    authorise = Publisher(Settings(), weights_used).authorise_rendition
    written += [path for shop in shops if (path := pack(shop, results.made, run.out, authorise)) is not None]
    if not run.as_json:
        for path in written:
            print(path, flush=True)
