"""Command line of vmodel: a thin layer over the library, without flags that the library does not know."""

from __future__ import annotations

import io
import os
import re
import signal
import sys
import warnings
from importlib.metadata import version
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.batch.command import shoot_batch
from app.cli.clip import make_clip
from app.cli.console import say_error, say_refusal
from app.cli.doctor import doctor
from app.cli.inspect import inspect_photo
from app.cli.models import models_app, poses_app
from app.cli.operator.admin import admin_app
from app.cli.operator.ledger import ledger_app
from app.cli.operator.monitor import search_copies
from app.cli.operator.rights import revoke_licence, rights_app, trace_file, verify_files
from app.cli.operator.serve import serve
from app.cli.operator.worker import work
from app.cli.pattern import shoot_pattern
from app.cli.shoot import shoot_photos
from app.cli.train import train_embedded
from app.cli.weights import weights_app
from vmodel.errors import BadUsage, VModelError

if TYPE_CHECKING:
    from vmodel.config import Settings

INTERRUPTED = 130

app = typer.Typer(
    name="vmodel",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Turn one flat-lay photo of a garment into pictures of a virtual model wearing it.",
)
app.command("shoot")(shoot_photos)
app.command("batch")(shoot_batch)
app.command("clip")(make_clip)
app.command("pattern")(shoot_pattern)
app.command("inspect")(inspect_photo)
app.add_typer(models_app, name="models")
app.add_typer(poses_app, name="poses")
app.add_typer(weights_app, name="weights")
app.command("verify")(verify_files)
app.command("trace")(trace_file)
app.command("revoke")(revoke_licence)
app.command("monitor")(search_copies)
app.add_typer(rights_app, name="rights")
app.command("doctor")(doctor)
app.command("train")(train_embedded)
app.command("serve")(serve)
app.add_typer(admin_app, name="admin")
app.add_typer(ledger_app, name="ledger")
app.command("worker")(work)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vmodel {version('vmodel')}")
        raise typer.Exit


@app.callback()
def _root(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line and exit with its code: 0 all made, 1 some failed, 2 bad usage."""
    # Warnings of third-party libraries address developers, not end users.
    warnings.simplefilter("ignore")
    if isinstance(sys.stdout, io.TextIOWrapper):
        # File names may hold bytes that no encoding can decode; JSON escapes such characters in the same way.
        sys.stdout.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGTERM, _stop)
    sys.exit(run(sys.argv[1:]))


def _stop(number: int, _: FrameType | None) -> None:
    # The exception of `sys.exit` runs every `finally` block, each of which removes its unfinished file.
    sys.exit(128 + number)


def run(arguments: list[str]) -> int:
    """Run one command.

    Args:
        arguments: as typed, without the program's name.
    Returns:
        The exit code. Every failure is one line on standard error, never a traceback, and with ``--json`` also an
        object on standard output.
    """
    as_json = "--json" in arguments
    try:
        code = app(arguments, prog_name="vmodel", standalone_mode=False)
        if code == INTERRUPTED:  # typer has turned Ctrl-C into this code
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except typer.TyperException as error:
        # A command group without a subcommand has already printed its help; its message is empty.
        if message := error.format_message():
            say_refusal("usage", message, as_json)
        return 2
    except VModelError as error:
        say_refusal(error.code, str(error), as_json)
        return 2 if isinstance(error, BadUsage) else 1
    except BrokenPipeError:
        # The reader of our output closed the pipe; otherwise Python reports it again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (KeyboardInterrupt, typer.Abort):
        say_error("interrupted", "Stopped; what was made so far is complete.")
        return INTERRUPTED
    except Exception as error:
        return _say_fault(error, as_json)


def _say_fault(error: Exception, as_json: bool) -> int:
    from vmodel.config import Settings
    from vmodel.core.crash_log import log_fault

    try:
        settings = Settings()
        told = _fault_of_the_disk(error, settings)
        if told is not None:
            say_refusal(told.code, str(told), as_json)
            return 1
        say_refusal("internal", log_fault(error, settings.home), as_json)
    except BadUsage as wrong:  # a setting, which then names no folder for the log
        say_refusal(wrong.code, str(wrong), as_json)
        return 2
    return 1


def _fault_of_the_disk(error: Exception, settings: Settings) -> VModelError | None:
    """Return the error for a disk or database that is full, locked, away or damaged; None for a program's fault."""
    from vmodel.core.storage_faults import DatabaseUnavailable, explain_fault
    from vmodel.errors import OutputNotWritable

    known, reason = explain_fault(error), str(getattr(error, "orig", ""))
    if settings.database_url is not None and isinstance(known, DatabaseUnavailable):
        # Visitors are not told the server's own words, but the operator needs them: a host or password may be wrong.
        return DatabaseUnavailable(f"{known.reason}: {(reason or str(error)).splitlines()[0]}; check DATABASE_URL")
    # Compared by name, because the fault may be that the package is missing.
    if settings.database_url is not None or not type(error).__module__.startswith("sqlalchemy."):
        return known
    if re.search("full|readonly|unable to open|disk I/O", reason):
        return OutputNotWritable(str(settings.home), reason, "make room there, or set VMODEL_HOME to another folder")
    if re.search("not a database|malformed", reason):
        return OutputNotWritable(
            str(settings.home / "vmodel.db"), reason, "restore a backup with `vmodel admin restore`, or move it away"
        )
    return known


if __name__ == "__main__":
    main()
