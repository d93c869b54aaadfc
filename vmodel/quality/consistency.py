"""Consistency of a set of pictures: same person, light and garment in every pose and view.

Each picture is reduced to a ``Look``, and the looks of a set are compared with their median. The effect of light and
folds on a colour is removed first, because the unlit colour of every pixel is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from vmodel.core.colour import LUMINANCE, to_linear, to_oklab
from vmodel.core.files import json_bytes, write_whole
from vmodel.scene import PART_NAMES
from vmodel.scene.place.catalogue import PLACES
from vmodel.shot.pipeline_interface import Shot
from vmodel.types import BoolArray, ConditionMaps, FloatArray, VirtualModel

LIMITS: Final[Mapping[str, float]] = {
    "garment": 0.012,
    "skin": 0.105,
    "hair": 0.140,
    "tint": 0.012,
    "light": 0.20,
    "background": 0.030,
    "person": 0.02,
}
"""Largest distance of a picture from the median of its set.

``garment``, ``skin``, ``hair``, ``background``: distance of the colour in OKLab, for the garment without its shading.
0.02 is just visible side by side. Drafts of one garment differ by less than 0.001, their skin by 0.1 and their hair by
0.11, because another side of it is lit. ``tint``: of the light, the same way. ``light``: brightness from four sides, in
stops. The right counts less, because an arm's shadow falls there. So does light from above, because shoulders and a
bent neck catch more of it from behind; drafts differ by up to 0.17. ``person``: mean difference of the numbers that
shape face and body.
"""
BAR: Final = 0.5
"""Lowest score of a consistent set; a picture at its limit has this score."""
_FACING: Final = 0.6
_LEAST_PIXELS: Final = 150
_LARGEST: Final = 512
"""Long side in pixels to which pictures are subsampled."""
_SIDES: Final = np.array(
    [[1, 0, 0, -1], *([1, x, y, -np.sqrt(0.5)] for x, y in ((-0.707, 0), (0, -0.707), (0.707, 0)))]
)
_WEIGHTS: Final = np.array([1.0, 1.0, 0.5, 0.4])
_SKIN: Final = ("skin", "face", "hand")


@dataclass(frozen=True)
class Look:
    """Features that must stay the same from picture to picture; None for those that a picture does not show.

    Attributes:
        garment: (2,) chroma in OKLab that the picture adds to the garment's own colours.
        skin, hair, background: (3,) median colours in OKLab.
        tint: (2,) chroma of the light on garment and skin.
        light: (4,) stops of light on what faces the camera, and on what faces left, up and right by 45 degrees.
        person: numbers that shape the person.
    """

    garment: tuple[float, ...] | None
    skin: tuple[float, ...] | None
    hair: tuple[float, ...] | None
    background: tuple[float, ...] | None
    tint: tuple[float, ...] | None
    light: tuple[float, ...] | None
    person: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        seen = {name: value for name, value in vars(self).items() if value is not None and name != "person"}
        return {name: [round(v, 5) for v in value] for name, value in seen.items()} | {"person": dict(self.person)}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Look:
        """Read what ``to_json`` wrote.

        Raises:
            KeyError, TypeError, ValueError: the mapping is no look.
        """
        seen = {name: tuple(map(float, plain[name])) if name in plain else None for name in LIMITS if name != "person"}
        return cls(**seen, person={str(name): float(value) for name, value in plain["person"].items()})


@dataclass(frozen=True)
class Consistency:
    """Similarity of the pictures of a set.

    Attributes:
        apart: name -> largest distance of a picture from the set's median; see ``LIMITS``.
        outlier: name -> index of that picture.
        pictures: number of pictures.
    """

    apart: Mapping[str, float]
    outlier: Mapping[str, int]
    pictures: int

    @property
    def scores(self) -> dict[str, float]:
        """Scores 0..1 by name: 1 is no difference, 0.5 a difference at the limit."""
        return {name: float(0.5 ** (far / LIMITS[name])) for name, far in self.apart.items()}

    @property
    def score(self) -> float:
        """Lowest of the scores."""
        return min(self.scores.values(), default=1.0)

    @property
    def missed(self) -> tuple[str, ...]:
        """Names of the features that differ too much."""
        return tuple(name for name, score in self.scores.items() if score < BAR)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a report."""
        scores = {name: round(score, 3) for name, score in self.scores.items()}
        apart = {name: round(far, 4) for name, far in self.apart.items()}
        return {"score": round(self.score, 3), "scores": scores, "apart": apart, "missed": list(self.missed)}


