"""From one Presto release to the next, on an idle cluster and on a busy one."""

from __future__ import annotations

import pytest

from tests.harness.waiting import wait_until
from tests.kit.load import steady_load
from tests.kit.questions import JOIN
from tests.kit.resources import Namespace, Resource, manifest
from tests.kit.sizes import small_server
from tests.kit.sql import PrestoClient
from tests.kit.standing import shape

NAME = "upgraded"


def small(version: str, *, drain_timeout: str = "10m") -> Resource:
    """A cluster of one worker, two of which find room on the test's nodes side by side."""
    coordinator = {**small_server(), "drainTimeout": drain_timeout}
    return manifest(NAME, version=version, coordinator=coordinator, workers={"replicas": 1, **small_server()})


@pytest.mark.standing(shape("old", small("0.283")), reusable=False)
@pytest.mark.page("rollout")
@pytest.mark.promise("upgrade", "any-presto")
def test_a_release_takes_over_when_it_is_ready(presto: Namespace, client: PrestoClient) -> None:
    assert releases(client) == {"0.283"}

    presto.apply(small("0.287"))
    presto.wait_for_condition(NAME, "Progressing", "True", timeout=30)
    # While the new generation starts, the old one answers.
    assert client.query("SELECT count(*) FROM orders").rows == [(15_000,)]
    assert releases(client) == {"0.283"}
    presto.wait_until_settled(NAME, timeout=300)

    wait_until(lambda: releases(client) == {"0.287"}, timeout=60, what="the new release to serve")
    wait_until(lambda: client.serves_with(1), timeout=60, what="its worker")
    assert client.query("SELECT count(*) FROM orders").rows == [(15_000,)]
    wait_until(lambda: len(presto.pods(NAME)) == 2, timeout=120, what="the old generation to go")
    rollout = presto.presto_cluster(NAME)["status"]["rollout"]
    assert (rollout["changes"], rollout["queriesInterrupted"]) == (["Generation"], 0)
    assert rollout["finishedAt"]


@pytest.mark.standing(shape("old-and-busy", small("0.283", drain_timeout="20s")), reusable=False)
@pytest.mark.long("one more upgrade, two minutes, on a cluster that has no quiet moment")
def test_a_busy_cluster_is_told_what_the_change_has_cost(presto: Namespace, client: PrestoClient) -> None:
    with steady_load(client, [JOIN], clients=2) as tally:
        wait_until(lambda: tally.right >= 1, timeout=180, what="a load that runs")
        presto.apply(small("0.287", drain_timeout="20s"))
        wait_until(
            lambda: presto.condition(NAME, "Progressing")["reason"] == "WaitingForQueries",
            timeout=300,
            what="the new generation to wait for the queries",
        )
        message = presto.condition(NAME, "Progressing")["message"]
        assert "takes over once no queries run" in message
        presto.wait_until_settled(NAME, timeout=300)
        right = tally.right
        wait_until(lambda: tally.right > right, timeout=180, what="an answer of the new release")

    assert releases(client) == {"0.287"}
    rollout = presto.presto_cluster(NAME)["status"]["rollout"]
    assert tally.failures.total() <= rollout["queriesInterrupted"], dict(tally.failures)
    assert not [failure for failure in tally.failures if failure.startswith("WRONG_ANSWER")]
    # It was busy: something was cut off at least from its coordinator's point of view, and that is not kept quiet.
    assert rollout["queriesInterrupted"] >= 1
    (told,) = [text for reason, text in presto.events(NAME) if reason == "GenerationChanged"]
    assert "may have been interrupted" in told
    (told,) = [text for reason, text in presto.events(NAME) if reason == "RolloutFinished"]
    assert f"{rollout['queriesInterrupted']} quer" in told


def releases(client: PrestoClient) -> set[str]:
    """Releases of the servers that the serving coordinator knows, without their build suffix."""
    rows = client.query("SELECT DISTINCT node_version FROM system.runtime.nodes").rows
    return {str(version).split("-", maxsplit=1)[0] for (version,) in rows}
