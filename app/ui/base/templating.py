"""Rendering of the page's fragments as HTML; the templates escape every value."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.ui.base.i18n import load_words, say_time, title_of

_HERE = Path(__file__).resolve().parents[1]
STATIC_FOLDERS = {"static": _HERE / "static", "pictures": _HERE / "pictures"}
"""Public files: name in the address -> folder."""
_SCRIPTS = STATIC_FOLDERS["static"] / "js"


def render(template: str, language: str, **values: Any) -> str:
    """Render one fragment of the page.

    Args:
        template: file name in ``app/ui/templates``.
        language: of ``app.ui.base.i18n``.
        values: for the template; texts in them are escaped.
    """
    words = load_words(language)
    return _environment().get_template(template).render(t=words, language=language, **values)


@cache
def static_url(folder: str, name: str) -> str:
    """Return the address of a public file; it changes with the content, so browsers may cache the file for ever."""
    digest = hashlib.sha256((STATIC_FOLDERS[folder] / name).read_bytes()).hexdigest()[:12]
    return f"/ui/{folder}/{name}?v={digest}"


@cache
def load_scripts() -> dict[str, bytes]:
    """Load the page's scripts (ES modules) by their path in the folder."""
    return {path.relative_to(_SCRIPTS).as_posix(): path.read_bytes() for path in sorted(_SCRIPTS.rglob("*.js"))}


@cache
def scripts_version() -> str:
    """Return a version that changes with any script: they import each other by relative addresses, which it is in."""
    return hashlib.sha256(repr(load_scripts()).encode()).hexdigest()[:12]


def script_url(name: str) -> str:
    """Return the address of a script, which browsers may cache for ever."""
    return f"/ui/js/{scripts_version()}/{name}"


def has_static(folder: str, name: str) -> bool:
    """Return True if there is such a public file."""
    return (STATIC_FOLDERS[folder] / name).is_file()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["fill"] = _fill
    environment.filters["word"] = _word
    environment.filters["version"] = _version
    environment.filters["title_of"] = title_of
    environment.globals["static_url"] = static_url
    environment.globals["has_static"] = has_static
    environment.globals["say_time"] = say_time
    return environment


def _fill(text: str, **values: Any) -> str:
    """Fill the placeholders of a text; placeholders inside the values are not filled."""
    return text.format(**values)


def _version(key: str | None) -> str:
    """Return a version that changes with a stored file, so that a browser fetches only changed pictures again."""
    return (key or "").rpartition("/")[2][:12]


def _word(name: str, words: Mapping[str, Any]) -> str:
    """Return the page's word for a name of the library; if there is none, the name with spaces for hyphens."""
    return str(words.get(name, name.replace("-", " ")))
