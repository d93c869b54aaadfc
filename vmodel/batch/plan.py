"""Plan of a batch: every row of a table is read and checked before any work is done."""

from __future__ import annotations

import functools
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from vmodel.batch.rows import Digest, RowDefaults, RowRequest, column_at_fault, read_row
from vmodel.batch.tables.reader import Row, Table
from vmodel.body.model.roster import Roster
from vmodel.core.files import safe_name, sha256_of
from vmodel.errors import PhotoNotFound, VModelError
from vmodel.garment.designs.colourway import Colourway
from vmodel.shot.request import ShotRequest
from vmodel.studio.validate import check_requests


@dataclass(frozen=True)
class Task:
    """One picture to make.

    Attributes:
        row: number of its line.
        sku: the product's name, safe as part of a file's name.
        request: what to shoot, in the garment's own colours.
        marketplace: name of its profile, or empty.
        key: hex digest of everything that determines the picture, including the files' content.
        marks: parts of its file's name that distinguish it from pictures with the same product, model, pose and view.
        colourway: replacement of its colours, or None.
    """

    row: int
    sku: str
    request: ShotRequest
    marketplace: str
    key: str
    marks: tuple[str, ...] = ()
    colourway: Colourway | None = None

    @property
    def colourway_name(self) -> str:
        """Name of its colourway; empty for the garment's own colours."""
        return self.colourway.name if self.colourway else ""

    def stem(self, model: str, pose: str) -> str:
        """Return the name of its files without ending, for the wearer and the pose that were chosen."""
        parts = [self.sku, model, safe_name(Path(pose).stem), safe_name(self.request.view), *self.marks]
        return "--".join(part for part in parts if part)


@dataclass(frozen=True)
class RefusedRow:
    """Row of which nothing is made.

    Attributes:
        code, message: as those of ``vmodel.errors``.
        column: of the cell at fault; empty if there is no single one.
    """

    row: int
    photo: str
    code: str
    message: str
    column: str = ""


@dataclass(frozen=True)
class Plan:
    """Tasks and refused rows of a batch; garments stay together, so that a drape serves all its pictures.

    Attributes:
        notes: possible mistakes of the seller, one sentence each.
    """

    tasks: tuple[Task, ...]
    refused: tuple[RefusedRow, ...]
    notes: tuple[str, ...] = ()


@dataclass
class _Skus:
    """Product names in use, in lower case, and the photo of each."""

    digests: dict[str, str] = field(default_factory=dict)
    renamed: dict[str, None] = field(default_factory=dict)

    def take(self, row: int, wanted: str, digest: str) -> str:
        """Return the name, numbered if another photo has it: pictures must not overwrite each other."""
        whole, count = wanted, 2
        while self.digests.setdefault(whole.lower(), digest) != digest:
            whole, count = f"{wanted}-{count}", count + 1
        if whole != wanted:
            self.renamed[f"row {row}: {wanted} is the name of another photo too; its pictures are named {whole}"] = None
        return whole


def plan_batch(table: Table, defaults: RowDefaults, roster: Roster, pipelines: Iterable[str]) -> Plan:
    """Read and check every row; refuse bad ones, and make duplicates once.

    Args:
        table: as read.
        defaults: defaults of the rows.
        roster: the models that may be asked for.
        pipelines: names that exist.
    """
    digest, skus, known = functools.cache(_digest), _Skus(), tuple(pipelines)
    tasks: dict[str, Task] = {}
    refused: list[RefusedRow] = []
    for row in table.rows:
        try:
            asked = read_row(row, table.folder, defaults, roster, digest)
            check_requests([each.request for each in asked], roster, known)
            for task in _to_tasks(row, asked, defaults, digest, skus):
                tasks.setdefault(task.key, task)
        except VModelError as error:
            column = getattr(error, "column", "") or column_at_fault(row, error, roster)
            refused.append(RefusedRow(row.number, row.cells.get("photo", ""), error.code, str(error), column))
    return Plan(tuple(_mark_twins(_together(list(tasks.values())))), tuple(refused), tuple(skus.renamed))


def _to_tasks(
    row: Row, asked: Sequence[RowRequest], defaults: RowDefaults, digest: Digest, skus: _Skus
) -> Iterator[Task]:
    photo = asked[0].request.garment.photo
    wanted = safe_name(row.cells.get("sku", "")) or safe_name(photo.stem) or "garment"
    sku = skus.take(row.number, wanted, digest(photo))
    for each in asked:
        request, shop, way = each.request, each.marketplace, each.colourway
        coloured = [way.name, way.colours] if way else []
        content = json.dumps([sku, shop, defaults.file_format, _described(request, digest), *coloured], sort_keys=True)
        marks = (
            request.framing if request.framing != "full" else "",
            safe_name(request.garment.garment_size or ""),
            way.name if way else "",
            shop,
            f"seed-{request.seed}" if defaults.count > 1 else "",
        )
        yield Task(row.number, sku, request, shop, hashlib.sha256(content.encode()).hexdigest()[:40], marks, way)


def _together(tasks: Sequence[Task]) -> list[Task]:
    """Sort tasks by the first mention of their photo, otherwise in the table's order."""
    first = {task.request.garment.photo: index for index, task in reversed(list(enumerate(tasks)))}
    return sorted(tasks, key=lambda task: first[task.request.garment.photo])


def _mark_twins(tasks: Sequence[Task]) -> Iterator[Task]:
    """Mark tasks with their key if they could get the same file name, whatever model and pose are chosen."""
    alike: dict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        alike[task.stem("", "").lower()].append(task)
    for task in tasks:
        twins = sum(_may_share_name(task, other) for other in alike[task.stem("", "").lower()]) > 1
        yield replace(task, marks=(*task.marks, task.key[:8])) if twins else task


def _may_share_name(task: Task, other: Task) -> bool:
    model, pose = task.request.model, task.request.pose
    same_model = model is None or other.request.model in {None, model}
    return same_model and (
        pose is None or other.request.pose is None or Path(pose).stem.lower() == Path(other.request.pose).stem.lower()
    )


def _described(request: ShotRequest, digest: Digest) -> dict[str, object]:
    """Return the request with its files' content in place of their names."""
    plain = request.to_json()
    named = plain["garment"] | {"pose": plain["pose"], "background": plain["background"].removeprefix("blur:")}
    files = {name: value for name, value in named.items() if isinstance(value, str) and Path(value).is_file()}
    plain["files"] = {name: digest(Path(value)) for name, value in files.items()}
    plain["garment"] = {name: value for name, value in plain["garment"].items() if name not in files}
    return plain | {name: "" for name in ("pose", "background") if name in files}


def _digest(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError:
        raise PhotoNotFound(str(path)) from None
