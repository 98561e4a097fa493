from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from presto_operator.api import PoolLimit
from presto_operator.desired import render_generation
from presto_operator.nodes import gone_node_signal, node_signal
from presto_operator.objects import EventReason, KubernetesObject, Notice
from presto_operator.planning.memory import memory_of
from presto_operator.planning.observation import Observation
from presto_operator.planning.reclaim import NodeSignals, Reclaim
from presto_operator.planning.seen import Reclaimed, Seen, Valid
from presto_operator.planning.supply import limit_notices, observed_supply
from presto_operator.scaling import Placement, PoolObservation, Supply
from tests.unit.generations import generation_name
from tests.unit.live import observation, planned, pool
from tests.unit.manifest import cluster
from tests.unit.nodes.nodes import NOW, node, taint

POOLS = [{"name": "r5"}, {"name": "base", "capacityType": "OnDemand"}]
CLUSTER = cluster(workers={"replicas": 2, "pools": [{"name": "r5", "minReplicas": 2}, {**POOLS[1], "minReplicas": 1}]})
RECLAIMED = node(taint("aws-node-termination-handler/spot-itn"))
LIMIT = {"reason": "Reclaimed", "most": 1, "until": "2026-11-24T12:10:00Z", "step": 1, "failures": 0}


def seen(change: Callable[[KubernetesObject], object] = lambda _: None) -> Observation:
    """Three workers, each on a node of its own; `change` is done to the first of pool r5."""
    found = observation(planned(CLUSTER, Observation((), (), None)).apply)
    pods = copy.deepcopy(found.pods)
    for pod in pods:
        pod["spec"]["nodeName"] = f"node-of-{pod['metadata']['name']}"
    change(next(pod for pod in pods if pool(pod) == "r5"))
    return replace(found, pods=pods)


def supply(
    found: Observation,
    nodes: Mapping[str, KubernetesObject] | None,
    status: Mapping[str, Any] | None = None,
    **more: Any,
) -> Supply:
    """What follows from that, where all nodes but `nodes` are well; None: nodes can't be read."""
    well = None if nodes is None else NodeSignals(lambda name: nodes.get(name, node()), NOW)
    body = {"metadata": {}, "status": status or {}}
    looked_at = Seen(
        body,
        NOW,
        memory_of(body),
        Valid(CLUSTER, render_generation(CLUSTER)),
        found,
        None,
        well,
        reclaimed=Reclaimed(**more),
    )
    return observed_supply(CLUSTER, generation_name(CLUSTER), looked_at)


def first_node(found: Observation) -> str:
    name: str = next(pod for pod in found.pods if pool(pod) == "r5")["spec"]["nodeName"]
    return name


def leave(pod: KubernetesObject) -> None:
    """Deleted two minutes ago, with half an hour to drain."""
    end = (NOW + timedelta(minutes=28)).isoformat()
    pod["metadata"].update(deletionTimestamp=end, deletionGracePeriodSeconds=1800)


def wait(pod: KubernetesObject) -> None:
    """Found no node for a minute."""
    del pod["spec"]["nodeName"]
    since = (NOW - timedelta(minutes=1)).isoformat()
    unschedulable = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "lastTransitionTime": since}
    pod["status"]["conditions"] = [unschedulable]


def test_pools_whose_workers_all_have_nodes() -> None:
    assert supply(seen(), {}).observed == {"r5": PoolObservation(2, 2), "base": PoolObservation(1, 1)}


def test_a_pool_without_a_deployment_is_not_known() -> None:
    assert supply(Observation((), (), None), {}).observed == {}


def test_a_worker_that_waits_for_a_node() -> None:
    found = supply(seen(wait), {}).observed["r5"]
    assert found == PoolObservation(2, 1, unschedulable_since=NOW - timedelta(minutes=1))
    assert supply(seen(wait), None).observed["r5"] == found


def test_a_worker_that_is_held_back_by_a_gate_waits_for_no_node() -> None:
    def hold_back(pod: KubernetesObject) -> None:
        wait(pod)
        pod["status"]["conditions"][0]["reason"] = "SchedulingGated"

    assert supply(seen(hold_back), {}).observed["r5"].unschedulable_since is None


def test_a_reclaim_began_when_its_worker_was_deleted() -> None:
    found = seen(leave)
    nodes = {first_node(found): RECLAIMED}
    assert supply(found, nodes).observed["r5"] == PoolObservation(2, 1, reclaimed_at=NOW - timedelta(minutes=2))


