"""kubelet and kube-proxy: the configuration of a node's own ones.

It is written as JSON, which is YAML too: PyYAML leaves a label or taint of value `y` without quotes, and Go's
reader takes that for `true`.
"""

from collections.abc import Mapping
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from tests.harness.local.addresses import Addresses
from tests.harness.local.containerd import SOCKET
from tests.harness.spec import NodeSpec

# Labels of Kubernetes' own domains that a kubelet may give itself; it won't start with others of them.
SELF_GIVEN_LABELS = frozenset(
    {
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/instance-type",
        "beta.kubernetes.io/os",
        "failure-domain.beta.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
        "kubernetes.io/arch",
        "kubernetes.io/hostname",
        "kubernetes.io/os",
        "node.kubernetes.io/instance-type",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
    }
)
SELF_GIVEN_DOMAINS = ("kubelet.kubernetes.io", "node.kubernetes.io")


def is_self_given(label: str) -> bool:
    """Tell whether a kubelet may register its node with this label."""
    domain = label.partition("/")[0] if "/" in label else ""
    if not (domain.endswith(("kubernetes.io", "k8s.io"))):
        return True
    return label in SELF_GIVEN_LABELS or any(domain == own or domain.endswith(f".{own}") for own in SELF_GIVEN_DOMAINS)


def labels_given_later(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels that must be written by somebody with more rights than a kubelet."""
    return {label: value for label, value in labels.items() if not is_self_given(label)}


def kubelet_config(
    node: NodeSpec,
    *,
    addresses: Addresses,
    directory: Path,
    control_group: str,
    authority: Path,
    resolver_file: Path,
) -> dict[str, Any]:
    """Return kubelet's configuration: short heartbeats, no evictions, nothing outside of `directory`."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(authority)},
        },
        "authorization": {"mode": "Webhook"},
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": control_group,
        "failCgroupV1": False,
        "failSwapOn": False,
        "clusterDNS": [str(addresses.dns_service)],
        "clusterDomain": "cluster.local",
        "resolvConf": str(resolver_file),
        "podLogsDir": str(directory / "pod-logs"),
        "volumePluginDir": str(directory / "volume-plugins"),
        "allowedUnsafeSysctls": list(node.allowed_unsafe_sysctls),
        "registerWithTaints": [taint.manifest() for taint in node.taints],
        # A node that vanished is to be noticed within seconds.
        "nodeStatusUpdateFrequency": "3s",
        "nodeStatusReportFrequency": "1m",
        "nodeLeaseDurationSeconds": 12,
        # The disk is the machine's, and pods of tests leave soon: nothing is evicted, no image deleted.
        "localStorageCapacityIsolation": False,
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "nodefs.inodesFree": "1%",
            "imagefs.available": "1%",
            "imagefs.inodesFree": "1%",
        },
        "imageGCHighThresholdPercent": 100,
        "serializeImagePulls": False,
        "registryPullQPS": 0,
        "eventRecordQPS": 50,
        "kubeAPIQPS": 50,
        "kubeAPIBurst": 100,
        "maxPods": 110,
    }


def kubelet_command(
    program: Path,
    node: NodeSpec,
    *,
    config: Path,
    kubeconfig: Path,
    directory: Path,
    address: IPv4Address,
) -> list[str | Path]:
    """Return the command that runs kubelet."""
    labels = ",".join(f"{label}={value}" for label, value in node.labels.items() if is_self_given(label))
    return [
        program,
        f"--config={config}",
        f"--kubeconfig={kubeconfig}",
        f"--hostname-override={node.name}",
        f"--node-ip={address}",
        f"--root-dir={directory}",
        f"--cert-dir={directory / 'pki'}",
        *([f"--node-labels={labels}"] if labels else []),
        "--v=2",
    ]


def proxy_config(*, node_name: str, addresses: Addresses, kubeconfig: Path) -> dict[str, Any]:
    """Return kube-proxy's configuration. What comes from outside of the pod range is masqueraded."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clientConnection": {"kubeconfig": str(kubeconfig)},
        "hostnameOverride": node_name,
        "clusterCIDR": str(addresses.pods),
        "detectLocalMode": "ClusterCIDR",
        # These settings are the machine's, not a network namespace's: leave them alone.
        "conntrack": {"maxPerCore": 0, "min": 0},
        "iptables": {"minSyncPeriod": "200ms"},
    }
