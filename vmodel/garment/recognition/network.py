"""Network that reads a garment photo: mask, parts, landmarks, kind and attributes in one pass.

An EfficientNet-Lite0 encoder (Tan and Le 2019, pretrained on ImageNet) with a light feature pyramid. Trained by
``pipelines.training.reader.train``; the labels' vocabulary is fixed here, because the weights depend on its order.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final, cast

import torch
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn
from torch.nn import functional as fn

from vmodel.core.network_weights import load_numbers
from vmodel.garment.recognition.decoders import (
    LEVELS,
    STEM,
    CloseupDecoder,
    OutlineDecoder,
    band_layers,
    by_rows,
    convolution,
)
from vmodel.garment.recognition.pooling import across, around, inside, within

WEIGHTS: Final = "garment_reader.safetensors"
SIZE: Final = 224
"""Side in pixels of the square picture that the network sees."""

LANDMARKS: Final = (
    *("neck_left", "neck_right", "neck_front", "neck_back", "shoulder_left", "shoulder_right"),
    *("cuff_outer_left", "cuff_outer_right", "cuff_inner_left", "cuff_inner_right"),
    *("armpit_left", "armpit_right", "hem_left", "hem_right", "hem_mid", "waist_left", "waist_right", "waist_front"),
    *("hip_left", "hip_right", "crotch", "leg_outer_left", "leg_outer_right", "leg_inner_left", "leg_inner_right"),
)
PARTS: Final = (
    *("background", "body", "inside", "sleeve_left", "sleeve_right", "leg_left", "leg_right"),
    *("hood", "collar", "strap", "hanger"),
)
"""Body is front cloth that is none of the others; inside is the inner side of the back, where it shows."""
CHOICES: Final = {
    "category": (
        "top",
        "outerwear",
        "dress",
        "skirt",
        "trousers",
        "shorts",
        "jumpsuit",
        "swimwear",
        "underwear",
        "none",
    ),
    "sleeve": ("none", "strap", "short", "three-quarter", "long"),
    "neckline": (
        *("crew", "v", "scoop", "boat", "square", "sweetheart", "collar", "high", "hood"),
        *("halter", "off-shoulder", "strapless", "asymmetric"),
    ),
    "closure": ("none", "half", "closed", "open"),
    "laid": ("flat", "hanger", "form", "held", "worn"),
    "face": ("front", "back"),
    "garments": ("one", "several"),
    "cloth": ("plain", "logo", "allover", "placed", "blocks", "washed"),
    "made_for": ("woman", "man", "girl", "boy"),
}
"""Attribute -> its values, in the order of the network's scores. "none" as a category is a photo of no garment.

Cloth is of one colour throughout, or except for a small logo or trims; or it has a small motif all over, a large one,
areas of several colours, or lightness that varies on purpose, as faded denim has. Made for are the genders of
``VirtualModel``.
"""
_OF_SHAPE: Final = tuple(name for name in CHOICES if name not in ("cloth", "made_for"))
"""Attributes that are scored from the garment's shape alone."""

CLOSE_SIZE: Final = 128
"""Side in pixels of the close-up of a neck."""
NECK_SIZE: Final = 224
"""Side in pixels of the close-ups in which edges of a front, and a collar, are found."""
FRONT_SIZE: Final = (384, 160)
"""Height and width in pixels of the strip along a front, from neck to hem, in which its edges are seen."""
SURFACE_SIZE: Final = 384
"""Side in pixels of the upright picture of a garment in which its surface is classified."""
SURFACE: Final = ("print", "foreign")
"""Classes of a garment's places: of another colour than most of its cloth; or not the outer face of its cloth at
all, but the inner side of the back, a lining, a label, a hanger, or ground."""
SLEEVES: Final = ("sleeve_left", "sleeve_right")
"""Sleeves, by the wearer's side, of which it is told where they lie on the front."""
BAND_SIZE, BAND_ROWS = 224, 28
"""Side in pixels of the close-up of a hem or a sleeve's end, and the number of its rows that are classified."""
CLOSE: Final = ("neckline", "closure")
"""Attributes that are scored from the close-up as well."""

