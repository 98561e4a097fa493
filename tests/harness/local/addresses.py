"""Which addresses a cluster uses: one 10.x.0.0/16 each, so that clusters live side by side."""

import json
import socket
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from tests.harness.command import Runner, run
from tests.harness.errors import HarnessError

# The ranges that home routers, VPNs and cloud networks are least often found in.
CANDIDATES = range(180, 250)
MAX_NODES = 60


@dataclass(frozen=True)
class Addresses:
    """The address plan of one cluster, `10.<octet>.0.0/16`."""

    octet: int

    @property
    def network(self) -> IPv4Network:
        """Everything below: what the host routes into the cluster."""
        return IPv4Network(f"10.{self.octet}.0.0/16")

    @property
    def gateway(self) -> IPv4Address:
        """The edge, as the nodes see it: their router and name server."""
        return IPv4Address(f"10.{self.octet}.0.1")

    @property
    def nodes(self) -> IPv4Network:
        """The nodes' own addresses."""
        return IPv4Network(f"10.{self.octet}.0.0/24")

    @property
    def host(self) -> IPv4Address:
        """The host's end of its cable to the edge; the API server listens here."""
        return IPv4Address(f"10.{self.octet}.1.1")

    @property
    def host_link(self) -> IPv4Address:
        """The edge's end of the cable to the host."""
        return IPv4Address(f"10.{self.octet}.1.2")

    @property
    def guests(self) -> IPv4Network:
        """Further addresses of the host's, for servers that tests run there."""
        return IPv4Network(f"10.{self.octet}.2.0/24")

    @property
    def services(self) -> IPv4Network:
        """The range of cluster IPs."""
        return IPv4Network(f"10.{self.octet}.96.0/20")

    @property
    def kubernetes_service(self) -> IPv4Address:
        """The cluster IP of the API server, by convention the first."""
        return self.services[1]

    @property
    def dns_service(self) -> IPv4Address:
        """The cluster IP of kube-dns, by convention the tenth."""
        return self.services[10]

    @property
    def pods(self) -> IPv4Network:
        """The range of pod IPs, a /24 a node."""
        return IPv4Network(f"10.{self.octet}.128.0/17")

    @property
    def fake_pods(self) -> IPv4Network:
        """The range of the pods that kwok plays. Connections are refused there, and nothing leaves the cluster."""
        return IPv4Network(f"10.{self.octet}.192.0/18")

    def node(self, number: int) -> IPv4Address:
        """Return the address of the node with this number, from 1 on."""
        return self.nodes[10 + number]

    def node_pods(self, number: int) -> IPv4Network:
        """Return the pod range of the node with this number, from 1 on."""
        return IPv4Network(f"10.{self.octet}.{128 + number}.0/24")


def free_octet(taken: Iterable[int], routed: Iterable[IPv4Network]) -> int:
    """Return an octet whose /16 is neither given to another cluster nor routed anywhere on this machine."""
    occupied, routes = set(taken), list(routed)
    for octet in CANDIDATES:
        network = Addresses(octet).network
        if octet not in occupied and not any(network.overlaps(route) for route in routes):
            return octet
    raise HarnessError(
        f"every range from 10.{CANDIDATES[0]}.0.0/16 to 10.{CANDIDATES[-1]}.0.0/16 is in use: take a cluster down"
    )


def free_node_number(taken: Iterable[int]) -> int:
    """Return the lowest number that no node has."""
    occupied = set(taken)
    for number in range(1, MAX_NODES + 1):
        if number not in occupied:
            return number
    raise HarnessError(f"a cluster has room for {MAX_NODES} nodes")


def routed_networks(runner: Runner = run) -> list[IPv4Network]:
    """Return the networks that this machine has routes to, the default route left out."""
    routes = json.loads(runner(["ip", "-json", "-4", "route", "show", "table", "all"], timeout=10).stdout)
    # A blackhole or local route has its network in the same field.
    return [IPv4Network(route["dst"], strict=False) for route in routes if route["dst"] != "default"]


def free_ports(count: int) -> list[int]:
    """Return loopback ports that nobody listens on at this moment."""
    with ExitStack() as held:
        listeners = [held.enter_context(socket.socket()) for _ in range(count)]
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return [int(listener.getsockname()[1]) for listener in listeners]
