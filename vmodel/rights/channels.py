"""Where a picture will be shown, and whether the law there wants it to say that a computer made it.

China: GB 45438-2025 wants a label of at least a twentieth of the shortest side that names AI and that it generated or
synthesised. New York: General Business Law 396-b wants synthetic performers in advertisements disclosed. Amazon and
other shops take no text on main pictures; there the metadata speak.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from vmodel.errors import InputError

CHINESE = "AI生成"
ENGLISH = "AI-generated"


@dataclass(frozen=True)
class Channel:
    """A place where pictures are shown.

    Attributes:
        name: what ``--channel`` calls it.
        label: text on the picture; "" for none.
    """

    name: str
    label: str


class UnknownChannel(InputError):
    """No channel has this name."""

    code = "unknown_channel"

    def __init__(self, name: str) -> None:
        super().__init__(f"Unknown channel {name!r}; use one of: {', '.join(CHANNELS)}.")
        self.name = name


_LABELLED = {
    **dict.fromkeys(("tmall", "taobao", "jd", "pinduoduo", "douyin", "xiaohongshu"), CHINESE),
    **dict.fromkeys(("us-advertising", "instagram", "tiktok"), ENGLISH),
    **dict.fromkeys(("amazon", "shopify", "zalando", "etsy", "ebay"), ""),
}
CHANNELS: Mapping[str, Channel] = MappingProxyType({name: Channel(name, label) for name, label in _LABELLED.items()})
"""Channels by name."""


def find_channel(name: str | None) -> Channel | None:
    """The channel of a name; None if none is named.

    Raises:
        UnknownChannel: there is none of this name.
    """
    if not name:
        return None
    if name.strip().lower() not in CHANNELS:
        raise UnknownChannel(name)
    return CHANNELS[name.strip().lower()]
