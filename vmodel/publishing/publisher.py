"""Publication of pictures: invisible mark, licence, metadata, signature, registry.

Every picture leaves vmodel through ``Publisher.publish``, so it carries its authorisation and is known to the
registry. The same work published again gets the same licence, mark and pixels.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy.exc import IntegrityError

from vmodel.config import Settings
from vmodel.core.colour import on_white
from vmodel.core.database import Database, new_id, now, open_database
from vmodel.core.files import FORMATS, encode_picture, json_bytes, sha256_of, write_whole
from vmodel.core.hashing import canonical_json
from vmodel.errors import InputError
from vmodel.garment.recognition.kind import detected_kind
from vmodel.publishing.sidecar import describe_shot, record_sha256
from vmodel.rights.admission.face_detection import find_faces
from vmodel.rights.admission.garment_review import check_backs, check_garment
from vmodel.rights.errors import LicenceRevoked
from vmodel.rights.fingerprint.copy_index import iscc_of
from vmodel.rights.fingerprint.descriptors import describe
from vmodel.rights.fingerprint.pixel_hash import pixels_sha256
from vmodel.rights.licence.certificate import (
    RESEARCH_USES,
    Licence,
    Terms,
    WeightsUsed,
    check_certificate,
    describe_terms,
    end_of_term,
    moment_text,
    parse_licence,
    sign_licence,
)
from vmodel.rights.licence.certificate_file import certificate_of, load_certificate_json
from vmodel.rights.policy.consent import likeness_of
from vmodel.rights.policy.minors import Likeness, RequestedShot, check_finished, check_shot
from vmodel.rights.policy.model_reservation import check_exclusive
from vmodel.rights.provenance.ai_label import draw_label
from vmodel.rights.provenance.c2pa import sign_picture
from vmodel.rights.provenance.channels import find_channel
from vmodel.rights.provenance.keys import Authority, open_authority
from vmodel.rights.provenance.xmp import Credit, with_xmp, write_packet
from vmodel.rights.registry.original_store import Originals
from vmodel.rights.registry.queries import (
    Work,
    add_rendition,
    find_by_mark,
    find_revocation,
    find_work,
    get_shot,
    mark_text,
    record_refusal,
)
from vmodel.rights.registry.tables import RegisteredShot, ShotDescriptors
from vmodel.rights.watermark.codec import embed_mark
from vmodel.shot.pipeline_interface import Shot
from vmodel.types import ByteArray

#: Name of a pipeline -> the weights used for its pictures; the pipelines provide it.
WeightsOf = Callable[[str], tuple[WeightsUsed, ...]]


@dataclass(frozen=True)
class Holder:
    """Holder of a licence.

    Attributes:
        seller_id, seller: account and name.
        terms: of the licence.
        job_id: of the queue, for tracing; None without a queue.
    """

    seller_id: str
    seller: str
    terms: Terms
    job_id: str | None = None


@dataclass(frozen=True)
class Published:
    """Picture that is ready for release.

    Attributes:
        content: the file's bytes.
        file_format: a key of ``vmodel.core.files.FORMATS``.
        picture: (H, W, 3) or (H, W, 4) uint8, the pixels as published.
        licence: the granted licence.
        sidecar: origin of the picture, with the licence as signed certificate.
    """

    content: bytes
    file_format: str
    picture: ByteArray
    licence: Licence
    sidecar: dict[str, Any]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings for the seller about the licence."""
        return _research_warnings(self.licence)


