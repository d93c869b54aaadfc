"""Photo of a table from above: pieces of cloth are laid on it, then lit according to their relief."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from vmodel.core.colour import to_linear, to_srgb
from vmodel.types import ByteArray, FloatArray

HEIGHT, WIDTH = 1600, 1200


@dataclass(frozen=True)
class Cloth:
    """Look of a fabric from close up.

    Attributes:
        weave: "jersey", "twill", "satin", "linen" or "plain".
        weave_strength: share by which the weave modulates the colour.
        gloss: share of light that a smooth fabric mirrors along its folds.
    """

    weave: str
    weave_strength: float = 0.05
    gloss: float = 0.0


class Table:
    """Table under construction: colour and relief of everything that lies on it.

    Attributes:
        albedo: (H, W, 3) float32 linear-light.
        relief: (H, W) float32 height in pixels.
        shade: (H, W) float32 factor of light that is left in contact shadows.
        gloss: (H, W) float32.
    """

    def __init__(self, surface: str, rng: np.random.Generator) -> None:
        paper = np.ones((HEIGHT, WIDTH, 1), np.float32) * colour(surface)
        grain = 1 + 0.012 * smooth_noise(rng, 1.2)[..., None] + 0.02 * smooth_noise(rng, 60)[..., None]
        self.albedo = (paper * grain).astype(np.float32)
        self.relief = 0.12 * smooth_noise(rng, 2.5)
        self.shade = np.ones((HEIGHT, WIDTH), np.float32)
        self.gloss = np.zeros((HEIGHT, WIDTH), np.float32)
        self._rng = rng

    def lay(self, mask: FloatArray, albedo: FloatArray, relief: FloatArray, cloth: Cloth, lift: float = 3.0) -> None:
        """Put a piece of cloth on top of all others.

        Args:
            mask: (H, W) coverage 0..1.
            albedo: (H, W, 3) linear-light, or (3,).
            relief: (H, W) folds in pixels of height.
            cloth: what it is made of.
            lift: thickness in pixels; sets the width of the shadow of its edge.
        """
        below = blur(shifted(mask, 1.2 * lift, 1.6 * lift), 1.8 * lift) * (1 - mask)
        close = blur(mask, 0.7 * lift) * (1 - mask)
        self.shade *= 1 - 0.34 * below - 0.3 * close
        self.shade = self.shade * (1 - mask) + mask
        edge = lift * (1 - np.exp(-inner_distance(mask) / (1.6 * lift)))
        woven = np.asarray(albedo, np.float32) * (1 + cloth.weave_strength * weave(cloth.weave, self._rng))[..., None]
        keep = mask[..., None]
        self.albedo = self.albedo * (1 - keep) + woven * keep
        self.relief = self.relief * (1 - mask) + (edge + relief) * mask
        self.gloss = self.gloss * (1 - mask) + cloth.gloss * mask

    def throw_shadow(self, mask: FloatArray) -> None:
        """Add the wide soft shadow of the whole garment to the table; call it before anything is laid."""
        self.shade *= 1 - 0.20 * blur(shifted(mask, 14, 20), 26) - 0.10 * blur(shifted(mask, 30, 44), 70)

    def photograph(self) -> ByteArray:
        """Light the table by a large soft window from the upper left; returns (H, W, 3) uint8 sRGB."""
        relief = blur(self.relief, 0.8)
        slope_y, slope_x = np.gradient(relief)
        normal = np.dstack([-slope_x, -slope_y, np.ones_like(relief)])
        normal /= np.linalg.norm(normal, axis=2, keepdims=True)
        key = np.clip(normal @ np.array([-0.42, -0.5, 0.76], np.float32), 0, None) / 0.76
        fill = np.clip(normal @ np.array([0.5, 0.3, 0.81], np.float32), 0, None) / 0.81
        hollow = (
            np.clip(blur(relief, 9) - relief, 0, None) * 0.020 + np.clip(blur(relief, 30) - relief, 0, None) * 0.008
        )
        light = (0.62 * key + 0.38 * fill) * np.clip(1 - hollow, 0.55, 1) * self.shade
        mirror = np.clip(normal @ unit([-0.21, -0.27, 0.94]), 0, None) ** 60 * self.gloss
        rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        falloff = 1.03 - 0.10 * ((columns / WIDTH) * 0.5 + (rows / HEIGHT) * 0.5)
        linear = (self.albedo * light[..., None] + mirror[..., None]) * falloff[..., None]
        linear = cv2.GaussianBlur(linear.astype(np.float32), (0, 0), 0.55)
        noise = self._rng.normal(0, 0.0035, linear.shape).astype(np.float32)
        return to_srgb(linear + noise * np.sqrt(np.clip(linear, 0.01, 1)))


def colour(code: str) -> FloatArray:
    """Convert '#rrggbb' to (3,) linear-light."""
    return to_linear(np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)], np.uint8))


def unit(vector: Sequence[float]) -> FloatArray:
    """Scale the vector to length one, float32."""
    array = np.asarray(vector, np.float32)
    return array / np.linalg.norm(array)


def blur(values: FloatArray, sigma: float) -> FloatArray:
    """Blur with a Gaussian; wide blurs work at reduced size, where the difference is invisible."""
    shrink = max(1, int(sigma // 6))
    if shrink == 1:
        return cv2.GaussianBlur(values, (0, 0), sigma)
    small = cv2.resize(values, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / shrink)
    return cv2.resize(small, values.shape[::-1], interpolation=cv2.INTER_LINEAR)


def shifted(values: FloatArray, x: float, y: float) -> FloatArray:
    """Move a picture by (x, y) pixels; what enters is 0."""
    move = np.array([[1, 0, x], [0, 1, y]], np.float32)
    return cv2.warpAffine(values, move, values.shape[::-1])


def inner_distance(mask: FloatArray) -> FloatArray:
    """Return (H, W) pixels to the mask's edge, 0 outside."""
    return cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 5)


