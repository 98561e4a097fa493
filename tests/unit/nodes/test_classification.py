from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presto_operator.nodes import (
    NO_SIGNAL,
    Patience,
    Sightings,
    Signal,
    TaintMeaning,
    Urgency,
    configured_taints,
    gone_node_signal,
    node_signal,
)
from presto_operator.nodes.taints import KNOWN_TAINTS
from presto_operator.objects import format_time
from tests.unit.nodes.nodes import NOW, node, taint

_NTH = "aws-node-termination-handler"
_BEGUN = "1795521600"  # NOW, in seconds since 1970
_ADDED = {"timeAdded": "2026-11-24T11:59:50Z"}

_SIGNALS: dict[str, tuple[dict[str, Any], Urgency, str]] = {
    "EC2 spot": (node(taint(f"{_NTH}/spot-itn", "spot-itn-1f2e")), Urgency.LEAVING, "SpotInterruption"),
    "EC2 maintenance": (node(taint(f"{_NTH}/scheduled-maintenance")), Urgency.LEAVING, "ScheduledMaintenance"),
    "EC2 scaling group": (
        node(taint(f"{_NTH}/asg-lifecycle-termination")),
        Urgency.LEAVING,
        "ScalingGroupTermination",
    ),
    "EC2 rebalance": (node(taint(f"{_NTH}/rebalance-recommendation")), Urgency.AT_RISK, "RebalanceRecommendation"),
    "Karpenter": (node(taint("karpenter.sh/disrupted")), Urgency.LEAVING, "KarpenterDisruption"),
    "Karpenter before v1": (
        node(taint("karpenter.sh/disruption", "disrupting")),
        Urgency.LEAVING,
        "KarpenterDisruption",
    ),
    "GKE": (node(taint("cloud.google.com/impending-node-termination")), Urgency.LEAVING, "ImpendingTermination"),
    "GKE, by the kubelet": (
        node(ready={"status": "False", "reason": "KubeletNotReady", "message": "node is shutting down"}),
        Urgency.LOST,  # since 8 o'clock
        "NodeNotReady",
    ),
    "AKS": (node(taint("remediator.kubernetes.azure.com/unschedulable")), Urgency.LEAVING, "AzureRemediation"),
    "AKS before": (node(taint("remediator.aks.microsoft.com/unschedulable")), Urgency.LEAVING, "AzureRemediation"),
    "cluster-autoscaler": (
        node(taint("ToBeDeletedByClusterAutoscaler", _BEGUN)),
        Urgency.LEAVING,
        "ClusterAutoscalerDeletion",
    ),
    "cluster-autoscaler, maybe": (
        node(taint("DeletionCandidateOfClusterAutoscaler", _BEGUN, effect="PreferNoSchedule")),
        Urgency.AT_RISK,
        "ClusterAutoscalerCandidate",
    ),
    "cordoned": (node(spec={"unschedulable": True}), Urgency.AT_RISK, "Cordoned"),
    "cordoned, by its taint": (node(taint("node.kubernetes.io/unschedulable")), Urgency.AT_RISK, "Cordoned"),
    "out of service": (node(taint("node.kubernetes.io/out-of-service", "nodeshutdown")), Urgency.LOST, "OutOfService"),
    "shut down": (node(taint("node.cloudprovider.kubernetes.io/shutdown")), Urgency.LOST, "InstanceShutDown"),
    "deleted": ({"metadata": {"deletionTimestamp": "2026-11-24T12:00:00Z"}}, Urgency.LEAVING, "NodeDeleted"),
    "silent": (node(ready={"status": "Unknown"}), Urgency.LOST, "NodeUnreachable"),
    "not ready": (node(ready={"status": "False", "reason": "KubeletNotReady"}), Urgency.LOST, "NodeNotReady"),
    "unreachable, just now": (
        node(taint("node.kubernetes.io/unreachable", **_ADDED)),
        Urgency.AT_RISK,
        "NodeUnreachable",
    ),
    "not ready, just now": (node(taint("node.kubernetes.io/not-ready", **_ADDED)), Urgency.AT_RISK, "NodeNotReady"),
}


@pytest.mark.parametrize("name", _SIGNALS)
def test_every_signal_is_understood(name: str) -> None:
    observed, urgency, reason = _SIGNALS[name]
    signal = _seen_for(observed, timedelta(hours=4) if urgency is Urgency.LOST else timedelta(0))
    assert (signal.urgency, signal.reason) == (urgency, reason)
    assert signal.message


