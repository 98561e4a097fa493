"""What a node's programs are told."""

import json
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from tests.harness import NodeSpec, Taint
from tests.harness.local.addresses import Addresses
from tests.harness.local.containerd import containerd_config, pod_network_config
from tests.harness.local.edge import name_server_config, name_service
from tests.harness.local.kubelet import (
    is_self_given,
    kubelet_command,
    kubelet_config,
    labels_given_later,
    proxy_config,
)

NODE = NodeSpec(
    name="spot-1",
    labels={"karpenter.sh/capacity-type": "spot", "node-role.kubernetes.io/worker": "yes"},
    taints=(Taint("spot", "NoSchedule", "y"),),
    allowed_unsafe_sysctls=("net.core.*",),
)
FOLDER = Path("/state")


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("pool", True),
        ("karpenter.sh/capacity-type", True),
        ("kubernetes.azure.com/scalesetpriority", True),
        ("node.kubernetes.io/instance-type", True),
        ("topology.kubernetes.io/zone", True),
        ("node-role.kubernetes.io/worker", False),
        ("kubernetes.io/role", False),
    ],
)
def test_which_labels_a_kubelet_may_give_itself(label: str, *, expected: bool) -> None:
    assert is_self_given(label) is expected


def test_labels_are_split_between_kubelet_and_administrator() -> None:
    command = kubelet_command(
        Path("kubelet"),
        NODE,
        config=FOLDER,
        kubeconfig=FOLDER,
        directory=FOLDER,
        address=Addresses(180).node(1),
    )
    assert "--node-labels=karpenter.sh/capacity-type=spot" in command
    assert "--node-ip=10.180.0.11" in command
    assert labels_given_later(NODE.labels) == {"node-role.kubernetes.io/worker": "yes"}


def test_kubelet_configuration() -> None:
    config = kubelet_config(
        NODE,
        addresses=Addresses(180),
        directory=FOLDER,
        control_group="/presto-harness-x/nodes/spot-1",
        authority=FOLDER / "ca.crt",
        resolver_file=FOLDER / "resolv.conf",
    )
    assert config["registerWithTaints"] == [{"key": "spot", "value": "y", "effect": "NoSchedule"}]
    assert config["clusterDNS"] == ["10.180.96.10"]
    assert config["cgroupRoot"] == "/presto-harness-x/nodes/spot-1"
    assert config["allowedUnsafeSysctls"] == ["net.core.*"]


def test_what_comes_from_outside_of_the_pods_is_masqueraded() -> None:
    config = proxy_config(node_name="node-1", addresses=Addresses(180), kubeconfig=FOLDER)
    assert config["clusterCIDR"] == "10.180.128.0/17"
    assert config["conntrack"] == {"maxPerCore": 0, "min": 0}


def test_containerd_quotes_its_folders() -> None:
    config = containerd_config(
        root=Path('/a "quoted" folder'), network_config=FOLDER / "cni", network_plugins=Path("/usr/lib/cni")
    )
    assert 'root = "/a \\"quoted\\" folder"' in config
    assert "restrict_oom_score_adj = true" in config


def test_pods_get_their_addresses_from_the_range_of_their_node() -> None:
    plugin = json.loads(pod_network_config(IPv4Network("10.180.129.0/24")))["plugins"][0]
    assert plugin["type"] == "ptp"
    assert plugin["ipam"]["ranges"] == [[{"subnet": "10.180.129.0/24"}]]


def test_names_are_answered_on_the_edge() -> None:
    addresses = Addresses(180)
    assert "bind 10.180.0.1" in name_server_config(addresses, FOLDER / "admin")
    service, endpoints = name_service(addresses)
    assert service["spec"]["clusterIP"] == "10.180.96.10"
    assert "selector" not in service["spec"]
    assert endpoints["endpoints"] == [{"addresses": ["10.180.0.1"]}]
