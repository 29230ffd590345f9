"""Which addresses may be called: none of our own house (SSRF); the one that was checked is the one that is called."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from ringmain.kit.webhooks.errors import WebhookAddressRefused

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# Public by number, and yet inside of a cloud (Azure's platform), or a way to address other networks' numbers.
_NOT_OUTSIDE = tuple(
    ipaddress.ip_network(text)
    for text in ("168.63.129.16/32", "192.88.99.0/24", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was checked: the URL, the host it names, and the IP address to connect to."""

    parts: SplitResult
    host: str
    ip: IpAddress

    @property
    def url(self) -> str:
        """The URL with the checked IP address in the place of the name: no second look-up can lead elsewhere."""
        host = f"[{self.ip}]" if self.ip.version == 6 else str(self.ip)  # noqa: PLR2004 (a version of IP)
        port = f":{self.parts.port}" if self.parts.port else ""
        return self.parts._replace(netloc=f"{host}{port}").geturl()

    @property
    def host_header(self) -> str:
        """The header `Host`: the name as it stands in the URL."""
        return self.parts.netloc


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return every address of a host, as the system knows it."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


@dataclass(frozen=True, slots=True)
class Guard:
    """Says whether a URL may be called. In `development` this machine itself may be, also without TLS."""

    development: bool = False
    resolver: Resolve = resolve

    def check(self, url: str) -> SplitResult:
        """Return the parts of a URL that may be called as far as its text tells. Raises `WebhookAddressRefused`."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise WebhookAddressRefused(reason="unreadable") from error
        if len(url) > _LONGEST or not url.isascii() or any(character <= " " for character in url):
            raise WebhookAddressRefused(reason="unreadable")
        if not host or parts.username is not None or parts.password is not None or parts.fragment or port == 0:
            raise WebhookAddressRefused(reason="unreadable")
        ip = _ip(host)
        here = host == "localhost" or (ip is not None and ip.is_loopback)
        if parts.scheme != "https" and not (self.development and here and parts.scheme == "http"):
            raise WebhookAddressRefused(reason="not_https")
        if (ip is not None and not self._may_call(ip)) or (here and not self.development):
            raise WebhookAddressRefused(reason="not_public")
        return parts

    async def target(self, url: str) -> Target:
        """Look the host up and return where to connect. Raises `WebhookAddressRefused`, OSError.

        One address that is not public is enough to refuse: a name that leads outside and inside is an attack.
        """
        parts = self.check(url)
        host = parts.hostname or ""
        found = [_ip(text) for text in await self.resolver(host, parts.port or 443)]
        ips = [ip for ip in found if ip is not None]
        if not ips or len(ips) != len(found) or not all(self._may_call(ip) for ip in ips):
            raise WebhookAddressRefused(reason="not_public")
        if parts.scheme == "http" and not all(ip.is_loopback for ip in ips):
            raise WebhookAddressRefused(reason="not_https")
        return Target(parts, host, ips[0])

    def _may_call(self, ip: IpAddress) -> bool:
        if self.development and ip.is_loopback:
            return True
        return (
            ip.is_global
            and not ip.is_multicast
            and not any(ip in network for network in _NOT_OUTSIDE if network.version == ip.version)
        )


def _ip(text: str) -> IpAddress | None:
    """Return the address that a text is, in the forms in which systems read them too; None where it is a name."""
    try:
        ip = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        try:
            # "127.1", "0x7f000001" and "2130706433" are 127.0.0.1 to the C library, and so to who connects.
            return ipaddress.IPv4Address(socket.inet_aton(text))
        except (OSError, ValueError):
            return None
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip
