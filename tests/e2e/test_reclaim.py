"""A node is reclaimed under load: its worker drains, another comes elsewhere, and no query fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.shapes import NAME, SPOT, WORKERS
from tests.harness.interface import Cluster
from tests.harness.spec import Taint
from tests.harness.waiting import wait_until
from tests.kit.load import steady_load
from tests.kit.pods import names, on_node
from tests.kit.questions import JOIN
from tests.kit.resources import Namespace
from tests.kit.sql import PrestoClient

pytestmark = pytest.mark.standing(SPOT)

NODE = "r5"
RECLAIMED = Taint("aws-node-termination-handler/spot-itn", "NoSchedule", "event-1")


@pytest.fixture
def reclaimed_node(cluster: Cluster) -> Iterator[str]:
    """The Node object of the node that is to be reclaimed."""
    yield cluster.node_name(NODE)
    cluster.untaint_node(NODE, RECLAIMED)


@pytest.mark.page("spot")
@pytest.mark.promise("reclaim")
def test_a_reclaim_under_load_fails_no_query(
    cluster: Cluster, reclaimed_node: str, presto: Namespace, client: PrestoClient
) -> None:
    concerned = names(on_node(presto.pods(NAME, "worker"), reclaimed_node))
    assert len(concerned) == 1, "one worker was to be on the node that goes"

    with steady_load(client, [JOIN], clients=2) as tally:
        wait_until(lambda: tally.right >= 1, timeout=120, what="a query that is answered")
        cluster.taint_node(NODE, RECLAIMED)
        presto.wait_for_condition(NAME, "Draining", "True", timeout=10)
        presto.wait_for_condition(NAME, "Draining", "False", timeout=240)
        presto.wait_until_settled(NAME, timeout=240)

    assert dict(tally.failures) == {}
    assert tally.right >= 2
    assert not on_node(presto.pods(NAME, "worker"), reclaimed_node)
    assert len(presto.pods(NAME, "worker")) == WORKERS
    (told,) = [message for reason, message in presto.events(NAME) if reason == "NodeReclaimed"]
    assert all(text in told for text in (reclaimed_node, "EC2 is reclaiming the spot instance", *concerned))
