"""Stages of a shot in the order of the main path."""

from __future__ import annotations

from enum import StrEnum
from typing import NewType, Self

PipelineName = NewType("PipelineName", str)
"""Name of a pipeline, which stands in events and timings for the stage in which it makes the picture."""


class Stage(StrEnum):
    """Stage of a shot; the value is its name in events, timings, sidecars and the database, and must not change.

    Attributes:
        label: key of its name in the page's catalogues; stages that are one to a seller share it.
        start: share of a whole picture with cold caches that is done when it starts, 0..1; None for a stage that is
            too short to count.
        kept: number of its results that a ``StageCache`` keeps. Painted skins and drapes are large; poses of one
            garment are requested in a row.
    """

    label: str
    start: float | None
    kept: int

    def __new__(cls, name: str, label: str, start: float | None = None, kept: int = 8) -> Self:
        """Make a stage of its name and attributes."""
        stage = str.__new__(cls, name)
        stage._value_, stage.label, stage.start, stage.kept = name, label, start, kept
        return stage

    READING = "reading", "reading", 0.02, 2
    CUTOUT = "cutout", "cutout", 0.03, 2
    UNDERSTANDING = "understanding", "understanding"
    PATTERN = "pattern", "pattern"
    HYPOTHESES = "hypotheses", "hypotheses"
    DIGEST = "digest", "understanding"
    DETECTING = "detecting", "understanding"
    BODY_MODEL = "body model", "body", 0.10
    BODY = "body", "body", 0.12
    POSE = "pose", "pose", 0.14
    POSING = "posing", "pose"
    DRAPE = "drape", "drape", 0.16
    JUDGE = "judge", "judge", 0.54
    SKIN = "skin", "skin", 0.55, 3
    SHOES = "shoes", "shoes"
    HAIR = "hair", "hair", 0.62, 6
    POSING_HAIR = "posing hair", "posing hair"
    POSING_SHOES = "posing shoes", "posing shoes"
    SCENE = "scene", "scene", 0.68, 4
    CAMERA = "camera", "camera"
    CONDITIONS = "conditions", "conditions", 0.70, 1
    DRAFT = "draft", "photograph"
    PHOTOGRAPH = "photograph", "photograph", 0.75
    FINISH = "finish", "finish", 0.93
    QUALITY = "quality", "quality", 0.95
    PUBLISH = "publish", "publish", 0.97
    MODEL_3D = "model3d", "model3d"


def label_of(name: str) -> str:
    """Return the label key of a stage by its name in events or the database; pipelines make photographs."""
    return next((stage.label for stage in Stage if stage == name), Stage.PHOTOGRAPH.label)
