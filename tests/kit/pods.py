"""What pods say of themselves. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from tests.kit.resources import Resource


def name_of(pod: Resource) -> str:
    """Its name."""
    return str(pod["metadata"]["name"])


def names(pods: Iterable[Resource]) -> set[str]:
    """Their names."""
    return {name_of(pod) for pod in pods}


def uids(pods: Iterable[Resource]) -> set[str]:
    """What tells each from a later pod of the same name."""
    return {str(pod["metadata"]["uid"]) for pod in pods}


def is_leaving(pod: Resource) -> bool:
    """Whether it has been deleted, and is still there."""
    return "deletionTimestamp" in pod["metadata"]


def staying(pods: Iterable[Resource]) -> list[Resource]:
    """Those that have not been deleted."""
    return [pod for pod in pods if not is_leaving(pod)]


def leaving(pods: Iterable[Resource]) -> list[Resource]:
    """Those that have been deleted, and are still there."""
    return [pod for pod in pods if is_leaving(pod)]


def is_ready(pod: Resource) -> bool:
    """Whether its condition Ready is true."""
    conditions = {each["type"]: each["status"] for each in pod["status"].get("conditions", [])}
    return conditions.get("Ready") == "True"


def on_node(pods: Iterable[Resource], node: str) -> list[Resource]:
    """Those on a node, by the name of its Node object."""
    return [pod for pod in pods if pod["spec"].get("nodeName") == node]
