"""Kind of a garment, its landmarks and how it was photographed, as the network reads the photo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from vmodel.config import Settings
from vmodel.errors import BadUsage
from vmodel.garment.imaging.contour import SIDES, gap_row
from vmodel.garment.recognition.bands import read_bands
from vmodel.garment.recognition.bib import has_bib
from vmodel.garment.recognition.brief import has_brief, leg_points
from vmodel.garment.recognition.landmarks import check_order, complete, names_of, read_landmarks
from vmodel.garment.recognition.network import CHOICES, PARTS, load_network
from vmodel.garment.recognition.reader import PhotoReading, read_photo
from vmodel.types import (
    BoolArray,
    ByteArray,
    Category,
    Cutout,
    FlatLay,
    Garment,
    GarmentKind,
    Landmarks,
    Length,
    Neckline,
    Sleeve,
)

_CHILDRENS: Final = 0.6
"""Probability of girls and boys as wearers above which a garment looks made for a child."""
_PATTERNED: Final = 0.5
"""Probability from which on a pattern covers all of a garment."""
_NEAREST_KIND: Final = {"underwear": Category.TOP, "none": Category.TOP}
"""Kind that replaces one without a pattern if the seller insists; rights checks use the network's own kind."""
SECOND_SHARE: Final = 0.1
"""Probability above which a second kind is worth a try where the first is not worn right."""
UNSURE: Final = 0.75
"""Probability of the likeliest kind below which the seller is asked."""
_APART: Final = 0.5
"""Probability from which the edges of a front are taken to lie apart: what shows between them is no part of it."""
_WORN_OPEN: Final = 0.6
"""Probability from which such a front is worn open, too: in cross-validation over 423 labelled fronts 28 of 51 open
ones have more, 8 of 135 whose edges nearly touch, and 7 of 237 closed ones. Worn closed, it is the same garment."""
_SURE_HOOD: Final = 0.5
_SEEN_HOOD: Final = 0.01
"""Least share of the garment. A false hood is worse than a missing one: of 70 labelled hoods one is lost."""
_SPOKEN: Final = {
    Category.TOP: "a top",
    Category.OUTERWEAR: "outerwear",
    Category.DRESS: "a dress",
    Category.SKIRT: "a skirt",
    Category.TROUSERS: "trousers",
    Category.SHORTS: "shorts",
    Category.JUMPSUIT: "a jumpsuit",
    Category.SWIMWEAR: "swimwear",
}
_LIKE_A_DRESS: Final = (16.9, 5.5, -10.5)
"""Coefficients of the logarithms of length and of hem, both over the chest's width, and a constant: log likelihood
ratio of a dress over a top. Logistic regression on 252 and 1,732 labelled ones; in five-fold cross-validation 94.5 %
are right, either kind counted alike."""
_MOST_LIKE: Final = 4.0
"""Largest magnitude of that log likelihood ratio."""
_ENDS: Final = ("neck", "waist")
_GROUND: Final = 250
"""Grey level that stands in for what a cut-out hides."""


@dataclass(frozen=True)
class KindQuestion:
    """Question which of two kinds a photo shows, for the seller where the network is unsure.

    Attributes:
        first, second: the likeliest kinds.
        first_share, second_share: their probabilities, 0..1.
    """

    first: Category
    first_share: float
    second: Category
    second_share: float

    def ask(
        self, taken: Category, done: str = "worn", remedy: str = "state the category {}", photo: str = "The photo"
    ) -> str:
        """Put the question in two sentences.

        Args:
            taken: the kind that was assumed meanwhile.
            done: what was done with the garment as that kind.
            remedy: what to do where that is wrong, with a place for the other kind's name.
            photo: what the photo is called.
        """
        other = self.second if taken == self.first else self.first
        may_show = " or ".join(f"{_SPOKEN[kind]} ({share:.0%})" for kind, share in self.hypotheses)
        return (
            f"{photo} may show {may_show}; it was {done} as {_SPOKEN[taken]}. "
            f"If it shows {_SPOKEN[other]}, {remedy.format(other.value)}."
        )

    @property
    def hypotheses(self) -> tuple[tuple[Category, float], ...]:
        """Both kinds with their probabilities, the likeliest first."""
        return (self.first, self.first_share), (self.second, self.second_share)

    def to_json(self, taken: Category) -> dict[str, Any]:
        """Return plain values: "question", and "kinds" as {"category", "share"}, the likeliest first; see ``ask``."""
        kinds = [{"category": kind.value, "share": round(share, 3)} for kind, share in self.hypotheses]
        return {"question": self.ask(taken), "kinds": kinds}