@pytest.mark.parametrize(
    "harmless",
    [
        node(),
        {"metadata": {"name": "just made"}},
        {"metadata": {"name": "cleared"}, "spec": {"taints": None}, "status": {"conditions": None}},
        node(taint("cloud.google.com/gke-spot", "true")),
        node(taint("kubernetes.azure.com/scalesetpriority", "spot")),
        node(taint("karpenter.sh/disruption", "another value")),
        node(taint("karpenter.sh/disruption")),
        node(taint("node.kubernetes.io/memory-pressure")),
        node(taint("example.com/dedicated", "presto")),
        node(spec={"unschedulable": False}),
    ],
)
def test_what_says_nothing_is_no_signal(harmless: dict[str, Any]) -> None:
    assert node_signal(harmless, NOW) == NO_SIGNAL


_SEEN = NOW - timedelta(seconds=10)


@pytest.mark.parametrize(
    ("observed", "deadline", "deadline_if_seen"),
    [
        (node(taint(f"{_NTH}/spot-itn")), None, _SEEN + timedelta(seconds=120)),
        (node(taint(f"{_NTH}/spot-itn", **_ADDED)), NOW + timedelta(seconds=110), NOW + timedelta(seconds=110)),
        (node(taint(f"{_NTH}/asg-lifecycle-termination", **_ADDED)), None, None),
        (node(taint("cloud.google.com/impending-node-termination")), None, _SEEN + timedelta(seconds=15)),
        (node(taint("remediator.kubernetes.azure.com/unschedulable")), None, _SEEN + timedelta(seconds=30)),
        (node(taint("karpenter.sh/disrupted")), None, None),
        (
            node(taint("ToBeDeletedByClusterAutoscaler", _BEGUN)),
            NOW + timedelta(seconds=600),
            NOW + timedelta(seconds=590),
        ),
        (node(taint("ToBeDeletedByClusterAutoscaler", "true")), None, _SEEN + timedelta(seconds=600)),
        (
            node(taint("ToBeDeletedByClusterAutoscaler", _BEGUN), taint(f"{_NTH}/spot-itn", **_ADDED)),
            NOW + timedelta(seconds=110),
            NOW + timedelta(seconds=110),
        ),
        (
            node(taint("ToBeDeletedByClusterAutoscaler", _BEGUN), taint(f"{_NTH}/spot-itn")),
            NOW + timedelta(seconds=600),
            _SEEN + timedelta(seconds=120),
        ),
        (
            node(
                ready={
                    "status": "False",
                    "message": "node is shutting down",
                    "lastTransitionTime": "2026-11-24T11:59:58Z",
                }
            ),
            NOW + timedelta(seconds=13),
            _SEEN + timedelta(seconds=15),
        ),
    ],
)
def test_the_deadline_is_told_or_follows_from_when_it_was_seen(
    observed: dict[str, Any], deadline: datetime | None, deadline_if_seen: datetime | None
) -> None:
    signal = node_signal(observed, NOW)
    assert signal.deadline == deadline
    assert signal.deadline_if_begun(_SEEN) == deadline_if_seen


_SKEWS = [timedelta(0), timedelta(seconds=65), timedelta(seconds=-65), timedelta(hours=1), timedelta(hours=-1)]


@pytest.mark.parametrize("ahead", _SKEWS, ids=str)
@pytest.mark.parametrize(("status", "patience"), [("Unknown", Patience().unreachable), ("False", Patience().not_ready)])
def test_a_node_that_is_not_well_gets_its_time_whatever_the_clocks_say(
    status: str, patience: timedelta, ahead: timedelta
) -> None:
    since = format_time(NOW - ahead)
    for observed in (
        node(ready={"status": status, "lastTransitionTime": since}),
        node(taint(f"node.kubernetes.io/{'unreachable' if status == 'Unknown' else 'not-ready'}", timeAdded=since)),
    ):
        assert _seen_for(observed, patience - timedelta(seconds=1)).urgency is Urgency.AT_RISK
        assert _seen_for(observed, patience).urgency is Urgency.LOST


def test_a_node_that_recovers_and_falls_silent_again_gets_its_time_anew() -> None:
    sightings = Sightings()
    silent = node(ready={"status": "Unknown"})
    node_signal(silent, NOW, sightings=sightings)
    node_signal(node(), NOW + timedelta(seconds=50), sightings=sightings)
    assert node_signal(silent, NOW + timedelta(seconds=70), sightings=sightings).urgency is Urgency.AT_RISK
    again = node(ready={"status": "Unknown", "lastTransitionTime": "2026-11-24T12:05:00Z"})
    # Its recovery was missed, but the API server says that this is another episode.
    assert node_signal(again, NOW + timedelta(seconds=170), sightings=sightings).urgency is Urgency.AT_RISK


def _seen_for(observed: dict[str, Any], duration: timedelta) -> Signal:
    """The signal of a node that has been seen like this for so long."""
    sightings = Sightings()
    node_signal(observed, NOW, sightings=sightings)
    return node_signal(observed, NOW + duration, sightings=sightings)


