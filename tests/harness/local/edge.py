"""The edge: a network of the cluster's own that is no Node. It routes, answers DNS, and lets the host in.

Nodes come and go; the edge stays, so that the host reaches any ClusterIP while nodes are being killed.
"""

import json
from pathlib import Path
from typing import Any

from tests.harness import binaries
from tests.harness.kubectl import Kubectl
from tests.harness.local.addresses import Addresses
from tests.harness.local.control_plane import kubeconfig_file
from tests.harness.local.kubelet import proxy_config
from tests.harness.local.network import connect_host
from tests.harness.local.surroundings import Surroundings

EDGE = "edge"


def start_edge(surroundings: Surroundings) -> None:
    """Make the edge's network and connect the host to it."""
    namespaces = surroundings.create_namespaces(EDGE, binaries.pause_program())
    with surroundings.state_file.edit() as state:
        state.edge = namespaces
        addresses = state.addresses
    connect_host(namespaces, addresses)


def start_edge_services(surroundings: Surroundings, kubectl: Kubectl, first_node: str) -> None:
    """Start kube-proxy and CoreDNS on the edge, unless they run, and the Service that leads to CoreDNS.

    kube-proxy waits half a minute for a Node of its own name, and the edge has none: it takes the name of
    the first node, whose address it then prints and doesn't use.
    """
    state = surroundings.state_file.read()
    assert state is not None
    assert state.edge is not None
    running = {name for name, process in state.processes.items() if process.is_alive()}
    folder = surroundings.directory / EDGE
    folder.mkdir(exist_ok=True)
    programs = binaries.programs(["kube-proxy", "coredns"])
    commands: dict[str, list[str | Path]] = {}
    if "edge-kube-proxy" not in running:
        config = folder / "kube-proxy.json"
        kubeconfig = kubeconfig_file(surroundings.directory, "kube-proxy")
        config.write_text(
            json.dumps(proxy_config(node_name=first_node, addresses=state.addresses, kubeconfig=kubeconfig))
        )
        commands["edge-kube-proxy"] = [programs["kube-proxy"], f"--config={config}"]
    if "edge-coredns" not in running:
        corefile = folder / "Corefile"
        corefile.write_text(name_server_config(state.addresses, kubeconfig_file(surroundings.directory, "admin")))
        commands["edge-coredns"] = [programs["coredns"], "-conf", corefile]
    for component, command in commands.items():
        process = surroundings.start_inside(EDGE, component, state.edge, command)
        with surroundings.state_file.edit() as edited:
            edited.processes[component] = process
    kubectl.apply(*name_service(state.addresses))
    if "edge-kube-proxy" in commands:
        kubectl("apply", "--filename=-", stdin=json.dumps(proxy_rights()))


def name_server_config(addresses: Addresses, kubeconfig: Path) -> str:
    """Return CoreDNS's configuration: the cluster's names and no others, soon forgotten."""
    return f"""\
cluster.local:53 in-addr.arpa:53 ip6.arpa:53 {{
    bind {addresses.gateway}
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        kubeconfig {kubeconfig}
        pods insecure
        ttl 2
    }}
}}
.:53 {{
    bind {addresses.gateway}
    errors
    template IN ANY . {{
        rcode NXDOMAIN
    }}
}}
"""


def name_service(addresses: Addresses) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the Service kube-dns and the endpoint behind it, which is no pod."""
    ports = [("dns", "UDP"), ("dns-tcp", "TCP")]
    metadata = {"namespace": "kube-system", "name": "kube-dns"}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**metadata, "labels": {"k8s-app": "kube-dns"}},
        "spec": {
            "clusterIP": str(addresses.dns_service),
            "ports": [{"name": name, "protocol": protocol, "port": 53} for name, protocol in ports],
        },
    }
    slice_ = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**metadata, "labels": {"kubernetes.io/service-name": "kube-dns"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [str(addresses.gateway)]}],
        "ports": [{"name": name, "protocol": protocol, "port": 53} for name, protocol in ports],
    }
    return service, slice_


def proxy_rights() -> dict[str, Any]:
    """Return the binding that lets kube-proxy read what it needs; the role comes with Kubernetes."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "presto-harness-kube-proxy"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "system:node-proxier",
        },
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "system:kube-proxy"}],
    }