class Publisher:
    """Publisher of shots of one installation; it opens keys, registry and store on first use."""

    def __init__(self, settings: Settings, weights_of: WeightsOf, database: Database | None = None) -> None:
        """Prepare for publishing.

        Args:
            settings: of the installation.
            weights_of: returns the weights that a pipeline used.
            database: an open one; None = the installation's own.
        """
        self.settings = settings
        self._weights_of = weights_of
        self._given_database = database

    @cached_property
    def authority(self) -> Authority:
        """Keys of the installation, created if there are none."""
        return open_authority(self.settings)

    @cached_property
    def database(self) -> Database:
        """Database of the registry."""
        return self._given_database or open_database(self.settings)

    @cached_property
    def originals(self) -> Originals:
        """Store of pictures without marks, kept for comparison."""
        return Originals(self.settings)

    @property
    def holder(self) -> Holder:
        """Seller named by the settings: the only one of an installation without accounts."""
        settings = self.settings
        terms = Terms(territory=settings.licence_territory, months=settings.licence_months)
        return Holder(settings.seller_id, settings.seller, terms)

    def publish(self, shot: Shot, file_format: str, holder: Holder | None = None) -> Published:
        """Authorise a shot and encode it.

        Args:
            shot: as the main path made it.
            file_format: a key of ``vmodel.core.files.FORMATS``.
            holder: of the licence; None = the seller named by the settings.
        Raises:
            VModelError: a rule forbids it, its licence was revoked, or keys or store cannot be used.
        """
        holder = holder or self.holder
        likeness = self._check(shot, holder)
        record = describe_shot(shot)
        registered, picture = self._registered(shot, record, holder, likeness)
        certificate = json.loads(registered.certificate)
        licence = parse_licence(certificate)
        content = encode_picture(picture, file_format, xmp=self.xmp_packet(licence))
        photo, tsa_url = shot.request.garment.photo, self.settings.tsa_url
        content, manifest = sign_picture(content, file_format, self.authority, certificate, photo, tsa_url)
        digest = hashlib.sha256(content).hexdigest()
        with self.database.transaction() as session:
            add_rendition(session, registered.id, digest, file_format, manifest)
        warnings = [*record["warnings"], *_research_warnings(licence)]
        sidecar = record | {"warnings": warnings, "picture_sha256": digest, "certificate": certificate}
        return Published(content, file_format, picture, licence, sidecar)

    def authorise_rendition(self, sidecar: Path | bytes, jpeg: bytes) -> bytes:
        """Authorise a JPEG that was made smaller or padded for a shop, under the licence of its picture.

        Args:
            sidecar: of the published picture, the file or its content.
            jpeg: made from it; its pixels contain the invisible mark already.
        Raises:
            CertificateInvalid, LicenceUnknown: the sidecar's licence is not in this registry.
            LicenceRevoked: it was revoked.
        """
        certificate = certificate_of(
            load_certificate_json(sidecar if isinstance(sidecar, bytes) else sidecar.read_bytes())
        )
        licence = check_certificate(certificate, [self.authority.root])
        with self.database.transaction() as session:
            _refuse_revoked(session, get_shot(session, licence.id))
        content = with_xmp(jpeg, self.xmp_packet(licence))
        content, manifest = sign_picture(
            content, "jpeg", self.authority, certificate, tsa_url=self.settings.tsa_url, resized=True
        )
        with self.database.transaction() as session:
            add_rendition(session, licence.id, hashlib.sha256(content).hexdigest(), "jpeg", manifest)
        return content

    def _check(self, shot: Shot, holder: Holder) -> Likeness | None:
        """Apply the rules again, to the finished shot instead of its request; record a refusal."""
        request = shot.request
        source = request.garment
        # Detected again without the seller's statement, which would hide what the photo shows.
        read = shot.reading
        seen = detected_kind(read.flat_lay, read.cutout, read.garment) if shot.model.is_child else read.kind
        with self.database.reading() as session:
            likeness = likeness_of(session, self.settings, shot.model.id, request.channel)
        asked = RequestedShot(
            shot.model,
            source.category,
            source.material,
            seen,
            shot.garment.material,
            shot.pose,
            request.framing,
            request.channel,
            likeness,
        )
        try:
            check_shot(asked)
            if shot.model.is_child and shot.generated.made_by != "draft":
                faces = find_faces(on_white(shot.picture), self.settings)
                check_finished(shot.model, True, None if faces is None else len(faces))
            with self.database.reading() as session:
                check_exclusive(session, shot.model, holder.seller_id)
                worn = [sha256_of(each.photo) for each in request.outfit if each.photo.is_file()]
                for photo in (shot.reading.flat_lay.sha256, *worn):
                    check_garment(session, self.settings, holder.seller_id, photo)
                check_backs(session, holder.seller_id, [each.back for each in (source, *request.outfit)])
        except InputError as error:
            with self.database.transaction() as session:
                record_refusal(session, holder.seller_id, error.code, shot.model.id, source.category or "")
            raise
        return likeness

    def _registered(
        self, shot: Shot, record: dict[str, Any], holder: Holder, likeness: Likeness | None
    ) -> tuple[RegisteredShot, ByteArray]:
        """Return the work's row, created if it is new, and its picture with the mark."""
        weights = self._weights_of(shot.generated.made_by)
        terms = _terms_with(holder.terms, weights)
        channel = find_channel(shot.request.channel)
        rendered = draw_label(shot.picture, channel.label if channel else "")
        name = channel.name if channel else ""
        work = Work(holder.seller_id, pixels_sha256(rendered), record_sha256(record), terms, name)
        key = self.authority.mark_key
        for attempt in range(100):
            with self.database.transaction() as session:
                found = find_work(session, work.sha256)
                if found is not None:
                    _refuse_revoked(session, found)
                    return found, embed_mark(rendered, found.mark, self.authority.mark_key_of(found.mark_generation))
                mark = work.mark(key, attempt)
                if find_by_mark(session, mark) is not None:
                    continue
            picture = embed_mark(rendered, mark, key)
            row = self._row(shot, work, holder, weights, mark, pixels_sha256(picture), iscc_of(rendered), likeness)
            row.mark_generation = len(self.authority.mark_keys) - 1
            self.originals.put(row.id, rendered)
            try:
                with self.database.transaction() as session:
                    session.add(row)
                    session.flush()
                    session.add(_descriptors(row.id, rendered))
                return row, picture
            except IntegrityError:
                # Another process has published the same work, or taken the same mark, in the meantime.
                self.originals.delete(row.id)
        raise AssertionError("a hundred payloads in a row are taken")

    def _row(
        self,
        shot: Shot,
        work: Work,
        holder: Holder,
        weights: tuple[WeightsUsed, ...],
        mark: int,
        picture_sha256: str,
        iscc: str,
        likeness: Likeness | None,
    ) -> RegisteredShot:
        moment = now()
        until = end_of_term(moment.date(), work.terms.months)
        if likeness is not None:
            # A licence may not outlast the person's consent.
            until = min(until or likeness.valid_until, likeness.valid_until)
        height, width = shot.picture.shape[:2]
        licence = Licence(
            id=new_id(),
            issued_at=moment_text(moment),
            issuer=self.authority.name,
            seller_id=holder.seller_id,
            seller=holder.seller,
            picture_sha256=picture_sha256,
            width=width,
            height=height,
            mark=mark_text(mark),
            record_sha256=work.record_sha256,
            garment_sha256=shot.reading.flat_lay.sha256,
            category=shot.reading.kind.category.value,
            model=shot.model.id,
            model_rights="invented" if likeness is None else str(likeness.consent),
            pipeline=shot.generated.made_by,
            weights=weights,
            permitted_uses=work.terms.uses,
            territory=work.terms.territory,
            valid_from=moment.date().isoformat(),
            valid_until=until,
            channel=work.channel,
        )
        certificate = canonical_json(sign_licence(licence, self.authority)).decode()
        return RegisteredShot(
            id=licence.id,
            seller_id=holder.seller_id,
            seller=holder.seller,
            job_id=holder.job_id,
            work_sha256=work.sha256,
            rendered_sha256=work.rendered_sha256,
            picture_sha256=picture_sha256,
            record_sha256=work.record_sha256,
            garment_sha256=licence.garment_sha256,
            mark=mark,
            model_id=licence.model,
            pipeline=licence.pipeline,
            category=licence.category,
            width=width,
            height=height,
            iscc=iscc,
            certificate=certificate,
            valid_until=licence.valid_until,
            created_at=moment,
        )

    def xmp_packet(self, licence: Licence) -> bytes:
        """Return the XMP metadata of a picture or film under a licence."""
        base = (self.settings.public_url or "").rstrip("/")
        credit = Credit(
            licence_id=licence.id,
            licence_url=f"{base}/licence/{licence.id}" if base else f"urn:vmodel:licence:{licence.id}",
            seller=licence.seller,
            issuer=licence.issuer,
            issuer_url=base,
            system=f"vmodel {licence.pipeline}",
            terms=describe_terms(licence),
        )
        return write_packet(credit)