def understand(
    flat_lay: FlatLay, cutout: Cutout, category: Category | None = None, landmarks: Path | None = None
) -> tuple[GarmentKind, Landmarks]:
    """Determine the garment's kind and find its landmarks.

    Args:
        flat_lay: the photo.
        cutout: its garment.
        category: stated by the seller; overrides the network.
        landmarks: JSON file of landmarks that override the found ones, all or some.
    Raises:
        LandmarksInvalid: the file is not understood.
        WeightsMissing: the network's weights are not installed.
    """
    return understand_reading(read_kinds(flat_lay, cutout), cutout.mask, category, landmarks)


def read_kinds(flat_lay: FlatLay, cutout: Cutout) -> PhotoReading:
    """Read with the network a photo whose garment was cut out.

    Raises:
        WeightsMissing: the network's weights are not installed.
    """
    return read_photo(load_network(Settings().weights), seen_by_network(flat_lay, cutout.source))


def seen_bands(flat_lay: FlatLay, cutout: Cutout, kind: GarmentKind, landmarks: Landmarks) -> dict[str, float]:
    """Find ribbed and gathered bands; see ``read_bands``."""
    network = load_network(Settings().weights)
    return read_bands(network, seen_by_network(flat_lay, cutout.source), kind, landmarks.points_px)


def understand_reading(
    reading: PhotoReading, mask: BoolArray, category: Category | None = None, landmarks: Path | None = None
) -> tuple[GarmentKind, Landmarks]:
    """Determine kind and landmarks from a reading; see ``understand``.

    Args:
        reading: of the network.
        mask: (H, W) bool, the garment in the photo.
        category: stated by the seller; overrides the network.
        landmarks: file of landmarks that override the found ones.
    Raises:
        LandmarksInvalid: the file is not understood.
    """
    given = read_landmarks(landmarks, mask.shape) if landmarks is not None else {}
    kind = decide_kind(reading, category)
    points = dict(reading.points_px)
    if kind.category == Category.SWIMWEAR:
        points |= leg_points(mask, points)
        if category is None and gap_row(mask) is None and not has_brief(points):
            kind = replace(decide_kind(reading, _without_brief(reading)), confidence=kind.confidence, stated=False)
    points |= given
    kind = replace(kind, bib=has_bib(kind, points))
    if landmarks is not None:
        check_order(landmarks, given, {name: points[name] for name in names_of(kind) if name in points})
    found = complete(kind, points, dict(reading.confidence) | dict.fromkeys(given, 1.0))
    return replace(kind, length=judge_length(kind, found)), found


def seen_by_network(flat_lay: FlatLay, source: str) -> ByteArray:
    """Return the photo, (H, W, 3) uint8; on a plain ground where the cut-out is the file's own transparency."""
    if flat_lay.alpha is None or source != "alpha":
        return flat_lay.rgb
    share = flat_lay.alpha[..., None]
    return np.asarray(np.rint(flat_lay.rgb * share + _GROUND * (1 - share)), np.uint8)


def _without_brief(reading: PhotoReading) -> Category:
    """Return the category that one half of a two-piece by itself counts as."""
    sure = {stem: reading.confidence[f"{stem}_left"] + reading.confidence[f"{stem}_right"] for stem in _ENDS}
    return Category.TOP if sure["neck"] > sure["waist"] else Category.SHORTS


def likeliest_kinds(reading: PhotoReading) -> list[tuple[Category, float]]:
    """Return the kinds that have a pattern, with their probabilities, the likeliest first."""
    nearest = dict(_NEAREST_KIND)
    if reading.best("category") == "swimwear":  # swimsuits and bodysuits look alike
        nearest["underwear"] = Category.SWIMWEAR
    shares: dict[Category, float] = dict.fromkeys(Category, 0.0)
    for word, share in zip(CHOICES["category"], reading.shares["category"], strict=True):
        shares[nearest.get(word) or Category(word)] += float(share)
    both = shares[Category.DRESS] + shares[Category.TOP]
    if min(shares[Category.DRESS], shares[Category.TOP]) > 0:
        dress = shares[Category.DRESS] * np.exp(_like_a_dress(reading))
        shares[Category.DRESS] = both * float(dress / (dress + shares[Category.TOP]))
        shares[Category.TOP] = both - shares[Category.DRESS]
    return sorted(shares.items(), key=lambda each: -each[1])


