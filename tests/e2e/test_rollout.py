"""Changed workers on a busy cluster: no query fails, whether the change is good or bad."""

from __future__ import annotations

from copy import deepcopy

import pytest

from tests.e2e.shapes import NAME, PLAIN, PLAIN_MANIFEST, SPOT, SPOT_MANIFEST, WORKERS
from tests.harness.waiting import wait_until
from tests.kit.load import steady_load
from tests.kit.pod_watch import counted_workers
from tests.kit.pods import staying, uids
from tests.kit.questions import JOIN, SHORT
from tests.kit.resources import Namespace, Resource
from tests.kit.sql import PrestoClient

LOAD = [SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, JOIN]
FLAG = "-Dexample.rolled=yes"


def with_flags(manifest: Resource, *flags: str, **rollout: str) -> Resource:
    """The cluster with these flags for its workers' JVMs."""
    changed = deepcopy(manifest)
    workers = changed["spec"]["workers"]
    workers["jvm"]["extraArgs"] += flags
    if rollout:
        workers["rollout"] = rollout
    return changed


@pytest.mark.standing(PLAIN)
@pytest.mark.long("100 queries beside workers that can't start: 2 minutes")
def test_a_misspelt_jvm_flag_costs_no_query_and_taking_it_back_no_worker(
    presto: Namespace, client: PrestoClient
) -> None:
    before = uids(staying(presto.pods(NAME, "worker")))
    told = presto.drain_events(NAME)

    with counted_workers(presto, NAME) as count, steady_load(client, LOAD, clients=2) as tally:
        presto.apply(with_flags(PLAIN_MANIFEST, "-XX:+UseG2GC"))
        condition = presto.wait_for_condition(NAME, "Degraded", "True", timeout=180)
        assert condition["reason"] == "PodsFailing"
        assert "Unrecognized VM option 'UseG2GC'" in condition["message"]
        wait_until(lambda: tally.total >= 100, timeout=600, what="100 queries")
        assert presto.condition(NAME, "Degraded")["status"] == "True"
        assert presto.condition(NAME, "Ready")["status"] == "True"
        assert "can't start, so the " in presto.condition(NAME, "Progressing")["message"]
        assert before <= uids(staying(presto.pods(NAME, "worker")))

        presto.apply(PLAIN_MANIFEST)
        presto.wait_for_condition(NAME, "Degraded", "False", timeout=60)
        presto.wait_until_settled(NAME, timeout=60)

    assert dict(tally.failures) == {}
    assert count.most == WORKERS + 1
    assert uids(staying(presto.pods(NAME, "worker"))) == before
    assert client.active_workers() == WORKERS
    wait_until(lambda: len(presto.pods(NAME, "worker")) == WORKERS, timeout=60, what="the workers that failed to go")
    assert presto.drain_events(NAME) == told, "a worker that never served has nothing to drain"


@pytest.mark.parametrize(
    ("changed", "surge", "queries"),
    [
        pytest.param(
            with_flags(SPOT_MANIFEST, FLAG, maxSurge="100%"),
            WORKERS,
            50,
            marks=[pytest.mark.standing(SPOT), pytest.mark.page("rollout"), pytest.mark.promise("roll-out")],
            id="all-at-once",
        ),
        pytest.param(
            with_flags(PLAIN_MANIFEST, FLAG),
            # A tenth of three workers is one.
            1,
            100,
            marks=[
                pytest.mark.standing(PLAIN),
                pytest.mark.long("three rounds of a start and a drain: 3 to 4 minutes"),
            ],
            id="one-by-one",
        ),
    ],
)
def test_a_jvm_flag_reaches_every_worker_and_no_query_fails(
    presto: Namespace, client: PrestoClient, changed: Resource, surge: int, queries: int
) -> None:
    coordinator = uids(staying(presto.pods(NAME, "coordinator")))

    with counted_workers(presto, NAME) as count, steady_load(client, LOAD, clients=2) as tally:
        wait_until(lambda: tally.right >= 3, timeout=120, what="a load that runs")
        presto.apply(changed)
        presto.wait_for_condition(NAME, "Progressing", "True", timeout=30)
        settled = presto.wait_until_settled(NAME, timeout=900)
        presto.wait_for_condition(NAME, "Draining", "False", timeout=400)
        wait_until(lambda: tally.total >= queries, timeout=600, what=f"{queries} queries")

    assert dict(tally.failures) == {}
    assert count.most == WORKERS + surge
    assert 1 <= count.most_leaving <= surge
    assert uids(staying(presto.pods(NAME, "coordinator"))) == coordinator
    workers = presto.pods(NAME, "worker")
    assert len(workers) == WORKERS
    for worker in workers:
        command = presto.kubectl("exec", worker["metadata"]["name"], "--", "cat", "/proc/1/cmdline")
        assert FLAG in command.split("\0")
    rollout = settled["status"]["rollout"]
    assert (rollout["changes"], rollout["updatedWorkers"], rollout["totalWorkers"]) == (["Workers"], WORKERS, WORKERS)
    assert rollout["finishedAt"]
