"""Data that the main path and the pipelines exchange."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

from vmodel.garment.recognition.kind import KindQuestion, looks_childrens
from vmodel.scene import Scene, render_draft
from vmodel.shot.request import ShotRequest
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
from vmodel.wardrobe.styles import PLAIN


@dataclass(frozen=True)
class GarmentReading:
    """Reading of a photo; the garment has no size yet.

    Attributes:
        key: identifies the files and words it was read from.
        others: the garment as other kinds that the photo may show, the likeliest first.
        question: for the seller, who did not state the kind and whose photo leaves it open; otherwise None.
    """

    key: Hashable
    flat_lay: FlatLay
    cutout: Cutout
    kind: GarmentKind
    landmarks: Landmarks
    garment: Garment
    others: tuple[Garment, ...] = ()
    question: KindQuestion | None = None


@dataclass(frozen=True)
class RenderContext:
    """Scene as a pipeline receives it: set up, framed and mapped, but not yet a picture.

    Attributes:
        maps: condition maps of ``scene`` seen by ``camera``.
        light, background: names of ``vmodel.scene``; a background may also be a colour or a file.
        seed: the only source of randomness.
        reading: of the photo, including the flat-lay itself.
        model: the person shown.
    """

    scene: Scene
    camera: Camera
    maps: ConditionMaps
    light: str
    background: str
    seed: int
    reading: GarmentReading
    model: VirtualModel

    @property
    def material(self) -> str:
        """Name of the garment's fabric in ``vmodel.drape``; empty where nothing is worn over the base layer."""
        return "" if self.scene.drape is None else self.scene.drape.material

    @cached_property
    def draft(self) -> ByteArray:
        """Picture made from geometry, light and the photo's own pixels; rendered on first use.

        (H, W, 3) uint8 sRGB, or (H, W, 4) with straight alpha on the transparent background; read-only by convention.
        """
        return render_draft(self.scene, self.camera, self.maps, self.light, self.background, self.seed)

    def with_seed(self, seed: int) -> RenderContext:
        """Return the same context for another attempt; its draft stays the one that the first attempt started from."""
        if seed == self.seed:
            return self
        other = replace(self, seed=seed)
        vars(other)["draft"] = self.draft
        return other


@dataclass(frozen=True)
class WornStyle:
    """What the model wears besides the seller's garments.

    Attributes:
        name: the pieces of the wardrobe, joined by ``+``, or "plain": asking for it makes the same picture again.
        fault: reason why the pieces that were chosen are not worn; empty if there is none.
    """

    name: str = PLAIN
    fault: str = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warning for the seller, if the outfit is not the one that was asked for."""
        return (f"the outfit was not completed: {self.fault}; name another --style or pose",) if self.fault else ()


@dataclass(frozen=True)
class PreparedShot:
    """Shot that is set up and not yet photographed.

    Attributes:
        context: input of the pipeline.
        pose: name of the pose.
        garment: in the worn size.
        style: what completes the outfit.
        timings: seconds per stage so far.
    """

    request: ShotRequest
    context: RenderContext
    pose: str
    garment: Garment
    fit: FitReport
    drape: Drape
    style: WornStyle
    timings: Mapping[str, float]


class Pipeline(Protocol):
    """Interface of pipelines, which turn a render context into a picture.

    Attributes:
        name: value of ``--pipeline``.
        generative: it invents what geometry leaves open, so its pictures are finished and judged.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def generative(self) -> bool: ...  # noqa: D102

    def __call__(self, context: RenderContext) -> ByteArray:
        """Return (H, W, 3) sRGB, or (H, W, 4) with straight alpha on the transparent background."""
        ...


@dataclass(frozen=True)
class QualityReport:
    """Result of the quality gate; ``vmodel.quality.gate`` describes the scores.

    Attributes:
        scores: 0..1 by name, 1 is best.
        missed: names of the scores below their bar.
    """

    scores: Mapping[str, float]
    missed: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Success: every score reaches its bar."""
        return not self.missed


@dataclass(frozen=True)
class Attempt:
    """One picture that a generative pipeline made.

    Attributes:
        seed: of this attempt.
        report: what the gate found, after the finish.
    """

    seed: int
    report: QualityReport


@dataclass(frozen=True)
class GeneratedImage:
    """Picture to show, and how it was chosen.

    Attributes:
        picture: (H, W, 3) or (H, W, 4) uint8 sRGB.
        made_by: name of the pipeline; "draft" where another one missed the bar with every seed.
        attempts: in order, the shown one last; empty for a pipeline that invents nothing.
        note: reason why the draft is shown though another pipeline was asked for and none was tried.
    """

    picture: ByteArray
    made_by: str
    attempts: tuple[Attempt, ...] = ()
    note: str = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings for the seller about the picture's origin."""
        if self.note:
            return (self.note,)
        if not self.attempts or self.attempts[-1].report.passed:
            return ()
        missed = dict.fromkeys(name for each in self.attempts for name in each.report.missed)
        return (
            f"{len(self.attempts)} generated pictures missed the quality bar ({', '.join(missed)}), "
            "so this is the draft; another --seed may pass",
        )


@dataclass(frozen=True)
class Shot:
    """Picture and its origin.

    Attributes:
        timings: seconds per stage; stages that were warm are absent.
        style: what completes the outfit.
    """

    request: ShotRequest
    model: VirtualModel
    pose: str
    reading: GarmentReading
    garment: Garment
    fit: FitReport
    drape: Drape
    maps: ConditionMaps
    generated: GeneratedImage
    timings: Mapping[str, float]
    style: WornStyle = WornStyle()

    @property
    def picture(self) -> ByteArray:
        """(H, W, 3) or (H, W, 4) uint8 sRGB."""
        return self.generated.picture

    @property
    def check(self) -> dict[str, Any] | None:
        """Question for the seller about the garment's kind, see ``KindQuestion.to_json``; None where it is certain."""
        question = self.reading.question
        return None if question is None else question.to_json(self.garment.kind.category)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings for the seller, most basic doubt first."""
        found: list[str] = []
        if self.reading.cutout.confidence < 0.5:
            found.append("the garment's outline is unsure; check it with `vmodel inspect` or pass --mask")
        if not self.request.model and not self.model.is_child and looks_childrens(self.garment.kind):
            found.append("the garment looks made for a child; name a child with --model and state the --category")
        drawn = *self.drape.warnings, *self.generated.warnings
        return (*found, *self.garment.warnings, *self.style.warnings, *drawn)


@dataclass(frozen=True)
class Failure:
    """Shot that could not be made.

    Attributes:
        code: stable, see ``vmodel.errors``; "internal" for a fault of the program.
        message: one sentence with the remedy.
    """

    request: ShotRequest
    code: str
    message: str
