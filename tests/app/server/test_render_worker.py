"""Worker: its pictures equal the library's, sidecars reveal nothing of the machine, one process uses the card."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from app.server.render_worker import PREVIEW_PX, StudioRenderer, preview_of
from pipelines.common.progress import on_denoiser_step
from tests.support.installation import Shop, open_shop
from vmodel.config import Settings
from vmodel.publishing.sidecar import record_sha256
from vmodel.rights.provenance.keys import open_authority
from vmodel.rights.watermark.codec import embed_mark
from vmodel.service.jobs.errors import ShotStopped
from vmodel.service.jobs.lifecycle import watch_job
from vmodel.service.ledger.reservations import Balance
from vmodel.service.worker.loop import Worker
from vmodel.shot.pipeline_interface import RenderContext, Shot
from vmodel.types import ByteArray


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path / "home")
    yield opened
    opened.database.close()


@pytest.mark.slow
def test_a_job_makes_the_pixels_that_the_command_line_makes(
    shop: Shop, home: Path, examples: Path, tee_shot: Shot, tmp_path: Path
) -> None:
    seller, stop = shop.seller(credits=10), threading.Event()
    photo = shop.store.put(seller, (examples / "logo-tee.jpg").read_bytes(), "jpg")
    shots = [
        {"model": tee_shot.model.id, "pose": tee_shot.pose, "size": "512x384", "view": v} for v in ("front", "back")
    ]
    worker = Worker(shop.settings, shop.database, shop.store, StudioRenderer(Settings(home=home)), "w")
    thread = threading.Thread(target=worker.run, args=(stop, 30))
    thread.start()
    try:
        asked = shop.submit(seller, shots=shots, garment={"photo": photo})
        seen = list(watch_job(shop.database, seller, asked.id, 0.1))
    finally:
        stop.set()
        thread.join()
    job = seen[-1]
    assert job.state == "done", job.shots
    assert shop.balance(seller) == Balance(available=8, reserved=0, consumed=2)
    (tmp_path / "made.png").write_bytes(shop.store.get(seller, str(job.shots[0].picture_key)))
    sidecar = json.loads(shop.store.get(seller, str(job.shots[0].sidecar_key)))
    licence = sidecar["certificate"]["licence"]
    expected = embed_mark(tee_shot.picture, int(licence["mark"], 16), open_authority(Settings(home=home)).mark_key)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "made.png")), expected)
    assert licence["seller_id"] == seller
    assert licence["record_sha256"] == record_sha256(sidecar)
    assert sidecar["request"]["garment"]["photo"] == photo.split("/")[1]
    assert str(home) not in json.dumps(sidecar)
    assert str(tmp_path) not in json.dumps(sidecar)
    shares = [each.share for each in seen]
    assert shares == sorted(shares)
    assert {shot.stage for each in seen for shot in each.shots} - {None}


class Denoiser(torch.nn.Module):
    """A network of one step."""

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        return latents + 1


class FiveSteps:
    """A pipeline that keeps its networks as those of the hub do."""

    name = "five"
    generative = True
    steps = 5

    def __init__(self) -> None:
        self.pipeline = torch.nn.Module()
        self.pipeline.unet = Denoiser()
        self.walked = 0

    def __call__(self, context: RenderContext) -> ByteArray:
        latents = torch.zeros(1)
        for _ in range(self.steps):
            latents = self.pipeline.unet(latents)
            self.walked += 1
        return latents.numpy().astype(np.uint8)


def test_every_step_of_the_denoiser_is_told_and_the_next_one_can_be_stopped(tee_context: RenderContext) -> None:
    pipeline, shares = FiveSteps(), []
    with on_denoiser_step(pipeline, shares.append):
        pipeline(tee_context)
    assert shares == [0.0, 0.2, 0.4, 0.6, 0.8]

    def stop(share: float) -> None:
        if share >= 0.4:
            raise ShotStopped

    pipeline.walked = 0
    with pytest.raises(ShotStopped), on_denoiser_step(pipeline, stop):
        pipeline(tee_context)
    assert pipeline.walked == 2
    pipeline(tee_context)
    assert len(shares) == 5


@pytest.mark.parametrize("channels", [3, 4])
def test_a_preview_is_small_and_a_jpeg(channels: int) -> None:
    with Image.open(io.BytesIO(preview_of(np.zeros((1024, 768, channels), np.uint8)))) as preview:
        assert (preview.format, preview.size) == ("JPEG", (240, PREVIEW_PX))
        # Transparency appears white, as on a shop's page.
        assert (np.asarray(preview).mean() > 250) == (channels == 4)
