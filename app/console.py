"""What a person sees of a run: one line an error, and a progress bar where there is a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from vmodel.request import ShotRequest

T = TypeVar("T")

LABELS = {"body model": "preparing the body model (a minute on the first run only)"}
"""Stage -> what people are told instead of its name."""


def one_line(text: str) -> str:
    """A text on one line that every stream can write: what is no text in a file's name is escaped."""
    return " ".join(text.split()).encode("utf-8", "backslashreplace").decode()


def say_error(code: str, message: str) -> None:
    """Write ``code: message`` on one line of standard error."""
    print(f"{code}: {one_line(message)}", file=sys.stderr)


def say_refusal(code: str, message: str, as_json: bool) -> None:
    """Say an error that ends a command, and print the object that a program waits for if it asked for JSON."""
    say_error(code, message)
    if as_json:
        error = {"code": code, "message": one_line(message)}
        print(json.dumps({"error": error}, ensure_ascii=False), flush=True)


def say_warning(message: str) -> None:
    """Write a warning on one line of standard error."""
    print(f"warning: {one_line(message)}", file=sys.stderr)


def say_check(question: str) -> None:
    """Write what a person is asked to check on one line of standard error."""
    print(f"check: {one_line(question)}", file=sys.stderr)


class Watch:
    """Shows which shot is being made and at which stage it is; silent where nobody looks."""

    def __init__(self, bar: Progress | None, shots: int, name: str = "") -> None:
        self._bar = bar
        self._name = name
        self._task = bar.add_task("", total=shots) if bar else None

    def each(self, requests: Sequence[ShotRequest]) -> Iterator[ShotRequest]:
        """Hand on requests one by one, naming the running shot and counting the finished ones."""
        for request in requests:
            parts = request.garment.photo.name, request.model, request.pose, request.view
            self._name = " · ".join(part for part in parts if part)
            yield request
            if self._bar is not None and self._task is not None:
                self._bar.advance(self._task)

    def counted(self, frames: Iterable[T]) -> Iterator[T]:
        """Hand on the pictures of a clip, counting them."""
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
def watching(shots: int, silent: bool, name: str = "") -> Iterator[Watch]:
    """A progress bar on standard error while the block runs.

    Args:
        shots: how many will be made.
        silent: show nothing, as for ``--json``.
        name: of what is made, until ``Watch.each`` names another.
    """
    console = Console(stderr=True)
    if silent or not console.is_terminal:
        yield Watch(None, shots, name)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
    )
    # Pictures' paths go to standard output as they come; the bar must not swallow them.
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True, redirect_stdout=False) as bar:
        yield Watch(bar, shots, name)
