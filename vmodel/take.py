"""What the main path hands to a pipeline, and what it hands back."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

from vmodel.garment.recognition.kind import KindQuestion
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
        others: the garment as what else the photo may show, the likeliest first.
        question: to the seller, who did not state the kind and whose photo leaves it open; else None.
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

    @property
    def material(self) -> str:
        """Name of the garment's fabric in ``vmodel.drape``; empty where nothing is worn over the base layer."""
        return "" if self.scene.drape is None else self.scene.drape.material

    @cached_property
    def draft(self) -> ByteArray:
        """The picture as geometry, light and the photo's own pixels give it; rendered when first asked for.

        (H, W, 3) uint8 sRGB, or (H, W, 4) with straight alpha on the transparent background; not to be written to.
        """
        return render_draft(self.scene, self.camera, self.maps, self.light, self.background, self.seed)

    def with_seed(self, seed: int) -> Take:
        """The same take for another try; its draft stays the one that the first try started from."""
        if seed == self.seed:
            return self
        other = replace(self, seed=seed)
        vars(other)["draft"] = self.draft
        return other


@dataclass(frozen=True)
class PreparedShot:
    """A shot that is set up and not yet photographed.

    Attributes:
        take: what a pipeline is asked for.
        pose: name of the pose.
        garment: in the size that is worn.
        timings: seconds per stage so far.
    """

    request: ShotRequest
    take: Take
    pose: str
    garment: Garment
    fit: FitReport
    drape: Drape
    timings: Mapping[str, float]


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
class QualityReport:
    """What the quality gate found; ``vmodel.quality.gate`` says what the scores are.

    Attributes:
        scores: 0..1 by name, 1 is best.
        missed: names of the scores below their bar.
    """

    scores: Mapping[str, float]
    missed: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """True if every score reaches its bar."""
        return not self.missed


@dataclass(frozen=True)
class Try:
    """One picture that a generative pipeline made.

    Attributes:
        seed: it was asked with.
        report: what the gate found, after the finish.
    """

    seed: int
    report: QualityReport


@dataclass(frozen=True)
class Photograph:
    """The picture to show, and how it was chosen.

    Attributes:
        picture: (H, W, 3) or (H, W, 4) uint8 sRGB.
        made_by: name of the pipeline; "draft" where another one missed the bar with every seed.
        tries: in order, the shown one last; empty for a pipeline that invents nothing.
        note: why the draft is shown though another pipeline was asked for, where none was tried.
    """

    picture: ByteArray
    made_by: str
    tries: tuple[Try, ...] = ()
    note: str = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a seller should know of how the picture came about."""
        if self.note:
            return (self.note,)
        if not self.tries or self.tries[-1].report.passed:
            return ()
        missed = dict.fromkeys(name for each in self.tries for name in each.report.missed)
        return (
            f"{len(self.tries)} generated pictures missed the quality bar ({', '.join(missed)}), so this is the draft; "
            "another --seed may pass",
        )


@dataclass(frozen=True)
class Shot:
    """A picture and how it came about.

    Attributes:
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
    photograph: Photograph
    timings: Mapping[str, float]

    @property
    def picture(self) -> ByteArray:
        """(H, W, 3) or (H, W, 4) uint8 sRGB."""
        return self.photograph.picture

    @property
    def check(self) -> dict[str, Any] | None:
        """What the seller is asked of the garment's kind, see ``KindQuestion.to_json``; None where it is sure."""
        question = self.pattern.question
        return None if question is None else question.to_json(self.garment.kind.category)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a seller should know, most basic doubt first."""
        found: list[str] = []
        if self.pattern.cutout.confidence < 0.5:
            found.append("the garment's outline is unsure; check it with `vmodel inspect` or pass --mask")
        return (*found, *self.garment.warnings, *self.drape.warnings, *self.photograph.warnings)


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