def measure_look(shot: Shot) -> Look:
    """Measure the features of a picture that must stay the same in the rest of its set."""
    step = max(1, round(max(shot.picture.shape[:2]) / _LARGEST))
    light = to_linear(np.ascontiguousarray(shot.picture[::step, ::step, :3]))
    maps = _thinned(shot.maps, step)
    facing = maps.normals[..., 2] < -_FACING
    worn = (maps.garment_mask > 0.99) & (maps.hair_mask < 0.05) & (maps.warp_texture < 255)
    bare = np.isin(maps.parts, [PART_NAMES.index(name) for name in _SKIN]) & (maps.garment_mask < 0.01)
    skin = bare & facing & (maps.hair_mask < 0.05)
    lab = to_oklab(light)
    return Look(
        garment=_added_chroma(light, maps, worn),
        skin=_median(lab, skin),
        hair=_median(lab, maps.hair_mask > 0.95),
        background=_median(lab, _backdrop(maps)) if _has_one_colour(shot) else None,
        tint=_added_chroma(light, maps, (worn | skin) & facing),
        light=_light_from_sides(light, maps, worn | bare),
        person=shape_of(shot.model),
    )


def compare_looks(looks: Sequence[Look]) -> Consistency:
    """Compare the pictures of a set with one another.

    Args:
        looks: of at least one picture; features that fewer than two of them show are left out.
    """
    apart: dict[str, float] = {}
    outlier: dict[str, int] = {}
    for name in LIMITS:
        seen = [(index, value) for index, look in enumerate(looks) if (value := getattr(look, name)) is not None]
        if len(seen) < 2:
            continue
        values = _numbers([value for _, value in seen])
        away = values - np.median(values, axis=0)
        far = np.abs(away).mean(axis=1) if name == "person" else np.linalg.norm(away, axis=1)
        apart[name], outlier[name] = float(far.max()), seen[int(far.argmax())][0]
    return Consistency(apart, outlier, len(looks))


def _numbers(values: Sequence[Any]) -> FloatArray:
    """Return (pictures, n) float64; for persons, n counts all names that shape any of them."""
    if isinstance(values[0], Mapping):
        names = sorted({name for value in values for name in value})
        return np.array([[value.get(name, 0.0) for name in names] for value in values], float)
    return np.array(values, float)


def shape_of(model: VirtualModel) -> dict[str, float]:
    """Return the numbers that shape a person's face and body, by name."""
    return {f"phenotype {name}": float(value) for name, value in model.phenotype.items()} | {
        name: float(value) for name, value in model.local_changes.items()
    }


def _thinned(maps: ConditionMaps, step: int) -> ConditionMaps:
    whole = {each.name: getattr(maps, each.name) for each in fields(maps) if each.name != "keypoints_px"}
    return replace(maps, **{name: np.ascontiguousarray(values[::step, ::step]) for name, values in whole.items()})


def _added_chroma(light: FloatArray, maps: ConditionMaps, where: BoolArray) -> tuple[float, ...] | None:
    """Return the median difference of the picture's chroma from that of the unlit colours, at equal brightness."""
    if where.sum() < _LEAST_PIXELS:
        return None
    shown, unlit = light[where], maps.albedo[where]
    shade = (shown @ LUMINANCE + 1e-3) / (unlit @ LUMINANCE + 1e-3)
    change = to_oklab(np.clip(shown / shade[:, None], 0, 1)) - to_oklab(unlit)
    return tuple(float(value) for value in np.median(change[:, 1:], axis=0))


