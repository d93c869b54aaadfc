"""Small installation for the tests of jobs: sellers with credits and a photo each."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from vmodel.body.model.roster import Roster, load_roster
from vmodel.config import Settings
from vmodel.core.database import Database, new_id, open_database
from vmodel.service.accounts.plans import Plan, Plans
from vmodel.service.accounts.users import create_account
from vmodel.service.jobs.lifecycle import Job, submit
from vmodel.service.jobs.request import JobRequest
from vmodel.service.ledger.grants import grant
from vmodel.service.ledger.reservations import Balance, balance
from vmodel.service.storage.file_store import FileStore, open_store

PLAN = Plan(monthly_credits=0, concurrent_jobs=2, pictures_a_day=10_000, requests_a_minute=1000)
PLANS = Plans({"draft": 1, "sdxl": 6}, ((1.0, 1), (9.0, 4)), {"free": PLAN}, {"sdxl": {2: 6}})


@dataclass(frozen=True)
class Shop:
    """An open installation."""

    settings: Settings
    database: Database
    store: FileStore

    @property
    def roster(self) -> Roster:
        """Models that come with vmodel."""
        return _roster()

    def seller(self, credits: int = 1000) -> str:
        """Create a seller and return the account id."""
        with self.database.transaction() as session:
            account = create_account(session, "Shop", f"{new_id()}@shop.example")
            if credits:
                grant(session, account.id, credits, "first")
        return account.id

    def photo(self, account_id: str) -> str:
        """Upload a photo and return its key."""
        stream = io.BytesIO()
        Image.new("RGB", (64, 64), "navy").save(stream, "PNG")
        return self.store.put(account_id, stream.getvalue(), "png")

    def ask(self, account_id: str, shots: int | list[Any] = 1, key: str | None = None, **changes: Any) -> JobRequest:
        """Return a request for a job of these shots, or of ``shots`` seeds."""
        like = {"model": "wm-ines", "size": "512x384"}
        asked = [like | {"seed": seed} for seed in range(shots)] if isinstance(shots, int) else shots
        values: dict[str, Any] = {
            "garment": {"photo": self.photo(account_id)},
            "shots": asked,
            "idempotency_key": key or new_id(),
        }
        return JobRequest(account_id, **{**values, **changes})

    def again(self, asked: JobRequest, key: str) -> JobRequest:
        """Return the same job under another key."""
        return replace(asked, idempotency_key=key)

    def submit(self, account_id: str, shots: int | list[Any] = 1, key: str | None = None, **changes: Any) -> Job:
        """Submit a job."""
        return submit(self.database, PLANS, self.roster, self.ask(account_id, shots, key, **changes))

    def balance(self, account_id: str) -> Balance:
        """Return the credits of a seller."""
        with self.database.transaction() as session:
            return balance(session, account_id)


def open_shop(home: Path, database_url: str | None = None, files_url: str | None = None) -> Shop:
    """Open an installation in a folder."""
    settings = Settings(home=home, database_url=database_url, files_url=files_url, secret=None)
    return Shop(settings, open_database(settings), open_store(settings))


@cache
def _roster() -> Roster:
    return load_roster(Settings())