_MEAN: Final = (0.485, 0.456, 0.406)
_DEVIATION: Final = (0.229, 0.224, 0.225)
_WIDTH: Final = 64
_LOCAL: Final = 16
"""Number of features at each landmark from which the attributes are scored."""
_PARTED: Final = (8, 16)
"""Strides of the features from which it is scored whether a front is open."""
_WOVEN: Final = (8, 16, 32)
"""Strides of the features from which cloth is scored."""
_LIT: Final = (4, 8, 16)
"""Strides of the features from which the illuminant is estimated."""
_EXPOSED: Final = (4, 8, 16, 32)
"""Strides of the features from which the exposure is estimated, and whether the cloth is white."""


class GarmentReaderNet(nn.Module):
    """Network from (B, 3, SIZE, SIZE) sRGB 0..1 to mask, parts, landmark heat and scores of every attribute."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.encoder = EfficientNet.from_name("efficientnet-lite0")
        del self.encoder._conv_head, self.encoder._bn1, self.encoder._fc
        self.lateral = nn.ModuleDict({str(s): nn.Conv2d(c, _WIDTH, 1) for s, c in LEVELS.items()})
        self.context = convolution(_WIDTH, _WIDTH)
        self.merge = nn.ModuleDict({str(s): convolution(_WIDTH, _WIDTH) for s in (16, 8, 4)})
        self.heat = nn.Sequential(convolution(_WIDTH, _WIDTH), nn.Conv2d(_WIDTH, len(LANDMARKS), 1))
        self.parts = nn.Sequential(convolution(_WIDTH, 32), nn.Conv2d(32, len(PARTS), 1))
        self.fine = nn.Conv2d(STEM, 16, 1)
        self.to_fine = nn.Conv2d(_WIDTH, 16, 1)
        self.mask = nn.Sequential(convolution(16, 16), nn.Conv2d(16, 1, 3, padding=1))
        self.local = nn.Conv2d(_WIDTH, _LOCAL, 1)
        scores = sum(len(CHOICES[name]) for name in _OF_SHAPE)
        shape = 2 * LEVELS[32] + _WIDTH + (_LOCAL + 3) * len(LANDMARKS)
        self.scores = nn.Sequential(
            nn.Dropout(0.2),
            nn.Linear(shape, 256),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(256, scores),
        )
        woven = 2 * sum(LEVELS[stride] for stride in _WOVEN)
        self.cloth_scores = nn.Sequential(
            nn.Dropout(0.2),
            nn.Linear(woven, 96),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(96, len(CHOICES["cloth"])),
        )
        self.made_for_scores = nn.Sequential(
            nn.BatchNorm1d(shape + woven, affine=False),
            nn.Dropout(0.5),
            nn.Linear(shape + woven, 96),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(96, len(CHOICES["made_for"])),
        )
        lit = sum(LEVELS[stride] for stride in _LIT)
        self.illuminant = nn.Sequential(
            nn.BatchNorm1d(lit, affine=False),
            nn.Dropout(0.15),
            nn.Linear(lit, 64),
            nn.ReLU(),
            nn.Dropout(0.3),
            nn.Linear(64, 2),
        )
        exposed = 2 * sum(LEVELS[stride] for stride in _EXPOSED)
        self.exposure = nn.Sequential(
            nn.BatchNorm1d(exposed, affine=False),
            nn.Dropout(0.7),
            nn.Linear(exposed, 48),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(48, 1),
        )
        self.white = nn.Sequential(nn.BatchNorm1d(exposed, affine=False), nn.Dropout(0.5), nn.Linear(exposed, 1))
        parted = 4 * sum(LEVELS[stride] for stride in _PARTED)
        self.front_scores = nn.Sequential(nn.BatchNorm1d(parted, affine=False), nn.Dropout(0.5), nn.Linear(parted, 1))
        self.close_scores = nn.Sequential(
            nn.Dropout(0.2),
            nn.Linear(2 * (LEVELS[32] + LEVELS[16]), 128),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(128, sum(len(CHOICES[name]) for name in CLOSE)),
        )
        self.band_scores = band_layers()
        self.neck = CloseupDecoder()
        self.collar = CloseupDecoder()
        self.edge = CloseupDecoder()
        self.surface = CloseupDecoder(len(SURFACE))
        self.sleeves = CloseupDecoder(len(SLEEVES))
        self.outline = OutlineDecoder()
        for name, values in (("mean", _MEAN), ("deviation", _DEVIATION)):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Run the network.

        Args:
            pictures: (B, 3, S, S) sRGB 0..1, S a multiple of 32.
        Returns:
            "mask" (B, S/2, S/2) logits, "parts" (B, len(PARTS), S/4, S/4) logits, "heat" (B, len(LANDMARKS), S/4, S/4)
            logits over the cells, under each name of ``CHOICES`` (B, n) logits, "illuminant" (B, 2), natural
            logarithms of red and of blue over green that white cloth has in the picture's light, "exposure" (B,), stops
            by which the garment is to be brightened, and "white" (B,), logits that its cloth is white.
        """
        levels = self._features((pictures - self.mean) / self.deviation)
        deep = levels[32]
        way = self.context(self.lateral["32"](deep))
        context = way.mean((2, 3))
        for stride in (16, 8, 4):
            way = fn.interpolate(way, scale_factor=2.0, mode="bilinear", align_corners=False)
            way = self.merge[str(stride)](way + self.lateral[str(stride)](levels[stride]))
        fine = fn.interpolate(self.to_fine(way), scale_factor=2.0, mode="bilinear", align_corners=False)
        heat = self.heat(way)
        shape = torch.cat([deep.mean((2, 3)), deep.amax((2, 3)), context, self._at_landmarks(way, heat)], 1)
        split = torch.split(self.scores(shape), [len(CHOICES[name]) for name in _OF_SHAPE], 1)
        mask = self.mask(fn.relu6(fine + self.fine(levels[2])))
        seen = mask.detach().sigmoid()
        woven = within(seen, [levels[stride] for stride in _WOVEN])
        exposed = torch.cat([inside(seen, levels, _EXPOSED), around(seen, levels, _EXPOSED)], 1)
        return {
            "mask": mask[:, 0],
            "parts": self.parts(way),
            "heat": heat,
            **dict(zip(_OF_SHAPE, split, strict=True)),
            "cloth": self.cloth_scores(woven),
            "made_for": self.made_for_scores(torch.cat([shape, woven], 1)),
            "illuminant": self.illuminant(around(seen, levels, _LIT)),
            "exposure": self.exposure(exposed)[:, 0],
            "white": self.white(exposed)[:, 0],
        }

    def look_closely(self, necks: Tensor) -> dict[str, Tensor]:
        """Score the attributes ``CLOSE`` from close-ups.

        Args:
            necks: (B, 3, CLOSE_SIZE, CLOSE_SIZE) sRGB 0..1, see ``closeup``.
        Returns:
            Under each name of ``CLOSE`` (B, n) logits.
        """
        levels = self._features((necks - self.mean) / self.deviation)
        pooled = [pool for stride in (32, 16) for pool in (levels[stride].mean((2, 3)), levels[stride].amax((2, 3)))]
        scores = torch.split(self.close_scores(torch.cat(pooled, 1)), [len(CHOICES[name]) for name in CLOSE], 1)
        return dict(zip(CLOSE, scores, strict=True))

    def open_front(self, fronts: Tensor) -> Tensor:
        """Score how surely fronts are open.

        Args:
            fronts: (B, 3, *FRONT_SIZE) sRGB 0..1, see ``front_closeup``.
        Returns:
            (B, 1) logits, positive where a front's edges lie apart over most of its length.
        """
        levels = self._features((fronts - self.mean) / self.deviation)
        return cast(Tensor, self.front_scores(torch.cat([across(levels[stride]) for stride in _PARTED], 1)))

    def front_of_neck(self, necks: Tensor) -> Tensor:
        """Separate the front's cloth from the opening that its neck leaves.

        Args:
            necks: (B, 3, NECK_SIZE, NECK_SIZE) sRGB 0..1, see ``neck_closeup``.
        Returns:
            (B, NECK_SIZE / 4, NECK_SIZE / 4) logits, positive on the front; they are valid near its edge only.
        """
        return cast(Tensor, self.neck(self._features((necks - self.mean) / self.deviation)))

    def front_of_edge(self, edges: Tensor) -> Tensor:
        """Separate the front's cloth from what lies beyond its waist or its hem; see ``front_of_neck``.

        Args:
            edges: (B, 3, NECK_SIZE, NECK_SIZE) sRGB 0..1, see ``edge_closeup``.
        """
        return cast(Tensor, self.edge(self._features((edges - self.mean) / self.deviation)))

    def leaves_of_collar(self, necks: Tensor) -> Tensor:
        """Separate a collar that lies folded over the front, or a lapel, from everything else.

        Args:
            necks: (B, 3, NECK_SIZE, NECK_SIZE) sRGB 0..1, see ``collar_closeup``.
        Returns:
            (B, NECK_SIZE / 4, NECK_SIZE / 4) logits, positive on the collar's outer face.
        """
        return cast(Tensor, self.collar(self._features((necks - self.mean) / self.deviation)))

    def bands_of(self, ends: Tensor) -> Tensor:
        """Score each row of a close-up of a hem or a sleeve's end: does it show a band that draws the cloth in?

        Args:
            ends: (B, 3, BAND_SIZE, BAND_SIZE) sRGB 0..1, see ``end_closeup``.
        Returns:
            (B, BAND_ROWS) logits from the cloth down, valid above the end's edge.
        """
        levels = self._features((ends - self.mean) / self.deviation)
        return cast(Tensor, self.band_scores(by_rows(levels, BAND_ROWS)))

    def surface_of(self, garments: Tensor) -> Tensor:
        """Classify each place of a garment's surface.

        Args:
            garments: (B, 3, SURFACE_SIZE, SURFACE_SIZE) sRGB 0..1, upright and filling the picture.
        Returns:
            (B, len(SURFACE), SURFACE_SIZE / 4, SURFACE_SIZE / 4) logits, valid within the garment's outline.
        """
        return cast(Tensor, self.surface(self._features((garments - self.mean) / self.deviation)))

    def sleeves_of(self, garments: Tensor) -> Tensor:
        """Find sleeves that lie on the front.

        Args:
            garments: as those of ``surface_of``.
        Returns:
            (B, len(SLEEVES), SURFACE_SIZE / 4, SURFACE_SIZE / 4) logits, positive on all of such a sleeve's cloth.
        """
        return cast(Tensor, self.sleeves(self._features((garments - self.mean) / self.deviation)))

    def outline_of(self, garments: Tensor) -> Tensor:
        """Separate a garment from everything else, more finely than ``forward`` does.

        Args:
            garments: as those of ``surface_of``.
        Returns:
            (B, SURFACE_SIZE / 2, SURFACE_SIZE / 2) logits, positive on the garment.
        """
        return cast(Tensor, self.outline(self._features((garments - self.mean) / self.deviation)))

    def whole_garment(self, garments: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return what ``outline_of``, ``surface_of`` and ``sleeves_of`` return, from one run of the encoder."""
        levels = self._features((garments - self.mean) / self.deviation)
        return self.outline(levels), self.surface(levels), self.sleeves(levels)

    def _at_landmarks(self, way: Tensor, heat: Tensor) -> Tensor:
        """Return features, place and confidence of every landmark, (B, (_LOCAL + 3) * len(LANDMARKS))."""
        share = heat.detach().flatten(2).softmax(2)
        cells = (torch.arange(heat.shape[-1], dtype=heat.dtype) + 0.5) / heat.shape[-1]
        down, across = torch.meshgrid(cells, cells, indexing="ij")
        at = share @ torch.stack([across.flatten(), down.flatten()], 1)
        seen = share @ self.local(way).flatten(2).transpose(1, 2)
        return torch.cat([seen, 4 * (at - at.mean(1, keepdim=True)), share.amax(2, keepdim=True)], 2).flatten(1)

    def _features(self, x: Tensor) -> dict[int, Tensor]:
        """Return the encoder's last feature map of every stride."""
        size = x.shape[-1]
        x = fn.relu6(self.encoder._bn0(self.encoder._conv_stem(x)))
        levels: dict[int, Tensor] = {}
        for block in self.encoder._blocks:
            x = block(x)
            levels[size // x.shape[-1]] = x
        return levels


@lru_cache(maxsize=2)
def load_network(weights: Path) -> GarmentReaderNet:
    """Load the trained network, in evaluation mode.

    Args:
        weights: folder that holds ``WEIGHTS``.
    Raises:
        WeightsMissing: the folder does not hold them.
    """
    network = GarmentReaderNet()
    state = load_numbers(weights, WEIGHTS)
    counts = {name: value for name, value in network.state_dict().items() if not value.is_floating_point()}
    network.load_state_dict(state | counts)
    return network.eval()
