"""Calls to URLs that sellers name, protected against server-side request forgery (SSRF, see OWASP).

A name is resolved once, all its addresses are checked, and the call goes to exactly the checked address. The
certificate must still match the name. Redirects are not followed, and only the status of an answer is read.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from vmodel.service.webhooks.errors import WebhookAddressRefused

TIMEOUT_S = 10.0
URL_LENGTH = 500
_PORTS = {"https": 443, "http": 80}
_LAST_PORT = 65_535
_PUBLIC_PORTS = (443, 8443)
"""Ports that are called outside; at others mail servers and databases listen."""
#: IPv6 ranges with an embedded IPv4 address, which a gateway of the internal network could unwrap.
_WRAPPING = tuple(
    ipaddress.ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")
)
#: Ranges of IANA's registries for special purposes that Python counts as public, and relays of old.
_SPECIAL = tuple(
    ipaddress.ip_network(each)
    for each in (
        "192.0.0.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.175.48.0/24",
        "fec0::/10",
        "3fff::/20",
        "5f00::/16",
        "2001::/23",
        "2620:4f:8000::/48",
        "100:0:0:1::/64",
    )
)

#: Name and port -> addresses, as ``socket.getaddrinfo`` gives them.
Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True)
class Target:
    """Checked target of a call.

    Attributes:
        url: as the seller gave it, its name replaced by ``address``.
        host: the name in ASCII (IDNA), for the certificate.
        authority: that name with its port, for the Host header.
        address: the IP address that was checked.
    """

    url: str
    host: str
    authority: str
    address: str


def resolve_target(url: str, inside: bool = False, resolve: Resolve | None = None) -> Target:
    """Check a URL and return the exact address for calls to it.

    Args:
        url: as a seller named it.
        inside: plain http and internal addresses are allowed, for an installation that serves only its owner.
        resolve: resolver of names; the system's by default.
    Raises:
        WebhookAddressRefused: not a public address over https, or its name is unknown.
    """
    parts = _split(url)
    if parts.scheme != "https" and not (inside and parts.scheme == "http"):
        raise WebhookAddressRefused("does not begin with https://")
    if parts.userinfo:
        raise WebhookAddressRefused("holds a user name")
    if not inside and parts.port not in {None, *_PUBLIC_PORTS}:
        raise WebhookAddressRefused(f"names a port other than {' and '.join(map(str, _PUBLIC_PORTS))}")
    host, port = parts.raw_host.decode(), parts.port or _PORTS[parts.scheme]
    try:
        addresses = (resolve or _resolve)(host, port)
    except (OSError, UnicodeError):
        raise WebhookAddressRefused("has a name that cannot be found") from None
    if not addresses:
        raise WebhookAddressRefused("has a name that cannot be found")
    for address in addresses:
        if not inside and not is_public(address):
            raise WebhookAddressRefused("is not a public one")
    direct = parts.copy_with(host=addresses[0], port=port, fragment=None)
    return Target(str(direct), host, parts.netloc.decode(), addresses[0])


def is_public(address: str) -> bool:
    """Return whether an IP address is public: not private, loopback, link-local, reserved or multicast."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if any(found in network for network in _WRAPPING):
            return False
    if any(found in network for network in _SPECIAL):
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def post(target: Target, body: bytes, headers: Mapping[str, str], certificates: ssl.SSLContext | None = None) -> int:
    """Send a POST.

    Args:
        target: from a recent ``resolve_target``, since the addresses of a name change.
        body: of the request.
        headers: besides Host.
        certificates: trusted authorities; the public ones by default.
    Returns:
        Status of the answer, whose body is not read.
    Raises:
        httpx.HTTPError: no answer, or the certificate does not match the name.
    """
    verify = True if certificates is None else certificates
    with httpx.Client(verify=verify, follow_redirects=False, timeout=TIMEOUT_S, trust_env=False) as client:
        request = client.build_request(
            "POST",
            target.url,
            content=body,
            headers={**headers, "Host": target.authority},
            extensions={"sni_hostname": target.host},
        )
        answer = client.send(request, stream=True)
        answer.close()
        return answer.status_code


def _split(url: str) -> httpx.URL:
    """Read a URL as the client that calls it does; its host becomes ASCII, since headers hold nothing else."""
    if len(url) > URL_LENGTH or any(ord(c) <= 32 or ord(c) == 127 for c in url) or "\\" in url:
        raise WebhookAddressRefused("is too long or holds blanks")
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError):
        raise WebhookAddressRefused("is malformed") from None
    if not parts.host or parts.port == 0 or (parts.port or 0) > _LAST_PORT:
        raise WebhookAddressRefused("names no host")
    return parts


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))
