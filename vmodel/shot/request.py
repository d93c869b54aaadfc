"""Shot requests: all data needed to make a picture, and to make it again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import product
from pathlib import Path
from typing import Any, get_args, get_type_hints

from vmodel.config import default_pipeline
from vmodel.errors import SizeOutOfRange
from vmodel.scene.camera.framing import USUAL_FOCAL_MM, check_size

DEFAULT_SIZE = (1024, 768)
FILE_FIELDS = ("photo", "mask", "back", "landmarks", "size_chart")
"""Fields of ``GarmentSource`` that name files."""


@dataclass(frozen=True)
class GarmentSource:
    """Files and statements of the seller about one garment; every field but the photo may be absent.

    Attributes:
        photo: the flat-lay.
        mask: black and white picture that overrides the cut-out.
        back: flat-lay of the garment's back.
        category: as declared, a word.
        landmarks: JSON file that overrides the detected points.
        material: name in the list of materials.
        width_cm: flat width from armpit to armpit, or of the waist.
        length_cm: from the neck point to the hem, or from the waist to the leg end.
        size_chart, garment_size: CSV of sizes and the row to use.
        worn_open: the front is worn open, or closed; None = as photographed.
    """

    photo: Path
    mask: Path | None = None
    back: Path | None = None
    category: str | None = None
    landmarks: Path | None = None
    material: str | None = None
    width_cm: float | None = None
    length_cm: float | None = None
    size_chart: Path | None = None
    garment_size: str | None = None
    worn_open: bool | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the fields that were given, as plain values; paths become strings."""
        given = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}
        return {name: str(value) if isinstance(value, Path) else value for name, value in given.items()}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> GarmentSource:
        """Read what ``to_json`` wrote.

        Raises:
            TypeError: a field is unknown, or has a value of another type.
        """
        typed: dict[str, Any] = {name: Path(v) if name in FILE_FIELDS else v for name, v in plain.items()}
        _check_types(cls, typed)
        return cls(**typed)


@dataclass(frozen=True)
class ShotRequest:
    """Request for one picture: a garment, its wearer and the view.

    Attributes:
        garment: what the seller gave.
        model: id of the roster, or None for one that suits the garment.
        pose: name of the library or path of a pose file, or None for one that suits the view.
        view, framing, light, background: names of ``vmodel.scene``.
        size: (height, width) in pixels.
        seed: random seed.
        pipeline: name in ``pipelines``.
        steps: number of denoising steps; None = the pipeline's default.
        outfit: further garments that the model wears with the one on sale, in any order.
        tucked: tops go inside what is worn on the legs.
        channel: where the picture will be shown, of ``vmodel.rights.provenance.channels``; it decides about the visible
            label.
        barefoot: without the plain shoes that everybody wears otherwise.
        fitting: a fast preview: coarser cloth and half of the hair strands.
        focal_mm: of the lens, 20 to 300; the shorter, the nearer the camera.
    """

    garment: GarmentSource
    model: str | None = None
    pose: str | None = None
    view: str = "front"
    framing: str = "full"
    light: str = "soft-key"
    background: str = "light-grey"
    size: tuple[int, int] = DEFAULT_SIZE
    seed: int = 0
    pipeline: str = field(default_factory=default_pipeline)
    steps: int | None = None
    outfit: tuple[GarmentSource, ...] = ()
    tucked: bool = False
    channel: str | None = None
    barefoot: bool = False
    fitting: bool = False
    focal_mm: float = USUAL_FOCAL_MM

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a sidecar; paths become strings."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in {"garment", "outfit"}}
        plain["size"] = format_size(self.size)
        plain["garment"] = self.garment.to_json()
        if self.focal_mm == USUAL_FOCAL_MM:  # records of earlier versions do not name it and stay the same
            del plain["focal_mm"]
        if self.outfit:
            plain["outfit"] = [source.to_json() for source in self.outfit]
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> ShotRequest:
        """Read what ``to_json`` wrote.

        Raises:
            ValueError, KeyError, TypeError: the values are not those of a request.
        """
        garment = GarmentSource.from_json(plain["garment"])
        outfit = tuple(GarmentSource.from_json(source) for source in plain.get("outfit", ()))
        rest = {name: value for name, value in plain.items() if name not in {"garment", "size", "outfit"}}
        _check_types(cls, rest)
        return cls(garment=garment, size=parse_size(plain["size"]), outfit=outfit, **rest)


def _check_types(kind: type, plain: Mapping[str, Any]) -> None:
    """Reject values that vmodel never writes; a file edited by hand would fail at some later stage.

    Raises:
        TypeError: names the field.
    """
    hints = get_type_hints(kind)
    for name, value in plain.items():
        if name not in hints:
            raise TypeError(f"the field {name!r} is not known")
        allowed = get_args(hints[name]) or (hints[name],)
        allowed = (*allowed, int) if float in allowed else allowed
        if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
            raise TypeError(f"{name} is {value!r}")


def every_shot(
    garments: Sequence[GarmentSource],
    models: Sequence[str | None],
    poses: Sequence[str | None],
    views: Sequence[str],
    like: ShotRequest,
    count: int = 1,
) -> list[ShotRequest]:
    """Return all combinations, in the order that lets the stages reuse most of their work.

    Args:
        garments: the photos with the seller's statements.
        models: ids; None casts a model that suits the garment.
        poses: names or files; None chooses one.
        views: see ``vmodel.scene``.
        like: gives the remaining fields of every shot.
        count: pictures of each combination, with the seeds from that of ``like`` on.
    """
    seeds = range(like.seed, like.seed + count)
    return [
        replace(like, garment=garment, model=model, pose=pose, view=view, seed=seed)
        for garment, model, pose, view, seed in product(garments, models, poses, views, seeds)
    ]


def parse_size(text: str) -> tuple[int, int]:
    """Read HEIGHTxWIDTH.

    Returns:
        (height, width) in pixels.
    Raises:
        SizeOutOfRange: not two whole numbers, or beyond what the renderer makes.
    """
    match = re.fullmatch(r"\s*(\d{1,5})\s*[xX×]\s*(\d{1,5})\s*", text)
    if match is None:
        raise SizeOutOfRange(text)
    size = int(match[1]), int(match[2])
    check_size(size)
    return size


def format_size(size: tuple[int, int]) -> str:
    """Format (height, width) as HEIGHTxWIDTH."""
    return f"{size[0]}x{size[1]}"
