"""A running ``vmodel serve`` with its worker, and its browsers, for tests."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.api_client import PASSWORD
from vmodel.config import Settings
from vmodel.core.database import open_database
from vmodel.service.accounts.users import create_account

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE_MS = 480_000
_VMODEL = (sys.executable, "-m", "app.cli.main")


@dataclass(frozen=True)
class Service:
    """A running ``vmodel serve``.

    Attributes:
        refused: what its pages tried in vain because their content security policy forbids it.
    """

    address: str
    chromium: Any
    refused: list[str] = field(default_factory=list)

    def open_page(self, email: str, **context: Any) -> Any:
        """Open the page in a separate browser context and sign in."""
        page = self.chromium.new_context(**{"locale": "en-GB", **context}).new_page()
        page.set_default_timeout(PATIENCE_MS)

        def note(message: Any) -> None:
            if "Content Security Policy" in message.text:
                self.refused.append(message.text)

        page.on("console", note)
        page.goto(f"{self.address}/")
        page.fill("#email", email)
        page.fill("#password", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_selector(".top[data-account]:not([data-account=''])")
        return page


@contextmanager
def serve_page(
    state: Path, home: Path, names: Sequence[str], vmodel: Sequence[str] = _VMODEL, workers: int = 1
) -> Iterator[Service]:
    """Run a service until the block ends.

    Args:
        state: its empty state folder.
        home: home of all tests, whose painted skins and drapes are reused.
        names: names of its sellers; Anna is anna@shop.example.
        vmodel: command line that starts vmodel.
        workers: processes that make pictures.
    """
    from playwright.sync_api import sync_playwright

    (home / "cache").mkdir(exist_ok=True)
    (state / "cache").symlink_to(home / "cache")
    database = open_database(Settings(home=state))
    with database.transaction() as session:
        for name in names:
            create_account(session, name, f"{name.lower()}@shop.example", password=PASSWORD)
    database.close()
    command = [*vmodel, "serve", "--port", "0", "--workers", str(workers)]
    environment = {**os.environ, "VMODEL_HOME": str(state), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with (state / "log").open("wb") as log:
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environment, cwd=ROOT, text=True)
    try:
        assert running.stdout is not None
        told = running.stdout.readline()
        match = re.search(r"http://\S+", told)
        assert match, f"{told}{(state / 'log').read_text(errors='replace')[-2000:]}"
        with sync_playwright() as playwright:
            drawing_3d = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
            chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *drawing_3d])
            service = Service(match[0], chromium)
            yield service
            chromium.close()
            assert service.refused == []
    finally:
        running.send_signal(signal.SIGTERM)
        running.communicate()
