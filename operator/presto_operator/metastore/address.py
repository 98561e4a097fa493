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

    def seen_from(self, namespace: str) -> MetastoreAddress:
        """The same metastore, by a name that resolves alike in every namespace.

        Kubernetes' DNS resolves a name without a dot to a Service in the namespace of the pod that asks: Presto's pods
        are in `namespace`, the operator's isn't.
        """
        if "." in self.host or _is_ip(self.host) or self.host.lower() == "localhost":
            return self
        return MetastoreAddress(f"{self.host}.{namespace}.svc", self.port)

    @property
    def is_of_the_pod(self) -> bool:
        """Whether this means the pod or the node that asks: loopback, link-local and unspecified addresses."""
        if self.host.lower().rstrip(".").endswith("localhost"):
            return True
        if not _is_ip(self.host):
            return False
        address = ipaddress.ip_address(self.host)
        return address.is_loopback or address.is_link_local or address.is_unspecified

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
    if rest.startswith("[") and not _is_ip(host):
        raise ValueError(f"[{host}] is not an IPv6 address (got {shown})")
    if not re.search("[A-Za-z:]", host) and not _is_ip(host):
        raise ValueError(f"{host} is not an IP address (got {shown})")
    if len(host) > _MAX_HOST_LENGTH or any(not 0 < len(label) <= 63 for label in host.split(".")):
        raise ValueError(
            f"a host name must have at most {_MAX_HOST_LENGTH} characters, and 1 to 63 between its dots (got {shown})"
        )
    return MetastoreAddress(host, port)


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
