"""Origin of a login in few words: enough for its owner to recognise it, too little to follow anybody by it."""

from __future__ import annotations

import ipaddress

#: Word of the header User-Agent -> name; browsers name those that they descend from too, hence the order.
_BROWSERS = {
    "MicroMessenger/": "WeChat",
    "QQBrowser/": "QQ Browser",
    "UCBrowser/": "UC Browser",
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Macintosh": "macOS",
    "Linux": "Linux",
}


def kind_of_browser(agent: str) -> str:
    """Return names of browser and system, like "Firefox, Windows", without versions; empty if neither is known.

    Args:
        agent: the header User-Agent; untrusted.
    """
    found = (next((name for word, name in known.items() if word in agent), "") for known in (_BROWSERS, _SYSTEMS))
    return ", ".join(name for name in found if name)


def nearby_network(address: str) -> str:
    """Return the network around an address, IPv4 to 24 bits and IPv6 to 48; empty if it is not an address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            return str(ipaddress.ip_network((int(found), 48), strict=False))
        found = found.ipv4_mapped
    return str(ipaddress.ip_network((int(found), 24), strict=False))
