"""XMP metadata of a published picture, for search engines, marketplaces and archives.

Google Merchant Center reads the digital source type, Google Images the licence, crawlers the data-mining reservation,
and platforms in China the AIGC field (GB 45438-2025).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

DIGITAL_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC's term for a picture made by trained or rendered algorithms; no camera saw the person."""
_NO_MINING = "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING"
_SPACES: Mapping[str, str] = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "TC260": "http://www.tc260.org.cn/ns/AIGC/1.0/",
}


@dataclass(frozen=True)
class Credit:
    """Content of the XMP packet.

    Attributes:
        licence_id: of the certificate.
        licence_url: page where anybody can read the licence.
        seller: who may use the picture.
        issuer: who signed the licence.
        issuer_url: its page; empty for none.
        system: program and pipeline that made the picture.
        terms: one sentence on who may use it.
    """

    licence_id: str
    licence_url: str
    seller: str
    issuer: str
    issuer_url: str
    system: str
    terms: str


def write_packet(credit: Credit) -> bytes:
    """Write the XMP packet of a picture, UTF-8."""
    simple = {
        "Iptc4xmpExt:DigitalSourceType": DIGITAL_SOURCE,
        "Iptc4xmpExt:AISystemUsed": credit.system,
        "xmpRights:Marked": "True",
        "xmpRights:WebStatement": credit.licence_url,
        "plus:DataMining": _NO_MINING,
        "photoshop:Credit": credit.seller,
        "dc:identifier": f"urn:vmodel:licence:{credit.licence_id}",
        "TC260:AIGC": json.dumps(_aigc(credit), ensure_ascii=False, separators=(",", ":")),
    }
    attributes = " ".join(f"xmlns:{prefix}={quoteattr(space)}" for prefix, space in _SPACES.items())
    elements = [f"<{name}>{escape(value)}</{name}>" for name, value in simple.items()]
    elements.append(f"<dc:creator><rdf:Seq><rdf:li>{escape(credit.issuer)}</rdf:li></rdf:Seq></dc:creator>")
    elements.append(_alternative("dc:rights", f"© {credit.seller}"))
    elements.append(_alternative("xmpRights:UsageTerms", credit.terms))
    elements.append(_licensor(credit))
    body = "".join(elements)
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {attributes}>{body}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def with_xmp(jpeg: bytes, packet: bytes) -> bytes:
    """Insert a packet, which the encoder did not write, as a JPEG's first segment (XMP specification, part 3).

    Args:
        jpeg: without XMP.
        packet: of ``write_packet``, below 65 kB.
    """
    body = b"http://ns.adobe.com/xap/1.0/\0" + packet
    return jpeg[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + jpeg[2:]


_FILM_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""Type of the box that holds XMP in MP4 (XMP specification, part 3)."""


def with_xmp_in_film(film: bytes, packet: bytes) -> bytes:
    """Append a packet to an MP4, in a box at its end, where it moves no frame.

    Args:
        film: MP4 without XMP.
        packet: of ``write_packet``.
    """
    return film + (24 + len(packet)).to_bytes(4, "big") + b"uuid" + _FILM_BOX + packet


def _aigc(credit: Credit) -> dict[str, str]:
    """Build the implicit label of GB 45438-2025, annex E: label 1 is content that certainly was generated."""
    return {
        "Label": "1",
        "ContentProducer": credit.issuer,
        "ProduceID": credit.licence_id,
        "ReservedCode1": "",
        "ContentPropagator": credit.seller,
        "PropagateID": credit.licence_id,
        "ReservedCode2": "",
    }


def _alternative(name: str, text: str) -> str:
    return f'<{name}><rdf:Alt><rdf:li xml:lang="x-default">{escape(text)}</rdf:li></rdf:Alt></{name}>'


def _licensor(credit: Credit) -> str:
    url = f"<plus:LicensorURL>{escape(credit.issuer_url)}</plus:LicensorURL>" if credit.issuer_url else ""
    named = f"<plus:LicensorName>{escape(credit.issuer)}</plus:LicensorName>{url}"
    return f'<plus:Licensor><rdf:Seq><rdf:li rdf:parseType="Resource">{named}</rdf:li></rdf:Seq></plus:Licensor>'
