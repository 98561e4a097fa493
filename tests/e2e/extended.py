"""A Presto cluster with the configuration of docs/configuration.md, a plugin, and kernel settings."""

from __future__ import annotations

from tests.e2e.shapes import UNSAFE_SYSCTL
from tests.kit.documentation import manifests
from tests.kit.plugin import IMAGE_PATH, PLUGIN
from tests.kit.resources import Resource
from tests.kit.standing import shape

NAME = "configured"
"""The name of its PrestoCluster, as on the page."""
WORKERS = 2
# One that every node allows, and one that a node has to allow first.
SYSCTLS = {"kernel.shm_rmid_forced": "1", UNSAFE_SYSCTL: "1234"}
FROM_IMAGE = {"name": "our-functions", "image": PLUGIN.reference, "path": IMAGE_PATH, "pullPolicy": "Never"}


def extended_cluster(plugin: dict[str, str]) -> Resource:
    """The page's cluster with a plugin and kernel settings, on the nodes that allow them: the third has a taint."""
    (resource,) = manifests("configuration")
    assert resource["metadata"]["name"] == NAME
    spec = resource["spec"]
    for role in ("coordinator", "workers"):
        # Servers that live for minutes start sooner without the optimising compiler.
        spec[role]["jvm"].setdefault("extraArgs", []).append("-XX:TieredStopAtLevel=1")
    spec["workers"]["replicas"] = WORKERS
    spec.update(plugins=[plugin], sysctls=SYSCTLS)
    return resource


EXTENDED = shape("extended", extended_cluster(FROM_IMAGE))
