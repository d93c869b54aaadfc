"""ZIP files for marketplaces: pictures in the required size and with the required file names, ready for upload."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from vmodel.batch.journal import Outcome
from vmodel.batch.plan import Task
from vmodel.core.texts import escape_csv_formula
from vmodel.errors import OutputNotWritable
from vmodel.publishing.marketplaces import Marketplace, encode_for

#: Restores the authorisation of the picture that a file was made from: (sidecar, JPEG) -> JPEG.
Authorise = Callable[[Path, bytes], bytes]


def pack(
    marketplace: Marketplace, made: Sequence[tuple[Task, Outcome]], folder: Path, authorise: Authorise
) -> Path | None:
    """Write the ZIP of a marketplace, with a product's pictures numbered in the table's order, its main one first.

    The same pictures give the same bytes, except for their signatures.

    Args:
        marketplace: the profile.
        made: pictures of all marketplaces, in order.
        folder: of the pictures and the ZIP.
        authorise: signs each file.
    Returns:
        Its path, or None if there is no picture for it.
    Raises:
        OutputNotWritable: the disk is full.
    """
    own = [(task, outcome) for task, outcome in made if task.marketplace == marketplace.name]
    if not own:
        return None
    path = folder / f"{marketplace.name}.zip"
    passing = folder / f".{path.name}.{os.getpid()}.part"
    counted: Counter[str] = Counter()
    listing = [["file", "sku", "picture", "model", "pose", "view", "garment_size", "colorway"]]
    try:
        with zipfile.ZipFile(passing, "w", zipfile.ZIP_STORED) as archive:
            for task, outcome in own:
                counted[task.sku] += 1
                name = marketplace.file_name(task.sku, counted[task.sku])
                content = _as_taken(marketplace, folder / outcome.picture, folder / outcome.sidecar, authorise)
                archive.writestr(_entry(name), content)
                request = task.request
                chosen = [
                    outcome.model,
                    Path(outcome.pose).stem,
                    request.view,
                    escape_csv_formula(request.garment.garment_size or ""),
                    task.colourway_name,
                ]
                listing.append([name, task.sku, outcome.picture, *chosen])
            text = io.StringIO()
            csv.writer(text).writerows(listing)
            archive.writestr(_entry("pictures.csv"), text.getvalue().encode("utf-8-sig"))
        passing.replace(path)
    except OSError as error:
        raise OutputNotWritable(str(folder), error.strerror or str(error)) from None
    finally:
        passing.unlink(missing_ok=True)
    return path


def _as_taken(marketplace: Marketplace, path: Path, sidecar: Path, authorise: Authorise) -> bytes:
    """Return a picture's file if the marketplace accepts it as it is; otherwise fit it and authorise it again."""
    content = path.read_bytes()
    with Image.open(io.BytesIO(content)) as picture:
        fits = (picture.height, picture.width) == marketplace.size and len(content) <= marketplace.limit_bytes
        if fits and picture.format == "JPEG":
            return content
        encoded = encode_for(marketplace, np.asarray(picture))
    return authorise(sidecar, encoded)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
    entry.external_attr = 0o644 << 16
    return entry
