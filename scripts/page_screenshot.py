"""Make README's picture of the web page from the running page: ``python -m scripts.page_screenshot``.

Needs the extra ``dev``, Chromium and a Chinese typeface. A seller signs in, chooses two people, waits for their
pictures and looks at them on a phone.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from vmodel.config import Settings
from vmodel.core.database import open_database
from vmodel.service.accounts.users import create_account

ROOT = Path(__file__).resolve().parent.parent
EMAIL, PASSWORD = "anna@shop.example", "a long word for a picture"
DESK, PHONE = {"width": 1088, "height": 800}, {"width": 370, "height": 800}
BETWEEN, PATIENCE_MS = 19, 300_000


def main() -> None:
    """Write docs/pictures/page.jpg."""
    with tempfile.TemporaryDirectory() as state, sync_playwright() as playwright:
        database = open_database(Settings(home=Path(state)))
        with database.transaction() as session:
            create_account(session, "Anna", EMAIL, password=PASSWORD)
        database.close()
        chromium = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
        with _served(Path(state)) as address:
            desk = _signed_in(chromium, address, viewport=DESK, locale="en-GB")
            studio = _ordered(desk)
            phone = _signed_in(chromium, address, viewport=PHONE, locale="zh-CN")
            phone.click("nav [data-view=pictures]")
            phone.wait_for_selector(".job[data-state=done] button.shot img")
            phone.wait_for_load_state("networkidle")
            pictures = phone.screenshot()
        chromium.close()
    left, right = (Image.open(io.BytesIO(shot)).convert("RGB") for shot in (studio, pictures))
    page = Image.new("RGB", (left.width + BETWEEN + right.width, left.height), "white")
    page.paste(left, (0, 0))
    page.paste(right, (left.width + BETWEEN, 0))
    page.save(ROOT / "docs" / "pictures" / "page.jpg", quality=88)


def _chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise SystemExit("No Chromium here; install the package chromium.")


@contextmanager
def _served(state: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "app.cli.main", "serve", "--port", "0"]
    environment = {**os.environ, "VMODEL_HOME": str(state), "PYTHONUNBUFFERED": "1"}
    running = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=ROOT, text=True)
    assert running.stdout is not None
    address = re.search(r"http://\S+", running.stdout.readline())
    assert address is not None
    try:
        yield address[0]
    finally:
        running.send_signal(signal.SIGTERM)
        running.stdout.close()
        running.wait()


def _signed_in(chromium: Any, address: str, **context: Any) -> Any:
    page = chromium.new_context(**context).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{address}/")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector(".top[data-account]:not([data-account=''])")
    return page


def _ordered(page: Any) -> bytes:
    """Order two pictures, wait for them, and return the studio as it looked before the order."""
    page.set_input_files("#photos", str(ROOT / "examples" / "logo-tee.jpg"))
    page.wait_for_selector(".garment .of-cutout")
    page.locator("label.card:has(input[value=mn-kenji])").click()
    page.locator("label.card:has(input[value=wm-hana])").click()
    page.locator("label.card:has(input[value=walking])").click()
    page.wait_for_function("document.querySelector('.bar-sum')?.textContent.includes('2 pictures')")
    page.evaluate("window.scrollTo(0, 0); document.querySelectorAll('*').forEach(e => e.scrollLeft = 0)")
    page.wait_for_load_state("networkidle")
    studio = bytes(page.screenshot())
    page.click("[data-ask=order]")
    page.wait_for_selector(".job[data-state=done]")
    return studio


if __name__ == "__main__":
    main()
