"""Design routes: blocks, prints, flats, sewing patterns, previews, and the designs that are shot like garments."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, File, Path, Query, Response, UploadFile

from app.api.http.auth import KeyFirst, Manager, Reader, Shooter
from app.api.http.errors import NotFound
from app.api.http.signed_links import answer_picture, link_to
from app.api.http.state import Here
from app.api.intake.designs import draw_preview, keep_design, small_png, take_flat, take_pattern, take_print
from app.api.schemas.designs import (
    Blocks,
    BlockShown,
    DesignAsked,
    DesignShown,
    FlatShown,
    PatternShown,
    PieceShown,
    PrintShown,
    SeamShown,
    show_design,
)
from vmodel.service.garments.records import PAGE, delete_garment, find_garment
from vmodel.service.maintenance.retention import delete_upload

router = APIRouter(prefix="/v1", tags=["designs"], route_class=KeyFirst)

Id = Annotated[str, Path(description="Id of the design.", max_length=64, examples=["019abcf0c0de7b0c8f0e5a6b7c8d9e0f"])]
FileId = Annotated[
    str, Path(description="Id of the file, as its upload returned it.", max_length=80, examples=[f"{'0' * 64}.svg"])
]
_Way = Annotated[str, Query(max_length=40, description="Name of a colourway. Empty: the design's own colours.")]
_PNG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}}}


@router.get("/blocks")
def list_blocks(_: Reader, here: Here) -> Blocks:
    """List the blocks (garments cut to a model's measurements), the sizes of the models, and the materials."""
    from vmodel.drape.cloth.materials import load_materials
    from vmodel.garment.blocks.library import KINDS

    labels = ("XS", "S", "M", "L", "XL", "2XL", "3XL", "4XL")
    found = {model.size for model in here.roster.values()}
    children = sorted(found - set(labels), key=lambda size: (len(size), size))
    return Blocks(
        blocks=[BlockShown(name=name, category=kind.category.value) for name, kind in KINDS.items()],
        sizes=[*(size for size in labels if size in found), *children],
        materials=list(load_materials()),
    )


@router.post("/prints", status_code=201)
async def upload_print(
    identity: Shooter,
    here: Here,
    file: Annotated[UploadFile, File(description="One repeat: SVG (the page is the tile), PNG, JPEG, WebP or TIFF.")],
) -> PrintShown:
    """Upload one repeat of a print or textile."""
    from vmodel.service.garments.design_preview import colours_in

    def take() -> PrintShown:
        file_id, tile = take_print(here, identity.account_id, file.file.read(), file.filename or "")
        shown = here.keep(identity.account_id, small_png(tile), "png")
        size = tile.shape[0], tile.shape[1]
        return PrintShown(id=file_id, size_px=size, colours=colours_in(tile), link=link_to(here, shown))

    return await here.drawing_pool.run(identity.account_id, take)


@router.post("/flats", status_code=201)
async def upload_flat(
    identity: Shooter, here: Here, file: Annotated[UploadFile, File(description="A technical flat in SVG.")]
) -> FlatShown:
    """Upload a technical flat. Name the groups of its two sides front and back."""

    def take() -> FlatShown:
        file_id, has_back, colours = take_flat(here, identity.account_id, file.file.read(), file.filename or "")
        return FlatShown(id=file_id, has_back=has_back, colours=colours)

    return await here.drawing_pool.run(identity.account_id, take)


@router.post("/patterns", status_code=201)
async def upload_pattern(
    identity: Shooter,
    here: Here,
    file: Annotated[UploadFile, File(description="A sewing pattern: SVG, DXF (AAMA) or GarmentCode JSON.")],
) -> PatternShown:
    """Upload a sewing pattern. Both edges of every seam must match."""
    from vmodel.service.garments.pattern_preview import colours_of, draw_pieces

    def take() -> PatternShown:
        file_id, sewn = take_pattern(here, identity.account_id, file.file.read(), file.filename or "")
        shown = here.keep(identity.account_id, draw_pieces(sewn), "png")
        return PatternShown(
            id=file_id,
            pieces=[PieceShown(**piece) for piece in sewn.marker["pieces"]],
            seams=[SeamShown(**seam) for seam in sewn.marker["seams"]],
            colours=colours_of(sewn),
            warnings=list(sewn.garment.warnings),
            link=link_to(here, shown),
        )

    return await here.reading_pool.run(identity.account_id, take)


@router.delete("/prints/{file_id}", status_code=204)
@router.delete("/flats/{file_id}", status_code=204)
@router.delete("/patterns/{file_id}", status_code=204)
def delete_file(file_id: FileId, identity: Manager, here: Here) -> None:
    """Delete an uploaded print, flat or pattern that no design needs.

    A file that nothing has needed for a week is deleted by itself.
    """
    delete_upload(here.database, here.store, identity.account_id, file_id)


@router.post("/designs/preview", response_class=Response, responses=_PNG)
async def preview(asked: DesignAsked, identity: Shooter, here: Here, colorway: _Way = "") -> Response:
    """Draw front and back lying flat, side by side, each 512 x 680 pixels on a transparent background. Stores nothing.

    The header `X-Px-Per-Cm` gives the scale. The header `X-Seam-Mismatch-Cm` gives the offset between straight repeats
    at the side seams; for a pattern, at the plain seam with the largest offset.
    """
    drawn = await here.drawing_pool.run(
        identity.account_id, partial(draw_preview, here, identity.account_id, asked.recipe(), colorway)
    )
    headers = {"X-Px-Per-Cm": f"{drawn.px_per_cm:.3f}", "X-Seam-Mismatch-Cm": f"{drawn.mismatch_cm:.2f}"}
    return Response(drawn.png, media_type="image/png", headers=headers)


@router.post("/designs", status_code=201)
async def create(asked: DesignAsked, identity: Shooter, here: Here) -> DesignShown:
    """Create a design. Its id is a garment id, so jobs accept it."""
    make = partial(keep_design, here, identity.account_id, asked.name, asked.recipe())
    return show_design(await here.reading_pool.run(identity.account_id, make), here)


@router.get("/designs")
def list_all(
    identity: Reader,
    here: Here,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = 20,
    before: Annotated[
        str | None, Query(pattern="^[0-9a-f]{32}$", description="Id of a design; lists only older ones.")
    ] = None,
) -> list[DesignShown]:
    """List your designs, newest first."""
    from vmodel.service.garments.designs import list_designs

    with here.database.reading() as session:
        return [show_design(each, here) for each in list_designs(session, identity.account_id, limit, before)]


@router.get("/designs/{design_id}")
def get(design_id: Id, identity: Reader, here: Here) -> DesignShown:
    """Show one design."""
    with here.database.reading() as session:
        garment = find_garment(session, identity.account_id, design_id)
    if garment.design is None:
        raise NotFound("design")
    return show_design(garment, here)


@router.put("/designs/{design_id}")
async def replace(design_id: Id, asked: DesignAsked, identity: Shooter, here: Here) -> DesignShown:
    """Replace a design. If the new one is invalid, nothing changes."""
    make = partial(keep_design, here, identity.account_id, asked.name, asked.recipe(), design_id)
    return show_design(await here.reading_pool.run(identity.account_id, make), here)


@router.get("/designs/{design_id}/picture", response_class=Response, responses=_PNG)
def get_picture(design_id: Id, identity: Reader, here: Here, colorway: _Way = "") -> Response:
    """Get the front and back of a design lying flat, as PNG."""
    with here.database.reading() as session:
        garment = find_garment(session, identity.account_id, design_id)
    drawn = {"": (garment.design or {}).get("drawn_key")}
    drawn |= {name: way["drawn_key"] for name, way in garment.colorways.items()}
    if drawn.get(colorway) is None:
        raise NotFound("picture")
    return answer_picture(here, identity.account_id, str(drawn[colorway]))


@router.delete("/designs/{design_id}", status_code=204)
def delete(design_id: Id, identity: Manager, here: Here) -> None:
    """Delete a design and its files. Pictures made of it stay until you delete them."""
    with here.database.transaction() as session:
        if find_garment(session, identity.account_id, design_id).design is None:
            raise NotFound("design")
        keys = delete_garment(session, identity.account_id, design_id)
    here.drop(identity.account_id, keys)
