"""Progress display of a batch: one bar for all pictures, one for each worker, and every failure as it happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Task as RichTask
from rich.table import Column

from app.cli.console import LABELS, say_check, say_error, say_warning
from vmodel.batch.journal import Outcome
from vmodel.batch.plan import RefusedRow, Task


class _ForAll(ProgressColumn):
    """Column that is shown for the whole batch only."""

    def __init__(self, column: ProgressColumn) -> None:
        super().__init__(Column(no_wrap=True))
        self._column = column

    def render(self, task: RichTask) -> RenderableType:
        """Render the column for the whole batch, and nothing for a worker."""
        return self._column(task) if task.fields.get("overall") else ""


class BatchProgress:
    """Progress bars on a terminal, and lines for people or programs in any case."""

    def __init__(self, bars: Progress | None, total: int, done: int, jobs: int, as_json: bool, folder: Path) -> None:
        self._bars, self._as_json, self._folder = bars, as_json, folder
        self._doing = [""] * jobs
        self._workers: list[TaskID] = []
        self._rows_asked: set[int] = set()
        if bars is not None:
            self._all = bars.add_task("[bold]all pictures", total=total, completed=done, overall=True)
            self._workers = [bars.add_task(f"worker {number + 1}: starting", total=None) for number in range(jobs)]

    def begin(self, worker: int, task: Task) -> None:
        """Show that a worker starts with a picture."""
        request = task.request
        garment = task.sku, request.garment.garment_size, task.colourway_name
        words = *garment, request.model, Path(request.pose or "").stem, request.view
        self._doing[worker] = " · ".join(word for word in words if word)
        self._show(worker, self._doing[worker], 0.0)

    def stage(self, worker: int, name: str, share: float) -> None:
        """Show the stage that a worker has reached; ``share`` of it is done, 0..1."""
        self._show(worker, f"{LABELS.get(name, name)}: {self._doing[worker]}", share)

    def rest(self, worker: int) -> None:
        """Hide the bar of a worker that has nothing left to do."""
        if self._bars is not None:
            self._bars.update(self._workers[worker], visible=False)

    def finish(self, task: Task, outcome: Outcome) -> None:
        """Report that a picture was made, or why it failed."""
        if self._bars is not None:
            self._bars.advance(self._all)
        if self._as_json:
            print_json(task, outcome, self._folder)
        elif outcome.made:
            print(self._folder / outcome.picture, flush=True)
            for warning in outcome.warnings:
                say_warning(f"row {task.row}, {task.sku}: {warning}")
            if outcome.question and task.row not in self._rows_asked:
                self._rows_asked.add(task.row)
                say_check(f"row {task.row}, {task.sku}: {outcome.question}")
        else:
            request = task.request
            garment = f"row {task.row}", task.sku, task.colourway_name
            words = *garment, request.model, Path(request.pose or "").stem, request.view
            say_error(outcome.code, f"{outcome.message} [{' · '.join(word for word in words if word)}]")

    def _show(self, worker: int, text: str, share: float) -> None:
        if self._bars is not None:
            total, completed = (1.0, share) if share > 0 else (None, 0.0)
            described = f"worker {worker + 1}: {text}".replace("[", r"\[")
            self._bars.update(self._workers[worker], description=described, total=total, completed=completed)


@contextmanager
def watching_batch(total: int, done: int, jobs: int, as_json: bool, folder: Path) -> Iterator[BatchProgress]:
    """Show progress on standard error while the block runs.

    Args:
        total: pictures of the whole batch.
        done: those that earlier runs made.
        jobs: workers.
        as_json: no bars, and one JSON object a picture on standard output.
        folder: of the pictures.
    """
    console = Console(stderr=True)
    if as_json or not console.is_terminal:
        yield BatchProgress(None, total, done, jobs, as_json, folder)
        return
    # On a narrow terminal the text is shortened, so that bars and figures stay visible.
    words = TextColumn("{task.description}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"))
    figures = [_ForAll(column) for column in (MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())]
    columns = SpinnerColumn(), words, BarColumn(bar_width=16), *figures
    with Progress(*columns, console=console, redirect_stdout=console.is_terminal, expand=True) as bars:
        yield BatchProgress(bars, total, done, jobs, as_json, folder)


def print_json(task: Task, outcome: Outcome, folder: Path) -> None:
    """Print the outcome of a task as one JSON object on one line of standard output."""
    request = task.request
    fields: dict[str, object] = {
        "row": task.row,
        "sku": task.sku,
        "photo": str(request.garment.photo),
        "model": outcome.model or request.model,
        "pose": outcome.pose or request.pose,
        "view": request.view,
        "garment_size": request.garment.garment_size,
        "colorway": task.colourway_name or None,
        "marketplace": task.marketplace or None,
        "picture": str(folder / outcome.picture) if outcome.made else None,
        "sidecar": str(folder / outcome.sidecar) if outcome.made else None,
        "seconds": outcome.seconds,
        "warnings": list(outcome.warnings),
        "check": outcome.check or None,
    }
    if not outcome.made:
        fields["error"] = {"code": outcome.code, "message": outcome.message}
    print(json.dumps(fields, ensure_ascii=False), flush=True)


def say_refused(row: RefusedRow, as_json: bool) -> None:
    """Report a row that is refused, of which no picture will be made."""
    if as_json:
        plain = asdict(row)
        error = {"code": plain.pop("code"), "message": plain.pop("message")}
        print(json.dumps(plain | {"picture": None, "error": error}, ensure_ascii=False), flush=True)
    say_error(row.code, f"{row.message} [row {row.row}{f', column {row.column}' if row.column else ''}]")