def _like_a_dress(reading: PhotoReading) -> float:
    """Return the log likelihood ratio of a dress over a top for a garment's proportions.

    The network sees every photo as a square: long and short look nearly alike to it.
    """
    left, right = ([reading.points_px[f"{stem}_{side}"] for stem in ("neck", "armpit", "hem")] for side in SIDES)
    neck, chest, hem = (float(np.linalg.norm(a - b)) for a, b in zip(left, right, strict=True))
    length = float(np.linalg.norm(left[2] + right[2] - left[0] - right[0])) / 2
    if min(neck, chest, hem, length) < 1:
        return 0.0
    by_length, by_hem, usual = _LIKE_A_DRESS
    told = by_length * np.log(length / chest) + by_hem * np.log(hem / chest) + usual
    return float(np.clip(told, -_MOST_LIKE, _MOST_LIKE))


def detected_kind(flat_lay: FlatLay, cutout: Cutout, garment: Garment) -> GarmentKind:
    """Return the kind that the picture itself shows, whatever was stated; a design keeps its own kind."""
    if garment.scale_source == "design":
        return replace(garment.kind, stated=False)
    return understand(flat_lay, cutout)[0]


def seen_part(flat_lay: FlatLay, cutout: Cutout, name: str) -> BoolArray:
    """Return the (H, W) bool mask of one of ``PARTS`` in the photo."""
    return np.asarray(seen_parts(flat_lay, cutout) == PARTS.index(name))


def seen_parts(flat_lay: FlatLay, cutout: Cutout) -> ByteArray:
    """Return the (H, W) uint8 index into ``PARTS`` of each place of the photo."""
    parts = read_kinds(flat_lay, cutout).parts
    return np.asarray(cv2.resize(parts, cutout.mask.shape[::-1], interpolation=cv2.INTER_NEAREST))


def can_be_open(kind: GarmentKind) -> bool:
    """Return whether a kind may have a front parted from neck to hem and still stay on by its shoulders."""
    bare = {Neckline.STRAPLESS, Neckline.OFF_SHOULDER, Neckline.HALTER, Neckline.ASYMMETRIC}
    return (
        kind.category in {Category.OUTERWEAR, Category.TOP}
        and kind.sleeve != Sleeve.STRAP
        and kind.neckline not in bare
    )


def is_worn_open(reading: PhotoReading) -> bool:
    """Return whether a front that may be open is surely open, and thus worn open unless the seller says otherwise."""
    return reading.parted > _WORN_OPEN


def check_worn_open(kind: GarmentKind, worn_open: bool | None) -> None:
    """Reject a stated open front for a garment that has no front to part.

    Raises:
        BadUsage: it is to be worn open and has no front to part.
    """
    if worn_open and not can_be_open(kind):
        raise BadUsage(
            f"A {kind.category.value} of this cut has no front to part; leave --open out, or state what it is "
            "with --category top or --category outerwear."
        )


def second_kind(flat_lay: FlatLay, cutout: Cutout) -> Category | None:
    """Return the second likeliest kind of a photo, or None where the network is sure of the first."""
    category, share = likeliest_kinds(read_kinds(flat_lay, cutout))[1]
    return category if share > SECOND_SHARE else None


def ask_kind(reading: PhotoReading) -> KindQuestion | None:
    """Return the question that a photo leaves open, or None where the network is sure of the kind."""
    (first, first_share), (second, second_share) = likeliest_kinds(reading)[:2]
    return KindQuestion(first, first_share, second, second_share) if first_share < UNSURE else None


