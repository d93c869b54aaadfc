"""Publication of clips: a still of the scene gets the licence, and every frame of the film its mark."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable
from pathlib import Path

from vmodel.core.files import write_whole
from vmodel.core.video import write_film
from vmodel.publishing.publisher import Published, Publisher, save_published
from vmodel.rights.fingerprint.film_frames import FrameSampler, register_film
from vmodel.rights.provenance.c2pa import sign_picture
from vmodel.rights.provenance.xmp import with_xmp_in_film
from vmodel.rights.registry.queries import add_rendition, get_shot
from vmodel.rights.watermark.video import mark_frames
from vmodel.shot.pipeline_interface import Shot
from vmodel.types import ByteArray


def publish_clip(
    publisher: Publisher, still: Shot, pictures: Iterable[ByteArray], frames_per_second: int, folder: Path, stem: str
) -> tuple[Path, Published]:
    """Publish a still picture, then the film under the same licence.

    The film's frames carry the still's mark and the file its metadata and its certificate, signed; the registry knows
    both files and some of the frames. The still is written beside the film, with its sidecar.

    Args:
        publisher: of the installation.
        still: a shot of the scene that is filmed.
        pictures: the frames, (H, W, 3) uint8 each.
        frames_per_second: of the film.
        folder: exists.
        stem: name of all files without ending.
    Returns:
        The film, and the still as published.
    Raises:
        VModelError: a rule forbids it, or the folder cannot be written.
        Exception: whatever making the frames raised; then no film remains.
    """
    published = publisher.publish(still, "jpeg")
    save_published(published, folder, stem)
    sampler = FrameSampler(pictures, frames_per_second)
    with publisher.database.reading() as session:
        generation = get_shot(session, published.licence.id).mark_generation
    marked = mark_frames(sampler, int(published.licence.mark, 16), publisher.authority.mark_key_of(generation))
    with tempfile.TemporaryDirectory() as passing:
        unsigned = Path(passing) / "film.mp4"
        write_film(unsigned, marked, frames_per_second)
        photo, tsa_url = still.request.garment.photo, publisher.settings.tsa_url
        certificate = published.sidecar["certificate"]
        film = with_xmp_in_film(unsigned.read_bytes(), publisher.xmp_packet(published.licence))
        content, manifest = sign_picture(film, "mp4", publisher.authority, certificate, photo, tsa_url)
    register_film(publisher.database, publisher.originals, published.licence.id, sampler.kept)
    digest = hashlib.sha256(content).hexdigest()
    with publisher.database.transaction() as session:
        add_rendition(session, published.licence.id, digest, "mp4", manifest)
    path = folder / f"{stem}.mp4"
    write_whole(path, content)
    return path, published
