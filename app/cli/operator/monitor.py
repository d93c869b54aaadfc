"""``vmodel monitor``: find copies of registered pictures among pictures that others publish."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from app.cli.errors import cli_errors


def search_copies(
    source: Annotated[Path, typer.Argument(help="Folder, ZIP file, or text file with one https URL per line.")],
    out: Annotated[Path, typer.Option(help="Folder to write the report and the takedown packs to.")] = Path("monitor"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per copy.")] = False,
) -> None:
    """Search pictures and films for copies of registered pictures, and write the evidence.

    Exit codes: 0 no copy was found, 1 some were found, 2 bad usage.
    """
    from vmodel.config import Settings
    from vmodel.core.database import open_database
    from vmodel.core.files import make_folder, write_whole
    from vmodel.rights.provenance.keys import open_authority
    from vmodel.rights.verification.copy_monitor import search, write_report
    from vmodel.rights.verification.crawl_sources import open_source
    from vmodel.rights.verification.takedown_package import write_pack
    from vmodel.rights.verification.verifier import Verifier

    with cli_errors(as_json):
        settings = Settings()
        authority = open_authority(settings)
        pictures = open_source(source, settings.monitor_hosts)
        make_folder(out)
        verifier = Verifier(settings, open_database(settings))
        found = search(pictures, verifier)
        write_whole(out / "report.html", write_report(found, source.name).encode())
    for number, match in enumerate(found.matches, 1):
        pack, licence = None, match.found.licence
        if licence is not None and match.found.state != "unchecked" and match.found.verdict != "authentic":
            pack = out / f"takedown-{number:03d}-{licence.id[-12:]}.zip"
            write_whole(pack, write_pack(match, verifier, authority))
        if as_json:
            print(json.dumps(match.to_json() | {"pack": str(pack) if pack else None}, ensure_ascii=False))
        else:
            plain = match.to_json()
            print(f"{plain['verdict']}: {plain['where']}: licence {plain['licence']} of {plain['seller']}")
    if not as_json:
        print(out / "report.html")
    raise typer.Exit(1 if found.matches else 0)
