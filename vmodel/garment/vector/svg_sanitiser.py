"""Untrusted SVG: parsed within bounds, and rebuilt from only the content that a drawing of a garment needs.

Scripts, references to other files or addresses, filters and animation are refused; text is emptied (``refuse_text``).
Every pattern here is linear in the length of the text: none tries a run of characters in more than one way.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Final
from xml.etree.ElementTree import Element, ParseError, register_namespace, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from PIL import Image, ImageColor

from vmodel.core.bounded_process import BoundExceeded, run_bounded
from vmodel.garment.vector.errors import DrawingTooLarge, DrawingUnreadable, DrawingUnsafe

SVG: Final = "{http://www.w3.org/2000/svg}"
_XLINK: Final = "{http://www.w3.org/1999/xlink}href"
_LABEL: Final = "{http://www.inkscape.org/namespaces/inkscape}label"

LARGEST_BYTES: Final = 10_000_000
MOST_ELEMENTS: Final = 20_000
DEEPEST: Final = 60
_MOST_DRAWN: Final = 100_000
_LARGEST_IMAGE_MEGAPIXELS: Final = 20.0
_LONGEST_ATTRIBUTE: Final = 20_000
"""Most letters of an attribute that is neither path data nor an embedded picture; programs write a few hundred."""
_LONGEST_SHEET: Final = 500_000
"""Most letters of a style sheet."""

_DRAWN: Final = frozenset(
    {"svg", "g", "defs", "symbol", "use", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "image"}
    | {"clipPath", "mask", "pattern", "linearGradient", "radialGradient", "stop", "style", "switch"}
)
_WRITTEN: Final = frozenset({"text", "tspan", "textPath", "flowRoot"})
_SILENT: Final = frozenset({"title", "desc", "metadata", "view", "cursor", "marker"})
_IMAGE: Final = re.compile(r"\s*data:image/(png|jpe?g);base64,")
_ADDRESS: Final = re.compile(r"""url\(\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"')]*+))""", re.IGNORECASE)
_COLOUR: Final = re.compile(r"#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b")
_STYLE: Final = re.compile(r"(?<![\w-])([\w-]++)\s*+:\s*+([^;{}]++)")
_UNBOUNDED: Final = frozenset({"d", "points", "href"})
_COLOURLESS: Final = frozenset({"id", "class", "d", "href", _XLINK, "points", "transform"})
_ADDRESS_ENTITY: Final = re.compile(rb'<!ENTITY\s+(\w{1,40})\s+"(https?://[\w./:-]{1,200})"\s*>')
_DECLARED: Final = re.compile(rb"<!DOCTYPE\s+svg[^\[>]{0,300}\[((?:\s*" + _ADDRESS_ENTITY.pattern + rb")+)\s*\]\s*>")
_PAINTS: Final = frozenset({"fill", "stroke", "stop-color", "color"})
_RGB: Final = re.compile(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)")
_STYLED: Final = re.compile(r"((?<![\w-])(?:fill|stroke|stop-color|color)\s*:\s*)([a-zA-Z]{3,22})(?![\w(-])")
_NAMED_COLOURS: Final = {
    name: colour if isinstance(colour, str) else "#{:02x}{:02x}{:02x}".format(*colour)
    for name, colour in ImageColor.colormap.items()
}
_PLAIN_LINES: Final = ("#3f3a34", "#544d45", "#69625a")
_PLAIN_CLOTHS: Final = ("#e2d9ca", "#b9856f", "#c6b9a4", "#5f7a8c", "#cfa866", "#8f9a7c", "#a79bb0")
_PLAIN_EXPORT: Final = "export it as plain SVG with all effects expanded"


