"""Studio light: presets of large soft boxes and a dome, which turn with the camera as in a studio."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from vmodel.types import FloatArray

Colour = tuple[float, float, float]
_WHITE: Colour = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class SoftBox:
    """Round area light aimed at the subject.

    Attributes:
        azimuth_deg: from the camera's axis; positive is on the picture's right.
        elevation_deg: above the horizontal through the subject's chest.
        distance_m, radius_m: they decide how soft its shadows are.
        strength: irradiance at the subject, relative to the other lights.
        colour: linear-light tint.
        samples: shadow rays per point.
    """

    azimuth_deg: float
    elevation_deg: float
    distance_m: float
    radius_m: float
    strength: float
    colour: Colour = _WHITE
    samples: int = 12


@dataclass(frozen=True)
class LightSetup:
    """Named arrangement of lights.

    Attributes:
        boxes: the first is the key light.
        dome: irradiance from everywhere.
        dome_up, dome_front: how much more of it comes from above and from the camera's side.
        dome_colour: tint of the light from above.
        contrast: 0..1.5 strength of the tone curve on skin and hair.
        backdrop: brightness of what is behind the model, relative to its colour; white stays white.
    """

    boxes: tuple[SoftBox, ...]
    dome: float
    dome_up: float
    dome_front: float
    dome_colour: Colour = _WHITE
    contrast: float = 0.8
    backdrop: float = 1.0


LIGHTS = {
    "soft-key": LightSetup(
        (
            SoftBox(-42, 38, 2.4, 0.6, 1.0, samples=32),
            SoftBox(55, 8, 2.8, 1.0, 0.1),
            SoftBox(148, 35, 2.4, 0.5, 0.32),
            SoftBox(-150, 25, 2.6, 0.5, 0.16),
        ),
        dome=0.15,
        dome_up=0.06,
        dome_front=0.04,
    ),
    "bright": LightSetup(
        (
            SoftBox(-35, 30, 2.6, 1.0, 0.52, samples=32),
            SoftBox(38, 20, 2.6, 1.0, 0.3),
            SoftBox(160, 40, 2.4, 0.7, 0.4),
        ),
        dome=0.3,
        dome_up=0.04,
        dome_front=0.03,
        contrast=0.6,
        backdrop=1.1,
    ),
    "dramatic-side": LightSetup(
        (
            SoftBox(-72, 28, 2.2, 0.45, 1.25, samples=32),
            SoftBox(60, 5, 3.0, 1.0, 0.05),
            SoftBox(140, 35, 2.2, 0.4, 0.8),
        ),
        dome=0.08,
        dome_up=0.03,
        dome_front=0.01,
        contrast=1.0,
        backdrop=0.7,
    ),
    "beauty": LightSetup(
        (
            SoftBox(-6, 42, 1.8, 0.45, 0.78, samples=32),
            SoftBox(0, -25, 1.8, 0.6, 0.2),
            SoftBox(140, 30, 2.2, 0.5, 0.48),
            SoftBox(-140, 30, 2.2, 0.5, 0.48),
        ),
        dome=0.19,
        dome_up=0.04,
        dome_front=0.05,
    ),
    "daylight": LightSetup(
        (
            SoftBox(-58, 40, 3.0, 1.3, 0.78, (1.0, 0.97, 0.92), samples=32),
            SoftBox(120, 35, 3.0, 0.8, 0.32, (1.0, 0.98, 0.95)),
        ),
        dome=0.25,
        dome_up=0.10,
        dome_front=0.03,
        dome_colour=(0.93, 0.98, 1.08),
    ),
    "window": LightSetup(
        (
            SoftBox(-66, 18, 1.9, 0.85, 1.15, (0.98, 1.0, 1.03), samples=32),
            SoftBox(75, 10, 3.2, 1.2, 0.09),
        ),
        dome=0.13,
        dome_up=0.03,
        dome_front=0.03,
        dome_colour=(0.96, 0.99, 1.05),
        contrast=0.9,
        backdrop=0.8,
    ),
    "hard-sun": LightSetup(
        (
            SoftBox(-32, 38, 6.0, 0.09, 1.25, (1.0, 0.97, 0.92), samples=12),
            SoftBox(50, 20, 3.5, 1.2, 0.12, (0.96, 0.99, 1.04)),
        ),
        dome=0.15,
        dome_up=0.05,
        dome_front=0.04,
        dome_colour=(0.94, 0.98, 1.08),
        contrast=1.0,
        backdrop=1.05,
    ),
    "low-key": LightSetup(
        (
            SoftBox(-58, 44, 2.0, 0.35, 1.15, samples=32),
            SoftBox(132, 30, 2.2, 0.35, 1.05),
            SoftBox(-140, 25, 2.4, 0.4, 0.4),
        ),
        dome=0.05,
        dome_up=0.02,
        dome_front=0.01,
        contrast=1.2,
        backdrop=0.3,
    ),
}
"""Light preset -> setup; the first is the default."""


@dataclass(frozen=True)
class PlacedLight:
    """Soft box in world space; ``irradiance`` is (3,) at ``reference_m`` metres."""

    position_m: FloatArray
    radius_m: float
    irradiance: FloatArray
    reference_m: float
    samples: int


@dataclass(frozen=True)
class PlacedSetup:
    """Lights in world space, balanced so that a frontal white cylinder averages neutral white.

    Attributes:
        lights: key first.
        dome: (3,) irradiance from everywhere.
        dome_gradient: (3, 3); row c times the normal adds to channel c.
        contrast, backdrop: see ``LightSetup``.
    """

    lights: tuple[PlacedLight, ...]
    dome: FloatArray
    dome_gradient: FloatArray
    contrast: float
    forward: FloatArray = field(repr=False)
    backdrop: float = 1.0


_MEAN_EXPOSURE = 0.98


def place_lights(setup: LightSetup, azimuth_deg: float, height_m: float) -> PlacedSetup:
    """Place the lights round the subject for a camera at ``azimuth_deg``.

    Args:
        setup: a preset.
        azimuth_deg: of the camera, as ``view_angle`` gives it.
        height_m: of the subject; the lights are aimed at two thirds of it.
    """
    turn = np.radians(azimuth_deg)
    right = np.array([np.cos(turn), np.sin(turn), 0.0])
    back = np.array([np.sin(turn), -np.cos(turn), 0.0])
    aim = np.array([0.0, 0.0, 0.66 * height_m])
    lights = []
    for box in setup.boxes:
        side, up = np.radians(box.azimuth_deg), np.radians(box.elevation_deg)
        direction = np.cos(up) * (np.sin(side) * right + np.cos(side) * back) + np.sin(up) * np.array([0, 0, 1.0])
        lights.append(
            PlacedLight(
                aim + direction * box.distance_m,
                box.radius_m,
                box.strength * np.asarray(box.colour, np.float32),
                box.distance_m,
                box.samples,
            )
        )
    tint = np.asarray(setup.dome_colour, np.float32)
    dome = setup.dome * (0.5 + 0.5 * tint)
    gradient = np.outer(setup.dome_up * tint, [0, 0, 1]) + np.outer(np.full(3, setup.dome_front), back)
    placed = PlacedSetup(tuple(lights), dome, gradient, setup.contrast, -back, setup.backdrop)
    return _balanced(placed, right, back, aim)


def diffuse_cosine(cosine: FloatArray, softness: Any) -> FloatArray:
    """Return the cosine law for a light of some size: it fades over the terminator instead of stopping.

    Args:
        cosine: normal times direction to the light's centre, -1..1.
        softness: (...) sine of the light's angular radius; 0.01..1.
    """
    ramp = np.square(np.maximum(cosine + softness, 0)) / (4 * softness)
    return np.asarray(np.where(cosine < softness, ramp, cosine))


def _balanced(placed: PlacedSetup, right: FloatArray, back: FloatArray, aim: FloatArray) -> PlacedSetup:
    """Scale each channel so that garments keep the photo's colours under every preset."""
    turns = np.radians(np.linspace(-60, 60, 13))
    normals = np.cos(turns)[:, None] * back + np.sin(turns)[:, None] * right
    total = placed.dome + normals @ placed.dome_gradient.T
    for light in placed.lights:
        towards = light.position_m - aim
        distance = np.linalg.norm(towards)
        law = diffuse_cosine(normals @ (towards / distance), light.radius_m / distance)
        total = total + law[:, None] * light.irradiance
    mean = (total * np.cos(turns)[:, None]).sum(axis=0) / np.cos(turns).sum()
    scale = (_MEAN_EXPOSURE / mean).astype(np.float32)
    lights = tuple(
        PlacedLight(light.position_m, light.radius_m, light.irradiance * scale, light.reference_m, light.samples)
        for light in placed.lights
    )
    gradient = placed.dome_gradient * scale[:, None]
    return replace(placed, lights=lights, dome=placed.dome * scale, dome_gradient=gradient)
