"""The running service: a socket, the API on it, and the logs."""

from __future__ import annotations

import socket

import uvicorn

from app.api.factory import create_app
from app.logs import write_logs
from app.supervisor import Supervisor
from vmodel.config import Settings
from vmodel.errors import SetupError

_DRAIN_S = 20
_PICTURE_S = 60


class PortTaken(SetupError):
    """Another program listens there, or the address is not this machine's."""

    code = "port_taken"

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"Cannot listen at {host}:{port} ({reason}); choose another with --port or --host.")


def serve_until_stopped(settings: Settings, host: str, port: int, workers: int = 1) -> None:
    """Serve an installation until the process is asked to stop; running requests and pictures end first.

    Args:
        settings: of the installation.
        host: address to listen at.
        port: 0 for a free one.
        workers: processes that make pictures on this machine.
    Raises:
        PortTaken: the address is in use or not this machine's.
        VModelError: the state folder or the database cannot be used.
    """
    listening = _listen(host, port)
    write_logs()
    app = create_app(settings)
    bound_host, bound_port = listening.getsockname()[:2]
    print(f"vmodel is at http://{bound_host}:{bound_port}", flush=True)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_DRAIN_S,
        timeout_keep_alive=15,
        h11_max_incomplete_event_size=32_768,
    )
    supervisor = Supervisor(workers, drain_s=_PICTURE_S)
    supervisor.start()
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        supervisor.stop()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise PortTaken(host, port, error.strerror or str(error)) from None
    listening.set_inheritable(True)
    return listening
