"""Workers that leave finish what they have: no query fails."""

from __future__ import annotations

import pytest

from tests.e2e.shapes import NAME, PROXY, PROXY_VARIABLES, SPOT, WORKERS
from tests.harness.waiting import wait_until
from tests.kit.load import steady_load
from tests.kit.pods import leaving, name_of
from tests.kit.questions import JOIN
from tests.kit.resources import Namespace
from tests.kit.sql import PrestoClient

pytestmark = pytest.mark.standing(SPOT)


@pytest.mark.page("draining", "conditions")
@pytest.mark.promise("scale-down")
def test_a_scale_down_in_mid_query_fails_no_query_although_the_environment_has_a_proxy(
    presto: Namespace, client: PrestoClient
) -> None:
    with steady_load(client, [JOIN], clients=2) as tally:
        wait_until(lambda: len(client.busy_workers()) == WORKERS, timeout=60, what="tasks on all workers")
        presto.kubectl("scale", f"prestocluster/{NAME}", f"--replicas={WORKERS - 1}")
        presto.wait_for_condition(NAME, "Draining", "True", timeout=30)
        (worker,) = [name_of(pod) for pod in leaving(presto.pods(NAME, "worker"))]
        assert worker in client.busy_workers(), "it was to be caught in the middle of a task"
        assert proxies(presto, worker) == dict.fromkeys(PROXY_VARIABLES, PROXY)
        wait_until(
            lambda: "draining: finishing the tasks" in presto.kubectl("logs", worker, "--tail=200"),
            timeout=30,
            what="the worker to say that it drains",
        )
        presto.wait_for_condition(NAME, "Draining", "False", timeout=200)

    assert dict(tally.failures) == {}
    assert tally.right >= 2
    assert len(presto.pods(NAME, "worker")) == WORKERS - 1
    assert client.active_workers() == WORKERS - 1


def proxies(presto: Namespace, pod: str) -> dict[str, str]:
    """The variables in a server's environment that name a proxy."""
    environment = presto.kubectl("exec", pod, "--", "cat", "/proc/1/environ").split("\0")
    variables = dict(variable.split("=", 1) for variable in environment if "=" in variable)
    return {name: value for name, value in variables.items() if name.lower().endswith("_proxy")}
