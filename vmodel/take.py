"""What the main path hands to a pipeline, and what it hands back."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from vmodel.request import ShotRequest
from vmodel.scene import Scene, render_draft
from vmodel.types import (
    ByteArray,
    Camera,
    ConditionMaps,
    Cutout,
    Drape,
    FitReport,
    FlatLay,
    Garment,
    GarmentKind,
    Landmarks,
    VirtualModel,
)


@dataclass(frozen=True)
class Pattern:
    """What was read from the photo; the garment has no size yet.

    Attributes:
        key: identifies the files and words it was read from.
    """

    key: Hashable
    flat_lay: FlatLay
    cutout: Cutout
    kind: GarmentKind
    landmarks: Landmarks
    garment: Garment


@dataclass(frozen=True)
class Take:
    """The scene as a pipeline meets it: set up, framed and mapped, but not yet a picture.

    Attributes:
        maps: condition maps of ``scene`` seen by ``camera``.
        light, background: names of ``vmodel.scene``; a background may also be a colour or a file.
        seed: the only source of chance.
        pattern: what was read from the photo; the flat-lay itself among it.
        model: who is seen.
    """

    scene: Scene
    camera: Camera
    maps: ConditionMaps
    light: str
    background: str
    seed: int
    pattern: Pattern
    model: VirtualModel

    @cached_property
    def draft(self) -> ByteArray:
        """The picture as geometry, light and the photo's own pixels give it; rendered when first asked for.

        (H, W, 3) uint8 sRGB, or (H, W, 4) with straight alpha on the transparent background; not to be written to.
        """
        return render_draft(self.scene, self.camera, self.maps, self.light, self.background, self.seed)


class Pipeline(Protocol):
    """Turns a take into a picture.

    Attributes:
        name: what ``--pipeline`` calls it.
        generative: it invents what geometry leaves open, so its pictures are finished and judged.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def generative(self) -> bool: ...  # noqa: D102

    def __call__(self, take: Take) -> ByteArray:
        """(H, W, 3) sRGB, or (H, W, 4) with straight alpha on the transparent background."""
        ...


@dataclass(frozen=True)
class Shot:
    """A picture and how it came about.

    Attributes:
        picture: (H, W, 3) or (H, W, 4) uint8 sRGB.
        timings: seconds per stage; stages that were warm are absent.
    """

    request: ShotRequest
    model: VirtualModel
    pose: str
    pattern: Pattern
    garment: Garment
    fit: FitReport
    drape: Drape
    maps: ConditionMaps
    picture: ByteArray
    timings: Mapping[str, float]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a seller should know, most basic doubt first."""
        found: list[str] = []
        if self.pattern.cutout.confidence < 0.5:
            found.append("the garment's outline is unsure; check it with `vmodel inspect` or pass --mask")
        kind = self.pattern.kind
        if not kind.stated and kind.confidence < 0.6:
            found.append(f"the category {kind.category.value} is unsure; state it with --category")
        return (*found, *self.garment.warnings, *self.drape.warnings)


@dataclass(frozen=True)
class Failure:
    """A shot that could not be made.

    Attributes:
        code: stable, see ``vmodel.errors``; "internal" for a fault of the program.
        message: one sentence with the remedy.
    """

    request: ShotRequest
    code: str
    message: str
