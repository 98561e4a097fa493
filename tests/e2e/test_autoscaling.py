"""Workers follow the queries of a real Presto: up for a burst, down after it, to none at rest, and no query fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.harness.waiting import wait_until
from tests.kit.load import query_on_one_worker, steady_load
from tests.kit.pods import names, staying
from tests.kit.questions import ENDLESS_ON_ONE_WORKER, SCAN
from tests.kit.resources import Namespace, Resource, manifest
from tests.kit.sizes import small_server
from tests.kit.sql import PrestoClient
from tests.kit.standing import shape

NAME = "elastic"


def elastic_cluster() -> Resource:
    """A cluster of one to four workers, one a query, with windows that are short enough for a test."""
    server = small_server()
    return manifest(
        NAME,
        coordinator=server,
        workers={"replicas": 1, **server, "drain": {"timeout": "3m", "gracePeriod": "10s"}},
        autoscaling={
            "minReplicas": 1,
            "maxReplicas": 4,
            "targets": {"queriesPerWorker": "1"},
            "behavior": {
                "scaleUp": {
                    "stabilizationWindowSeconds": 0,
                    "policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}],
                },
                "scaleDown": {
                    "stabilizationWindowSeconds": 15,
                    "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
                },
            },
            # It may stand for minutes before the first test uses it.
            "scaleToZero": {"idleAfter": "1h"},
        },
    )


pytestmark = [
    pytest.mark.standing(shape("elastic", elastic_cluster())),
    pytest.mark.long("a cluster more, and eight starts of workers; the first tier has one worker to two and back"),
]


def test_a_burst_takes_one_worker_to_four_and_back_without_a_failed_query(
    presto: Namespace, client: PrestoClient
) -> None:
    spec = presto.presto_cluster(NAME)["spec"]
    with steady_load(client, [SCAN], clients=1) as tally:
        with steady_load(client, [SCAN], clients=4) as burst:
            wait_until(lambda: wanted(presto) == 4, timeout=60, what="four workers to be wanted")
            wait_until(lambda: client.active_workers() == 4, timeout=240, what="four active workers")
        wait_until(lambda: len(staying(presto.pods(NAME, "worker"))) == 1, timeout=240, what="three workers to leave")
        wait_until(lambda: len(presto.pods(NAME, "worker")) == 1, timeout=240, what="three workers to be gone")

    assert dict(burst.failures) == {}
    assert dict(tally.failures) == {}
    assert burst.right >= 4
    assert tally.right >= 1
    told = [message for reason, message in presto.events(NAME) if reason in ("ScaledUp", "ScaledDown")]
    assert any(" → 4 (" in message and "at 1 per worker" in message for message in told), told
    assert presto.presto_cluster(NAME)["spec"] == spec


def test_the_worker_that_is_busy_stays(presto: Namespace, client: PrestoClient) -> None:
    set_least(presto, 3)
    wait_until(lambda: client.serves_with(3), timeout=240, what="three active workers")
    # With nothing known of tasks, the newest would leave.
    oldest, *others = sorted(presto.pods(NAME, "worker"), key=age_rank)
    with query_on_one_worker(client, names(others)) as busy:
        set_least(presto, 1)
        wait_until(lambda: len(staying(presto.pods(NAME, "worker"))) == 1, timeout=120, what="two workers to leave")
        (stays,) = staying(presto.pods(NAME, "worker"))
        assert stays["metadata"]["name"] == busy
        assert busy != oldest["metadata"]["name"]
        assert client.workers_that_run(ENDLESS_ON_ONE_WORKER) == {busy}, "the query was to run on meanwhile"
    wait_until(lambda: len(presto.pods(NAME, "worker")) == 1, timeout=120, what="two workers to be gone")


def test_at_rest_there_is_none_and_the_first_query_brings_one_back(presto: Namespace, client: PrestoClient) -> None:
    change_autoscaling(presto, scaleToZero={"idleAfter": "1m"})
    wait_until(lambda: not presto.pods(NAME, "worker"), timeout=200, what="the last worker to leave")
    assert presto.condition(NAME, "Ready")["status"] == "True"
    with steady_load(client, [SCAN], clients=1) as tally:
        wait_until(lambda: tally.total > 0, timeout=200, what="an answer")
    assert dict(tally.failures) == {}


def set_least(presto: Namespace, workers: int) -> None:
    """Let autoscaling keep at least so many workers."""
    change_autoscaling(presto, minReplicas=workers)


def change_autoscaling(presto: Namespace, **fields: Any) -> None:
    """Set these fields of `autoscaling`."""
    patch = json.dumps({"spec": {"autoscaling": fields}})
    presto.kubectl("patch", f"prestocluster/{NAME}", "--type=merge", f"--patch={patch}")


def age_rank(pod: Resource) -> tuple[str, str]:
    """Sorts pods as the operator does, the one that it would keep first."""
    return pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]


def wanted(presto: Namespace) -> int:
    """Workers that autoscaling wants."""
    return int(presto.presto_cluster(NAME).get("status", {}).get("autoscaling", {}).get("desired", 0))