def test_a_node_that_announced_its_end_is_lost_once_it_is_silent() -> None:
    silent = {"status": "Unknown", "lastTransitionTime": "2026-11-24T12:00:00Z"}
    assert node_signal(node(taint(f"{_NTH}/spot-itn"), ready=silent), NOW).urgency is Urgency.LOST


def test_a_node_that_does_not_say_since_when_gets_its_time_too() -> None:
    observed = node(taint("node.kubernetes.io/unreachable"), ready={"status": "Unknown", "lastTransitionTime": None})
    assert node_signal(observed, NOW + timedelta(days=1)).urgency is Urgency.AT_RISK
    assert _seen_for(observed, timedelta(seconds=60)).urgency is Urgency.LOST


def test_a_candidate_of_the_cluster_autoscaler_goes_first_but_is_not_replaced() -> None:
    candidate = taint("DeletionCandidateOfClusterAutoscaler", _BEGUN)
    assert not node_signal(node(candidate), NOW).needs_replacement
    assert node_signal(node(candidate, taint(f"{_NTH}/rebalance-recommendation")), NOW).needs_replacement


def test_further_taints_can_be_told() -> None:
    observed = node(taint("example.com/reclaim", "soon"))
    told = TaintMeaning("example.com/reclaim", Urgency.LEAVING, "OurReclaim", "we take it", notice=timedelta(minutes=5))
    assert node_signal(observed, NOW) == NO_SIGNAL
    signal = node_signal(observed, NOW, extra_taints=[told])
    assert (signal.urgency, signal.reason, signal.notice) == (Urgency.LEAVING, "OurReclaim", timedelta(minutes=5))


def test_a_node_that_is_gone_is_lost() -> None:
    assert gone_node_signal().urgency is Urgency.LOST


_KNOWN = st.sampled_from([taint(meaning.key, meaning.value or _BEGUN) for meaning in KNOWN_TAINTS])
_UNKNOWN = st.text(min_size=1, max_size=20).map(lambda key: taint(f"example.com/{key}", "spot"))
_TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_READY = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["True", "False", "Unknown"]),
        "lastTransitionTime": _TIMES.map(lambda moment: moment.isoformat()) | st.none(),
        "message": st.sampled_from(["", "node is shutting down", "PLEG is not healthy"]),
    }
)
_NODES = st.builds(
    lambda taints, ready, cordoned: node(*taints, ready=ready, spec={"unschedulable": cordoned}),
    st.lists(_KNOWN | _UNKNOWN, max_size=6),
    _READY,
    st.booleans(),
)


@given(st.lists(_UNKNOWN, max_size=8), _TIMES)
def test_unknown_taints_say_nothing(taints: list[dict[str, Any]], now: datetime) -> None:
    assert node_signal(node(*taints), now) == NO_SIGNAL


@given(st.lists(_KNOWN, min_size=1, max_size=8), _TIMES)
def test_the_most_severe_signal_counts(taints: list[dict[str, Any]], now: datetime) -> None:
    together = node_signal(node(*taints), now)
    alone = [node_signal(node(one), now) for one in taints]
    assert together.urgency is max(signal.urgency for signal in alone)
    assert together.reason in {signal.reason for signal in alone if signal.urgency is together.urgency}
    assert together == node_signal(node(*reversed(taints)), now)


@given(_NODES, _KNOWN | _UNKNOWN, _TIMES)
def test_one_more_taint_makes_no_node_look_better(
    observed: dict[str, Any], more: dict[str, Any], now: datetime
) -> None:
    worse = {**observed, "spec": {**observed["spec"], "taints": [*observed["spec"]["taints"], more]}}
    before, after = node_signal(observed, now), node_signal(worse, now)
    assert after.urgency >= before.urgency
    if after.urgency == before.urgency:
        assert after.needs_replacement or not before.needs_replacement
        assert _end(after) <= _end(before)


@given(_NODES, _TIMES, st.timedeltas(timedelta(0), timedelta(days=2)))
def test_time_makes_no_node_look_better(observed: dict[str, Any], now: datetime, passed: timedelta) -> None:
    assert node_signal(observed, now + passed).urgency >= node_signal(observed, now).urgency


def _end(signal: Signal) -> datetime:
    return signal.deadline_if_begun(NOW) or datetime.max.replace(tzinfo=UTC)


def test_taints_of_the_operators_settings() -> None:
    extra = configured_taints(["example.com/going"], ["example.com/may-go"])
    going = node_signal(node(taint("example.com/going", "soon")), NOW, extra_taints=extra)
    may_go = node_signal(node(taint("example.com/may-go")), NOW, extra_taints=extra)
    assert (going.urgency, going.reason) == (Urgency.LEAVING, "LeavingTaint")
    assert "example.com/going" in going.message
    assert (may_go.urgency, may_go.reason) == (Urgency.AT_RISK, "AtRiskTaint")
    assert node_signal(node(taint("example.com/other")), NOW, extra_taints=extra) is NO_SIGNAL
