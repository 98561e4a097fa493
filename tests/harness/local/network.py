"""The cables of a cluster: one from the edge to each node, one from the edge to the host, and no bridge.

The edge routes everything, in both directions, so that its connection tracking sees both halves of every
connection, and so that the host needs no forwarding and no firewall rule.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.harness.command import run
from tests.harness.errors import HarnessError
from tests.harness.local.addresses import Addresses
from tests.harness.local.namespaces import Namespaces

HOST_END_IN_EDGE = "host0"
NODE_INTERFACE = "eth0"


def host_interface(addresses: Addresses) -> str:
    """Return the name of the host's end of its cable to the edge."""
    return f"harness-{addresses.octet}"


def connect_host(edge: Namespaces, addresses: Addresses) -> None:
    """Lay the cable between host and edge, and the routes over it. It goes when the edge goes.

    The edge has the addresses of the fake pods, and nobody listens there: a connection is refused at once. (Of an
    unreachable address the kernel tells a sender once a second, whatever net.ipv4.icmp_ratelimit is.)
    """
    interface = host_interface(addresses)
    run(
        [
            "ip",
            "link",
            "add",
            interface,
            "type",
            "veth",
            "peer",
            "name",
            HOST_END_IN_EDGE,
            "netns",
            str(edge.keeper.pid),
        ],
        timeout=10,
    )
    edge.run_in_network(
        ["ip", "-batch", "-"],
        stdin=f"""
address add {addresses.gateway}/32 dev lo
address add {addresses.host_link}/30 dev {HOST_END_IN_EDGE}
link set {HOST_END_IN_EDGE} up
route add blackhole {addresses.nodes}
route add blackhole {addresses.pods}
route add local {addresses.fake_pods} dev lo
""",
    )
    run(
        ["ip", "-batch", "-"],
        stdin=f"""
address add {addresses.host}/30 dev {interface}
link set {interface} up
route add {addresses.network} via {addresses.host_link} dev {interface}
""",
        timeout=10,
    )


def connect_node(edge: Namespaces, node: Namespaces, addresses: Addresses, number: int) -> None:
    """Lay the cable between a node and the edge, with routes to the node and its pods.

    When the node vanishes its routes go too, and the edge's blackholes swallow what is sent there: the
    senders hear nothing, as from a machine that lost its power.
    """
    cable = f"node{number}"
    edge.run_in_network(
        ["ip", "link", "add", cable, "type", "veth", "peer", "name", NODE_INTERFACE, "netns", str(node.keeper.pid)]
    )
    node.run_in_network(
        ["ip", "-batch", "-"],
        stdin=f"""
address add {addresses.node(number)}/32 dev {NODE_INTERFACE}
link set {NODE_INTERFACE} up
route add {addresses.gateway} dev {NODE_INTERFACE} scope link
route add default via {addresses.gateway} dev {NODE_INTERFACE}
""",
    )
    edge.run_in_network(
        ["ip", "-batch", "-"],
        stdin=f"""
address add {addresses.gateway}/32 dev {cable}
link set {cable} up
route replace {addresses.node(number)}/32 dev {cable}
route replace {addresses.node_pods(number)} via {addresses.node(number)} dev {cable}
""",
    )


@contextmanager
def guest_address(addresses: Addresses) -> Iterator[str]:
    """Yield a further address of the host's end of its cable to the edge. It goes with the cable at the latest."""
    where = ["dev", host_interface(addresses)]
    address = _add_guest_address(addresses, where)
    try:
        yield address
    finally:
        run(["ip", "address", "delete", f"{address}/32", *where], timeout=10)


def _add_guest_address(addresses: Addresses, where: list[str]) -> str:
    for address in addresses.guests.hosts():
        # The kernel is the register: it refuses an address that somebody else has added before.
        added = run(["ip", "address", "add", f"{address}/32", *where], timeout=10, check=False)
        if added.returncode == 0:
            return str(address)
        if "exists" not in added.stderr and "already assigned" not in added.stderr:
            raise HarnessError(f"{address} can't be added: {added.stderr.strip()}")
    raise HarnessError(f"every address of {addresses.guests} is in use")
