"""A Presto server, known by its pod."""

from __future__ import annotations

from dataclasses import dataclass

from presto_operator.objects import KubernetesObject


@dataclass(frozen=True)
class Server:
    """A Presto server by its pod."""

    namespace: str
    pod: str
    address: str
    """The pod's IP address; empty before it has one."""


def server_of(pod: KubernetesObject) -> Server:
    """The server that runs in a pod."""
    metadata = pod["metadata"]
    return Server(metadata["namespace"], metadata["name"], pod.get("status", {}).get("podIP", ""))
