"""Content security policies of pages: a browser runs and applies only what a page brings along and what is listed."""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Final

_SHUT: Final = {"frame-ancestors": "'none'", "base-uri": "'none'", "form-action": "'none'", "default-src": "'none'"}
FORM: Final = {**_SHUT, "img-src": "'self' data:", "style-src": "'self'", "form-action": "'self'"}
"""Directives of a page with a form and without scripts."""
PRINTED: Final = {**_SHUT, "img-src": "data:"}
"""Directives of a page that is read or printed and loads nothing."""


def write_policy(directives: Mapping[str, str] = _SHUT, page: str = "") -> str:
    """Return a Content-Security-Policy that also allows the inline scripts and styles of a page, by their hashes.

    Args:
        directives: sources by directive; by default nothing is allowed. Without "script-src" no script is allowed,
            not even one that the page has.
        page: HTML that the server wrote; no hash is added without it. Whatever is put into the page later is not
            allowed by it.
    """
    inline = _Inline()
    inline.feed(page)
    inline.close()
    allowed = {name: [sources] for name, sources in directives.items()}
    for name, sources in inline.sources.items():
        if name == "script-src" and name not in directives:
            continue
        allowed[name] = [*allowed.get(name, []), *sorted(sources)]
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in allowed.items())


def hash_source(content: str) -> str:
    """Return the source expression that allows exactly this inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


class _Inline(HTMLParser):
    """Collects the sources that the inline scripts, styles and style attributes of a page need, by directive."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.sources: defaultdict[str, set[str]] = defaultdict(set)
        self._open = ""
        self._parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a style attribute, and whether the content of this element counts."""
        given = dict(attrs)
        if given.get("style"):
            self.sources["style-src"] |= {"'unsafe-hashes'", hash_source(given["style"] or "")}
        if tag == "style" or (tag == "script" and "src" not in given):
            self._open = tag

    def handle_data(self, data: str) -> None:
        """Keep the content of an inline script or style."""
        if self._open:
            self._parts.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Note the script or style that ends here."""
        if tag == self._open:
            self.sources[f"{tag}-src"].add(hash_source("".join(self._parts)))
            self._open, self._parts = "", []
