"""HTML pages for A4 that load nothing, and their parts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape

import cv2
import numpy as np

from vmodel.core.files import encode_picture
from vmodel.types import ByteArray

STYLE = """
@page{size:A4;margin:16mm}
body{font:14px/1.45 system-ui,"Noto Sans","PingFang SC","Microsoft YaHei",sans-serif;color:#262422;background:#fff;
margin:0 auto;max-width:178mm;padding:10mm}
h1{font-size:25px;font-weight:600;margin:0;letter-spacing:.01em}
h2{font-size:12px;font-weight:600;text-transform:uppercase;letter-spacing:.09em;color:#7a736b;margin:22px 0 6px}
.head{display:flex;justify-content:space-between;align-items:baseline;border-bottom:2px solid #262422;
padding-bottom:8px}
.state{font-size:13px;border:1px solid;border-radius:99px;padding:2px 12px}
.good{color:#23633d}.bad{color:#9b2c1f}
.who{display:flex;gap:24px;margin-top:16px}.who img{width:52mm;border:1px solid #ddd8d2;align-self:flex-start}
table{border-collapse:collapse;width:100%}td{padding:3px 0;vertical-align:top}td:first-child{width:38mm;color:#7a736b}
.mono{font:11px/1.4 ui-monospace,Menlo,Consolas,monospace;word-break:break-all}
.grant{font-size:17px;line-height:1.4;margin:0 0 4px}
footer{margin-top:24px;border-top:1px solid #ddd8d2;padding-top:8px;font-size:11px;color:#7a736b}
@media print{body{padding:0;max-width:none;font-size:12px;line-height:1.35}h1{font-size:22px}h2{margin:14px 0 4px}
.grant{font-size:15px}.who{margin-top:10px}.mono{font-size:10px}td{padding:2px 0}footer{margin-top:14px}}
"""


def page(title: str, body: str, style: str = STYLE) -> str:
    """Build a complete HTML document that loads nothing."""
    own_style = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{own_style}'"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{style}</style></head>'
        f"<body>{body}</body></html>\n"
    )


def rows(values: Mapping[str, str]) -> str:
    """Build a table of names and values; both are escaped."""
    cells = (f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in values.items())
    return f"<table>{''.join(cells)}</table>"


def picture_uri(picture: ByteArray, longest_px: int) -> str:
    """Encode a picture as a data URI (JPEG) to embed in a page.

    Args:
        picture: (H, W, 3) uint8 sRGB.
        longest_px: longer side at most.
    """
    shrink = min(1.0, longest_px / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else picture
    content = encode_picture(np.ascontiguousarray(small), "jpeg", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"
