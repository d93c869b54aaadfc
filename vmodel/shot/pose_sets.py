"""Sets of pictures that show a garment as shops do: from the front, closer, turned, from behind, walking, in detail."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Final

from vmodel.body.model.roster import Roster
from vmodel.core.files import read_own_yaml
from vmodel.errors import BadUsage
from vmodel.shot.request import ShotRequest
from vmodel.types import VirtualModel

STAGED: Final = ("pose", "view", "framing")
"""Fields of ``ShotRequest`` that a set decides."""
MOST_OF_A_SET: Final = 6
_AUTO: Final = "auto"


@dataclass(frozen=True)
class Staging:
    """Pose, view and framing of one picture; a pose of None is the one that suits the garment."""

    pose: str | None
    view: str
    framing: str


@functools.cache
def set_names() -> tuple[str, ...]:
    """Return the names of the sets."""
    return tuple(_entries())


def stagings_of(name: str, model: VirtualModel | None) -> list[Staging]:
    """Return the pictures of a set, in the order in which a shop shows them.

    Args:
        name: one of ``set_names()``.
        model: the wearer; None for an adult whom vmodel casts.
    Raises:
        BadUsage: there is no such set, or it is for adults and the model is a child, or the other way round.
    """
    if name not in _entries():
        raise BadUsage(f"Unknown set {name!r}; use one of: {', '.join(set_names())}.")
    wearer = "child" if model is not None and model.is_child else "adult"
    found = _shown_by(name, wearer)
    if not found:
        others = ", ".join(each for each in set_names() if _shown_by(each, wearer))
        if wearer == "child":
            raise BadUsage(f"The set {name} is for adult models; choose {others} for children.")
        raise BadUsage(f"The set {name} is for child models; name one as the model, or choose {others} for adults.")
    return found


def in_set(requests: Sequence[ShotRequest], name: str, roster: Roster) -> list[ShotRequest]:
    """Return every picture of a set for each request, whose pose, view and framing give way.

    Args:
        requests: one for each garment, wearer and seed.
        name: of the set.
        roster: the models that may be asked for.
    Raises:
        UnknownModel: a request names a model that does not exist.
        BadUsage: see ``stagings_of``.
    """
    return [
        replace(request, pose=each.pose, view=each.view, framing=each.framing)
        for request in requests
        for each in stagings_of(name, None if request.model is None else roster[request.model])
    ]


def find_set(stagings: Sequence[Staging]) -> str | None:
    """Return the set that consists of these pictures, or None."""
    shown = {name: [_shown_by(name, wearer) for wearer in ("adult", "child")] for name in set_names()}
    return next((name for name, ways in shown.items() if list(stagings) in ways), None)


def refuse_beside_set(name: str, given: Sequence[str]) -> None:
    """Refuse poses, views and framings beside a set, which decides these.

    Args:
        name: of the set.
        given: what else is stated, as the user spells it.
    Raises:
        BadUsage: anything is.
    """
    if given:
        raise BadUsage(f"The set {name} decides pose, view and framing; leave out {', '.join(given)}, or the set.")


def _shown_by(name: str, wearer: str) -> list[Staging]:
    return [
        Staging(None if entry[wearer] == _AUTO else entry[wearer], entry["view"], entry["framing"])
        for entry in _entries()[name]
        if wearer in entry
    ]


@functools.cache
def _entries() -> Mapping[str, Sequence[Mapping[str, str]]]:
    entries: Mapping[str, Sequence[Mapping[str, str]]] = read_own_yaml(files("vmodel.body.pose") / "sets.yaml")
    return entries
