"""Console output of a run: one line for each error, and a progress bar on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from vmodel.shot.stages import Stage

if TYPE_CHECKING:
    from vmodel.shot.request import ShotRequest

T = TypeVar("T")

LABELS: dict[str, str] = {Stage.BODY_MODEL: "preparing the body model (a minute on the first run only)"}
"""Stage -> label that is shown instead of its name."""


def one_line(text: str) -> str:
    """Return a text on one line that every stream can write: bytes of a file name that are no text are escaped."""
    return " ".join(text.split()).encode("utf-8", "backslashreplace").decode()


def say_error(code: str, message: str) -> None:
    """Write ``code: message`` on one line of standard error."""
    print(f"{code}: {one_line(message)}", file=sys.stderr)


def say_refusal(code: str, message: str, as_json: bool) -> None:
    """Report an error that ends a command, and with ``as_json`` also print it as an object on standard output."""
    say_error(code, message)
    if as_json:
        error = {"code": code, "message": one_line(message)}
        print(json.dumps({"error": error}, ensure_ascii=False), flush=True)


def say_warning(message: str) -> None:
    """Write a warning on one line of standard error."""
    print(f"warning: {one_line(message)}", file=sys.stderr)


def say_check(question: str) -> None:
    """Write a question for a person to check on one line of standard error."""
    print(f"check: {one_line(question)}", file=sys.stderr)


class ShotProgress:
    """Progress display of the running shot and its stage; silent without a progress bar."""

    def __init__(self, bar: Progress | None, shots: int, name: str = "") -> None:
        self._bar = bar
        self._name = name
        self._task = bar.add_task("", total=shots) if bar else None

    def each(self, requests: Sequence[ShotRequest]) -> Iterator[ShotRequest]:
        """Yield requests one by one, name the running shot and count the finished ones."""
        for request in requests:
            parts = request.garment.photo.name, request.model, request.pose, request.view
            self._name = " · ".join(part for part in parts if part)
            yield request
            if self._bar is not None and self._task is not None:
                self._bar.advance(self._task)

    def counted(self, frames: Iterable[T]) -> Iterator[T]:
        """Yield the pictures of a clip and count them."""
        for frame in frames:
            yield frame
            if self._bar is not None and self._task is not None:
                self._bar.advance(self._task)

    def stage(self, stage: str, share: float) -> None:
        """Show a stage; ``share`` is how much of it is done, 0..1."""
        if self._bar is not None and self._task is not None:
            done = f" {share:.0%}" if share > 0 else ""
            self._bar.update(self._task, description=f"{self._name}: {LABELS.get(stage, stage)}{done}")


@contextmanager
def watching(shots: int, silent: bool, name: str = "") -> Iterator[ShotProgress]:
    """Show a progress bar on standard error while the block runs.

    Args:
        shots: how many will be made.
        silent: show nothing, as for ``--json``.
        name: of what is made, until ``Watch.each`` names another.
    """
    console = Console(stderr=True)
    if silent or not console.is_terminal:
        yield ShotProgress(None, shots, name)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
    )
    # Pictures' paths go to standard output as they come; the bar must not swallow them.
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True, redirect_stdout=False) as bar:
        yield ShotProgress(bar, shots, name)
