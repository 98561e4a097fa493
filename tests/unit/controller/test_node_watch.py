"""What the watch of nodes wakes, and what becomes of an operator that may not watch them."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

import kopf
import pytest

from presto_operator.controller.operator import Operator
from presto_operator.kube import NODE, ApiError, ClusterKey, Kind, KubernetesClient, Listing
from presto_operator.telemetry import metrics
from tests.unit.live import owned_pod
from tests.unit.nodes.nodes import node, taint

RECLAIMED = node(taint("aws-node-termination-handler/spot-itn"))


class _Nodes(KubernetesClient):
    """Lists nodes, or is refused."""

    def __init__(self, *nodes: dict[str, Any], refusal: ApiError | None = None) -> None:
        self.nodes = list(nodes)
        self.refusal = refusal

    async def list(self, kind: Kind, *, namespace: str | None = None, label_selector: str | None = None) -> Listing:
        assert (kind, namespace, label_selector) == (NODE, None, None)
        if self.refusal is not None:
            raise self.refusal
        return Listing(self.nodes, 100)


def _operator(client: KubernetesClient) -> Operator:
    """An operator with two clusters, one of them with a pod on the node `one`."""
    operator = Operator(namespaces=(), metrics_port=1)
    operator._client = client
    for cluster, on in (("adhoc", "one"), ("ml", "two")):
        operator._store.put({**owned_pod(f"{cluster}-worker", cluster), "spec": {"nodeName": on}})
    return operator


def _woken(operator: Operator) -> set[ClusterKey]:
    woken = set(operator._queue._due)
    operator._queue._due.clear()
    return woken


def _see(operator: Operator, seen: dict[str, Any], type_: str | None = "MODIFIED") -> set[ClusterKey]:
    async def handle() -> set[ClusterKey]:
        await operator._see_node(type=type_, body=kopf.Body(cast(Any, seen)))
        return _woken(operator)

    return asyncio.run(handle())


def _watches_nodes(operator: Operator) -> bool:
    return any("nodes" in str(selector) for selector in operator._registry._watching.get_all_selectors())


@pytest.fixture
def started() -> Operator:
    """An operator that knows its nodes."""
    operator = _operator(_Nodes(node()))
    asyncio.run(operator._start_with_nodes())
    _woken(operator)
    return operator


def test_it_starts_with_all_nodes_and_watches_them(started: Operator) -> None:
    assert started._nodes.is_synced
    assert _watches_nodes(started)
    assert metrics.registry.get_sample_value("presto_operator_nodes_known") == 1


def test_a_signal_wakes_the_clusters_that_have_pods_there_and_a_heartbeat_none(started: Operator) -> None:
    assert _see(started, node()) == set()
    assert _see(started, RECLAIMED) == {ClusterKey("analytics", "adhoc")}
    assert _see(started, RECLAIMED) == set()
    assert _see(started, RECLAIMED, "DELETED") == {ClusterKey("analytics", "adhoc")}


def test_a_list_anew_wakes_for_what_the_watch_has_missed(started: Operator) -> None:
    async def resync() -> set[ClusterKey]:
        started._client = _Nodes(RECLAIMED)
        await started._resync_nodes()
        return _woken(started)

    assert asyncio.run(resync()) == {ClusterKey("analytics", "adhoc")}


def test_an_operator_that_may_not_see_nodes_says_so_once_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    operator = _operator(_Nodes(refusal=ApiError(403, "nodes is forbidden")))
    with caplog.at_level(logging.WARNING):
        asyncio.run(operator._start_with_nodes())
    assert len([record for record in caplog.records if "nodes is forbidden" in record.message]) == 1
    assert not operator._nodes.is_synced
    assert not _watches_nodes(operator)
    assert metrics.registry.get_sample_value("presto_operator_nodes_known") == 0


def test_any_other_error_is_tried_again() -> None:
    with pytest.raises(ApiError, match="busy"):
        asyncio.run(_operator(_Nodes(refusal=ApiError(500, "busy")))._start_with_nodes())
