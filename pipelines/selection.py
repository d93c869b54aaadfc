"""Choice of the pipeline that a machine can hold, for ``--pipeline auto``, with its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vmodel.errors import CardTooSmall, MemoryTooSmall, PackageMissing

if TYPE_CHECKING:
    from pipelines.hub.runtime.device_placement import Machine
    from pipelines.hub.runtime.settings import Tuning

AUTO = "auto"
PREFERRED = ("flux2-klein", "qwen-edit", "sdxl")
"""Pipelines in order of preference; the first that can work is chosen.

klein calls its network four times for a picture and Qwen eighty times. Both see the garment itself, which SDXL knows
only from a summary."""
_FURTHER_PACKAGES: Mapping[str, tuple[str, ...]] = {"qwen-edit": ("torchvision",)}
"""Packages that a pipeline needs besides transformers."""


@dataclass(frozen=True)
class Choice:
    """Chosen pipeline, and the reasons.

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


def choose_pipeline(
    machine: Machine, states: Mapping[str, str], embedded: bool, tuning: Tuning | None = None
) -> Choice:
    """Choose the best pipeline that can work here.

    Args:
        machine: free memory.
        states: name of published weights -> state as returned by ``pipelines.hub.weights.store.state_of``.
        embedded: the weights of vmodel's own network are installed.
        tuning: None = the settings of this process.
    Raises:
        BadUsage: a setting has a value that it cannot have.
    """
    from pipelines.hub.runtime.settings import read_tuning

    tuning, passed_over = tuning or read_tuning(), list[str]()
    for name in PREFERRED:
        works, why = _can_work(name, machine, states.get(name, "not pulled"), tuning)
        if works:
            return Choice(name, why, tuple(passed_over))
        passed_over.append(f"{name}: {why}")
    if embedded:
        return Choice("embedded", "its weights are here and need no graphics card", tuple(passed_over))
    return Choice("draft", "it needs neither weights nor a graphics card", tuple(passed_over))


def _can_work(name: str, machine: Machine, state: str, tuning: Tuning) -> tuple[bool, str]:
    from pipelines.hub.runtime.device_placement import choose_layout, need_packages
    from pipelines.hub.weights.catalogue import weights_of

    weights = weights_of(name)
    if weights.research_only:
        return False, "its weights are for research only, so it must be named"
    if machine.card_gb is None:
        return False, "no graphics card"
    try:
        layout = choose_layout(tuning, machine, weights, weights.download_gb)
        if state == "ready":
            need_packages(*_FURTHER_PACKAGES.get(name, ()))
    except (CardTooSmall, MemoryTooSmall, PackageMissing) as error:
        return False, _why_not(error)
    if state != "ready":
        return False, f"weights {state}; run `vmodel weights pull {name}`"
    ways = {
        "none": "hold it whole",
        "model": "hold each of its networks while it works",
        "group": "hold a few of its layers at a time, slowly",
    }
    return True, f"{machine.card_gb:.0f} GB that are free on the graphics card {ways[layout.offload]}"


def _why_not(error: CardTooSmall | MemoryTooSmall | PackageMissing) -> str:
    """Describe what the machine lacks; closing other programs or naming another pipeline does not help the choice."""
    if isinstance(error, CardTooSmall):
        return f"{error.free_gb:.0f} GB are free on the graphics card and {error.needed_gb:g} GB are needed"
    if isinstance(error, MemoryTooSmall):
        needed = f"{error.needed_gb:.0f} GB are needed beside this graphics card"
        return f"{error.free_gb:.0f} GB of memory are free and {needed}"
    return str(error).removesuffix(".")


def choose_for_this_machine() -> Choice:
    """Choose the pipeline for this machine in its present state.

    Raises:
        BadUsage: a setting of ``pipelines.hub.runtime.settings`` has a value that it cannot have.
    """
    from pipelines.embedded.pipeline import FOLDER
    from pipelines.hub.runtime.device_placement import probe_memory
    from pipelines.hub.weights.store import state_of
    from vmodel.config import Settings

    settings = Settings()
    states = {name: state_of(name, settings) for name in PREFERRED}
    return choose_pipeline(probe_memory(), states, (settings.weights / FOLDER / "model_index.json").is_file())


def resolve_pipeline(name: str) -> str:
    """Return the pipeline that a name means: itself, or for ``auto`` the choice of this machine."""
    return choose_for_this_machine().name if name == AUTO else name


def warn_of_slowness(name: str) -> str | None:
    """Return a warning before a published pipeline begins on a processor; None if there is nothing to say."""
    from pipelines.hub.runtime.device_placement import probe_memory
    from pipelines.hub.weights.catalogue import CATALOGUE

    if name not in CATALOGUE or probe_memory().card_gb is not None:
        return None
    return f"{name} is made for a graphics card; none is here, so a picture may take hours: see `vmodel doctor`"
