"""Client of one installation with one key, from a photo to pictures on disk."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from vmodel.client.account_client import Keys, Rights, Webhooks
from vmodel.client.account_models import Account
from vmodel.client.models import (
    Design,
    Flat,
    Garment,
    Job,
    Model,
    Pattern,
    Picture,
    Print,
    Shot,
    Usage,
    read_answer,
)
from vmodel.client.transport import TRIES, Connection


class Client:
    """Client of one installation with one key; use it as a context, or close it.

    Repeatable requests are retried after a broken connection, a full queue or a rate limit, with the waits that the
    service asks for. A job is submitted once, however often its request is repeated.

    Args:
        url: of the service, without ``/v1``.
        key: of the API.
        timeout_s: limit of one request in seconds; reading a photo takes some.
        transport: for tests.
    Attributes:
        keys: the account's keys.
        webhooks: addresses that receive the events of jobs.
        rights: attestations, reserved models, and verification.
    """

    def __init__(
        self, url: str, key: str, timeout_s: float = 120.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._line = Connection(url, key, timeout_s, transport)
        self.keys = Keys(self._line)
        self.webhooks = Webhooks(self._line)
        self.rights = Rights(self._line)

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._line.close()

    def models(self, gender: str | None = None, size: str | None = None) -> list[Model]:
        """Return the roster; ``gender`` and ``size`` narrow it."""
        wanted = {name: value for name, value in (("gender", gender), ("size", size)) if value is not None}
        return [read_answer(Model, each) for each in self._line.get("/v1/models", wanted)]

    def poses(self) -> list[str]:
        """Return the names of the library's poses."""
        return [each["name"] for each in self._line.get("/v1/poses")]

    def choices(self) -> dict[str, list[str]]:
        """Return every other word that a shot or a correction takes."""
        found: dict[str, list[str]] = self._line.get("/v1/choices")
        return found

    def upload(
        self, photo: Path | bytes, mask: Path | bytes | None = None, back: Path | bytes | None = None, **stated: Any
    ) -> Garment:
        """Upload a flat-lay photo and return what is understood of it.

        Args:
            photo: a file or its content.
            mask: black and white picture that overrides the cut-out.
            back: flat-lay of the garment's back.
            stated: name, category, material, width_cm, length_cm, worn_open.
        Raises:
            ApiProblem: it is no picture, shows a person, or the statements fit no garment.
        """
        files = {"photo": photo, "mask": mask, "back": back}
        return read_answer(Garment, self._line.upload("POST", "/v1/garments", files, stated))

    def garment(self, garment_id: str) -> Garment:
        """Return one garment."""
        return read_answer(Garment, self._line.get(f"/v1/garments/{garment_id}"))

    def garments(self, limit: int = 20, before: str | None = None) -> list[Garment]:
        """Return your garments, the newest first."""
        return [read_answer(Garment, each) for each in self._line.get("/v1/garments", _page(limit, before))]

    def correct(self, garment_id: str, **corrections: Any) -> Garment:
        """Correct what was understood: category, material, width_cm, length_cm, worn_open, landmarks, name.

        None withdraws a statement.
        """
        return read_answer(Garment, self._line.send("PATCH", f"/v1/garments/{garment_id}", json=corrections))

    def delete_garment(self, garment_id: str) -> None:
        """Delete a garment with its files."""
        self._line.send("DELETE", f"/v1/garments/{garment_id}")

    def replace_mask(self, garment_id: str, mask: Path | bytes | None) -> Garment:
        """Replace the cut-out by a black and white picture of the photo's size; None restores it."""
        return read_answer(Garment, self._side_file(garment_id, "mask", mask))

    def replace_back(self, garment_id: str, back: Path | bytes | None) -> Garment:
        """Replace the photo of the garment's back; None removes it."""
        return read_answer(Garment, self._side_file(garment_id, "back", back))

    def blocks(self) -> dict[str, Any]:
        """Return the options of a design: blocks, sizes, materials."""
        found: dict[str, Any] = self._line.get("/v1/blocks")
        return found

    def upload_print(self, file: Path) -> Print:
        """Upload one repeat of a print: SVG or picture."""
        return read_answer(Print, self._line.upload("POST", "/v1/prints", {"file": file}))

    def upload_flat(self, file: Path) -> Flat:
        """Upload a technical flat in SVG."""
        return read_answer(Flat, self._line.upload("POST", "/v1/flats", {"file": file}))

    def upload_pattern(self, file: Path) -> Pattern:
        """Upload a sewing pattern: SVG, DXF (AAMA) or JSON of GarmentCode.

        Raises:
            ApiProblem: it is no pattern, or two edges that are sewn together do not match.
        """
        return read_answer(Pattern, self._line.upload("POST", "/v1/patterns", {"file": file}))

    def preview_design(self, colorway: str = "", **asked: Any) -> bytes:
        """Return front and back of a design lying flat, as PNG; nothing is kept. See ``create_design``."""
        wanted = {"colorway": colorway}
        return self._line.answer("POST", "/v1/designs/preview", TRIES, json=asked, params=wanted).content

    def create_design(self, **asked: Any) -> Design:
        """Keep a design, whose id is also a garment's.

        Args:
            asked: name; block, flat or pattern, print, size, model, repeat_cm, rotate_deg, offset_cm, ground, trim,
                material, piece_materials, category, width_cm, length_cm, colorways ({"name", "colours"} each).
        Raises:
            ApiProblem: a part of it is wrong.
        """
        return read_answer(Design, self._line.send("POST", "/v1/designs", json=asked))

    def replace_design(self, design_id: str, **asked: Any) -> Design:
        """Replace a design by another; see ``create_design``."""
        return read_answer(Design, self._line.send("PUT", f"/v1/designs/{design_id}", json=asked))

    def designs(self, limit: int = 20, before: str | None = None) -> list[Design]:
        """Return your designs, the newest first."""
        return [read_answer(Design, each) for each in self._line.get("/v1/designs", _page(limit, before))]

    def quote(self, garment_id: str, shots: Sequence[Shot], **outfit: Any) -> int:
        """Return the credits that a job would cost; see ``submit``."""
        price: int = self._line.send("POST", "/v1/quotes", json=_asked(garment_id, shots, 5, **outfit))["credits"]
        return price

    def submit(
        self,
        garment_id: str,
        shots: Sequence[Shot],
        key: str | None = None,
        priority: int = 5,
        worn_with: Sequence[str] = (),
        tucked: bool = False,
        colorway: str = "",
    ) -> Job:
        """Ask for pictures of a garment.

        Args:
            garment_id: whose photo, or a design's id.
            shots: the pictures to make.
            key: idempotency key, which returns the same job for ever; None = a fresh one.
            priority: 0..9 among your own jobs, 9 first.
            worn_with: ids of garments that are worn with it, in any order.
            tucked: tops go inside trousers and skirts.
            colorway: of a design; empty for its own colours.
        Raises:
            ApiProblem: too few credits, a day's limit, or an unknown value.
        """
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        asked = _asked(garment_id, shots, priority, worn_with, tucked, colorway)
        return read_answer(Job, self._line.again("POST", "/v1/jobs", json=asked, headers=headers))

    def job(self, job_id: str) -> Job:
        """Return one job."""
        return read_answer(Job, self._line.get(f"/v1/jobs/{job_id}"))

    def jobs(self, limit: int = 20, before: str | None = None) -> list[Job]:
        """Return your jobs, the newest first."""
        return [read_answer(Job, each) for each in self._line.get("/v1/jobs", _page(limit, before))]

    def watch(self, job_id: str) -> Iterator[Job]:
        """Yield a job now and whenever it has changed, until it has ended; reopen the stream if it breaks."""
        told: Job | None = None
        for failed in range(TRIES):
            try:
                for job in self._stream(job_id):
                    if job != told:
                        yield job
                    told = job
            except httpx.TransportError:
                time.sleep(2.0**failed)
            if told is not None and not told.is_open:
                return
        while told is None or told.is_open:
            time.sleep(2.0)
            job = self.job(job_id)
            if job != told:
                yield job
            told = job

    def wait(self, job_id: str) -> Job:
        """Wait until a job has ended, and return it."""
        job = self.job(job_id)
        if job.is_open:
            *_, job = self.watch(job_id)
        return job

    def cancel(self, job_id: str) -> Job:
        """Cancel a job; delivered pictures stay."""
        return read_answer(Job, self._line.again("POST", f"/v1/jobs/{job_id}/cancel"))

    def delete_job(self, job_id: str) -> None:
        """Cancel a job and delete its pictures."""
        self._line.again("DELETE", f"/v1/jobs/{job_id}")

    def picture(self, picture: Picture) -> bytes:
        """Return the file of a finished picture."""
        return self._line.answer("GET", f"/v1/shots/{picture.id}/picture", TRIES).content

    def model3d(self, picture: Picture) -> bytes:
        """Return the dressed model of a finished picture in 3D: glTF 2.0 binary."""
        return self._line.answer("GET", f"/v1/shots/{picture.id}/model3d", TRIES).content

    def download(self, picture: Picture, folder: Path) -> Path:
        """Write a finished picture and its sidecar into a folder.

        Returns:
            Path of the picture.
        """
        folder.mkdir(parents=True, exist_ok=True)
        answer = self._line.answer("GET", f"/v1/shots/{picture.id}/picture", TRIES)
        suffix = {"image/png": "png", "image/jpeg": "jpg"}.get(answer.headers["content-type"], "bin")
        path = folder / f"vmodel-{picture.id}.{suffix}"
        path.write_bytes(answer.content)
        sidecar = self._line.answer("GET", f"/v1/shots/{picture.id}/sidecar", TRIES)
        path.with_suffix(".json").write_bytes(sidecar.content)
        return path

    def delete_picture(self, picture: Picture) -> None:
        """Delete a finished picture with its files; its cost stays in the ledger."""
        self._line.again("DELETE", f"/v1/shots/{picture.id}")

    def account(self) -> Account:
        """Return your account and the permissions of the key."""
        return read_answer(Account, self._line.get("/v1/account"))

    def delete_everything(self) -> int:
        """Delete all your garments and pictures for good and cancel open jobs; account, keys and ledger stay.

        Returns:
            Number of deleted files.
        """
        files: int = self._line.again("DELETE", "/v1/account/content", params={"confirm": "delete-everything"})["files"]
        return files

    def usage(self) -> Usage:
        """Return your credits, plan and prices."""
        return read_answer(Usage, self._line.get("/v1/usage"))

    def statement(self, period: str | None = None, form: str = "csv") -> str:
        """Return a month line by line: "csv", "json" or "html"; this month without a period."""
        wanted = {"form": form} if period is None else {"form": form, "period": period}
        return self._line.answer("GET", "/v1/usage/statement", TRIES, params=wanted).text

    def _stream(self, job_id: str) -> Iterator[Job]:
        for line in self._line.lines(f"/v1/jobs/{job_id}/events"):
            if line.startswith("data: {"):
                yield read_answer(Job, json.loads(line[6:]))

    def _side_file(self, garment_id: str, part: str, file: Path | bytes | None) -> Any:
        path = f"/v1/garments/{garment_id}/{part}"
        return self._line.send("DELETE", path) if file is None else self._line.upload("PUT", path, {part: file})


def _asked(
    garment_id: str,
    shots: Sequence[Shot],
    priority: int,
    worn_with: Sequence[str] = (),
    tucked: bool = False,
    colorway: str = "",
) -> dict[str, Any]:
    return {
        "garment_id": garment_id,
        "shots": [{name: value for name, value in asdict(shot).items() if value is not None} for shot in shots],
        "priority": priority,
        "worn_with": [{"garment_id": each} for each in worn_with],
        "tucked": tucked,
        "colorway": colorway,
    }


def _page(limit: int, before: str | None) -> dict[str, Any]:
    return {"limit": limit} if before is None else {"limit": limit, "before": before}
