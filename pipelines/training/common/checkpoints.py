"""State of a small network's training: the network, the running average of its weights, and its checkpoints."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

import torch
from safetensors.torch import save_file
from torch import nn

Network = TypeVar("Network", bound=nn.Module)
_STATES = ("network", "average", "optimiser")


@dataclass
class Training(Generic[Network]):
    """State of a training.

    Attributes:
        network: the network that is trained.
        average: the running average of its weights, which is exported.
        optimiser: of the network.
        step: steps done.
        seconds: spent over all runs.
        history: losses by name, one entry per step, since the last report.
    """

    network: Network
    average: Network
    optimiser: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Write a checkpoint; the old one is replaced only when the new one is whole."""
        state = {name: getattr(self, name).state_dict() for name in _STATES}
        torch.save(state | {"step": self.step, "seconds": self.seconds}, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)

    def restore(self, path: Path) -> None:
        """Restore the state of a checkpoint."""
        state = torch.load(path, weights_only=True)
        for name in _STATES:
            getattr(self, name).load_state_dict(state[name])
        self.step, self.seconds = state["step"], state["seconds"]

    @torch.no_grad()
    def count(self, keep: float) -> None:
        """Count a step, and move the average towards the network.

        Args:
            keep: share of the average that stays; less in the first steps, when the average holds little.
        """
        self.step += 1
        keep = min(keep, (1 + self.step) / (10 + self.step))
        for mean, new in zip(self.average.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(new, 1 - keep)

    def export(self, path: Path) -> None:
        """Write the averaged weights in float16."""
        state = self.average.state_dict().items()
        save_file({name: value.half().contiguous() for name, value in state if value.is_floating_point()}, path)
