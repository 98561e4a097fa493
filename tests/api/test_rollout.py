"""Changed workers replace the old ones, at the pace that was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.pod_watch import counted_workers
from tests.kit.resources import Namespace, Resource, manifest

WANTED = 20
SURGE = 5


def cluster_of(replicas: int = WANTED, **workers: Any) -> Resource:
    """A cluster of many workers on two pools."""
    pools = [{"name": "a"}, {"name": "b"}]
    return manifest("adhoc", workers={"replicas": replicas, "pools": pools, "rollout": {"maxSurge": SURGE}, **workers})


def worker_uids(namespace: Namespace) -> set[str]:
    """Every worker that is there and doesn't leave."""
    return {
        pod["metadata"]["uid"]
        for pod in namespace.pods("adhoc", "worker")
        if "deletionTimestamp" not in pod["metadata"]
    }


@pytest.fixture
def running(namespace: Namespace) -> Namespace:
    """A namespace with a cluster `adhoc` whose workers all serve."""
    namespace.apply(cluster_of())
    namespace.wait_until_quiet("adhoc", timeout=90)
    assert len(worker_uids(namespace)) == WANTED
    return namespace


def test_workers_are_never_more_than_wanted_and_the_surge(running: Namespace) -> None:
    before = worker_uids(running)
    (coordinator,) = running.pods("adhoc", "coordinator")

    with counted_workers(running, "adhoc") as count:
        running.apply(cluster_of(config={"task.concurrency": "4"}))
        running.wait_for_condition("adhoc", "Progressing", "True", timeout=20)
        settled = running.wait_until_settled("adhoc", timeout=240)

    assert WANTED < count.most <= WANTED + SURGE
    assert 0 < count.most_leaving <= SURGE
    assert len(worker_uids(running)) == WANTED
    assert not worker_uids(running) & before
    rollout = settled["status"]["rollout"]
    assert rollout["changes"] == ["Workers"]
    assert (rollout["updatedWorkers"], rollout["totalWorkers"]) == (WANTED, WANTED)
    assert rollout["startedAt"] < rollout["finishedAt"]
    assert [pod["metadata"]["uid"] for pod in running.pods("adhoc", "coordinator")] == [coordinator["metadata"]["uid"]]


def test_workers_that_cannot_come_up_cost_no_old_one_and_taking_it_back_restarts_none(running: Namespace) -> None:
    before = worker_uids(running)
    pools = [{"name": name, "nodeSelector": {"there-is": "none"}} for name in ("a", "b")]

    with counted_workers(running, "adhoc") as count:
        running.apply(cluster_of(pools=pools))
        running.wait_until(
            lambda: len(worker_uids(running)) == WANTED + SURGE, timeout=30, what=f"{SURGE} workers that wait"
        )
        running.wait_until(
            lambda: " no node: " in running.condition("adhoc", "Progressing")["message"],
            timeout=30,
            what="the scheduler's reason",
        )
        assert before <= worker_uids(running)
        message = running.condition("adhoc", "Progressing")["message"]
        assert message.startswith(f"the pool a and the pool b changed: 0 of {WANTED} workers updated")
        assert running.condition("adhoc", "Ready")["status"] == "True"

        running.apply(cluster_of())
        running.wait_until_settled("adhoc", timeout=90)
        running.wait_until(lambda: worker_uids(running) == before, timeout=60, what="the old workers only")

    assert count.most == WANTED + SURGE
    assert running.presto_cluster("adhoc")["status"]["rollout"]["finishedAt"]


def test_a_cluster_may_grow_in_the_middle_of_a_roll_out(running: Namespace) -> None:
    running.apply(cluster_of(config={"task.concurrency": "4"}))
    running.wait_for_condition("adhoc", "Progressing", "True", timeout=20)

    running.kubectl("scale", "prestocluster/adhoc", f"--replicas={WANTED + 10}")

    running.wait_until(
        lambda: len(worker_uids(running)) >= WANTED + 10, timeout=20, what="the workers that were asked for"
    )
    running.wait_until_settled("adhoc", timeout=240)
    assert len(worker_uids(running)) == WANTED + 10
