"""Error handling of commands, for errors that a person or a program can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import typer

from app.cli.console import say_refusal
from vmodel.errors import OutputNotWritable, VModelError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@contextmanager
def cli_errors(as_json: bool = False) -> Iterator[None]:
    """Report an error in a command's arguments as one line, with ``as_json`` also as an object, and exit with 2."""
    try:
        yield
    except VModelError as error:
        say_refusal(error.code, str(error), as_json)
        raise typer.Exit(2) from None


@contextmanager
def cli_transaction(as_json: bool = False) -> Iterator[Session]:
    """Open a transaction on the installation's database and report errors as ``cli_errors`` does."""
    from vmodel.config import Settings
    from vmodel.core.database import open_database

    with cli_errors(as_json):
        database = open_database(Settings())
        try:
            with database.transaction() as session:
                yield session
        finally:
            database.close()


@contextmanager
def writing(out: Path) -> Iterator[TextIO]:
    """Open a file for text and report one that cannot be written as ``cli_errors`` reports errors."""
    try:
        with out.open("w", encoding="utf-8") as stream:
            yield stream
    except OSError as error:
        raise OutputNotWritable(str(out), error.strerror or str(error)) from None
