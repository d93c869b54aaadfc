"""``vmodel serve``: run the whole service with one command."""

from __future__ import annotations

from typing import Annotated

import typer

Host = Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0 for every network of the machine.")]
Port = Annotated[int, typer.Option(help="Port to listen at; 0 for a free one.", min=0, max=65535)]
Workers = Annotated[int, typer.Option(help="Processes that make pictures here; 0 where others make them.", min=0)]


def serve(host: Host = "127.0.0.1", port: Port = 8000, workers: Workers = 1) -> None:
    """Serve the web page and the REST API and make pictures until Ctrl-C; state is kept under VMODEL_HOME."""
    from app.server.serve import serve_until_stopped
    from vmodel.config import Settings

    serve_until_stopped(Settings(), host, port, workers)
