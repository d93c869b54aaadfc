"""Pipelines by name."""

from __future__ import annotations

from collections.abc import Callable

from vmodel.errors import PipelineUnknown
from vmodel.take import Pipeline


def _draft() -> Pipeline:
    from pipelines.draft import DraftPipeline

    return DraftPipeline()


def _embedded() -> Pipeline:
    from pipelines.embedded import FOLDER, Embedded
    from vmodel.config import Settings

    return Embedded(Settings().weights / FOLDER)


#: Name -> maker. A maker imports its module when called, so that one pipeline never costs the start of another.
PIPELINES: dict[str, Callable[[], Pipeline]] = {"draft": _draft, "embedded": _embedded}


def load_pipeline(name: str) -> Pipeline:
    """Make a pipeline ready.

    Args:
        name: a key of ``PIPELINES``.
    Raises:
        PipelineUnknown: no pipeline has this name.
    """
    if name not in PIPELINES:
        raise PipelineUnknown(name, PIPELINES)
    return PIPELINES[name]()
