"""Expressions: small, closed-mouthed movements of a face, chosen by model and pose.

A model's own ``expression`` is its face at rest. In a pose the chosen expression takes the place of the actions that it
names; all others, such as how far somebody's eyes are open, stay that person's. Where the eyes look is the pose's. The
mesh has no teeth, so no expression opens the mouth.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vmodel.types import Pose, VirtualModel


@dataclass(frozen=True)
class Expression:
    """One expression at its middle strength.

    Attributes:
        actions: facial action of anny without its side -> 0..1.
        share: how often poses that name no expression show it on an adult; ``child_share``, on a child.
    """

    actions: Mapping[str, float]
    share: float
    child_share: float


EXPRESSIONS: Mapping[str, Expression] = {
    "soft": Expression({"mouthSmile": 0.34, "cheekSquint": 0.18, "eyeSquint": 0.06, "browInnerUp": 0.14}, 0.12, 0.10),
    "slight-smile": Expression(
        {"mouthSmile": 0.53, "cheekSquint": 0.36, "eyeSquint": 0.16, "browInnerUp": 0.14, "mouthDimple": 0.10},
        0.40, 0.30,
    ),
    "warm-smile": Expression(
        {"mouthSmile": 0.61, "cheekSquint": 0.48, "eyeSquint": 0.22, "browInnerUp": 0.16, "mouthDimple": 0.16},
        0.22, 0.30,
    ),
    "laughing-eyes": Expression(
        {"mouthSmile": 0.58, "cheekSquint": 0.72, "eyeSquint": 0.34, "browInnerUp": 0.16, "browOuterUp": 0.10,
         "mouthDimple": 0.15},
        0.10, 0.18,
    ),
    "raised-brows": Expression(
        {"mouthSmile": 0.50, "cheekSquint": 0.28, "eyeSquint": 0.04, "browInnerUp": 0.34, "browOuterUp": 0.34},
        0.10, 0.12,
    ),
    "aside": Expression({"mouthSmile": 0.46, "cheekSquint": 0.24, "eyeSquint": 0.08, "browInnerUp": 0.12}, 0.0, 0.0),
    "thoughtful": Expression(
        {"mouthSmile": 0.24, "eyeSquint": 0.10, "browInnerUp": 0.26, "mouthShrugLower": 0.10}, 0.03, 0.0
    ),
    "serious": Expression({"mouthSmile": 0.08, "eyeSquint": 0.14, "browInnerUp": 0.06}, 0.03, 0.0),
}  # fmt: skip
_STRENGTHS, _SIDES_DIFFER = (0.88, 1.10), 0.03
_CLOSED = 0.05
"""Amount of ``mouthClose`` that shuts lips which somebody's own shape keeps apart; more of it narrows them."""
_WHOLE = ("browInnerUp", "mouthShrugLower")
"""Actions that anny has once for both sides."""


def actions_of(model: VirtualModel, pose: Pose) -> dict[str, float]:
    """Return the facial actions of a model in a pose, name -> 0..1; the same model and pose always give the same.

    A pose that names no expression gets one by chance, mostly a smile. A pose that mirrors another has its expression.

    Raises:
        KeyError: the pose names an expression that is not in ``EXPRESSIONS``.
    """
    # Python's own hash of a text differs between processes.
    told = hashlib.sha256(pose.name.removesuffix("-mirror").encode()).digest()
    rng = np.random.default_rng([model.seed, 83, *told[:8]])
    shares = np.array([each.child_share if model.is_child else each.share for each in EXPRESSIONS.values()])
    chosen = EXPRESSIONS[pose.mood or str(rng.choice(list(EXPRESSIONS), p=shares / shares.sum()))]
    strength = rng.uniform(*_STRENGTHS)
    actions: dict[str, float] = {}
    for name, amount in chosen.actions.items():
        if name in _WHOLE:
            actions[name] = strength * amount
            continue
        # No face moves alike on both sides.
        lean = _SIDES_DIFFER * rng.normal()
        actions[f"{name}Left"], actions[f"{name}Right"] = (strength * amount * (1 + each) for each in (lean, -lean))
    actions["mouthClose"] = _CLOSED
    everything = {**model.expression, **actions, **pose.expression}
    return {name: min(max(amount, 0.0), 1.0) for name, amount in everything.items()}
