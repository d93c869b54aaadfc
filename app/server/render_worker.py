"""Worker process: makes the pictures of jobs with a cache of stages that stays warm between them.

``vmodel worker`` starts it, and restarts it when it ends (``app.server.supervisor``).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from pipelines.common.batching import BatchPipeline, prepare_with_draft
from pipelines.common.progress import MonitoredPipeline
from pipelines.pool import PipelinePool
from pipelines.registry import weights_used
from vmodel.config import Settings
from vmodel.core.files import encode_picture
from vmodel.errors import VModelError
from vmodel.publishing.gltf import write_model3d
from vmodel.publishing.publisher import Holder, Published, Publisher
from vmodel.rights.admission.job_admission import admit_job
from vmodel.rights.policy.model_reservation import barred_models
from vmodel.rights.registry.queries import recording_refusals
from vmodel.service.accounts.users import Account
from vmodel.service.jobs.renderer import ProgressCallback, Rendered, ShotAssignment
from vmodel.shoot import complete, shoot
from vmodel.shot.request import FILE_FIELDS, ShotRequest
from vmodel.shot.stages import Stage
from vmodel.studio.dress_model import cast_and_dress
from vmodel.studio.stage_cache import StageCache

if TYPE_CHECKING:
    from vmodel.core.database import Database
    from vmodel.shot.pipeline_interface import Pipeline, PreparedShot, Shot
    from vmodel.types import ByteArray

PREVIEW_PX = 320
"""Longest side of the preview."""


class StudioRenderer:
    """Renderer of jobs' pictures; bodies, drapes and the last pipelines stay warm from one to the next.

    Args:
        settings: of this process.
        database: of accounts and registry; the one that the settings name if None.
    """

    def __init__(self, settings: Settings, database: Database | None = None) -> None:
        self._stages = StageCache(settings)
        self._publisher = Publisher(settings, weights_used, database)
        self._locks = settings.home / "locks"
        self._warm = PipelinePool()
        self._expected: Sequence[tuple[str, ShotRequest]] = ()
        self._ahead: dict[str, tuple[PreparedShot, ByteArray]] = {}

    def further_batch_capacity(self, request: ShotRequest, assignment: ShotAssignment) -> int:
        """See ``vmodel.service.jobs.renderer.BatchRenderer``."""
        pipeline = self._load(request)
        if assignment.shot_id in self._ahead or not isinstance(pipeline, BatchPipeline):
            return 0
        return pipeline.at_once - 1

    def queue_ahead(self, shots: Sequence[tuple[str, ShotRequest]]) -> None:
        """See ``vmodel.service.jobs.renderer.BatchRenderer``."""
        self._expected = shots

    def __call__(self, request: ShotRequest, assignment: ShotAssignment, tell: ProgressCallback) -> Rendered:
        """See ``vmodel.service.jobs.renderer.Renderer``.

        Raises:
            VModelError: see ``vmodel.shoot.shoot``.
        """

        def show(draft: ByteArray) -> None:
            tell(Stage.PHOTOGRAPH, 0.0, preview_of(draft))

        def tell_step(share: float) -> None:
            tell(Stage.PHOTOGRAPH, share)

        self._stages.watch = tell
        database, declared = self._publisher.database, request.garment.category
        with recording_refusals(database, assignment.account_id, request.model, declared):
            self._admit(request, assignment)
            monitored = MonitoredPipeline(self._load(request), show, tell_step, self._locks)
            shot = self._shoot(request, assignment, monitored)
        tell(Stage.PUBLISH, 0.0)
        published = self._publisher.publish(shot, "png", self._holder(assignment))
        return Rendered(published.content, "png", write_sidecar(published, assignment), self._model3d(shot))

    def _shoot(self, request: ShotRequest, assignment: ShotAssignment, monitored: MonitoredPipeline) -> Shot:
        """Make one picture, together with the turn's next ones if they are expected."""
        expected, self._expected = self._expected, ()
        if expected:
            self._make_turn([(assignment.shot_id, request), *expected], monitored)
        made = self._ahead.pop(assignment.shot_id, None)
        if made is None:
            return shoot(request, self._stages, monitored)
        self._stages.reset_timings()
        prepared, picture = made
        return complete(prepared, monitored, self._stages, picture)

    def _make_turn(self, shots: Sequence[tuple[str, ShotRequest]], monitored: MonitoredPipeline) -> None:
        """Prepare the turn's pictures and make them in one batch, in place of those kept from an earlier turn."""
        first, request = shots[0]
        prepared = {first: prepare_with_draft(request, self._stages)}
        for shot_id, each in shots[1:]:
            with contextlib.suppress(VModelError):  # its error is raised when it is requested itself
                prepared[shot_id] = prepare_with_draft(each, self._stages)
        pictures = monitored.make([each.context for each in prepared.values()])
        self._ahead = {name: (each, made) for (name, each), made in zip(prepared.items(), pictures, strict=True)}

    def _model3d(self, shot: Shot) -> bytes:
        """Return the dressed model as GLB, made once for each drape from parts that are all warm."""
        asked = replace(shot.request, model=shot.model.id, pose=shot.pose)
        dressed = cast_and_dress(shot.reading, asked, self._stages)
        return self._stages.get_or_compute(Stage.MODEL_3D, dressed.key, lambda: write_model3d(dressed))

    def _admit(self, request: ShotRequest, assignment: ShotAssignment) -> None:
        """Refuse a garment or model that the seller may not use, and bar models reserved by others from casting."""
        stages, database, seller_id = self._stages, self._publisher.database, assignment.account_id
        model = stages.roster[request.model] if request.model else None
        for source in (request.garment, *request.outfit):
            admit_job(stages.settings, database, seller_id, source.photo, model, request.channel, source.back)
        with database.reading() as session:
            stages.barred = barred_models(session, stages.roster.values(), seller_id)

    def _holder(self, assignment: ShotAssignment) -> Holder:
        with self._publisher.database.reading() as session:
            account = session.get(Account, assignment.account_id)
        seller = assignment.account_id if account is None else account.name
        return replace(self._publisher.holder, seller_id=assignment.account_id, seller=seller, job_id=assignment.job_id)

    def _load(self, request: ShotRequest) -> Pipeline:
        return self._warm.get(request.pipeline, request.steps)


