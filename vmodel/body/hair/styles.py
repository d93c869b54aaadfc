"""Hair styles that a roster entry may name, as numbers for ``grow_hair``."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vmodel.errors import ModelInvalid
from vmodel.types import VirtualModel


@dataclass(frozen=True)
class HairStyle:
    """Growth parameters of one style; lengths in mm on a head of ordinary size.

    Attributes:
        comb: flow on the scalp: "whorl" (out from the crown), "part" (away from the parting and down), "swept"
            (up from a side parting and across), "back" (to a gathering point) or "out" (away from the skin).
        top_mm, side_mm, nape_mm: strand lengths by region.
        volume_mm: thickness of the mass over the scalp.
        lift: 0..1, how steeply strands leave the skin.
        weight: 0..1, how soon gravity takes over.
        curl_mm, wave_mm: radius and length of curls; 0 for straight hair.
        clump: 0..1, how much strands join into locks towards their tips.
        frizz_mm: random wander of single strands.
        layered: 0..1, spread of lengths.
        parted: True if hair falls to both sides of a parting.
        fringe: 0..1, share of the front combed over the forehead; of parted hair, the share cut shorter there.
        fringe_mm: how far below the eyes a parted style's fringe ends, negative above; one that ends above falls
            straight, a longer one is swept aside and frames the face.
        strands: number of strands.
        width_mm: width of a drawn strand at its root; fewer, thicker strands stand for more hairs.
        scalp_opacity: how much of the scalp is tinted under the hair.
        finish: "loose", "ponytail", "bun" or "braids".
    """

    comb: str
    top_mm: float
    side_mm: float
    nape_mm: float
    volume_mm: float
    lift: float = 0.3
    weight: float = 0.5
    curl_mm: float = 0.0
    wave_mm: float = 60.0
    clump: float = 0.5
    frizz_mm: float = 1.0
    layered: float = 0.25
    parted: bool = False
    fringe: float = 0.0
    fringe_mm: float = -17.0
    strands: int = 18000
    width_mm: float = 0.26
    scalp_opacity: float = 0.9
    finish: str = "loose"

    @property
    def longest_mm(self) -> float:
        """Length of the longest region."""
        return max(self.top_mm, self.side_mm, self.nape_mm)

    @property
    def straight_fringe(self) -> bool:
        """Straight fringe of parted hair over the forehead; it hides the parting."""
        return self.comb == "part" and self.fringe > 0 and self.fringe_mm < 0


STYLES: dict[str, HairStyle] = {
    "bald": HairStyle("whorl", 0.6, 0.6, 0.6, 0.5, strands=0, scalp_opacity=0.26),
    "buzz": HairStyle(
        "out", 5, 4, 3.5, 4, lift=0.85, weight=0, clump=0.0, frizz_mm=0.3, strands=26000, width_mm=0.2,
        scalp_opacity=0.72,
    ),
    "short-crop": HairStyle(
        "whorl", 34, 11, 8, 11, lift=0.45, weight=0.05, clump=0.5, frizz_mm=1.2, fringe=0.6, strands=26000
    ),
    "side-part": HairStyle(
        "swept", 70, 20, 9, 18, lift=0.34, weight=0.35, clump=0.5, frizz_mm=1.4, parted=True, strands=26000
    ),
    "pixie": HairStyle(
        "swept", 80, 38, 26, 17, lift=0.3, weight=0.4, clump=0.6, frizz_mm=2.0, fringe=0.9, parted=True,
        strands=26000,
    ),
    "curly-short": HairStyle(
        "out", 62, 44, 30, 34, lift=0.7, weight=0.22, curl_mm=5, wave_mm=24, clump=0.8, frizz_mm=2.2, strands=24000
    ),
    "afro": HairStyle(
        "out", 95, 90, 74, 72, lift=1.0, weight=0.0, curl_mm=3.2, wave_mm=13, clump=0.45, frizz_mm=5, strands=30000
    ),
    "bob": HairStyle(
        "part", 208, 168, 110, 15, lift=0.26, weight=0.75, clump=0.35, frizz_mm=1.0, layered=0.13, parted=True,
        strands=24000,
    ),
    "fringe-bob": HairStyle(
        "part", 208, 168, 110, 15, lift=0.26, weight=0.75, clump=0.35, frizz_mm=1.0, layered=0.13, parted=True,
        fringe=1.0, strands=26000, scalp_opacity=0.97,
    ),
    "shoulder-length": HairStyle(
        "part", 345, 305, 240, 19, lift=0.3, weight=0.75, curl_mm=2.5, wave_mm=120, clump=0.45, frizz_mm=1.5,
        parted=True, fringe=0.45, fringe_mm=55, strands=19500, width_mm=0.3,
    ),
    "long-straight": HairStyle(
        "part", 530, 480, 420, 17, lift=0.26, weight=0.85, clump=0.35, frizz_mm=1.2, layered=0.18, parted=True,
        fringe=0.3, fringe_mm=70, strands=19500, width_mm=0.3,
    ),
    "long-wavy": HairStyle(
        "part", 530, 480, 410, 22, lift=0.3, weight=0.75, curl_mm=8, wave_mm=95, clump=0.6, frizz_mm=1.6, parted=True,
        fringe=0.4, fringe_mm=80, strands=17500, width_mm=0.32,
    ),
    "ponytail": HairStyle(
        "back", 330, 330, 330, 8, lift=0.16, clump=0.3, frizz_mm=0.9, finish="ponytail", strands=18000, width_mm=0.3
    ),
    "bun": HairStyle("back", 200, 200, 200, 8, lift=0.16, clump=0.3, frizz_mm=0.8, finish="bun", strands=22000),
    "braids": HairStyle(
        "back", 360, 360, 360, 7, lift=0.14, clump=0.3, frizz_mm=0.8, parted=True, finish="braids", strands=13000,
        width_mm=0.34,
    ),
}  # fmt: skip


def style_of(model: VirtualModel) -> HairStyle:
    """Return the style of a model's hair, its length adapted to ``hair.length_cm`` where that is given.

    Raises:
        ModelInvalid: the style is not in ``STYLES``.
    """
    style = STYLES.get(model.hair.style)
    if style is None:
        raise ModelInvalid(f"hair.style {model.hair.style!r} is not one of {', '.join(sorted(STYLES))}")
    if model.hair.length_cm <= 0 or style.strands == 0:
        return style
    ratio = min(max(model.hair.length_cm * 10 / style.longest_mm, 0.6), 1.6)
    return replace(style, top_mm=style.top_mm * ratio, side_mm=style.side_mm * ratio, nape_mm=style.nape_mm * ratio)
