"""Sizes of a garment that hangs from the shoulders, in centimetres: result of the fit and input of the draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from vmodel.garment.blocks.parts import Band
from vmodel.types import FloatArray


@dataclass(frozen=True)
class UpperCut:
    """Sizes of a garment that hangs from the shoulders, lying flat.

    Attributes:
        half_chest: from the middle to the armpit.
        length: neck points to the hem's corners, straight down.
        shoulder, neck: half spans between shoulder points and between neck points.
        drop: neck points to the lowest point of the front's neck.
        bands: of its hem and its cuffs, by edge.
        profile: (n, 2) the front's neck from its left point to its right, as shares of ``neck`` and of ``drop``; None
            for the kind's own curve.
        depth: shoulder point to armpit, straight down.
        sleeve: middle of the armhole to the middle of the cuff; 0 without sleeves.
        cap: how far a cap sleeve ends beside and below the shoulder point; None without caps.
        cuff: flat width.
        angle: of the sleeve below the horizontal, in degrees.
        sides: (n, 2) half widths: share of the way from armpit to hem (0..1, rising), and cm.
        hem: (n, 2) shape of the front's hem: share of its width (-1..1), and cm below its corners.
        lift: how far the body lifts the middle of the front's hem beside its corners: it is cut longer by that.
        stand: height of what stands round the neck; 0 for none.
        falls: it is open in front, down to ``drop``.
        legs: of a jumpsuit.
        apart: how far from the middle the edges of an open front lie at the neck and at the hem; None for a closed one.
        armhole: exponent of the armhole's curve: the higher, the deeper it cuts in; None for the kind's own.
        strings: how far down the neck straps go along the armholes before the front begins, as a share of its depth.
        below: distance of an upper edge that no shoulder carries below the neck points; ``depth`` counts from it.
        root: flat width of the sleeve at its beginning there.
        bare: "left" or "right", the side that goes under the arm instead of over the shoulder; "" for neither.
        brief: of swimwear, whose sides end at the leg line.
        midriff: of a two-piece, cm below the neck points from the top's hem to the brief's waist; None for one piece.
    """

    half_chest: float
    length: float
    shoulder: float
    neck: float
    drop: float
    depth: float
    sleeve: float = 0.0
    cuff: float = 0.0
    angle: float = 40.0
    sides: FloatArray = field(default_factory=lambda: np.zeros((0, 2)))
    hem: FloatArray = field(default_factory=lambda: np.zeros((0, 2)))
    lift: float = 0.0
    stand: float = 0.0
    falls: bool = False
    legs: LegCut | None = None
    apart: tuple[float, float] | None = None
    armhole: float | None = None
    strings: float = 0.0
    below: float = 0.0
    root: float = 0.0
    bare: str = ""
    brief: BriefCut | None = None
    midriff: tuple[float, float] | None = None
    profile: FloatArray | None = None
    cap: tuple[float, float] | None = None
    bands: Mapping[str, Band] = field(default_factory=dict)


@dataclass(frozen=True)
class LegCut:
    """Legs of a jumpsuit: heights below the neck points, half widths from the middle, in cm."""

    crotch: float
    inner: float
    outer: float


@dataclass(frozen=True)
class BriefCut:
    """Lower end of swimwear, in cm.

    Attributes:
        crotch: below the neck points.
        gusset: half width of the crotch seam.
        bow, bow_behind: how far the leg line is hollowed out of the cloth in its middle, in front and behind, as a
            share of its length; below 0 it bulges over the seat.
    """

    crotch: float
    gusset: float
    bow: float
    bow_behind: float
