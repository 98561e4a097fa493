"""The nodes that tests have, and the shapes of Presto clusters that several modules share."""

from __future__ import annotations

from tests.harness.spec import NodeSpec, Taint
from tests.kit.resources import Namespace, Resource, manifest
from tests.kit.sizes import roomy_server
from tests.kit.standing import Shape

# A kernel setting that a node has to allow, and that a network of a pod's own may have of its own.
UNSAFE_SYSCTL = "net.core.somaxconn"


def _labels(capacity_type: str, instance_type: str) -> dict[str, str]:
    return {
        "prestooperator.io/capacity-type": capacity_type,
        # Nodes of clouds have zone and type, and the scheduler spreads nothing over nodes that lack one of the labels.
        "topology.kubernetes.io/zone": "zone-a",
        "node.kubernetes.io/instance-type": instance_type,
    }


NODES = (
    NodeSpec("system", _labels("on-demand", "m5.large"), allowed_unsafe_sysctls=(UNSAFE_SYSCTL,)),
    NodeSpec("r5", {"pool": "r5", **_labels("spot", "r5.4xlarge")}, (Taint("spot", "NoSchedule", "true"),)),
    NodeSpec("r6", {"pool": "r6", **_labels("spot", "r6i.4xlarge")}, allowed_unsafe_sysctls=(UNSAFE_SYSCTL,)),
)

_QUOTA = {"pods": "20", "requests.cpu": "4", "requests.memory": "24Gi", "limits.memory": "48Gi"}
"""Room for two generations of the clusters below."""
_LIMITS = {
    "type": "Container",
    "min": {"memory": "64Mi"},
    "max": {"memory": "8Gi"},
    "defaultRequest": {"cpu": "50m", "memory": "128Mi"},
    "default": {"memory": "256Mi"},
}


def _confine(namespace: Namespace) -> None:
    api = namespace.api
    enforced = {"pod-security.kubernetes.io/enforce": "restricted"}
    api.patch(api.path("namespaces", name=namespace.name), {"metadata": {"labels": enforced}})
    quota = {"metadata": {"name": "team"}, "spec": {"hard": _QUOTA}}
    api.create(api.path("resourcequotas", namespace.name), quota)
    limits = {"metadata": {"name": "team"}, "spec": {"limits": [_LIMITS]}}
    api.create(api.path("limitranges", namespace.name), limits)


def _in_a_company(name: str, presto_cluster: Resource) -> Shape:
    """A shape in a namespace that enforces Pod Security `restricted`, with a ResourceQuota and a LimitRange."""
    return Shape(name, lambda _: (presto_cluster,), _confine)


NAME = "shared"
"""The name of the PrestoCluster in each of the shapes below."""
WORKERS = 3
"""How many workers it has."""
_WORKERS = {"replicas": WORKERS, **roomy_server(), "drain": {"timeout": "5m", "gracePeriod": "10s"}}

PROXY = "http://127.0.0.1:9"
"""A proxy that refuses every connection."""
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_BEHIND_A_PROXY = {"env": [{"name": name, "value": PROXY} for name in PROXY_VARIABLES]}

SPOT_MANIFEST = manifest(
    NAME,
    coordinator={**roomy_server(), **_BEHIND_A_PROXY, "capacityType": "OnDemand"},
    workers={
        **_WORKERS,
        **_BEHIND_A_PROXY,
        "pools": [
            {
                "name": "spot",
                "capacityType": "Spot",
                "instanceTypes": ["r5.4xlarge", "r6i.4xlarge"],
                "tolerations": [{"key": "spot", "operator": "Exists"}],
                "pricePerHour": "0.40",
            },
            {"name": "base", "capacityType": "OnDemand", "minReplicas": 1, "pricePerHour": "1.01"},
        ],
    },
    # Presto would run a query again that was lost, and hide that it was.
    queryRetry={"enabled": False},
)
SPOT = _in_a_company("spot", SPOT_MANIFEST)
"""Two workers on spot nodes of two families, one on an on-demand node, beside the coordinator.

The environment of the servers has a proxy, which nothing that concerns the servers themselves may use.
"""

PLAIN_MANIFEST = manifest(NAME, coordinator=roomy_server(), workers=_WORKERS)
PLAIN = _in_a_company("plain", PLAIN_MANIFEST)
"""Three workers on whatever nodes there are."""