def test_who_leaves_a_node_that_is_well_was_not_reclaimed() -> None:
    assert supply(seen(leave), {}).observed["r5"].reclaimed_at is None
    assert supply(seen(leave), None).observed["r5"].reclaimed_at is None


def test_a_node_that_goes_as_nobody_needs_it_is_no_reclaim() -> None:
    found = seen(leave)
    nodes = {first_node(found): node(taint("ToBeDeletedByClusterAutoscaler"))}
    assert supply(found, nodes).observed["r5"].reclaimed_at is None


def test_a_worker_that_was_lost_just_now() -> None:
    lost = next(pod for pod in seen().pods if pool(pod) == "r5")
    deleted = [Reclaim(lost, gone_node_signal())]
    assert supply(seen(), {}, deleted=deleted).observed["r5"].reclaimed_at == NOW
    leave(lost)
    assert supply(seen(), {}, deleted=deleted).observed["r5"].reclaimed_at is None, "it was on its way out before"


def test_a_worker_that_has_drained_since_it_was_deleted_just_now() -> None:
    leaving = next(pod for pod in seen().pods if pool(pod) == "r5")
    reclaimed = [Reclaim(leaving, node_signal(RECLAIMED, NOW))]
    assert supply(seen(), {}, deleted=reclaimed).observed["r5"].reclaimed_at == NOW
    not_needed = [Reclaim(leaving, node_signal(node(taint("ToBeDeletedByClusterAutoscaler")), NOW))]
    assert supply(seen(), {}, deleted=not_needed).observed["r5"].reclaimed_at is None


def test_on_demand_nodes_are_not_reclaimed() -> None:
    lost = next(pod for pod in seen().pods if pool(pod) == "base")
    deleted = [Reclaim(lost, gone_node_signal())]
    assert supply(seen(), {}, deleted=deleted).observed["base"].reclaimed_at is None


def test_workers_on_nodes_that_go_have_no_node_to_count_on() -> None:
    found = seen()
    assert supply(found, {first_node(found): RECLAIMED}).observed["r5"].placed == 1
    name = next(pod for pod in found.pods if pool(pod) == "r5")["metadata"]["name"]
    assert supply(replace(found, to_be_replaced=frozenset({name})), {}).observed["r5"].placed == 1


def test_what_a_roll_out_adds_is_no_part_of_a_pool() -> None:
    status = {"workers": {"pools": [{"name": "r5", "replicas": 1}]}}
    assert supply(seen(), {}, status).observed["r5"].workers == 1


def test_limits_are_read_back_from_status() -> None:
    rows = [{"name": "r5", "limit": LIMIT}, {"name": "base"}, {"name": "odd", "limit": {"reason": "Unheard-of"}}]
    limits = memory_of({"status": {"workers": {"pools": rows}}}).limits
    assert limits == {"r5": PoolLimit(reason="Reclaimed", most=1, until=datetime.fromisoformat(str(LIMIT["until"])))}
    assert supply(seen(), {}, {"workers": {"pools": rows}}).limits == limits
    assert memory_of({}).limits == {}


def test_the_beginning_of_a_limit_is_an_event_and_so_is_the_end_of_a_shortage() -> None:
    reclaimed = PoolLimit.model_validate(LIMIT)
    stuck = reclaimed.model_copy(update={"reason": "Unschedulable"})
    assert _events({}, {"r5": reclaimed}) == [Notice("Normal", EventReason.POOL_RECLAIMED, "why")]
    assert _events({"r5": reclaimed}, {"r5": stuck}) == [Notice("Warning", EventReason.POOL_UNSCHEDULABLE, "why")]
    assert _events({"r5": reclaimed}, {"r5": reclaimed.model_copy(update={"most": 4})}) == []
    assert _events({"r5": reclaimed}, {}) == []
    (notice,) = _events({"r5": stuck}, {})
    assert (notice.type, notice.reason) == ("Normal", "PoolUnlimited")
    assert notice.message == "pool r5 gets its share of workers again: nodes are back"


def test_a_limited_pool_that_is_removed_does_not_get_its_share_back() -> None:
    stuck = PoolLimit.model_validate({**LIMIT, "reason": "Unschedulable"})
    assert limit_notices({"gone": stuck}, Placement({"r5": 2}, 0)) == []


def _events(before: dict[str, PoolLimit], after: dict[str, PoolLimit]) -> list[Notice]:
    return limit_notices(before, Placement({"r5": 2}, 0, after, tuple("why" for _ in after)))
