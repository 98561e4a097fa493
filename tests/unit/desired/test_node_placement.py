from __future__ import annotations

from typing import Any

import pytest

from presto_operator.api import CapacityType
from presto_operator.desired.node_placement import capacity_tolerations, node_affinity
from tests.unit.generations import generation_name, generation_objects
from tests.unit.manifest import cluster

# What each maker of nodes writes on them.
_SPOT_NODES = {
    "Karpenter": {"karpenter.sh/capacity-type": "spot"},
    "EKS": {"eks.amazonaws.com/capacityType": "SPOT"},
    "GKE": {"cloud.google.com/gke-nodepool": "a", "cloud.google.com/gke-spot": "true"},
    "GKE, preemptible": {"cloud.google.com/gke-nodepool": "a", "cloud.google.com/gke-preemptible": "true"},
    "AKS": {"kubernetes.azure.com/agentpool": "a", "kubernetes.azure.com/scalesetpriority": "spot"},
    "Karpenter on AKS": {"kubernetes.azure.com/agentpool": "a", "karpenter.sh/capacity-type": "spot"},
    "plain": {"prestooperator.io/capacity-type": "spot"},
    "plain on GKE": {"cloud.google.com/gke-nodepool": "a", "prestooperator.io/capacity-type": "spot"},
}
_ON_DEMAND_NODES = {
    "Karpenter": {"karpenter.sh/capacity-type": "on-demand"},
    "Karpenter, reserved": {"karpenter.sh/capacity-type": "reserved"},
    "EKS": {"eks.amazonaws.com/capacityType": "ON_DEMAND"},
    "GKE": {"cloud.google.com/gke-nodepool": "a"},
    "AKS": {"kubernetes.azure.com/agentpool": "a"},
    "plain": {"prestooperator.io/capacity-type": "on-demand"},
}
_UNKNOWN_NODES: dict[str, dict[str, str]] = {
    "without labels": {},
    "of another maker": {"example.com/lifecycle": "normal"},
    "of EKS, self-managed": {"alpha.eksctl.io/nodegroup-name": "a"},
}


def _is_met(requirement: dict[str, Any], labels: dict[str, str]) -> bool:
    """As the scheduler sees it: NotIn holds for a node without the label."""
    value = labels.get(requirement["key"])
    match requirement["operator"]:
        case "In":
            return value in requirement["values"]
        case "NotIn":
            return value not in requirement["values"]
        case "Exists":
            return value is not None
    raise AssertionError(requirement)


def _matches(affinity: dict[str, Any] | None, labels: dict[str, str]) -> bool:
    if affinity is None:
        return True
    terms = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    return any(all(_is_met(requirement, labels) for requirement in term["matchExpressions"]) for term in terms)


@pytest.mark.parametrize("name", _SPOT_NODES)
def test_spot_nodes_are_recognised(name: str) -> None:
    assert _matches(node_affinity("Spot"), _SPOT_NODES[name])
    assert not _matches(node_affinity("OnDemand"), _SPOT_NODES[name])


@pytest.mark.parametrize("name", _ON_DEMAND_NODES)
def test_on_demand_nodes_are_recognised(name: str) -> None:
    assert _matches(node_affinity("OnDemand"), _ON_DEMAND_NODES[name])
    assert not _matches(node_affinity("Spot"), _ON_DEMAND_NODES[name])


@pytest.mark.parametrize("name", _UNKNOWN_NODES)
def test_a_node_that_says_nothing_is_neither(name: str) -> None:
    assert not _matches(node_affinity("Spot"), _UNKNOWN_NODES[name])
    assert not _matches(node_affinity("OnDemand"), _UNKNOWN_NODES[name])


@pytest.mark.parametrize("spot", _SPOT_NODES)
@pytest.mark.parametrize("on_demand", _ON_DEMAND_NODES)
def test_one_word_of_spot_outweighs_every_word_of_on_demand(spot: str, on_demand: str) -> None:
    labels = {**_ON_DEMAND_NODES[on_demand], **_SPOT_NODES[spot]}
    assert not _matches(node_affinity("OnDemand"), labels)