def read_svg(content: bytes, name: str) -> Element:
    """Parse a drawing in a bounded process and keep only what may be drawn.

    Args:
        content: the file.
        name: of the file, for messages.
    Returns:
        The root, whose references all lead into itself. Colours are in digits, Inkscape's labels are kept as
        ``data-name``, text as empty elements, see ``refuse_text``.
    Raises:
        DrawingUnreadable: no SVG.
        DrawingUnsafe: see the module.
        DrawingTooLarge: a bound is passed.
    """
    if len(content) > LARGEST_BYTES:
        raise DrawingTooLarge(name, f"is larger than {LARGEST_BYTES // 10**6} MB")
    try:
        return run_bounded(_checked, content, name)
    except BoundExceeded as error:
        raise DrawingTooLarge(name, f"{error} to read") from None


def _checked(content: bytes, name: str) -> Element:
    root = _parse(content, name)
    if root.tag != f"{SVG}svg":
        raise DrawingUnreadable(name, "it is XML, but no SVG")
    clean = _rebuilt(root, name)
    _check_weight(clean, name)
    return clean


def refuse_text(root: Element, name: str) -> None:
    """Refuse a drawing that holds text, because fonts differ between machines.

    Raises:
        DrawingUnsafe: it holds text.
    """
    if root.find(f".//{SVG}text") is not None:
        raise DrawingUnsafe(name, "text", "convert it to outlines (paths)")


def write_svg(root: Element) -> bytes:
    """Serialise the drawing to the bytes of a file."""
    register_namespace("", SVG.strip("{}"))
    register_namespace("xlink", _XLINK[1:].partition("}")[0])
    return bytes(tostring(root, encoding="utf-8"))


def _parse(content: bytes, name: str) -> Element:
    depth = count = 0
    root: Element | None = None
    try:
        for event, element in iterparse(io.BytesIO(_with_addresses(content, name)), events=("start", "end")):
            if event == "end":
                depth -= 1
                continue
            root = element if root is None else root
            depth, count = depth + 1, count + 1
            if depth > DEEPEST:
                raise DrawingTooLarge(name, f"nests more than {DEEPEST} groups")
            if count > MOST_ELEMENTS:
                raise DrawingTooLarge(name, f"has more than {MOST_ELEMENTS} elements")
    except DefusedXmlException:
        remedy = "export it as plain SVG, without the editing data of its program"
        raise DrawingUnsafe(name, "XML entities", remedy) from None
    except (ParseError, ValueError, LookupError) as error:
        raise DrawingUnreadable(name, str(error)) from None
    if root is None:
        raise DrawingUnreadable(name, "it is empty")
    return root


def _with_addresses(content: bytes, name: str) -> bytes:
    """Write out the addresses of namespaces, which Illustrator declares as XML entities.

    A file that declares anything else is left as it is, for the parser to refuse.
    """
    declared = _DECLARED.search(content[:20_000])
    if declared is None:
        return content
    addresses = dict(_ADDRESS_ENTITY.findall(declared[1]))
    body = content[declared.end() :]
    growth = sum(body.count(b"&" + short + b";") * len(address) for short, address in addresses.items())
    if len(content) + growth > LARGEST_BYTES:
        raise DrawingTooLarge(name, f"is larger than {LARGEST_BYTES // 10**6} MB")
    for short, address in addresses.items():
        body = body.replace(b"&" + short + b";", address)
    return content[: declared.start()] + body


def _rebuilt(element: Element, name: str) -> Element:
    tag = element.tag.removeprefix(SVG)
    fresh = Element(element.tag)
    for attribute, value in element.attrib.items():
        is_kept = attribute == _LABEL or not attribute.startswith("{")
        if is_kept and len(value) > _LONGEST_ATTRIBUTE and attribute not in _UNBOUNDED:
            raise DrawingTooLarge(name, f"has an attribute of more than {_LONGEST_ATTRIBUTE} letters")
        if attribute == _LABEL:
            fresh.set("data-name", value)
        elif attribute in {_XLINK, "href"}:
            fresh.set("href" if attribute == "href" else _XLINK, _checked_link(tag, value, name))
        elif not attribute.startswith("{"):
            if attribute.lower().startswith("on"):
                raise DrawingUnsafe(name, "scripts", _PLAIN_EXPORT)
            checked = _checked_style(value, name)
            fresh.set(attribute, checked if attribute in _COLOURLESS else _in_digits(attribute, checked))
    if tag == "style":
        sheet = "".join(element.itertext())
        if len(sheet) > _LONGEST_SHEET:
            raise DrawingTooLarge(name, f"has a style sheet of more than {_LONGEST_SHEET} letters")
        fresh.text = _in_digits("style", _checked_style(sheet, name))
        return fresh
    for child in element:
        kept = _kept(child, name)
        if kept is not None:
            fresh.append(kept)
    return fresh