def _light_from_sides(light: FloatArray, maps: ConditionMaps, where: BoolArray) -> tuple[float, ...] | None:
    """Fit the shading as a linear function of the normal, without outliers, and read it off in four directions."""
    if where.sum() < 4 * _LEAST_PIXELS:
        return None
    normals = maps.normals[where].astype(float)
    shade = (light[where] @ LUMINANCE + 1e-3) / (maps.albedo[where] @ LUMINANCE + 1e-3)
    known = np.column_stack([np.ones(len(normals)), normals])
    inside = np.ones(len(shade), bool)
    for _ in range(3):  # folds in shadow and gloss are outliers
        plane, *_ = np.linalg.lstsq(known[inside], shade[inside], rcond=None)
        off = np.abs(shade - known @ plane)
        inside = off <= np.percentile(off, 85)
    return tuple(float(value) for value in _WEIGHTS * np.log2(np.maximum(_SIDES @ plane, 0.05)))


def _median(lab: FloatArray, where: BoolArray) -> tuple[float, ...] | None:
    if where.sum() < _LEAST_PIXELS:
        return None
    return tuple(float(value) for value in np.median(lab[where], axis=0))


def _has_one_colour(shot: Shot) -> bool:
    """Check that a closer picture shows the same colours behind the model; a street has a door here and sky there."""
    place = PLACES.get(shot.request.background)
    return shot.picture.shape[2] == 3 and (place is None or place.distance is None)


def _backdrop(maps: ConditionMaps) -> BoolArray:
    """Return the upper half of the backdrop; the lower half has shadows, which depend on the pose."""
    empty = maps.person_mask < 0.01
    empty[len(empty) // 2 :] = False
    return np.asarray(empty)


@dataclass(frozen=True)
class ShotSet:
    """Pictures that belong together.

    Attributes:
        garment, model: what they show, for messages.
        pictures: names of their files.
        found: their similarity.
    """

    garment: str
    model: str
    pictures: tuple[str, ...]
    found: Consistency

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings: one sentence for each feature that differs too much."""
        return tuple(
            f"{self.pictures[self.found.outlier[name]]} does not match the other {len(self.pictures) - 1} pictures of "
            f"{self.garment} on {self.model} in {name} (score {self.found.scores[name]:.2f}, bar {BAR}); look at it, "
            "and make it again with another --seed or with --pipeline draft"
            for name in self.found.missed
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a report."""
        named = {"garment": self.garment, "model": self.model, "pictures": list(self.pictures)}
        return named | self.found.to_json()


def judge_sets(seen: Iterable[tuple[tuple[str, ...], str, Look]]) -> list[ShotSet]:
    """Sort pictures into sets and compare the pictures of each.

    Args:
        seen: per picture, the common properties of its set (the garment's name and the model's id come first), the name
            of its file, and its look.
    Returns:
        Sets of at least two pictures, in the order of their first ones.
    """
    sets: dict[tuple[str, ...], list[tuple[str, Look]]] = {}
    for common, picture, look in seen:
        sets.setdefault(common, []).append((picture, look))
    return [
        ShotSet(
            common[0], common[1], tuple(name for name, _ in pictures), compare_looks([look for _, look in pictures])
        )
        for common, pictures in sets.items()
        if len(pictures) > 1
    ]


def write_consistency(sets: Sequence[ShotSet], path: Path) -> None:
    """Write a report of all sets as JSON.

    Raises:
        OutputNotWritable: the file cannot be written.
    """
    whole = {"format": 1, "bar": BAR, "limits": dict(LIMITS), "sets": [each.to_json() for each in sets]}
    write_whole(path, json_bytes(whole, 1))
