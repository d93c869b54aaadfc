"""``vmodel worker``: make the pictures of jobs."""

from __future__ import annotations

from typing import Annotated

import typer

Count = Annotated[int, typer.Option(help="Worker processes: one per graphics card, or one for every two cores.", min=1)]
Name = Annotated[
    str | None, typer.Option(help="Prefix of the worker names, unique to this machine. Default: the host name.")
]
Drain = Annotated[
    int, typer.Option("--drain", help="Seconds that running pictures may take after a stop signal.", min=0)
]


def work(count: Count = 1, name: Name = None, drain_s: Drain = 600) -> None:
    """Make the pictures of jobs until Ctrl-C or SIGTERM, then finish running pictures and exit.

    You can run workers on several machines: they share the database and the file store of the settings.
    A worker that ends unexpectedly is restarted.
    """
    import os
    import signal
    import threading

    from app.server.logging_setup import write_logs
    from app.server.supervisor import Supervisor

    os.umask(0o077)  # what this process and its workers write is the installation's own
    write_logs()
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    supervisor = Supervisor(count, name, drain_s)
    supervisor.start()
    while not asked.wait(1.0):
        pass
    supervisor.stop()
