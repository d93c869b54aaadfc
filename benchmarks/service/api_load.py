"""Fifty sellers at once on the API: failed requests and response times.

    python -m benchmarks.service.api_load [--users 50] [--seconds 30] [--pause 1.0] [--photos] [--database-url URL]

The service runs as a process of its own, as ``vmodel serve --workers 0`` starts it; no picture is made. Every user is
an account with its own key and a garment: it lists, asks for prices, submits, looks at and cancels jobs and reads its
usage, with pauses between clicks that are exponentially distributed. With ``--photos`` one more user uploads one photo
after the other meanwhile, which keeps a reader busy.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from PIL import Image

from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.core.database import open_database
from vmodel.core.files import write_whole
from vmodel.service.accounts.auth import create_api_key
from vmodel.service.accounts.users import create_account
from vmodel.service.garments.recognition import read_photo, understand_garment
from vmodel.service.garments.records import GarmentFiles, StatedAttributes, keep_garment
from vmodel.service.ledger.grants import grant
from vmodel.service.storage.file_store import open_store

ROOT = Path(__file__).resolve().parents[2]
READS_PHOTOS = "POST /v1/garments"
"""Photo analysis, so not one of the calls that only wait for the database."""
PLANS = """
pipelines: {draft: 1}
sizes: [{megapixels: 10, times: 1}]
plans: {free: {monthly_credits: 0, concurrent_jobs: 2, pictures_a_day: 100000, requests_a_minute: 100000}}
"""


@dataclass
class Seen:
    """Response times and faults that the users saw.

    Attributes:
        times_s: route -> seconds of each answer.
        faults: requests that failed.
    """

    times_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    faults: list[str] = field(default_factory=list)

    async def ask(
        self, http: httpx.AsyncClient, route: str, path: str = "", **request: object
    ) -> httpx.Response | None:
        """Make one request and record its result; ``path`` is needed if the route has parameters."""
        method, _, pattern = route.partition(" ")
        start = time.perf_counter()
        try:
            answer = await http.request(method, path or pattern, **request)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            self.faults.append(f"{route}: {type(error).__name__}")
            return None
        self.times_s[route].append(time.perf_counter() - start)
        if answer.is_error:
            self.faults.append(f"{route}: {answer.status_code} {answer.text[:200]}")
            return None
        return answer


async def use(
    http: httpx.AsyncClient, number: int, asked: dict[str, object], until: float, pause_s: float, seen: Seen
) -> None:
    """Act as one seller until the time is over."""
    rng = random.Random(number)

    async def think() -> None:
        await asyncio.sleep(rng.expovariate(1 / pause_s) if pause_s else 0)

    await think()
    while time.monotonic() < until:
        await seen.ask(http, "GET /v1/garments")
        await think()
        await seen.ask(http, "GET /v1/models")
        await seen.ask(http, "POST /v1/quotes", json=asked)
        await think()
        key = f"{number}-{rng.random()}"
        job = await seen.ask(http, "POST /v1/jobs", json=asked, headers={"Idempotency-Key": key})
        if job is None:
            continue
        job_id = job.json()["id"]
        for _ in range(4):
            await think()
            await seen.ask(http, "GET /v1/jobs/{id}", f"/v1/jobs/{job_id}")
        await seen.ask(http, "POST /v1/jobs/{id}/cancel", f"/v1/jobs/{job_id}/cancel")
        await seen.ask(http, "GET /v1/jobs")
        await think()
        await seen.ask(http, "GET /v1/usage")


def invite(settings: Settings, users: int, photo: bytes) -> list[tuple[str, str]]:
    """Make accounts with credits.

    Returns:
        (key, id of a garment) of each.
    """
    database, store = open_database(settings), open_store(settings)
    flat_lay = read_photo(photo, "tee.jpg", settings)
    understood = understand_garment(flat_lay, None, StatedAttributes(), load_roster(settings), settings)
    invited = []
    for number in range(users):
        with database.transaction() as session:
            account = create_account(session, f"Seller {number}", f"seller-{number}@shop.example")
            grant(session, account.id, 1_000_000, "load")
            files = GarmentFiles(store.put(account.id, photo, "jpg"))
            garment = keep_garment(session, account.id, "tee.jpg", files, StatedAttributes(), understood)
            invited.append((create_api_key(session, account.id).token, garment.id))
    database.close()
    return invited


def processor_s(pid: int) -> float:
    """Return the CPU seconds that a process has used (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def table(seen: Seen, seconds: float, used_s: float) -> str:
    """Return the outcome in Markdown."""
    rows = ["| call | answers | p50 ms | p95 ms | p99 ms |", "|---|---|---|---|---|"]
    quick = [each for route, times in seen.times_s.items() if route != READS_PHOTOS for each in times]
    for route, times in [*sorted(seen.times_s.items()), ("**all that make no picture and read no photo**", quick)]:
        if times:
            ranked = sorted(times)
            p50, p95, p99 = (
                1000 * ranked[min(len(ranked) - 1, int(share * len(ranked)))] for share in (0.5, 0.95, 0.99)
            )
            rows.append(f"| {route} | {len(times)} | {p50:.0f} | {p95:.0f} | {p99:.0f} |")
    rows.append("")
    cost_ms = 1000 * used_s / max(1, len(quick))
    rows.append(f"{len(quick) / seconds:.0f} requests a second, {len(seen.faults)} faults.")
    rows.append(f"The service used {cost_ms:.1f} ms of processor a request.")
    rows.append(f"The machine had {os.getloadavg()[0]:.0f} tasks running or waiting for {os.cpu_count()} processors.")
    return "\n".join(rows)


async def upload(http: httpx.AsyncClient, photo: bytes, until: float, seen: Seen) -> None:
    """Upload one photo after the other until the time is over."""
    while time.monotonic() < until:
        await seen.ask(http, READS_PHOTOS, files={"photo": ("tee.jpg", photo)})


async def load(address: str, invited: list[tuple[str, str]], asked: argparse.Namespace, photo: bytes) -> Seen:
    """Let all users work at once."""
    seen, until = Seen(), time.monotonic() + asked.seconds
    users = [
        httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=120)
        for key, _ in invited
    ]
    working = []
    for number, (http, (_, garment_id)) in enumerate(zip(users, invited, strict=True)):
        shots = [{"model": "wm-ines", "seed": seed} for seed in range(4)]
        working.append(use(http, number, {"garment_id": garment_id, "shots": shots}, until, asked.pause, seen))
    if asked.photos:
        working.append(upload(users[0], photo, until, seen))
    await asyncio.gather(*working)
    for http in users:
        await http.aclose()
    return seen