def smooth_noise(rng: np.random.Generator, sigma: float, stretch: float = 1.0, angle_deg: float = 0.0) -> FloatArray:
    """Return (H, W) float32 noise of deviation one whose features are about ``sigma`` pixels wide.

    Args:
        rng: source of randomness.
        sigma: width of a feature.
        stretch: how many times longer than wide it is.
        angle_deg: direction of its length, clockwise from the picture's x axis.
    """
    shrink = max(1.0, sigma / 3)
    side = int(2100 / shrink)
    field = rng.normal(size=(side, side)).astype(np.float32)
    field = cv2.GaussianBlur(field, (0, 0), sigmaX=sigma * stretch / shrink, sigmaY=sigma / shrink)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), -angle_deg, shrink)
    turn[:, 2] += np.array([WIDTH / 2 - side / 2, HEIGHT / 2 - side / 2])
    field = cv2.warpAffine(field, turn, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
    return (field - field.mean()) / field.std()


def weave(name: str, rng: np.random.Generator) -> FloatArray:
    """Return (H, W) float32 about -1..1: threads of a fabric."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    uneven = smooth_noise(rng, 0.9)
    if name == "jersey":
        # Columns of little Vs, as knit stitches look from afar.
        stitches = np.sin(columns * 2.1 + 0.9 * np.abs(np.mod(rows, 4) - 2)) * np.cos(rows * 1.6)
        return (0.5 * stitches + 0.5 * uneven).astype(np.float32)
    if name == "twill":
        lines = np.sin((columns + rows * 0.9) * 1.75)
        slubs = smooth_noise(rng, 0.8, 14, 90)
        return (0.45 * lines + 0.5 * uneven + 0.5 * slubs).astype(np.float32)
    if name == "satin":
        return 0.4 * smooth_noise(rng, 0.7, 10)
    if name == "linen":
        # Thick and thin yarns, visible one by one in both directions.
        return 0.4 * uneven + 0.55 * smooth_noise(rng, 1.0, 22) + 0.55 * smooth_noise(rng, 1.0, 22, 90)
    return 0.6 * uneven + 0.25 * smooth_noise(rng, 0.8, 8) + 0.25 * smooth_noise(rng, 0.8, 8, 90)
