"""Output of a run: pictures, sidecars, maps, the contact sheet, and lines for people or programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.console import say_check, say_error, say_warning
from vmodel.core.files import FORMATS, encode_picture, make_folder, safe_name, stem_of, write_whole
from vmodel.errors import BadUsage, InputError
from vmodel.publishing.contact_sheet import make_contact_sheet
from vmodel.publishing.publisher import save_published
from vmodel.publishing.sidecar import resolved_request
from vmodel.quality.consistency import Look, judge_sets, measure_look, write_consistency
from vmodel.scene import save_maps
from vmodel.shot.pipeline_interface import Failure

if TYPE_CHECKING:
    from vmodel.publishing.publisher import Publisher
    from vmodel.shot.pipeline_interface import Shot
    from vmodel.shot.request import ShotRequest


CATEGORY_FLAG = "pass --category {}"
"""Command-line remedy for a category that was guessed wrong."""


@dataclass
class Output:
    """Writer of results, each as soon as it is made.

    Attributes:
        folder: of all files; made by ``check``.
        file_format: a key of ``vmodel.core.files.FORMATS``.
        maps: save the condition maps too.
        contact_sheet: write one page of all pictures at the end.
        as_json: print one JSON object per shot on standard output, and nothing other than that.
        publisher: authorises every picture that is kept.
    """

    folder: Path
    file_format: str
    maps: bool
    contact_sheet: bool
    as_json: bool
    publisher: Publisher
    _pictures: list[tuple[Path, str]] = field(default_factory=list)
    _stems: set[str] = field(default_factory=set)
    _asked_of: set[str] = field(default_factory=set)
    _many_sizes: bool = False
    _looks: list[tuple[tuple[str, ...], str, Look]] = field(default_factory=list)

    def check(self, requests: Sequence[ShotRequest]) -> None:
        """Refuse output settings that would otherwise fail after the work is done.

        Raises:
            BadUsage: the file format is unknown, or does not support the transparency that was asked for.
            OutputNotWritable: the folder cannot be made or written.
        """
        if self.file_format not in FORMATS:
            raise BadUsage(f"Unknown format {self.file_format!r}; use one of: {', '.join(FORMATS)}.")
        if self.file_format == "jpeg" and any(request.background == "transparent" for request in requests):
            raise BadUsage("JPEG knows no transparency; use --format png, webp or avif.")
        self._many_sizes = len({request.garment.garment_size for request in requests}) > 1
        make_folder(self.folder)

    def keep(self, shot: Shot) -> Failure | None:
        """Publish a shot, write its files and print the picture's path.

        Returns:
            None, or the reason why it must not be published.
        Raises:
            OutputNotWritable: a file cannot be written.
        """
        try:
            published = self.publisher.publish(shot, self.file_format)
        except InputError as error:
            return Failure(shot.request, error.code, str(error))
        stem = self._stem(shot)
        picture, sidecar = save_published(published, self.folder, stem)
        if self.maps:
            save_maps(shot.maps, self.folder, stem)
        self._looks.append((_common(shot), picture.name, measure_look(shot)))
        self._pictures.append((picture, f"{shot.model.id} · {shot.pose} · {shot.request.view}"))
        warnings = (*shot.warnings, *published.warnings)
        if self.as_json:
            found = {
                "picture": str(picture),
                "sidecar": str(sidecar),
                "licence": published.licence.id,
                "category": shot.reading.kind.category.value,
                "fit": shot.fit.verdict,
                "made_by": shot.generated.made_by,
                "check": shot.check,
            }
            _print_line(self._asked(shot.request) | found | _model_and_pose(shot), shot.timings, warnings)
            return None
        print(picture, flush=True)
        for warning in warnings:
            say_warning(f"{shot.request.garment.photo.name}: {warning}")
        self._ask(shot)
        return None

    def report_failure(self, failure: Failure, timings: Mapping[str, float]) -> None:
        """Report on one line which shot failed and why."""
        request = failure.request
        if self.as_json:
            missing = {"picture": None, "sidecar": None, "category": request.garment.category}
            error = {"error": {"code": failure.code, "message": failure.message}}
            _print_line(self._asked(request) | missing | error, timings, ())
        named = [request.garment.photo.name, request.model, request.pose, request.view]
        say_error(failure.code, f"{failure.message} [{' · '.join(part for part in named if part)}]")

    def close(self) -> Path | None:
        """Warn of pictures that do not match the others of their set, and write the contact sheet if requested.

        Sets of several pictures of one garment on one person are reported in ``consistency.json``.

        Returns:
            The contact sheet's path, or None.
        """
        sets = judge_sets(self._looks)
        if sets:
            write_consistency(sets, self.folder / "consistency.json")
        for warning in (warning for each in sets for warning in each.warnings):
            say_warning(warning)
        if not (self.contact_sheet and self._pictures):
            return None
        path = self.folder / "contact-sheet.jpg"
        write_whole(path, encode_picture(make_contact_sheet(self._pictures), "jpeg"))
        if not self.as_json:
            print(path, flush=True)
        return path

    def _ask(self, shot: Shot) -> None:
        """Ask what the photo shows, once for all pictures made of it."""
        if shot.reading.question is None:
            return
        photo = shot.request.garment.photo.name
        asked = shot.reading.question.ask(shot.garment.kind.category, "dressed", CATEGORY_FLAG, photo)
        if asked not in self._asked_of:
            self._asked_of.add(asked)
            say_check(asked)

    def _asked(self, request: ShotRequest) -> dict[str, Any]:
        return {
            "photo": str(request.garment.photo),
            "model": request.model,
            "pose": request.pose,
            "view": request.view,
            "pipeline": request.pipeline,
            "seed": request.seed,
            "steps": request.steps,
        }

    def _stem(self, shot: Shot) -> str:
        framing = shot.request.framing
        parts = [stem_of(shot.request.garment.photo), shot.model.id, stem_of(Path(shot.pose), 60), shot.request.view]
        parts += [] if framing == "full" else [framing]
        parts += ["outfit"] if shot.request.outfit else []
        parts += [safe_name(shot.request.garment.garment_size or "")] if self._many_sizes else []
        whole = "--".join(parts)
        stem, count = whole, 2
        # Two photos of the same name must not overwrite each other, nor two shots that differ in light, size or seed.
        while stem in self._stems or _holds_another(self.folder / f"{stem}.json", shot):
            stem, count = f"{whole}--{count}", count + 1
        self._stems.add(stem)
        return stem


def _holds_another(sidecar: Path, shot: Shot) -> bool:
    """Return True if an existing sidecar belongs to a shot with other settings, or cannot be read."""
    try:
        return dict(json.loads(sidecar.read_bytes())["request"]) != resolved_request(shot)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return sidecar.exists()


def _common(shot: Shot) -> tuple[str, ...]:
    """Return the properties that the pictures of a set share; the garment's name and the model's id come first."""
    request = shot.request
    worn = json.dumps([source.to_json() for source in (request.garment, *request.outfit)], sort_keys=True)
    return request.garment.photo.name, shot.model.id, worn, request.light, request.background, str(request.size)


def _model_and_pose(shot: Shot) -> dict[str, Any]:
    return {"model": shot.model.id, "pose": shot.pose}


def _print_line(fields: dict[str, Any], timings: Mapping[str, float], warnings: Sequence[str]) -> None:
    print(json.dumps(fields | {"timings": dict(timings), "warnings": list(warnings)}, ensure_ascii=False), flush=True)
