"""Addresses of a Hive metastore: `thrift://host:port`. Pure."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

DEFAULT_PORT = 9083
"""Hive's own default of `metastore.thrift.port`."""

MAX_URI_LENGTH = 300
"""Enough for the longest host name (253 characters) with scheme and port."""

# No "_" in a host: Java's URI class, with which Presto parses it, finds no host then.
URI_PATTERN = r"^thrift://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?)(:[0-9]{1,5})?/?$"
"""The form of a URI, for the CRD's schema. `parse_metastore_uri` checks more."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_MAX_HOST_LENGTH = 253
_EXAMPLE = "for example thrift://hive-metastore.data:9083"


@dataclass(frozen=True)
class MetastoreAddress:
    """Where a metastore listens."""

    host: str
    """A name, or an IP address without brackets."""
    port: int = DEFAULT_PORT

    @property
    def uri(self) -> str:
        """As Presto requires it in `hive.metastore.uri`: always with a port."""
        return f"thrift://{self._host_in_uri}:{self.port}"

    def __str__(self) -> str:
        return f"{self._host_in_uri}:{self.port}"

    def is_in(self, namespace: str) -> bool:
        """Whether it is a Service of this namespace, by its full name or by what `seen_from` makes of a short one."""
        labels = self.host.lower().rstrip(".").split(".")
        return len(labels) > 2 and labels[1:3] == [namespace, "svc"]

    def seen_from(self, namespace: str) -> MetastoreAddress:
        """The same metastore, by a name that resolves alike in every namespace.

        Kubernetes' DNS resolves a name without a dot to a Service in the namespace of the pod that asks: Presto's pods
        are in `namespace`, the operator's isn't.
        """
        if "." in self.host or _is_ip(self.host) or self.host.lower() == "localhost":
            return self
        return MetastoreAddress(f"{self.host}.{namespace}.svc", self.port)

    @property
    def _host_in_uri(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def parse_metastore_uri(uri: str) -> MetastoreAddress:
    """The address in a URI. The port is optional.

    Raises:
        ValueError: `uri` isn't a metastore's URI; it says why.
    """
    shown = f'"{uri[:MAX_URI_LENGTH]}"'
    scheme, separator, rest = uri.partition("://")
    if not separator or scheme != "thrift":
        raise ValueError(f"must start with thrift://, {_EXAMPLE} (got {shown})")
    if "," in rest:
        raise ValueError(f"must not contain a comma: write each URI as an item of its own (got {shown})")
    if not re.fullmatch(URI_PATTERN, uri):
        raise ValueError(f"must be a host name or an IP address, and optionally a port, {_EXAMPLE} (got {shown})")
    host, port = _split(rest.rstrip("/"))
    if not 1 <= port <= 65535:
        raise ValueError(f"the port must be from 1 to 65535 (got {shown})")
    if kind := forbidden_kind(host):
        raise ValueError(f"must not be {kind}, which is another machine for each pod (got {shown})")
    if rest.startswith("[") and not _is_ip(host):
        raise ValueError(f"[{host}] is not an IPv6 address (got {shown})")
    if not re.search("[A-Za-z:]", host) and not _is_ip(host):
        raise ValueError(f"{host} is not an IP address (got {shown})")
    if len(host) > _MAX_HOST_LENGTH or any(not 0 < len(label) <= 63 for label in host.split(".")):
        raise ValueError(
            f"a host name must have at most {_MAX_HOST_LENGTH} characters, and 1 to 63 between its dots (got {shown})"
        )
    return MetastoreAddress(host, port)


_METADATA_SERVICES = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200", "168.63.129.16")))
"""Those of clouds that aren't link-local: AWS (IPv6), Alibaba Cloud, Azure."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that stand for IPv4 ones (RFC 6052)."""


def forbidden_kind(host: str) -> str:
    """What makes an address no metastore's, in words; empty if nothing does, or if `host` is a name.

    They lead to the machine itself that connects, or to services of its cloud, and not to another one.
    """
    if host.lower().rstrip(".") == "localhost" or host.lower().rstrip(".").endswith(".localhost"):
        return "a loopback address"
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    return _kind(_plain(address))


def _plain(address: _Address) -> _Address:
    """The IPv4 address that an IPv6 address stands for; else the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


def _kind(address: _Address) -> str:
    kinds = {
        "a loopback address": address.is_loopback,
        "a link-local address": address.is_link_local,
        "an unspecified address": address.is_unspecified or (address.version == 4 and int(address) < 2**24),
        "a multicast address": address.is_multicast,
        "a broadcast address": address == ipaddress.IPv4Address("255.255.255.255"),
        "a metadata service of a cloud": address in _METADATA_SERVICES,
    }
    return next((kind for kind, applies in kinds.items() if applies), "")


def _split(authority: str) -> tuple[str, int]:
    host, separator, port = authority.rpartition(":")
    if not separator or port.endswith("]"):
        host, port = authority, str(DEFAULT_PORT)
    return host.removeprefix("[").removesuffix("]"), int(port)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
