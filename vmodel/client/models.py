"""Requests to the service and its answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from vmodel.shot.request import ShotRequest, format_size

T = TypeVar("T")


class ApiProblem(Exception):
    """Refusal or failure of the service.

    Attributes:
        code: stable, see docs/api.md.
        message: one sentence with the remedy.
        status: HTTP status.
        request_id: of the entry in the service's log.
        retryable: the same request may succeed later.
    """

    def __init__(self, code: str, message: str, status: int, request_id: str = "", retryable: bool = False) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status
        self.request_id, self.retryable = request_id, retryable


@dataclass(frozen=True)
class Model:
    """Invented person of the roster; ``size`` is a label, or a child's in cm."""

    id: str
    name: str
    gender: str
    age: float
    size: str
    height_cm: float
    hair: str
    is_child: bool


@dataclass(frozen=True)
class Garment:
    """Garment of the account.

    Attributes:
        understood: see docs/api.md; None while the photo could not be understood.
        hypotheses: {"category", "share"} of what the photo may show, the likeliest first.
        question: for the seller, where the kind is not certain; stating a category answers it.
    """

    id: str
    name: str
    category: str | None
    material: str | None
    width_cm: float | None
    length_cm: float | None
    worn_open: bool | None
    is_design: bool
    colorways: list[str]
    has_mask: bool
    has_back: bool
    understood: dict[str, Any] | None
    problem: dict[str, str] | None
    links: dict[str, str | None]
    created_at: str
    changed_at: str
    hypotheses: list[dict[str, Any]] = field(default_factory=list)
    question: str | None = None


@dataclass(frozen=True)
class Design:
    """Design, which is shot like a garment: its id is one.

    Attributes:
        asked: fields of ``Client.create_design``.
        colorways: {"name", "colours", "picture"}, its own colours first, under an empty name.
        understood: as of a garment.
    """

    id: str
    name: str
    asked: dict[str, Any]
    colorways: list[dict[str, Any]]
    understood: dict[str, Any]
    created_at: str
    changed_at: str


@dataclass(frozen=True)
class Print:
    """Uploaded repeat: (height, width) in pixels, and its colours, the most frequent first."""

    id: str
    size_px: list[int]
    colours: list[str]
    link: str


@dataclass(frozen=True)
class Flat:
    """Uploaded technical flat, and the colours written in it, the most frequent first."""

    id: str
    has_back: bool
    colours: list[str]


@dataclass(frozen=True)
class Pattern:
    """Uploaded sewing pattern, whose pieces fit together.

    Attributes:
        pieces: {"piece", "size_cm", "area_cm2", "grain_deg", "material", "colour"} each.
        seams: {"seam", "kind", "first", "first_cm", "second", "second_cm"} each.
        colours: of its pieces, the one with the most cloth first.
        link: the pieces side by side as PNG, for one to two hours.
    """

    id: str
    pieces: list[dict[str, Any]]
    seams: list[dict[str, Any]]
    colours: list[str]
    warnings: list[str]
    link: str


@dataclass(frozen=True)
class Shot:
    """Picture to ask for, with fields of ``vmodel.shot.request.ShotRequest``; names are those of ``Client.choices``.

    Attributes:
        view, framing: None = front and full.
        size: HEIGHTxWIDTH.
        pipeline: None = the installation's default.
        style: None = the installation's default.
        shoes: None = those that suit the garment.
        focal_mm: None = the usual 85.
        set: its pictures instead of one, without pose, view and framing, which it decides.
    """

    model: str | None = None
    pose: str | None = None
    view: str | None = None
    framing: str | None = None
    light: str = ShotRequest.light
    background: str = ShotRequest.background
    size: str = format_size(ShotRequest.size)
    seed: int = ShotRequest.seed
    pipeline: str | None = None
    steps: int | None = None
    channel: str | None = None
    style: str | None = None
    barefoot: bool = False
    shoes: str | None = None
    fitting: bool = False
    focal_mm: float | None = None
    set: str | None = None


@dataclass(frozen=True)
class Picture:
    """Picture and its progress; ``share`` is the part done, 0..1."""

    id: str
    job_id: str
    number: int
    asked: dict[str, Any]
    state: str
    stage: str | None
    share: float
    credits: int
    seconds: float | None
    error: dict[str, str] | None
    deleted: bool
    links: dict[str, str | None]


@dataclass(frozen=True)
class Job:
    """Job and its pictures.

    Attributes:
        state: queued, running, done, partly_done, failed, cancelled.
        share: of the job that is done, 0..1.
        place: turns before its next one; None once it runs.
        eta_s: seconds until it ends; None if nothing was measured yet.
        credits, charged: price of all pictures, and of the delivered ones.
    """

    id: str
    state: str
    cancelling: bool
    share: float
    place: int | None
    eta_s: float | None
    priority: int
    credits: int
    charged: int
    created_at: str
    started_at: str | None
    ended_at: str | None
    photo: str | None
    shots: list[dict[str, Any]]

    @property
    def is_open(self) -> bool:
        """State of a job that has not ended: queued or running."""
        return self.state in {"queued", "running"}

    @property
    def pictures(self) -> list[Picture]:
        """Pictures of the job, in the order in which they were asked for."""
        return [read_answer(Picture, shot) for shot in self.shots]


@dataclass(frozen=True)
class Usage:
    """Credits that are available, reserved and consumed; the plan, and the prices by pipeline."""

    available: int
    reserved: int
    consumed: int
    plan: dict[str, Any]
    prices: dict[str, int]


def read_answer(kind: type[T], plain: Mapping[str, Any]) -> T:
    """Make a dataclass of a JSON object."""
    # Fields that a newer service adds are left out; those that an older one does not know keep their default.
    names = [each.name for each in fields(kind) if each.name in plain]  # type: ignore[arg-type]
    return kind(**{name: plain[name] for name in names})
