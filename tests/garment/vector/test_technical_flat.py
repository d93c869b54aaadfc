"""Technical flats as CAD programs write them, and malicious SVG."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vmodel.config import Settings
from vmodel.errors import GarmentNotFound, SeveralGarments
from vmodel.garment.cutout.segment import cut_out
from vmodel.garment.load_photo import read_flat_lay
from vmodel.garment.recognition.kind import understand
from vmodel.garment.vector.errors import DrawingTooLarge, DrawingUnreadable, DrawingUnsafe
from vmodel.garment.vector.svg_sanitiser import plain_colours, recoloured, write_svg
from vmodel.garment.vector.technical_flat import draw_flat, in_plain_colours, read_flat
from vmodel.types import Category, FlatLay

TEE = "M-9,0 C-8,9 8,9 9,0 L23,4 L40,24 L31,30 L26,25 L25,70 L-25,70 L-26,25 L-31,30 L-40,24 L-23,4 Z"

INKSCAPE = f"""<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<svg width="210mm" height="297mm" viewBox="0 0 210 297" version="1.1" inkscape:version="1.4 (86a8ad7, 2024-10-11)"
   sodipodi:docname="tee.svg" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape"
   xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd" xmlns="http://www.w3.org/2000/svg"
   xmlns:svg="http://www.w3.org/2000/svg">
  <sodipodi:namedview id="namedview1" pagecolor="#ffffff"><inkscape:grid id="g1"/></sodipodi:namedview>
  <defs id="defs1"/>
  <g inkscape:label="Front view" inkscape:groupmode="layer" id="layer1" transform="translate(60,40)">
    <path style="fill:#3a7d44;stroke:#000000;stroke-width:0.4" d="{TEE}" id="path1" sodipodi:nodetypes="cccc"/>
  </g>
  <g inkscape:label="Back view" inkscape:groupmode="layer" id="layer2" style="display:none"
     transform="translate(60,40)">
    <path style="fill:#aa3333;stroke:#000000;stroke-width:0.4" d="{TEE}" id="path2"/>
  </g>
  <g inkscape:label="notes" id="layer3"><rect x="0" y="200" width="200" height="60" style="fill:#0000ff"/></g>
</svg>"""

ILLUSTRATOR = f"""<?xml version="1.0" encoding="utf-8"?>
<!-- Generator: Adobe Illustrator 28.0.0, SVG Export Plug-In . SVG Version: 6.00 Build 0)  -->
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg version="1.1" id="Layer_1" xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
  x="0px" y="0px" viewBox="-60 -20 240 120" style="enable-background:new 0 0 240 120;" xml:space="preserve">