def _kept(child: Element, name: str) -> Element | None:
    """Rebuild the child; None where it is of another program's namespace or draws nothing."""
    tag = str(child.tag)
    if not tag.startswith(SVG) or tag.removeprefix(SVG) in _SILENT:
        return None
    kind = tag.removeprefix(SVG)
    if kind in _WRITTEN:
        return Element(f"{SVG}text")
    if kind == "switch":  # Illustrator's: its own data first, the drawing second
        group = Element(f"{SVG}g")
        # A list, because ``extend`` loses what a generator raises.
        group.extend([kept for inner in child if (kept := _kept(inner, name)) is not None])
        return group
    if kind == "foreignObject" and not any(_visible_tags(child)):
        return None
    if kind not in _DRAWN:
        raise DrawingUnsafe(name, f"<{kind}>", _PLAIN_EXPORT)
    return _rebuilt(child, name)


def _visible_tags(element: Element) -> Iterator[str]:
    """Yield the tags that a browser would show: Illustrator keeps its private data in empty foreign objects."""
    for inner in element.iter():
        if inner is not element and not str(inner.tag).startswith("{http://ns.adobe.com/"):
            yield str(inner.tag)


def _checked_link(tag: str, link: str, name: str) -> str:
    if link.strip().startswith("#"):
        return link.strip()
    if tag == "image" and _IMAGE.match(link):
        return _checked_image(link, name)
    raise DrawingUnsafe(name, "a link to another file", "embed its pictures as PNG or JPEG")