def save_published(published: Published, folder: Path, stem: str) -> tuple[Path, Path]:
    """Write picture and sidecar; the sidecar comes last, so that it never lacks its picture.

    Args:
        published: the picture with its authorisation.
        folder: exists.
        stem: name of both files without ending.
    Returns:
        (picture, sidecar) paths.
    Raises:
        OutputNotWritable: the folder cannot be written.
    """
    picture = folder / (stem + FORMATS[published.file_format])
    sidecar = folder / (stem + ".json")
    write_whole(picture, published.content)
    content = {"picture": picture.name} | published.sidecar
    write_whole(sidecar, json_bytes(content, 2))
    return picture, sidecar


def _terms_with(terms: Terms, weights: tuple[WeightsUsed, ...]) -> Terms:
    """Return the terms that the weights' own licences permit."""
    if any(each.research_only for each in weights):
        return Terms(RESEARCH_USES, terms.territory, terms.months)
    return terms


def _research_warnings(licence: Licence) -> tuple[str, ...]:
    names = [each.name for each in licence.weights if each.research_only]
    if not names:
        return ()
    return (
        f"{', '.join(names)} took part, whose licence forbids commerce: this picture is licensed for "
        f"{', '.join(licence.permitted_uses)} only; sell with one of another --pipeline",
    )


def _descriptors(shot_id: str, picture: ByteArray) -> ShotDescriptors:
    found = describe(picture)
    return ShotDescriptors(shot_id=shot_id, pdq=found.pdq.tobytes(), points=found.points.tobytes())


def _refuse_revoked(session: Any, shot: RegisteredShot) -> None:
    revocation = find_revocation(session, shot.id)
    if revocation is not None:
        raise LicenceRevoked(shot.id, revocation.reason)
