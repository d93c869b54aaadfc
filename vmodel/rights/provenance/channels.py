"""Channels where pictures are shown, and the visible AI label that the law requires there.

China: GB 45438-2025 requires a label of at least a twentieth of the shortest side that names AI and says that it
generated or synthesised. New York: General Business Law 396-b requires disclosure of synthetic performers in
advertisements. Amazon and other shops accept no text on main pictures; there the metadata carry the statement.
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
        name: value of ``--channel``.
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
    """Return the channel of a name; None if no name is given.

    Raises:
        UnknownChannel: no channel has this name.
    """
    if not name:
        return None
    if name.strip().lower() not in CHANNELS:
        raise UnknownChannel(name)
    return CHANNELS[name.strip().lower()]