def _checked_image(link: str, name: str) -> str:
    """Check an embedded picture, decoded far enough to know that it is one and of a sane size."""
    try:
        content = base64.b64decode("".join(link.partition(",")[2].split()), validate=True)
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as picture:
            megapixels = picture.width * picture.height / 1e6
            kind = str(picture.format).lower()
    except (binascii.Error, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise DrawingUnreadable(name, "an embedded picture is damaged") from None
    if megapixels > _LARGEST_IMAGE_MEGAPIXELS:
        raise DrawingTooLarge(name, f"embeds a picture of more than {_LARGEST_IMAGE_MEGAPIXELS:.0f} megapixels")
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _checked_style(text: str, name: str) -> str:
    """Check CSS or an attribute that may hold some; references must lead into the drawing itself."""
    low = text.lower()
    if "\\" in text:  # an escape can hide any of the words below
        raise DrawingUnsafe(name, "escaped characters in its styles", _PLAIN_EXPORT)
    if "@import" in low or "@font-face" in low:
        raise DrawingUnsafe(name, "a link to another file", "embed what it needs")
    if "javascript:" in low or "expression(" in low:
        raise DrawingUnsafe(name, "scripts", _PLAIN_EXPORT)
    if any(not address.startswith("#") for address in _addresses(text)):
        raise DrawingUnsafe(name, "a link to another file", "embed what it needs")
    if re.search(r"(^|[;{\s\"'])filter\s*:\s*url", low):
        raise DrawingUnsafe(name, "filters", _PLAIN_EXPORT)
    return text


def _addresses(text: str) -> Iterator[str]:
    """Yield what every ``url(`` leads to, also one that is never closed, which some renderers follow."""
    for match in _ADDRESS.finditer(text):
        yield next(filter(None, match.groups()), "").strip()


def _in_digits(attribute: str, text: str) -> str:
    """Convert colours written as rgb(...) or by name to digits, so that colourways find them."""
    text = _RGB.sub(lambda match: "#" + "".join(f"{min(255, int(part)):02x}" for part in match.groups()), text)
    if attribute in _PAINTS:
        return _NAMED_COLOURS.get(text.strip().lower(), text)
    if attribute == "style":
        return _STYLED.sub(lambda match: match[1] + _NAMED_COLOURS.get(match[2].lower(), match[2]), text)
    return text


def _check_weight(root: Element, name: str) -> None:
    """Bound the shapes drawn once every reference is followed; a few lines can ask for billions of them."""
    by_id = {element.get("id"): element for element in root.iter() if element.get("id")}
    weights: dict[int, int] = {}
    running: set[int] = set()

    def weigh(element: Element) -> int:
        if id(element) in weights:
            return weights[id(element)]
        if id(element) in running:
            raise DrawingTooLarge(name, "refers to itself in a circle")
        running.add(id(element))
        total = 1 + sum(weigh(child) for child in element)
        total += sum(weigh(by_id[target]) for target in _targets(element) if target in by_id)
        running.discard(id(element))
        if total > _MOST_DRAWN:
            raise DrawingTooLarge(name, "draws too many shapes once its copies are followed")
        weights[id(element)] = total
        return total

    try:
        weigh(root)
    except RecursionError:
        raise DrawingTooLarge(name, "chains too many references") from None


def _targets(element: Element) -> Iterator[str]:
    for attribute, value in element.attrib.items():
        if attribute in {"href", _XLINK} and value.startswith("#"):
            yield value[1:]
        yield from (address.removeprefix("#") for address in _addresses(value))


def recoloured(root: Element, colours: dict[str, str]) -> Element:
    """Copy a drawing with colours exchanged wherever they are written: attributes, styles and style sheets.

    Args:
        root: of the drawing.
        colours: "#rrggbb" in small letters -> "#rrggbb".
    """
    copy = deepcopy(root)
    for element in copy.iter():
        for attribute, value in element.attrib.items():
            if attribute not in _COLOURLESS:
                element.set(attribute, _exchange(value, colours))
        if element.tag == f"{SVG}style" and element.text:
            element.text = _exchange(element.text, colours)
    return copy


def plain_colours(root: Element) -> dict[str, str]:
    """Choose the same few colours for every colourway of a drawing: dark for mere lines, pale for cloth.

    Args:
        root: of the drawing.
    Returns:
        For each colour that is written as digits, "#rrggbb" in small letters, its replacement, see ``recoloured``.
        Replacements depend on the order in which colours are first written, and on whether they only draw lines.
    """
    filled: dict[str, bool] = {}
    for what, text in (pair for element in root.iter() for pair in _styles(element)):
        for match in _COLOUR.finditer(text):
            colour = _whole(match[1])
            filled[colour] = filled.get(colour, False) or what != "stroke"
    lines = [colour for colour, is_filled in filled.items() if not is_filled]
    cloths = [colour for colour, is_filled in filled.items() if is_filled]
    return {
        colour: plain[place % len(plain)]
        for colours, plain in ((lines, _PLAIN_LINES), (cloths, _PLAIN_CLOTHS))
        for place, colour in enumerate(colours)
    }


def _styles(element: Element) -> Iterator[tuple[str, str]]:
    """Yield name and value of each style of an element: attributes in their order, then its CSS."""
    sheet = (element.text or "") if element.tag == f"{SVG}style" else ""
    for attribute, value in element.attrib.items():
        if attribute == "style":
            sheet += f";{value}"
        elif attribute not in _COLOURLESS:
            yield attribute, value
    for match in _STYLE.finditer(sheet):
        yield match[1], match[2]


def _exchange(text: str, colours: dict[str, str]) -> str:
    def other(match: re.Match[str]) -> str:
        return colours.get(_whole(match[1]), match[0])

    return _COLOUR.sub(other, text)


def _whole(digits: str) -> str:
    low = digits.lower()
    return "#" + ("".join(2 * digit for digit in low) if len(low) == 3 else low)
