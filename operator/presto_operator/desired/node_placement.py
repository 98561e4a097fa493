"""The nodes on which a server may run: `capacityType`, `instanceTypes` and `zones` as affinity, tolerations, spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from presto_operator.api import CapacityType, Toleration
from presto_operator.objects import CAPACITY_LABEL

INSTANCE_TYPE_LABEL = "node.kubernetes.io/instance-type"
ZONE_LABEL = "topology.kubernetes.io/zone"
HOSTNAME_LABEL = "kubernetes.io/hostname"

PLACEMENT_FIELDS = ("nodeSelector", "affinity", "tolerations", "topologySpreadConstraints")
"""The fields of a pod spec that say on which nodes it may run."""

Requirement = dict[str, Any]
"""One of the `matchExpressions` of a node selector term, all of which must match."""


@dataclass(frozen=True)
class _Provider:
    """How a provider of nodes labels and taints spot and on-demand nodes."""

    spot_label: str
    spot_value: str
    on_demand: Requirement | None
    """Matches only this provider's nodes, of which those without the spot label are on-demand. None if there is no
    such label."""
    is_tainted: bool
    """Whether its spot nodes may have a taint with the key and value of their label, which must be tolerated."""

    @property
    def is_spot(self) -> Requirement:
        """Matches its spot nodes."""
        return _is_in(self.spot_label, [self.spot_value])

    @property
    def is_not_spot(self) -> Requirement:
        """Matches all nodes except its spot nodes."""
        return {"key": self.spot_label, "operator": "NotIn", "values": [self.spot_value]}


def _is_in(label: str, values: Sequence[str]) -> Requirement:
    return {"key": label, "operator": "In", "values": list(values)}


def _has(label: str) -> Requirement:
    return {"key": label, "operator": "Exists"}


# Karpenter comes first, because it tries the terms in their order until one can be fulfilled.
_PROVIDERS = (
    _Provider(
        "karpenter.sh/capacity-type",
        "spot",
        _is_in("karpenter.sh/capacity-type", ["on-demand", "reserved"]),
        is_tainted=False,
    ),
    _Provider(
        "eks.amazonaws.com/capacityType",
        "SPOT",
        _is_in("eks.amazonaws.com/capacityType", ["ON_DEMAND"]),
        is_tainted=False,
    ),
    # GKE and AKS label only their spot nodes. Their other nodes are recognised by the label of the node pool.
    _Provider("cloud.google.com/gke-spot", "true", _has("cloud.google.com/gke-nodepool"), is_tainted=True),
    _Provider("cloud.google.com/gke-preemptible", "true", None, is_tainted=True),
    _Provider("kubernetes.azure.com/scalesetpriority", "spot", _has("kubernetes.azure.com/agentpool"), is_tainted=True),
    _Provider(CAPACITY_LABEL, "spot", _is_in(CAPACITY_LABEL, ["on-demand"]), is_tainted=True),
)


def placement(
    node_selector: Mapping[str, str],
    tolerations: Sequence[Toleration],
    capacity_type: CapacityType,
    instance_types: Sequence[str] = (),
    zones: Sequence[str] = (),
) -> dict[str, Any]:
    """The fields of a pod spec that say on which nodes it may run, without empty ones."""
    affinity = node_affinity(capacity_type, instance_types, zones)
    tolerated = [item.model_dump(by_alias=True, exclude_none=True) for item in tolerations]
    fields = {
        "nodeSelector": dict(node_selector),
        "affinity": {"nodeAffinity": affinity} if affinity else {},
        "tolerations": [*tolerated, *capacity_tolerations(capacity_type)],
    }
    return {name: value for name, value in fields.items() if value}


def node_affinity(
    capacity_type: CapacityType, instance_types: Sequence[str] = (), zones: Sequence[str] = ()
) -> dict[str, Any] | None:
    """The required node affinity as in a pod spec; None if every node is suitable.

    There is a term for each provider, one of which must match. For OnDemand, a term requires a label that only this
    provider's nodes have, and no spot label of any provider: a missing spot label alone says nothing about a node of an
    unknown provider.
    """
    bounds = [
        *([_is_in(INSTANCE_TYPE_LABEL, instance_types)] if instance_types else []),
        *([_is_in(ZONE_LABEL, zones)] if zones else []),
    ]
    terms = [[*capacity, *bounds] for capacity in _CAPACITY_TERMS[capacity_type]]
    if not any(terms):
        return None
    return {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": term} for term in terms]
        }
    }


def capacity_tolerations(capacity_type: CapacityType) -> list[dict[str, Any]]:
    """Tolerations, as in a pod spec, of the taints that providers put on nodes of this type."""
    if capacity_type != "Spot":
        return []
    return [
        {
            "key": provider.spot_label,
            "operator": "Equal",
            "value": provider.spot_value,
            "effect": "NoSchedule",
        }
        for provider in _PROVIDERS
        if provider.is_tainted
    ]


def topology_spread(labels: Sequence[str], pod_labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Spread of the pods with `pod_labels` over the values of the node labels `labels`, if possible.

    It is never required: Karpenter creates no nodes for a spread over instance types, and an uneven spread is better
    than workers that wait for an even one.
    """
    return [
        {
            "maxSkew": 1,
            "topologyKey": label,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(pod_labels)},
        }
        for label in labels
    ]


def _on_demand_term(provider: _Provider) -> list[Requirement]:
    assert provider.on_demand is not None
    own = provider.on_demand["key"]
    # If its own label says on-demand, that same label can't say spot.
    return [provider.on_demand, *(other.is_not_spot for other in _PROVIDERS if other.spot_label != own)]


_CAPACITY_TERMS: Mapping[CapacityType, list[list[Requirement]]] = {
    "Any": [[]],
    "Spot": [[provider.is_spot] for provider in _PROVIDERS],
    "OnDemand": [_on_demand_term(provider) for provider in _PROVIDERS if provider.on_demand is not None],
}
