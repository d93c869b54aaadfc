"""Which pipeline a machine can hold: the choice of ``--pipeline auto``, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.hub.placing import Machine

AUTO = "auto"
PREFERRED = ("flux2-klein", "qwen-edit", "sdxl")
"""The first that can work is chosen: klein asks its network four times for a picture where Qwen asks eighty times, and
both see the garment itself, which SDXL knows from a summary only."""


@dataclass(frozen=True)
class Choice:
    """A pipeline, and why.

    Attributes:
        name: of the pipeline.
        reason: why it can work.
        passed_over: why each better one cannot.
    """

    name: str
    reason: str
    passed_over: tuple[str, ...]

    def __str__(self) -> str:
        return "; ".join((f"{self.name}: {self.reason}", *self.passed_over))


def choose_pipeline(machine: Machine, states: Mapping[str, str], embedded: bool) -> Choice:
    """The best pipeline that can work here.

    Args:
        machine: free memory.
        states: name of published weights -> as ``pipelines.hub.store.state_of`` says.
        embedded: the weights of our own network are here.
    """
    passed_over: list[str] = []
    for name in PREFERRED:
        works, why = _can_work(name, machine, states.get(name, "not pulled"))
        if works:
            return Choice(name, why, tuple(passed_over))
        passed_over.append(f"{name}: {why}")
    if embedded:
        return Choice("embedded", "its weights are here and need no graphics card", tuple(passed_over))
    return Choice("draft", "it needs neither weights nor a graphics card", tuple(passed_over))


def _can_work(name: str, machine: Machine, state: str) -> tuple[bool, str]:
    from pipelines.hub.catalogue import weights_of
    from pipelines.hub.placing import choose_offload

    weights = weights_of(name)
    if weights.research_only:
        return False, "its weights are for research only, so it must be named"
    if machine.card_gb is None:
        return False, "no graphics card"
    way = choose_offload(machine.card_gb, weights)
    if way is None:
        return False, f"{machine.card_gb:.0f} GB are free on the graphics card and {weights.least_gb:g} GB are needed"
    if state != "ready":
        return False, f"weights {state}; run `vmodel weights pull {name}`"
    ways = {
        "none": "hold it whole",
        "model": "hold each of its networks while it works",
        "group": "hold a few of its layers at a time, slowly",
    }
    return True, f"{machine.card_gb:.0f} GB that are free on the graphics card {ways[way]}"


def choose_for_this_machine() -> Choice:
    """The choice on this machine, now."""
    from pipelines.embedded import FOLDER
    from pipelines.hub.placing import look_at_machine
    from pipelines.hub.store import state_of
    from vmodel.config import Settings

    settings = Settings()
    states = {name: state_of(name, settings) for name in PREFERRED}
    return choose_pipeline(look_at_machine(), states, (settings.weights / FOLDER / "model_index.json").is_file())


def resolve_pipeline(name: str) -> str:
    """The pipeline that a name means: itself, or for ``auto`` the choice of this machine."""
    return choose_for_this_machine().name if name == AUTO else name