<style type="text/css">
  .st0{{clip-path:url(#SVGID_2_);fill:#D9A441;}}
  .st1{{fill:#2B4C7E;}}
</style>
<g id="FRONT_1_">
  <g><defs><path id="SVGID_1_" d="{TEE}"/></defs>
    <clipPath id="SVGID_2_"><use xlink:href="#SVGID_1_" style="overflow:visible;"/></clipPath>
    <rect x="-60" y="-10" class="st0" width="120" height="100"/></g>
</g>
<g id="Back_x0020_view" transform="translate(120 0)"><path class="st1" d="{TEE}"/></g>
</svg>"""


def saved(folder: Path, text: str | bytes, name: str = "flat.svg") -> Path:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / name


def colour_in_the_middle(flat_lay: FlatLay) -> tuple[int, ...]:
    height, width = flat_lay.rgb.shape[:2]
    return tuple(int(value) for value in flat_lay.rgb[height // 2, width // 2])


def test_inkscape_s_layers_are_the_sides_even_one_that_is_switched_off(tmp_path: Path) -> None:
    flat = read_flat(saved(tmp_path, INKSCAPE))
    front, back = draw_flat(flat, "front"), draw_flat(flat, "back")
    assert colour_in_the_middle(front) == (0x3A, 0x7D, 0x44)
    assert colour_in_the_middle(back) == (0xAA, 0x33, 0x33)
    assert front.rgb.shape == back.rgb.shape


def test_illustrator_s_classes_clips_and_names_are_understood(tmp_path: Path) -> None:
    flat = read_flat(saved(tmp_path, ILLUSTRATOR))
    front = draw_flat(flat, "front", {"#d9a441": "#102030"})
    assert colour_in_the_middle(front) == (0x10, 0x20, 0x30)
    assert flat.back is not None
    assert front.alpha is not None
    assert front.alpha[5, 5] == 0


BACK = TEE.replace("-8,9 8,9", "-8,3 8,3")
FIGMA = f"""<svg width="600" height="600" viewBox="0 0 600 600" fill="none" xmlns="http://www.w3.org/2000/svg">
<g id="Frame 1" clip-path="url(#clip0_1_2)"><rect width="600" height="600" fill="white"/>
<g transform="translate(300 120) scale(4)"><path id="Vector" fill-rule="evenodd" d="{TEE}" fill="#D64F7C"/></g></g>
<defs><clipPath id="clip0_1_2"><rect width="600" height="600" fill="white"/></clipPath></defs></svg>"""
COREL = f"""<svg xmlns="http://www.w3.org/2000/svg" width="210mm" height="297mm" viewBox="0 0 21000 29700"
  style="fill-rule:evenodd"><defs><style type="text/css">
<![CDATA[.fil0 {{fill:#FEFEFE}} .fil2 {{fill:#8C6A9E}}]]></style></defs><g id="Ebene_x0020_1">
<path class="fil0" d="M0 0l21000 0 0 29700 -21000 0 0 -29700z"/>
<rect x="500" y="500" width="20000" height="28700" style="fill:none;stroke:black;stroke-width:60"/>
<g transform="translate(10500,5000) scale(90)"><path class="fil2" d="{TEE}"/></g></g></svg>"""
WHITE = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 210 297"><rect width="210" height="297" fill="#fff"/>
<g transform="translate(105,60) scale(2)"><path d="{TEE}" fill="#fff" stroke="#000" stroke-width=".5"/></g></svg>"""


def outline_of(flat_lay: FlatLay) -> np.ndarray:
    """Return the cloth's mask, cropped to the cloth and resized to a fixed square."""
    assert flat_lay.alpha is not None
    rows, columns = np.nonzero(flat_lay.alpha > 0.5)
    part = flat_lay.alpha[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] > 0.5
    return np.asarray(Image.fromarray(part).resize((100, 100)))


@pytest.mark.parametrize("drawing", [FIGMA, COREL, WHITE], ids=["figma's frame", "corel's page", "white on white"])
def test_paper_and_frames_behind_a_garment_are_no_cloth(drawing: str, tmp_path: Path) -> None:
    alone = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-60 -20 120 120"><path fill="#456" d="{TEE}"/></svg>'
    wanted = outline_of(draw_flat(read_flat(saved(tmp_path, alone)), "front", longest_px=500))
    found = outline_of(draw_flat(read_flat(saved(tmp_path, drawing)), "front", longest_px=500))
    assert (wanted == found).mean() > 0.98


@pytest.mark.parametrize(
    "inside",
    ['<path d="M30 5V55M45 5V55" stroke="#000"/>', '<rect x="12" y="15" width="14" height="12" fill="#822"/>'],
    ids=["pleats", "pocket"],
)
def test_a_skirt_that_is_drawn_as_a_rectangle_is_no_paper(inside: str, tmp_path: Path) -> None:
    drawing = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 75 60">
      <rect width="75" height="60" fill="#a33"/>{inside}</svg>"""
    flat_lay = draw_flat(read_flat(saved(tmp_path, drawing)), "front", longest_px=500)
    assert outline_of(flat_lay).all()
    assert colour_in_the_middle(flat_lay) in ((170, 51, 51), (0, 0, 0))


def test_front_and_back_beside_each_other_need_no_names(tmp_path: Path) -> None:
    def page(first: str, second: str) -> Path:
        return saved(
            tmp_path,
            f"""<svg xmlns="http://www.w3.org/2000/svg" width="420mm" height="297mm" viewBox="0 0 420 297">
            <g transform="translate(110,60) scale(2)"><path d="{first}" fill="#cdb38b" stroke="#000"/></g>
            <g transform="translate(310,60) scale(2)"><path d="{second}" fill="#385070" stroke="#000"/></g></svg>""",
        )

    flat = read_flat(page(TEE, BACK))
    assert flat.back is not None
    assert colour_in_the_middle(draw_flat(flat, "front")) == (205, 179, 139)
    assert colour_in_the_middle(draw_flat(flat, "back")) == (56, 80, 112)
    trousers = "M-20,0 H20 L26,70 H4 L0,25 L-4,70 H-26 Z"
    assert read_flat(page(TEE, trousers)).back is None


def test_two_garments_in_one_drawing_are_refused_with_what_a_drawing_can_do(tmp_path: Path) -> None:
    tee = '<path fill="#446688" d="M20 20 L80 20 L110 60 L90 75 L80 60 L80 160 L20 160 L20 60 L10 75 L-10 60 Z"/>'
    skirt = '<path fill="#884466" d="M160 30 L240 30 L270 170 L130 170 Z"/>'
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-30 0 330 200">{tee}{skirt}</svg>'
    flat_lay = read_flat_lay(saved(tmp_path, drawing), Settings())
    with pytest.raises(SeveralGarments, match="2 separate garments; leave one, with groups"):
        cut_out(flat_lay)


def test_words_beside_the_garment_are_left_out_and_words_on_it_are_refused(tmp_path: Path) -> None:
    notes = '<text x="10" y="12"><tspan>coverstitch 4 mm</tspan></text>'
    beside = INKSCAPE.replace('<rect x="0" y="200"', f'{notes}<rect x="0" y="200"')
    flat = read_flat(saved(tmp_path, beside))
    assert colour_in_the_middle(draw_flat(flat, "front")) == (58, 125, 68)
    with pytest.raises(DrawingUnsafe, match="holds text, which vmodel does not draw; convert it to outlines"):
        read_flat(saved(tmp_path, INKSCAPE.replace('<path style="fill:#3a7d44', f'{notes}<path style="fill:#3a7d44')))


def test_illustrator_s_declared_addresses_are_no_threat(tmp_path: Path) -> None:
    declared = """[
    <!ENTITY ns_extend "http://ns.adobe.com/Extensibility/1.0/">
    <!ENTITY ns_ai "http://ns.adobe.com/AdobeIllustrator/10.0/">
]>"""
    own = 'xmlns:x="&ns_extend;" xmlns:i="&ns_ai;" xmlns="http://www.w3.org/2000/svg"'
    text = ILLUSTRATOR.replace('svg11.dtd">', f'svg11.dtd" {declared}', 1)
    text = text.replace('xmlns="http://www.w3.org/2000/svg"', own, 1)
    data = '<foreignObject requiredExtensions="&ns_ai;"><i:pgfRef xlink:href="#pgf"/></foreignObject>'
    text = text.replace('<g id="FRONT_1_">', f'<switch>{data}<g i:extraneous="self"><g id="FRONT_1_">', 1)
    text = text.replace("</svg>", "</g></switch><i:pgf id='pgf'><![CDATA[eJzs]]></i:pgf></svg>")
    flat = read_flat(saved(tmp_path, text))
    assert flat.back is not None
    assert colour_in_the_middle(draw_flat(flat, "front")) == (217, 164, 65)
    with pytest.raises(DrawingUnsafe, match="XML entities"):
        read_flat(saved(tmp_path, text.replace('"http://ns.adobe.com/Extensibility/1.0/"', '"&ns_ai;&ns_ai;"')))
    with pytest.raises(DrawingUnsafe, match="a link to another file"):
        read_flat(saved(tmp_path, text.replace('xlink:href="#SVGID_1_"', 'xlink:href="&ns_ai;"')))


def test_colours_by_name_and_in_decimals_have_colourways_too(tmp_path: Path) -> None:
    drawing = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="-60 -20 120 120">
      <path d="{TEE}" style="fill:rgb(36,52,84);stroke:black;stroke-width:0.3px"/>
      <path d="M-20,60H20" stroke="White" fill="none"/></svg>"""
    flat = read_flat(saved(tmp_path, drawing))
    assert set(plain_colours(flat.front)) == {"#243454", "#000000", "#ffffff"}
    recoloured_lay = draw_flat(flat, "front", {"#243454": "#a0c0e0"})
    assert colour_in_the_middle(recoloured_lay) == (160, 192, 224)


def test_the_outline_is_exact_and_its_dark_line_is_no_cloth(tmp_path: Path) -> None:
    square = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400">{}</svg>'
    shape = '<path d="M100,80 H300 V320 H100 Z" fill="#cc3344" stroke="#111" stroke-width="1.5"/>'
    front = draw_flat(read_flat(saved(tmp_path, square.format(shape))), "front")
    assert front.alpha is not None
    mask = front.alpha >= 0.5
    rows, columns = np.nonzero(mask)
    drawn = (np.ptp(rows) + 1) / (np.ptp(columns) + 1)
    assert drawn == pytest.approx(241.5 / 201.5, rel=0.002)
    assert np.abs(front.rgb[mask].astype(int) - (0xCC, 0x33, 0x44)).max() <= 2


def test_a_drawing_of_bare_lines_encloses_white_cloth(tmp_path: Path) -> None:
    path = f'<path fill="none" stroke="#000" d="{TEE}"/>'
    lines = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-60 -20 120 120">{path}</svg>'
    flat_lay = read_flat_lay(saved(tmp_path, lines), Settings())
    assert colour_in_the_middle(flat_lay) == (255, 255, 255)
    assert cut_out(flat_lay).source == "alpha"
    assert 0.25 < cut_out(flat_lay).mask.mean() < 0.7


@pytest.mark.parametrize("drawing", [INKSCAPE, ILLUSTRATOR])
def test_colourways_of_a_drawing_are_one_drawing_in_plain_colours(tmp_path: Path, drawing: str) -> None:
    flat = read_flat(saved(tmp_path, drawing))
    colours = plain_colours(flat.front)
    assert colours
    other = {colour: f"#{number:02x}8040" for number, colour in enumerate(colours)}
    coloured = read_flat(saved(tmp_path, write_svg(recoloured(flat.front, other)), "other.svg"))
    assert coloured.sha256 != flat.sha256
    assert in_plain_colours(coloured).sha256 == in_plain_colours(flat).sha256
    moved = read_flat(saved(tmp_path, drawing.replace("M", "M 1,0 M", 1), "moved.svg"))
    assert in_plain_colours(moved).sha256 != in_plain_colours(flat).sha256


def test_lines_are_dark_and_cloth_is_pale_in_plain_colours(tmp_path: Path) -> None:
    shapes = '<path stroke="#fff" d="M0 0h9"/><path style="fill:#000;stroke:#123456" d="M0 0h9"/>'
    colours = plain_colours(read_flat(saved(tmp_path, svg(shapes))).front)
    lightness = {old: int(new[1:3], 16) for old, new in colours.items()}
    assert lightness["#ffffff"] < 0x60
    assert lightness["#123456"] < 0x60
    assert lightness["#000000"] > 0xC0


def test_the_example_is_read_as_a_top_with_short_sleeves(examples: Path) -> None:
    flat_lay = read_flat_lay(examples / "raglan-tee.svg", Settings())
    kind, _ = understand(flat_lay, cut_out(flat_lay))
    assert (kind.category, kind.sleeve.value) == (Category.TOP, "short")


def svg(inner: str, attributes: str = "") -> str:
    head = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"'
    return f"<svg {head} {attributes}>{inner}</svg>"


BOMB = '<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>' + svg("<title>&b;</title>")
FILE = '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + svg("<title>&x;</title>")
COPIES = "".join(f'<g id="g{n}"><use href="#g{n + 1}"/><use href="#g{n + 1}"/></g>' for n in range(30))
CHAIN = "".join(f'<g id="g{n}"><use href="#g{n + 1}"/></g>' for n in range(5000))


def embedded(width: int, height: int) -> str:
    stream = io.BytesIO()
    Image.new("1", (width, height)).save(stream, "PNG")
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", DrawingUnreadable),
        ("no xml", DrawingUnreadable),
        ("<html/>", DrawingUnreadable),
        (svg("<path"), DrawingUnreadable),
        ('<svg xmlns="http://www.w3.org/2000/svg"><rect width="5" height="5"/></svg>', DrawingUnreadable),
        (BOMB, DrawingUnsafe),
        (FILE, DrawingUnsafe),
        (svg("<script>alert(1)</script>"), DrawingUnsafe),
        (svg('<rect onclick="alert(1)" width="5" height="5"/>'), DrawingUnsafe),
        (svg('<image href="file:///etc/passwd" width="5" height="5"/>'), DrawingUnsafe),
        (svg('<image xlink:href="http://127.0.0.1/x.png" width="5" height="5"/>'), DrawingUnsafe),
        (svg('<image href="data:image/svg+xml;base64,PHN2Zz4=" width="5" height="5"/>'), DrawingUnsafe),
        (svg('<use href="other.svg#a"/>'), DrawingUnsafe),
        (svg('<rect style="fill:url(http://127.0.0.1/#p)" width="5" height="5"/>'), DrawingUnsafe),
        (svg("<style>@import 'http://127.0.0.1/x.css';</style>"), DrawingUnsafe),
        (svg("<style>rect{fill:\\75 rl(http://127.0.0.1)}</style>"), DrawingUnsafe),
        (svg("<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'>x</body></foreignObject>"), DrawingUnsafe),
        (svg("<text>SALE</text>"), DrawingUnsafe),
        (svg("<switch><script>alert(1)</script></switch>"), DrawingUnsafe),
        (svg('<filter id="f"><feGaussianBlur stdDeviation="9999"/></filter>'), DrawingUnsafe),
        (svg('<rect width="5" height="5"><animate attributeName="x"/></rect>'), DrawingUnsafe),
        (svg("<g>" * 100 + "</g>" * 100), DrawingTooLarge),
        (svg("<g/>" * 30_000), DrawingTooLarge),
        (svg(COPIES), DrawingTooLarge),
        (svg('<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>'), DrawingTooLarge),
        (svg(CHAIN), DrawingTooLarge),
        (svg(f'<image href="{embedded(9000, 9000)}" width="5" height="5"/>'), DrawingTooLarge),
        (svg('<image href="data:image/png;base64,AAAA" width="5" height="5"/>'), DrawingUnreadable),
        (b"\xff\xfe\x00\x01", DrawingUnreadable),
    ],
)
def test_a_drawing_that_means_harm_is_refused_in_one_sentence(
    text: str | bytes, error: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(error) as refused:
        read_flat(saved(tmp_path, text))
    assert str(refused.value).startswith("flat.svg ")
    assert len(str(refused.value).splitlines()) == 1


def test_a_file_of_too_many_bytes_is_not_even_read(tmp_path: Path) -> None:
    with (tmp_path / "flat.svg").open("wb") as stream:
        stream.truncate(11_000_000)
    with pytest.raises(DrawingTooLarge):
        read_flat(tmp_path / "flat.svg")


def test_a_drawing_that_paints_nothing_shows_no_garment(tmp_path: Path) -> None:
    with pytest.raises(GarmentNotFound):
        read_flat_lay(saved(tmp_path, svg("<g/>")), Settings())
