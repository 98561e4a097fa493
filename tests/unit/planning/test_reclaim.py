from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from presto_operator.nodes import Sightings, TaintMeaning, Urgency, node_signal
from presto_operator.planning.reclaim import (
    NodeSignals,
    Reclaim,
    node_digest,
    reclaim_notices,
    reclaims,
    waiting_coordinator_notice,
)
from tests.unit.nodes.nodes import NOW, node, taint

RECLAIMED = taint("aws-node-termination-handler/spot-itn")
AT_RISK = taint("aws-node-termination-handler/rebalance-recommendation")
SILENT = {"status": "Unknown", "lastTransitionTime": "2026-11-24T11:50:00Z"}


def pod(name: str = "worker-1", *, on: str = "one", role: str = "worker", **metadata: Any) -> dict[str, Any]:
    """A pod on a node."""
    labels = {"prestooperator.io/role": role}
    return {"kind": "Pod", "metadata": {"name": name, "labels": labels, **metadata}, "spec": {"nodeName": on}}


def signals(is_any_ready: bool = True, **nodes: dict[str, Any]) -> NodeSignals:  # noqa: FBT001, FBT002
    """These nodes, and no others, as they have been for five minutes."""
    sightings = Sightings()
    for seen in nodes.values():
        node_signal(seen, NOW - timedelta(minutes=5), sightings=sightings)
    return NodeSignals(nodes.get, NOW, sightings=sightings, all_nodes=nodes.values, is_any_ready=is_any_ready)


def names(found: list[Reclaim]) -> list[tuple[str, bool]]:
    return [(reclaim.pod["metadata"]["name"], reclaim.is_lost) for reclaim in found]


def test_pods_on_a_leaving_node_go_and_the_others_stay() -> None:
    pods = [pod(), pod("worker-2", on="two"), pod("coordinator", role="coordinator")]
    found = reclaims(pods, signals(one=node(RECLAIMED), two=node()))
    assert names(found) == [("worker-1", False), ("coordinator", False)]
    assert {reclaim.signal.reason for reclaim in found} == {"SpotInterruption"}


@pytest.mark.parametrize("quiet", [taint("gpu"), AT_RISK])
def test_an_unknown_taint_or_a_mere_risk_moves_nobody(quiet: dict[str, Any]) -> None:
    assert reclaims([pod()], signals(one=node(quiet))) == []


def test_a_pod_that_leaves_already_is_not_deleted_twice() -> None:
    leaving = pod(deletionTimestamp="2026-11-24T12:30:00Z", deletionGracePeriodSeconds=1800)
    assert reclaims([leaving], signals(one=node(RECLAIMED))) == []


def test_a_pod_that_has_no_node_yet_or_has_ended_is_left_alone() -> None:
    ended = {**pod(), "status": {"phase": "Failed"}}
    assert reclaims([pod(on=""), ended], signals(one=node(RECLAIMED))) == []


def test_a_pod_that_would_come_back_to_the_leaving_node_stays() -> None:
    tolerant = pod()
    tolerant["spec"]["tolerations"] = [{"operator": "Exists"}]
    open_node = node({**RECLAIMED, "effect": "PreferNoSchedule"})
    assert reclaims([tolerant], signals(one=node(RECLAIMED))) == []
    assert reclaims([pod()], signals(one=open_node)) == []


def test_whatever_is_on_a_lost_node_is_removed_leaving_or_not() -> None:
    leaving = pod("leaving", deletionTimestamp="2026-11-24T12:30:00Z", deletionGracePeriodSeconds=1800)
    assert names(reclaims([pod(), leaving], signals(one=node(ready=SILENT)))) == [("worker-1", True), ("leaving", True)]
    assert names(reclaims([pod(), leaving], signals())) == [("worker-1", True), ("leaving", True)]


def test_what_is_being_removed_already_is_not_removed_again() -> None:
    held = pod(deletionTimestamp="2026-11-24T12:00:00Z", deletionGracePeriodSeconds=0)
    assert reclaims([held], signals()) == []


def test_silence_of_all_nodes_says_nothing_of_one() -> None:
    assert reclaims([pod()], signals(is_any_ready=False, one=node(ready=SILENT))) == []
    dead = node(taint("node.kubernetes.io/out-of-service"), ready=SILENT)
    assert names(reclaims([pod()], signals(is_any_ready=False, one=dead))) == [("worker-1", True)]


def test_further_taints_count_by_the_operators_settings() -> None:
    ours = TaintMeaning("example.com/going", Urgency.LEAVING, "Going", "it goes")
    tainted = {"one": node(taint("example.com/going"))}
    assert reclaims([pod()], NodeSignals(tainted.get, NOW)) == []
    assert names(reclaims([pod()], NodeSignals(tainted.get, NOW, (ours,)))) == [("worker-1", False)]


def test_each_node_has_one_notice_with_reason_deadline_and_workers() -> None:
    begun = taint("aws-node-termination-handler/spot-itn", timeAdded="2026-11-24T11:59:30Z")
    reclaimed = "EC2 is reclaiming the spot instance (taint aws-node-termination-handler/spot-itn)"
    pods = [pod("b"), pod("a"), pod("c", on="two"), pod("d", on="gone")]
    told = reclaim_notices(reclaims(pods, signals(one=node(begun), two=node(RECLAIMED))), NOW)
    assert [(notice.type, notice.reason) for notice in told] == [
        ("Warning", "NodeLost"),
        ("Normal", "NodeReclaimed"),
        ("Normal", "NodeReclaimed"),
    ]
    assert [notice.message for notice in told] == [
        "node gone: the node no longer exists; replacing: d",
        f"node one: {reclaimed}, until 12:01:30 UTC; draining and replacing: a, b",
        f"node two: {reclaimed}, until 12:02:00 UTC; draining and replacing: c",
    ]


