"""Texts of the page in each of its languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from vmodel.core.files import read_own_yaml
from vmodel.errors import VModelError
from vmodel.shot.stages import Stage

LANGUAGES = ("en", "zh")
_FOLDER = Path(__file__).resolve().parents[1] / "locales"
"""A folder for each language: page.yaml, verify.yaml (the page for everybody), errors.yaml (sentences by code)."""
Words = Mapping[str, Any]
_ENDING = re.compile(r"\.(jpe?g|png|webp|hei[cf]|tiff?|svg)$", re.IGNORECASE)


@cache
def load_words(language: str) -> Words:
    """Load every text of the page.

    Args:
        language: one of ``LANGUAGES``.
    """
    assert language in LANGUAGES
    words = {name: read_own_yaml(_FOLDER / language / f"{name}.yaml") for name in ("page", "verify", "errors")}
    return {**words.pop("page"), **words}


def label_stages(words: Words) -> dict[str, str]:
    """Return the label of every stage of a shot, by the stage's name in events."""
    return {str(stage): str(words["stage"][stage.label]) for stage in Stage}


def choose_language(cookie: str | None, accepted: str) -> str:
    """Choose the language of a visitor.

    Args:
        cookie: language chosen on the page before; untrusted.
        accepted: the header Accept-Language; untrusted.
    """
    if cookie in LANGUAGES:
        return str(cookie)
    for part in accepted.lower().split(","):
        spoken = part.strip()[:2]
        if spoken in LANGUAGES:
            return spoken
    return LANGUAGES[0]


def explain_error(error: VModelError, words: Words) -> str:
    """Explain an error in one sentence with its remedy, in the page's language if possible, otherwise in English."""
    return explain_code(error.code, str(error), words)


def explain_code(code: str, message: str, words: Words) -> str:
    """Explain a failure that was stored as a row, as ``explain_error`` does."""
    said = str(words["errors"].get(code, "{message}"))
    return said.replace("{why}", message.partition(";")[0]).replace("{message}", message)


def explain_warning(warning: str, words: Words) -> str:
    """Explain a warning of the library in the page's own sentence with a remedy; without one, return the warning."""
    known = (sentence for part, sentence in words["warnings"].items() if part in warning)
    return str(next(known, f"{warning[:1].upper()}{warning[1:]}."))


def title_of(name: str) -> str:
    """Return the name of a garment for people: a file's name without its ending."""
    return _ENDING.sub("", name) or name


def say_time(seconds: float, words: Words) -> str:
    """Format a span of time, rounded to 5 s, minutes or hours, so that it does not look more exact than it is."""
    if seconds < 90:
        return str(words["jobs"]["seconds"]).format(n=max(1, 5 * round(seconds / 5)))
    if seconds < 5400:
        return str(words["jobs"]["minutes"]).format(n=round(seconds / 60))
    return str(words["jobs"]["hours"]).format(n=round(seconds / 3600))
