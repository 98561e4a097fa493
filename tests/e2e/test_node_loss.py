"""A node vanishes without notice: Presto runs again what was lost, and a worker comes up elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.shapes import NAME, NODES, SPOT_MANIFEST, WORKERS
from tests.harness.interface import Cluster
from tests.harness.waiting import wait_until
from tests.kit.load import steady_load
from tests.kit.pods import names, on_node
from tests.kit.questions import JOIN
from tests.kit.resources import Namespace
from tests.kit.sql import PrestoClient
from tests.kit.standing import shape

(NODE,) = (node for node in NODES if node.name == "r5")
# On spot nodes Presto runs queries again, unless it is told not to.
RETRYING = {
    **SPOT_MANIFEST,
    "spec": {key: value for key, value in SPOT_MANIFEST["spec"].items() if key != "queryRetry"},
}


@pytest.fixture
def lost_node(cluster: Cluster) -> Iterator[str]:
    """The Node object of the node that is to vanish; there is a new one afterwards."""
    if cluster.status().provider == "kind":
        pytest.skip("kind can't add nodes, so the one that is lost could not be replaced")
    yield cluster.node_name(NODE.name)
    cluster.remove_node(NODE.name)
    cluster.add_node(NODE)


@pytest.mark.standing(shape("retrying", RETRYING))
@pytest.mark.long("a cluster more, and most of a minute until a silent node counts as lost")
@pytest.mark.page("spot")
def test_a_node_that_vanishes_fails_no_query_that_has_sent_no_row(
    cluster: Cluster, lost_node: str, presto: Namespace, client: PrestoClient
) -> None:
    concerned = names(on_node(presto.pods(NAME, "worker"), lost_node))
    assert len(concerned) == 1, "one worker was to be on the node that vanishes"

    # These send their only row at their end.
    with steady_load(client, [JOIN], clients=2) as tally:
        wait_until(lambda: concerned <= client.busy_workers(), timeout=60, what="tasks on the worker")
        cluster.kill_node(NODE.name)
        told = presto.wait_for_event(NAME, "NodeLost", timeout=120)
        wait_until(lambda: not on_node(presto.pods(NAME, "worker"), lost_node), timeout=60, what="its worker to go")
        presto.wait_until_settled(NAME, timeout=240)
        right = tally.right
        wait_until(lambda: tally.right >= right + 2, timeout=180, what="answers after the loss")

    assert dict(tally.failures) == {}
    assert lost_node in told
    assert len(presto.pods(NAME, "worker")) == WORKERS
    assert client.active_workers() == WORKERS