def test_a_coordinator_that_waits_is_told_of() -> None:
    (reclaim,) = reclaims([pod("c", role="coordinator")], signals(one=node(taint("karpenter.sh/disrupted"))))
    message = waiting_coordinator_notice(reclaim, NOW).message
    assert message.startswith(
        "node one: Karpenter is removing the node (taint karpenter.sh/disrupted); coordinator c moves"
    )


def digest(seen: dict[str, Any], *, later: timedelta = timedelta(0)) -> object:
    return node_digest(seen, NOW + later, (), _SIGHTINGS)


_SIGHTINGS = Sightings()


def test_only_what_changes_what_is_done_changes_the_digest() -> None:
    assert digest(node()) == digest(node(taint("gpu")))
    assert digest(node()) != digest(node(AT_RISK)) != digest(node(RECLAIMED)) != digest(node())
    assert digest(node(AT_RISK)) != digest(node({**AT_RISK, "effect": "PreferNoSchedule"}))
    assert digest(node(RECLAIMED)) != digest(node({**RECLAIMED, "effect": "PreferNoSchedule"}))
    silent = node(ready={"status": "Unknown", "lastTransitionTime": "2026-11-24T12:00:00Z"})
    at_first = digest(silent)
    assert digest(silent, later=timedelta(seconds=20)) == at_first
    assert digest(silent, later=timedelta(minutes=2)) != at_first != digest(node())


AT_RISK_NODE = node(AT_RISK)


@pytest.mark.parametrize(
    ("on", "is_first", "is_replaced"),
    [
        (node(), False, False),
        (AT_RISK_NODE, True, True),
        (node(spec={"unschedulable": True}), True, True),
        # It would take the next one, too.
        (node({**AT_RISK, "effect": "PreferNoSchedule"}), True, False),
        (node(taint("DeletionCandidateOfClusterAutoscaler")), True, False),
        # What leaves is deleted at once, and needs no replacement that comes first.
        (node(RECLAIMED), True, False),
    ],
    ids=["well", "at-risk", "cordoned", "prefer", "candidate", "leaving"],
)
def test_workers_on_nodes_at_risk_are_first_to_go(on: dict[str, Any], *, is_first: bool, is_replaced: bool) -> None:
    nodes = signals(one=on)
    assert nodes.is_first_to_go(pod()) is is_first
    assert nodes.is_to_be_replaced(pod()) is is_replaced


def test_who_has_no_node_or_leaves_or_is_no_worker_is_not_replaced() -> None:
    nodes = signals(one=AT_RISK_NODE)
    leaving = pod(deletionTimestamp="2026-11-24T12:30:00Z", deletionGracePeriodSeconds=1800)
    for other in (pod(on=""), pod(on="unknown"), leaving, pod(role="coordinator")):
        assert not nodes.is_to_be_replaced(other)


def test_while_no_node_is_ready_nobody_is_replaced() -> None:
    nodes = signals(is_any_ready=False, one=node(ready=SILENT))
    assert not nodes.is_first_to_go(pod())
    assert not nodes.is_to_be_replaced(pod())


CORDONED = {"unschedulable": True}


def test_a_coordinator_on_a_cordoned_node_is_to_move_if_another_node_takes_it() -> None:
    coordinator = pod("coordinator", role="coordinator")
    found = reclaims([coordinator, pod()], signals(one=node(spec=CORDONED), two=node()))
    assert names(found) == [("coordinator", False)]
    assert reclaims([coordinator], signals(one=node(), two=node())) == []


@pytest.mark.parametrize(
    "others",
    [{}, {"two": node(spec=CORDONED)}, {"two": node(taint("gpu"))}, {"two": node(ready={"status": "False"})}],
    ids=["single node", "all cordoned", "tainted", "not ready"],
)
def test_a_coordinator_stays_on_a_cordoned_node_if_no_other_takes_it(others: dict[str, Any]) -> None:
    coordinator = pod("coordinator", role="coordinator")
    assert reclaims([coordinator], signals(one=node(spec=CORDONED), **others)) == []


def test_a_coordinator_on_a_node_that_is_silent_for_a_moment_stays() -> None:
    silent = node(taint("node.kubernetes.io/unreachable"), ready={"status": "Unknown"})
    seen = NodeSignals({"one": silent}.get, NOW, all_nodes=lambda: [silent, node()])
    assert reclaims([pod("coordinator", role="coordinator")], seen) == []


def test_a_coordinator_that_waits_on_a_cordoned_node_is_told_of() -> None:
    found = reclaims([pod("c", role="coordinator")], signals(one=node(spec=CORDONED), two=node()))
    told = waiting_coordinator_notice(found[0], NOW)
    assert (told.type, told.reason) == ("Normal", "CoordinatorNodeCordoned")
    assert told.message == (
        "node one: the node is cordoned; coordinator c moves to another node once no queries run, however long that "
        "takes; until then, evictions of it are refused"
    )
