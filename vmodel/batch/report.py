"""Results of a batch beside its pictures: a table, and a page to look at them."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from PIL import Image, ImageOps

from vmodel.batch.journal import Outcome
from vmodel.batch.plan import RefusedRow, Task
from vmodel.core.files import make_folder, write_whole
from vmodel.core.texts import escape_csv_formula
from vmodel.quality.consistency import Look, ShotSet, judge_sets

THUMBNAILS = "thumbnails"
_THUMBNAIL = (360, 480)
_COLUMNS = (
    *("row", "sku", "photo", "model", "pose", "view", "garment_size", "colorway", "marketplace", "status"),
    *("picture", "sidecar", "code", "column", "message", "warnings", "check", "seconds"),
)


@dataclass(frozen=True)
class Results:
    """Outcomes of a table.

    Attributes:
        pictures: tasks with their outcomes, in the plan's order; without those that were never reached.
        refused: rows of which nothing was made.
        waiting: tasks that were not reached.
    """

    pictures: Sequence[tuple[Task, Outcome]]
    refused: Sequence[RefusedRow]
    waiting: Sequence[Task] = ()

    @property
    def made(self) -> list[tuple[Task, Outcome]]:
        """Tasks with a picture."""
        return [(task, outcome) for task, outcome in self.pictures if outcome.made]

    @property
    def rows_to_check(self) -> int:
        """Number of rows whose photo may show another kind of garment than is worn in their pictures."""
        return len({task.row for task, outcome in self.made if outcome.check})

    @property
    def failed(self) -> list[tuple[Task, Outcome]]:
        """Tasks without a picture."""
        return [(task, outcome) for task, outcome in self.pictures if not outcome.made]


def judge_results(results: Results) -> list[ShotSet]:
    """Compare the pictures of each garment on each person, whichever process and run made them."""
    seen = []
    for task, outcome in results.made:
        try:
            look = Look.from_json(outcome.look)
        except (KeyError, TypeError, ValueError, AttributeError):  # a journal of an earlier version
            continue
        request = task.request
        common = (task.sku, outcome.model, request.garment.garment_size or "", request.light, request.background)
        seen.append(((*common, task.marketplace, task.colourway_name), outcome.picture, look))
    return judge_sets(seen)


def write_csv(results: Results, path: Path) -> None:
    """Write one line per picture and one per refused row.

    Text that a spreadsheet would interpret as a formula gets an apostrophe before it.

    Raises:
        OutputNotWritable: the file cannot be written.
    """
    lines: list[dict[str, object]] = [_line(task, outcome) for task, outcome in results.pictures]
    lines += [_line(task, None) for task in results.waiting]
    lines += [
        {
            "row": each.row,
            "photo": each.photo,
            "status": "refused",
            "code": each.code,
            "column": each.column,
            "message": each.message,
        }
        for each in results.refused
    ]
    lines.sort(key=lambda line: int(str(line["row"])))
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, restval="")
    writer.writeheader()
    writer.writerows({name: escape_csv_formula(value) for name, value in line.items()} for line in lines)
    write_whole(path, text.getvalue().encode("utf-8-sig"))


def _line(task: Task, outcome: Outcome | None) -> dict[str, object]:
    request = task.request
    line: dict[str, object] = {
        "row": task.row,
        "sku": task.sku,
        "photo": request.garment.photo.name,
        "model": request.model or "",
        "pose": Path(request.pose or "").stem,
        "view": request.view,
        "garment_size": request.garment.garment_size or "",
        "colorway": task.colourway_name,
        "marketplace": task.marketplace,
        "status": "waiting",
    }
    if outcome is None:
        return line
    chosen = {"model": outcome.model or line["model"], "pose": outcome.pose or line["pose"]}
    return (
        line
        | chosen
        | {
            "status": "made" if outcome.made else "failed",
            "picture": outcome.picture,
            "sidecar": outcome.sidecar,
            "code": outcome.code,
            "message": outcome.message,
            "warnings": " | ".join(outcome.warnings),
            "check": outcome.question,
            "seconds": outcome.seconds,
        }
    )


def write_page(results: Results, folder: Path, title: str) -> Path:
    """Write ``index.html`` with small copies of all pictures beside their flat-lays; it needs nothing but its folder.

    Args:
        results: to show.
        folder: of the pictures.
        title: of the page.
    Raises:
        OutputNotWritable: the folder cannot be written.
    """
    make_folder(folder / THUMBNAILS)
    garments: dict[tuple[str, Path], list[tuple[Task, Outcome]]] = {}
    for task, outcome in results.pictures:
        garments.setdefault((task.sku, task.request.garment.photo), []).append((task, outcome))
    shown = "\n".join(_section(sku, photo, pictures, folder) for (sku, photo), pictures in garments.items())
    refused = "\n".join(
        f"<li><b>Row {each.row}{', column ' * bool(each.column)}{each.column}</b> "
        f"{html.escape(each.photo)}: {html.escape(each.message)}</li>"
        for each in results.refused
    )
    rows = "row refused" if len(results.refused) == 1 else "rows refused"
    counts = [(len(results.made), "made"), (len(results.failed), "failed"), (len(results.refused), rows)]
    counts.append((len(results.waiting), "not reached"))
    counts.append((results.rows_to_check, "row to check" if results.rows_to_check == 1 else "rows to check"))
    summary = ", ".join(f"{count} {what}" for count, what in counts if count) or "nothing made"
    page = _PAGE.format(
        title=html.escape(title),
        summary=summary,
        shown=shown,
        refused=f"<section><h2>Refused</h2>{_list(refused)}</section>" if refused else "",
    )
    path = folder / "index.html"
    write_whole(path, page.encode())
    return path


def _section(sku: str, photo: Path, pictures: Sequence[tuple[Task, Outcome]], folder: Path) -> str:
    readable = any(outcome.made for _, outcome in pictures)
    flat_lay = _thumbnail(photo, folder, f"{sku}--flat-lay") if readable else None
    shown = []
    if flat_lay is not None:
        shown = [f'<figure class="photo">{_image(flat_lay, "flat-lay")}<figcaption>flat-lay</figcaption></figure>']
    failures = []
    for task, outcome in pictures:
        words = [outcome.model or task.request.model, Path(outcome.pose).stem, task.request.view]
        words += [task.request.garment.garment_size, task.colourway_name, task.marketplace]
        caption = html.escape(" · ".join(word for word in words if word))
        if not outcome.made:
            failures.append(f"<li>{caption}: {html.escape(outcome.message)}</li>")
            continue
        small = _thumbnail(folder / outcome.picture, folder, Path(outcome.picture).stem)
        note = "".join(f"<small>{html.escape(warning)}</small>" for warning in outcome.warnings)
        if outcome.question:
            note += f'<small class="check"><b>check</b> {html.escape(outcome.question)}</small>'
        link = f'<a href="{quote(outcome.picture)}">{_image(small, caption)}</a>'
        shown.append(f"<figure>{link}<figcaption>{caption}{note}</figcaption></figure>")
    rows = "".join(shown)
    return f"<section><h2>{html.escape(sku)}</h2><div>{rows}</div>{_list(''.join(failures))}</section>"


def _list(items: str) -> str:
    return f"<ul>{items}</ul>" if items else ""


def _image(path: Path | None, words: str) -> str:
    if path is None:
        return "<i>no picture</i>"
    return f'<img loading="lazy" src="{quote(f"{THUMBNAILS}/{path.name}")}" alt="{words}">'


def _thumbnail(picture: Path, folder: Path, stem: str) -> Path | None:
    """Return a small JPEG of a picture, made again only if the picture is newer."""
    path = folder / THUMBNAILS / f"{stem}.jpg"
    try:
        if path.is_file() and path.stat().st_mtime_ns >= picture.stat().st_mtime_ns:
            return path
        with Image.open(picture) as opened:
            opened.draft("RGB", _THUMBNAIL)
            image = ImageOps.exif_transpose(opened)
            image.thumbnail(_THUMBNAIL)
            image = image.convert("RGBA")
    except Exception:  # decoders raise any exception, and the page is useful without a small picture
        return None
    paper = Image.new("RGBA", image.size, (255, 255, 255, 255))
    paper.alpha_composite(image)
    stream = io.BytesIO()
    paper.convert("RGB").save(stream, "JPEG", quality=82)
    write_whole(path, stream.getvalue())
    return path


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="script-src 'none'">
<title>{title}</title>
<style>
body {{ margin: 2rem; background: #fafaf8; color: #333; font: 15px/1.45 system-ui, sans-serif }}
h1 {{ font-size: 1.4rem; font-weight: 600; margin: 0 }}
h2 {{ font-size: 1rem; font-weight: 600; margin: 2rem 0 .6rem; border-top: 1px solid #ddd; padding-top: 1rem }}
div {{ display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start }}
figure {{ margin: 0; width: 220px }}
img {{ width: 100%; display: block; background: #fff; border: 1px solid #e4e2dd }}
.photo {{ width: 130px }}
figcaption {{ font-size: .8rem; color: #666; margin-top: .3rem; overflow-wrap: anywhere }}
small {{ display: block; color: #9a5b00 }}
.check {{ color: #1f4e79; margin-top: .3rem }}
.check b {{ background: #1f4e79; color: #fff; border-radius: 3px; padding: 0 .35em; font-weight: 600 }}
li {{ color: #9b1c1c }}
</style>
<h1>{title}</h1>
<p>{summary}</p>
{shown}
{refused}
</html>
"""