def write_sidecar(published: Published, assignment: ShotAssignment) -> bytes:
    """Write the sidecar for the seller: uploaded files by their names in the store, without paths of this machine."""
    content = {"picture": f"{published.sidecar['picture_sha256']}.png"} | published.sidecar
    uploaded = {name: assignment.request[name] for name in ("pose", "background") if name in content["inputs"]}
    content["request"] = {**content["request"], **uploaded, "garment": _names_only(assignment.garment)}
    outfit: Any = assignment.request.get("outfit")
    if outfit:
        content["request"]["outfit"] = [_names_only(garment) for garment in outfit]
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def preview_of(draft: ByteArray) -> bytes:
    """Encode a draft as a small JPEG.

    Args:
        draft: (H, W, 3), or (H, W, 4) which is laid on white, uint8 sRGB.
    """
    picture = Image.fromarray(draft)
    if picture.mode == "RGBA":
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture).convert("RGB")
    picture.thumbnail((PREVIEW_PX, PREVIEW_PX))
    return encode_picture(np.asarray(picture), "jpeg", quality=80)


def _names_only(garment: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value).rpartition("/")[2] if name in FILE_FIELDS else value for name, value in garment.items()}


def main(worker_id: str, drain_s: int) -> None:
    """Work until SIGTERM, or until the process that started this one is gone."""
    from app.server.logging_setup import write_logs
    from vmodel.core.database import open_database
    from vmodel.service.storage.file_store import open_store
    from vmodel.service.worker.loop import Worker

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    write_logs()
    settings = Settings()
    database, store = open_database(settings), open_store(settings)
    threading.Thread(target=_follow_parent, args=(os.getppid(), stop), daemon=True).start()
    Worker(settings, database, store, StudioRenderer(settings, database), worker_id).run(stop, drain_s)


def _follow_parent(parent: int, stop: threading.Event) -> None:
    while os.getppid() == parent:
        if stop.wait(1.0):
            return
    stop.set()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