def decide_kind(reading: PhotoReading, category: Category | None = None) -> GarmentKind:
    """Choose the likeliest kind; sub-kinds only where the category has them.

    Args:
        reading: of the network.
        category: stated by the seller.
    """
    likeliest, share = likeliest_kinds(reading)[0]
    chosen = category or likeliest
    confidence, laid = (1.0 if category is not None else share), reading.best("laid")
    intimate = reading.share("category", "swimwear") + reading.share("category", "underwear")
    cloth, made_for = (
        tuple((name, reading.share(attribute, name)) for name in CHOICES[attribute])
        for attribute in ("cloth", "made_for")
    )
    stated = category is not None
    if not chosen.covers_upper:
        return GarmentKind(
            chosen, confidence, stated=stated, laid=laid, intimate=intimate, cloth=cloth, made_for=made_for
        )
    neckline = _decide_neckline(reading)
    sleeve = Sleeve(reading.best("sleeve"))
    if neckline == Neckline.STRAPLESS and sleeve != Sleeve.NONE:
        neckline = Neckline.OFF_SHOULDER
    kind = GarmentKind(
        category=chosen,
        confidence=confidence,
        sleeve=sleeve,
        neckline=neckline,
        stated=stated,
        laid=laid,
        intimate=intimate,
        cloth=cloth,
        made_for=made_for,
    )
    return replace(kind, open_front=can_be_open(kind) and reading.parted > _APART)


def looks_childrens(kind: GarmentKind) -> bool:
    """Return whether a garment looks made for a child: of photos that do, three in four show a child's garment."""
    return sum(share for gender, share in kind.made_for if gender in {"girl", "boy"}) > _CHILDRENS


def is_patterned(kind: GarmentKind) -> bool:
    """Return whether a pattern covers all of a garment, so that no stripe or motif counts as placed on it."""
    return dict(kind.cloth).get("allover", 0.0) > _PATTERNED


def _decide_neckline(reading: PhotoReading) -> Neckline:
    """Choose the likeliest neckline; a hood only if likelier than all the others together, or if its cloth is seen."""
    likeliest = Neckline(reading.best("neckline"))
    seen = (reading.parts == PARTS.index("hood")).sum() / max(int((reading.parts > 0).sum()), 1)
    if likeliest != Neckline.HOOD or reading.share("neckline", "hood") > _SURE_HOOD or seen > _SEEN_HOOD:
        return likeliest
    others = {name: reading.share("neckline", name) for name in CHOICES["neckline"] if name != likeliest.value}
    return Neckline(max(others, key=others.__getitem__))


def judge_length(kind: GarmentKind, found: Landmarks) -> Length:
    """Classify the length by proportions: the garment's length against its width at chest or waist."""
    points = found.points_px
    if kind.category.covers_upper:
        top = (points["neck_left"] + points["neck_right"]) / 2
        width = np.linalg.norm(points["armpit_left"] - points["armpit_right"])
    else:
        top = (points["waist_left"] + points["waist_right"]) / 2
        width = 1.25 * np.linalg.norm(points["waist_left"] - points["waist_right"])
    names = ("leg_outer_left", "leg_outer_right") if kind.category.has_legs else ("hem_left", "hem_right")
    low = np.mean([points[name] for name in names], axis=0)
    ratio = float(np.linalg.norm(low - top)) / max(float(width), 1.0)
    return next(length for limit, length in _LENGTHS[kind.category] if ratio < limit)


_BY_LEG: Final = ((0.9, Length.MINI), (1.35, Length.KNEE), (2.0, Length.MIDI), (np.inf, Length.ANKLE))
# A photo on a hidden form is up to 1.4 times narrower than the cloth: such a hip-long top reaches a ratio of 2.2.
_BY_TORSO: Final = ((1.0, Length.CROPPED), (2.3, Length.HIP), (np.inf, Length.TUNIC))
_BY_COAT: Final = ((0.95, Length.CROPPED), (1.5, Length.HIP), (2.0, Length.KNEE), (np.inf, Length.MIDI))
_BY_BODY: Final = ((2.15, Length.MINI), (2.6, Length.KNEE), (3.7, Length.MIDI), (np.inf, Length.ANKLE))
_LENGTHS: Final[Mapping[Category, tuple[tuple[float, Length], ...]]] = {
    Category.TOP: _BY_TORSO,
    Category.OUTERWEAR: _BY_COAT,
    Category.DRESS: _BY_BODY,
    Category.JUMPSUIT: _BY_BODY,
    Category.SWIMWEAR: _BY_BODY,
    Category.SKIRT: _BY_LEG,
    Category.SHORTS: _BY_LEG,
    Category.TROUSERS: _BY_LEG,
}
