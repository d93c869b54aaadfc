"""``vmodel serve``: run the whole service with one command."""

from __future__ import annotations

import os
from typing import Annotated

import typer

Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 opens it to the network, see --plain-http.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0 picks a free one.", min=0, max=65535)]
Workers = Annotated[int, typer.Option(help="Worker processes; 0 if other machines make the pictures.", min=0)]

PlainHttp = Annotated[bool, typer.Option("--plain-http", help="Listen beyond this machine without https.")]


def serve(host: Host = "127.0.0.1", port: Port = 8000, workers: Workers = 1, plain_http: PlainHttp = False) -> None:
    """Run the web page, the REST API and the workers until Ctrl-C. Data is stored under VMODEL_HOME."""
    from app.server.serve import serve_until_stopped
    from vmodel.config import Settings

    os.umask(0o077)  # what this process and its workers write is the installation's own
    serve_until_stopped(Settings(), host, port, workers, plain_http)
