"""Autoscaling against a real API server, with the load of a played Presto."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.kit.operator_process import OperatorProcess, RunningOperator
from tests.kit.played_presto import PlayedPresto
from tests.kit.resources import Namespace, manifest

NAME = "adhoc"


def bring_up(namespace: Namespace, presto: PlayedPresto, **autoscaling: Any) -> None:
    """Bring up a cluster of one worker whose coordinator is the played one."""
    settings = {
        "minReplicas": 1,
        "maxReplicas": 8,
        "targets": {"queriesPerWorker": "1"},
        "behavior": {"scaleUp": {"stabilizationWindowSeconds": 0}, "scaleDown": {"stabilizationWindowSeconds": 0}},
        **autoscaling,
    }
    presto.running = 1
    namespace.apply(manifest(NAME, autoscaling=settings))
    namespace.wait_until_settled(NAME, timeout=60)
    presto.stand_in(namespace, NAME)


def workers(namespace: Namespace) -> int:
    """Workers that are there to stay."""
    return sum(1 for pod in namespace.pods(NAME, "worker") if "deletionTimestamp" not in pod["metadata"])


def wait_for_workers(namespace: Namespace, count: int) -> None:
    """Wait until there are so many workers."""
    namespace.wait_until(lambda: workers(namespace) == count, timeout=90, what=f"{count} workers")


def wait_for_reason(namespace: Namespace, reason: str) -> str:
    """Wait until AutoscalingActive has this reason; its message."""
    namespace.wait_until(
        lambda: namespace.condition(NAME, "AutoscalingActive").get("reason") == reason,
        timeout=60,
        what=f"AutoscalingActive to be {reason}",
    )
    message: str = namespace.condition(NAME, "AutoscalingActive")["message"]
    return message


def test_workers_follow_the_load_and_each_decision_is_told(
    namespace: Namespace, presto: PlayedPresto, operator: RunningOperator
) -> None:
    bring_up(namespace, presto)
    spec = namespace.presto_cluster(NAME)["spec"]

    presto.running, presto.queued, presto.waiting, presto.held_back = 1, 2, 1, 5
    wait_for_workers(namespace, 4)
    presto.active_workers = 4
    presto.queued = presto.waiting = presto.held_back = 0
    wait_for_workers(namespace, 1)
    assert namespace.wait_for_event(NAME, "ScaledDown", timeout=20)

    decisions = namespace.presto_cluster(NAME)["status"]["autoscaling"]["decisions"]
    up = "1 running + 2 queued + 1 waiting at 1 per worker = 4 (5 more held back by a resource group's limit)"
    assert [(item["fromReplicas"], item["toReplicas"]) for item in decisions] == [(4, 1), (1, 4)]
    assert decisions[1]["message"] == up
    assert ("ScaledUp", f"workers 1 → 4 (QueryDemand): {up}") in namespace.events(NAME)
    assert not any(reason == "Corrected" for reason, _ in namespace.events(NAME))
    assert namespace.presto_cluster(NAME)["spec"] == spec
    labels = {"namespace": namespace.name, "mode": "Active"}
    assert operator.metric("presto_operator_autoscaling_workers", **labels) == 1
    assert operator.metric("presto_operator_autoscaling_decisions_total", **labels) == 2

    told = explain(namespace)
    assert f"{NAME} in {namespace.name}: autoscaling is Active, 1 worker desired" in told
    assert up in told


def test_advisory_changes_nothing(namespace: Namespace, presto: PlayedPresto) -> None:
    bring_up(namespace, presto, mode="Advisory")
    presto.running = 3

    assert "autoscaling recommends 3 workers: 3 running at 1 per worker = 3" in wait_for_advice(namespace, 3)
    presto.wait_for_polls(2, timeout=90)
    assert workers(namespace) == 1
    assert namespace.wait_for_event(NAME, "ScaleUpAdvised", timeout=20)


def wait_for_advice(namespace: Namespace, count: int) -> str:
    """Wait until so many workers are advised; what the condition says."""

    def advised() -> bool:
        status = namespace.presto_cluster(NAME)["status"]
        return bool(status.get("autoscaling", {}).get("desired") == count)

    namespace.wait_until(advised, timeout=60, what=f"{count} workers to be advised")
    return wait_for_reason(namespace, "Advisory")


def test_a_restart_of_the_operator_changes_nothing(
    namespace: Namespace, presto: PlayedPresto, own_operator: OperatorProcess
) -> None:
    bring_up(namespace, presto)
    presto.running = 3
    wait_for_workers(namespace, 3)
    presto.active_workers = 3
    namespace.wait_until_quiet(NAME, timeout=60)
    # What moves all the time is written after a while: the last of it has to be there.
    namespace.wait_until(
        lambda: (
            namespace.presto_cluster(NAME)["status"].get("queries", {}).get("running") == 3
            and namespace.presto_cluster(NAME)["status"]["workers"].get("active") == 3
        ),
        timeout=90,
        what="the numbers of Presto in status",
    )
    presto.wait_for_polls(2, timeout=90)
    before = namespace.resource_versions(NAME)

    own_operator.stop()
    own_operator.start()
    presto.wait_for_polls(3, timeout=90)

    assert namespace.resource_versions(NAME) == before


def test_two_owners_are_told_and_neither_wins_by_accident(namespace: Namespace, presto: PlayedPresto) -> None:
    bring_up(namespace, presto)
    wait_for_reason(namespace, "Active")

    namespace.kubectl("scale", f"prestocluster/{NAME}", "--replicas=6")

    message = wait_for_reason(namespace, "ReplicasIgnored")
    assert "workers.replicas was changed from 1 to 6, without effect" in message
    presto.wait_for_polls(2, timeout=90)
    assert workers(namespace) == 1


def test_off_leaves_the_workers_to_the_scale_subresource(namespace: Namespace, presto: PlayedPresto) -> None:
    bring_up(namespace, presto, mode="Off")
    wait_for_reason(namespace, "Off")
    presto.running = 5

    namespace.kubectl("scale", f"prestocluster/{NAME}", "--replicas=2")

    wait_for_workers(namespace, 2)
    presto.wait_for_polls(2, timeout=90)
    assert workers(namespace) == 2
    assert "autoscaling" not in namespace.presto_cluster(NAME)["status"]


def explain(namespace: Namespace) -> str:
    """What `presto-operator explain` prints."""
    command = [str(Path(sys.executable).parent / "presto-operator"), "explain", NAME, "--namespace", namespace.name]
    environment = {**os.environ, "KUBECONFIG": str(namespace.cluster.kubeconfig)}
    ended = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, env=environment)
    return ended.stdout