def test_any_node_will_do_unless_told() -> None:
    assert node_affinity("Any") is None
    assert capacity_tolerations("Any") == []


@pytest.mark.parametrize("capacity_type", ["Any", "Spot", "OnDemand"])
def test_types_and_zones_hold_whatever_the_provider(capacity_type: CapacityType) -> None:
    affinity = node_affinity(capacity_type, ["r5.4xlarge", "r5a.4xlarge"], ["us-east-1a"])
    right = {"node.kubernetes.io/instance-type": "r5a.4xlarge", "topology.kubernetes.io/zone": "us-east-1a"}
    for labels in _ON_DEMAND_NODES.values() if capacity_type == "OnDemand" else _SPOT_NODES.values():
        assert _matches(affinity, {**labels, **right})
        assert not _matches(affinity, {**labels, **right, "node.kubernetes.io/instance-type": "m5.4xlarge"})
        assert not _matches(affinity, {**labels, **right, "topology.kubernetes.io/zone": "us-east-1b"})
        assert not _matches(affinity, labels)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("cloud.google.com/gke-spot", "true"),
        ("kubernetes.azure.com/scalesetpriority", "spot"),
        ("prestooperator.io/capacity-type", "spot"),
    ],
)
def test_taints_of_spot_nodes_are_tolerated_by_spot_pools_only(key: str, value: str) -> None:
    toleration = {"key": key, "operator": "Equal", "value": value, "effect": "NoSchedule"}
    assert toleration in capacity_tolerations("Spot")
    assert capacity_tolerations("OnDemand") == []


def _pod(component: str, **spec: Any) -> dict[str, Any]:
    """The pod spec of a component, coordinator or worker, of a cluster with this spec."""
    described = cluster(**spec)
    for obj in generation_objects(described, {pool.name: 1 for pool in described.spec.workers.pools}):
        if obj["kind"] == "Deployment" and obj["metadata"]["labels"]["app.kubernetes.io/component"] == component:
            template: dict[str, Any] = obj["spec"]["template"]["spec"]
            return template
    raise AssertionError(f"no Deployment of a {component}")


def _worker_pod(**pool: Any) -> dict[str, Any]:
    return _pod("worker", workers={"pools": [{"name": "a", **pool}]})


def test_a_spot_pool_becomes_affinity_tolerations_and_soft_spread() -> None:
    pod = _worker_pod(capacityType="Spot", tolerations=[{"key": "mine", "operator": "Exists"}])
    assert pod["affinity"] == {"nodeAffinity": node_affinity("Spot")}
    assert pod["tolerations"] == [{"key": "mine", "operator": "Exists"}, *capacity_tolerations("Spot")]
    assert [(spread["topologyKey"], spread["whenUnsatisfiable"]) for spread in pod["topologySpreadConstraints"]] == [
        ("topology.kubernetes.io/zone", "ScheduleAnyway"),
        ("node.kubernetes.io/instance-type", "ScheduleAnyway"),
        ("kubernetes.io/hostname", "ScheduleAnyway"),
    ]


def test_a_price_changes_no_pod() -> None:
    assert _worker_pod(pricePerHour="0.40") == _worker_pod()


def test_a_pool_that_asks_nothing_of_its_nodes_stays_as_it_was() -> None:
    pod = _worker_pod()
    assert "affinity" not in pod
    assert "tolerations" not in pod
    assert [spread["topologyKey"] for spread in pod["topologySpreadConstraints"]] == ["kubernetes.io/hostname"]


def test_a_coordinator_can_be_kept_off_spot_nodes() -> None:
    pod = _pod("coordinator", coordinator={"capacityType": "OnDemand"})
    assert pod["affinity"] == {"nodeAffinity": node_affinity("OnDemand")}
    assert generation_name(cluster(coordinator={"capacityType": "OnDemand"})) != generation_name(cluster())
    assert generation_name(cluster(coordinator={"capacityType": "Any"})) == generation_name(cluster())
