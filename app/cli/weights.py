"""``vmodel weights``: published weights that some pipelines need."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.cli.console import say_error
from app.cli.errors import cli_errors

if TYPE_CHECKING:
    from pipelines.hub.weights.progress_io import TransferCallback

weights_app = typer.Typer(
    no_args_is_help=True, help="Download and manage the published weights that some pipelines need."
)

Name = Annotated[str, typer.Argument(help="Name of the weights, see `vmodel weights list`.")]
_USES = {"flux2-klein-base": "vmodel train --lora", "dwpose": "vmodel shoot PHOTO --pose PHOTO-OF-A-PERSON"}
"""Name of weights that belong to no pipeline -> command that uses them."""

_WIDE = 150
"""Width in characters of a table that is not shown on a terminal."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@weights_app.command("list")
def list_weights(as_json: AsJson = False) -> None:
    """List the weights that you can download, their licences, and which are on this machine."""
    from pipelines.hub.weights.catalogue import CATALOGUE
    from pipelines.hub.weights.store import pulled_bytes, state_of
    from vmodel.config import Settings

    settings = Settings()
    states = {name: state_of(name, settings) for name in CATALOGUE}
    rows: list[dict[str, Any]] = [
        {
            "name": weights.name,
            "purpose": weights.purpose,
            "state": states[weights.name],
            "bytes": pulled_bytes(weights.name, settings) if states[weights.name] == "ready" else None,
            "licence": weights.licence,
            "research_only": weights.research_only,
            "download_gb": weights.download_gb,
            "memory_gb": weights.memory_gb,
            "repositories": [f"{part.repository}@{part.revision}" for part in weights.parts],
        }
        for weights in CATALOGUE.values()
    ]
    if as_json:
        print(json.dumps(rows))
        return
    table = Table(box=None)
    for head in ("name", "what for", "here", "size", "card memory", "for sale"):
        table.add_column(head, no_wrap=head != "what for")
    table.add_column("licence", overflow="fold")
    for row in rows:
        size = f"{row['download_gb'] if row['bytes'] is None else row['bytes'] / 1e9:.1f} GB"
        for_sale = "no" if row["research_only"] else "yes"
        memory = f"{row['memory_gb']:g} GB" if row["memory_gb"] else "none"
        table.add_row(row["name"], row["purpose"], row["state"], size, memory, for_sale, row["licence"])
    console = Console() if sys.stdout.isatty() else Console(width=_WIDE)
    console.print(table)


@weights_app.command("pull")
def pull(
    name: Name,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Confirm that you have read the licence and agree; needed once.")
    ] = False,
) -> None:
    """Download the weights of a pipeline and check their hashes; resumes an unfinished download."""
    from huggingface_hub.utils.logging import set_verbosity_error
    from huggingface_hub.utils.tqdm import disable_progress_bars

    from pipelines.hub.weights.store import licence_texts, pull_weights
    from vmodel.config import Settings
    from vmodel.errors import LicenceNotAccepted

    # The hub's client logs every retry; a final failure is reported in one line.
    set_verbosity_error()  # type: ignore[no-untyped-call]
    if not Console(stderr=True).is_terminal:
        disable_progress_bars()
    settings = Settings()
    try:
        with _showing(None) as tell:
            folder = pull_weights(name, settings, accept_licence, tell)
    except LicenceNotAccepted:
        for repository, text in licence_texts(name, settings).items():
            print(f"{repository}\n\n{text}", flush=True)
        raise
    print(folder)
    print(f"{name} is ready: {_USES.get(name, f'vmodel shoot PHOTO --pipeline {name}')}", file=sys.stderr)


@weights_app.command("verify")
def verify(name: Name) -> None:
    """Check every file against its hash at download. Exit code 1 if one differs."""
    from pipelines.hub.weights.store import pulled_bytes, verify_weights
    from vmodel.config import Settings

    settings = Settings()
    with _showing(pulled_bytes(name, settings)) as tell:
        faults = verify_weights(name, settings, tell)
    wrong = {path: fault for path, fault in faults.items() if fault is not None}
    for path, fault in wrong.items():
        say_error("weights_incomplete", f"{path} is {fault}; run `vmodel weights pull {name}`.")
    if not wrong:
        print(f"{name}: {len(faults)} files have the right hash")
    raise typer.Exit(1 if wrong else 0)


@weights_app.command("remove")
def remove(name: Name) -> None:
    """Delete the weights of a pipeline from this machine."""
    from pipelines.hub.weights.store import remove_weights
    from vmodel.config import Settings

    print(f"{name}: {remove_weights(name, Settings()) / 1e9:.1f} GB freed")


@weights_app.command("where")
def where(name: Name) -> None:
    """Print the folder for the weights of a pipeline, even if they are not there yet."""
    from pipelines.hub.weights.store import folder_of
    from vmodel.config import Settings

    with cli_errors():
        print(folder_of(name, Settings()))


@contextmanager
def _showing(total_bytes: int | None) -> Iterator[TransferCallback]:
    """Show a progress bar on a terminal while the block runs; hide it while the hub's client shows its own.

    Args:
        total_bytes: of all the work; None if unknown.
    """
    from pipelines.hub.weights.progress_io import tell_nobody

    console = Console(stderr=True)
    if not console.is_terminal:
        yield tell_nobody
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console, transient=True)
    task = bar.add_task("", total=total_bytes)

    def tell(what: str, done: int) -> None:
        bar.update(task, description=what, advance=done)
        if what:
            bar.start()
        else:
            bar.stop()

    try:
        yield tell
    finally:
        bar.stop()