def main() -> int:
    """Start the service, load it, print the table; exit code 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--pause", type=float, default=1.0, help="mean seconds between a user's clicks")
    parser.add_argument("--photos", action="store_true", help="one more user uploads photos all the time")
    parser.add_argument("--database-url", default=None)
    asked = parser.parse_args()
    stream = io.BytesIO()
    with Image.open(ROOT / "examples" / "logo-tee.jpg") as picture:
        picture.resize((600, 800)).save(stream, "JPEG")
    photo = stream.getvalue()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write_whole(home / "plans.yaml", PLANS.encode())
        settings = Settings(home=home, plans=home / "plans.yaml", database_url=asked.database_url)
        invited = invite(settings, asked.users, photo)
        environment = os.environ | {"VMODEL_HOME": folder, "VMODEL_PLANS": str(home / "plans.yaml")}
        if asked.database_url:
            environment["VMODEL_DATABASE_URL"] = asked.database_url
        command = [sys.executable, "-m", "app.cli.main", "serve", "--port", "0", "--workers", "0"]
        with (home / "log").open("w") as log:
            service = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment, cwd=ROOT
            )
        try:
            assert service.stdout is not None
            address = service.stdout.readline().split()[-1]
            asyncio.run(load(address, invited[:1], argparse.Namespace(seconds=0.1, pause=0, photos=False), photo))
            start, used_s = time.monotonic(), processor_s(service.pid)
            seen = asyncio.run(load(address, invited, asked, photo))
            print(table(seen, time.monotonic() - start, processor_s(service.pid) - used_s))
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait(60)
    for fault in sorted(set(seen.faults))[:10]:
        print(fault)
    return 1 if seen.faults else 0


if __name__ == "__main__":
    sys.exit(main())
