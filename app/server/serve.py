"""Running service: its listening socket, the API and the page on it, the workers and the logs."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable
from functools import partial
from types import FrameType

import uvicorn
from fastapi import FastAPI

from app.api.factory import create_app
from app.api.http.state import AppState
from app.server.connections import ConnectionLimits, bounded_protocol
from app.server.logging_setup import write_logs
from app.server.supervisor import Supervisor
from app.ui.mount import mount_page
from vmodel.body.mesh.anny_model import init_warp
from vmodel.config import Settings
from vmodel.errors import SetupError
from vmodel.service.accounts.notice_mail import NoticeMailer, find_server
from vmodel.service.accounts.users import list_accounts
from vmodel.service.webhooks.delivery import WebhookDispatcher

_DRAIN_S = 20
_PICTURE_S = 60
_CALL_S = 15
_LOADING_S = 60


class PortTaken(SetupError):
    """A listening address that is in use or does not belong to this machine."""

    code = "port_taken"

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"Cannot listen at {host}:{port} ({reason}); choose another with --port or --host.")


class PlainHttpRefused(SetupError):
    """An address beyond this machine at which passwords would be read by whoever listens on the way."""

    code = "plain_http_refused"

    def __init__(self, host: str) -> None:
        super().__init__(
            f"vmodel speaks plain http, and {host} is open to the network: put a proxy with https in front and set "
            "VMODEL_PUBLIC_URL (https://...) and VMODEL_TRUSTED_PROXIES (its address), or add --plain-http in a "
            "network that you trust."
        )


def serve_until_stopped(settings: Settings, host: str, port: int, workers: int = 1, plain_http: bool = False) -> None:
    """Serve an installation until the process is asked to stop; running requests and pictures end first.

    Args:
        settings: of the installation.
        host: address to listen at.
        port: 0 for a free one.
        workers: processes that make pictures on this machine.
        plain_http: listen beyond this machine although no proxy with https is named.
    Raises:
        PlainHttpRefused: the address is reached from other machines, over http.
        PortTaken: the address is in use or not this machine's.
        VModelError: the state folder or the database cannot be used.
    """
    if not (plain_http or _is_loopback(host) or (settings.is_https and settings.trusted_proxies)):
        raise PlainHttpRefused(host)
    listening = _listen(host, port)
    write_logs()
    app = create_app(settings)
    mount_page(app)
    here: AppState = app.state.installation
    dispatcher = WebhookDispatcher(here.database, here.secret, settings.webhooks_inside)
    carrying = threading.Thread(target=dispatcher.run, args=(here.leaving,), name="webhooks", daemon=True)
    threads = [carrying, *_mail_threads(here)]
    supervisor = Supervisor(workers, drain_s=_PICTURE_S)
    warming = threading.Thread(target=_warm_up, args=(here,), name="warming", daemon=True)
    # Warp redirects this process's standard error while it starts, so no thread may log meanwhile.
    init_warp()
    for thread in (*threads, warming):
        thread.start()
    supervisor.start()
    try:
        _Server(app, partial(_greet, here, listening)).run(sockets=[listening])
    finally:
        here.leaving.set()
        supervisor.stop()
        for thread in threads:
            thread.join(_CALL_S)
        # Native libraries abort a process that exits while a thread still loads them.
        warming.join(_LOADING_S)


def _mail_threads(here: AppState) -> list[threading.Thread]:
    server = find_server(here.settings)
    if server is None:
        return []
    mailer = NoticeMailer(here.database, server, here.settings.public_url)
    return [threading.Thread(target=mailer.run, args=(here.leaving,), name="mail", daemon=True)]


class _Server(uvicorn.Server):
    """Server that announces its start, and ends endless streams when it is asked to stop."""

    def __init__(self, app: FastAPI, greet: Callable[[], None]) -> None:
        settings: Settings = app.state.installation.settings
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_DRAIN_S,
            timeout_keep_alive=15,
            # uvicorn's default believes everybody on this machine about whom they pass on.
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            http=bounded_protocol(ConnectionLimits(settings.trusted_proxies)),
            ws="none",
            h11_max_incomplete_event_size=32_768,
        )
        super().__init__(config)
        self._greet, self._here = greet, app.state.installation

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._greet()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._here.leaving.set()
        super().handle_exit(sig, frame)


def _warm_up(here: AppState) -> None:
    """Load the code that reads photos, checks jobs and measures bodies for designs, so that no visitor waits for it."""
    import vmodel.service.garments.design_preview
    import vmodel.service.garments.recognition
    import vmodel.service.jobs.validation  # noqa: F401
    from vmodel.garment.blocks.library import BLOCKS
    from vmodel.service.garments.designs import Recipe, measures_for

    for block in BLOCKS:
        if here.leaving.is_set():
            return
        measures_for(Recipe(block=block), here.roster)


def _greet(here: AppState, listening: socket.socket) -> None:
    host, port = listening.getsockname()[:2]
    print(f"vmodel is at http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
    with here.database.reading() as session:
        has_operator = bool(list_accounts(session, "operator"))
    if not has_operator:
        print("Nobody can sign in yet; make an operator: vmodel admin init --email YOU@SHOP.EXAMPLE", flush=True)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
