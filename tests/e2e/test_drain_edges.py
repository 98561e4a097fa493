"""Drains at their edges, on real Presto: evicted, without the operator, and longer than there is time for."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.shapes import NAME, PLAIN, SPOT, WORKERS
from tests.harness.waiting import wait_until
from tests.kit.installation import NAMESPACE as OPERATOR_NAMESPACE
from tests.kit.installation import operator_metric, operator_pod
from tests.kit.load import steady_load, unfinished_query
from tests.kit.pods import names
from tests.kit.questions import DISTINCT
from tests.kit.resources import Namespace
from tests.kit.sql import PrestoClient


@pytest.mark.standing(PLAIN)
@pytest.mark.long("one more drain of 21 s: an eviction is a deletion with a budget, which tests/api has")
def test_an_evicted_worker_finishes_its_tasks_and_the_next_eviction_waits(
    presto: Namespace, client: PrestoClient
) -> None:
    before, told = drains(presto, "Drained"), presto.drain_events(NAME)
    with steady_load(client, [DISTINCT], clients=1) as tally:
        evicted, other, *_ = sorted(busy_workers(client))
        assert presto.evict(evicted) == ""
        refusal = presto.evict(other)
        wait_for_drain_to_begin(presto, evicted)
        wait_until_gone(presto, evicted)

    assert "disruption budget" in refusal
    assert dict(tally.failures) == {}
    assert tally.right >= 1
    wait_until(lambda: drains(presto, "Drained") == before + 1, timeout=15, what="the drain to be counted")
    assert metric(presto, "presto_operator_drain_duration_seconds_sum") >= 20, "it waits its grace period twice"
    assert presto.drain_events(NAME) == told


@pytest.mark.standing(SPOT)
@pytest.mark.page("draining")
@pytest.mark.promise("operator-restart")
def test_the_operator_is_killed_in_mid_drain_and_nothing_is_lost(presto: Namespace, client: PrestoClient) -> None:
    told = presto.drain_events(NAME)
    with steady_load(client, [DISTINCT], clients=1) as tally:
        leaving = min(busy_workers(client))
        presto.kubectl("delete", "pod", leaving, "--wait=false")
        wait_for_drain_to_begin(presto, leaving)
        killed = operator_pod(presto.cluster)
        presto.cluster.kubectl(
            "--namespace", OPERATOR_NAMESPACE, "delete", "pod", killed, "--grace-period=0", "--force"
        )
        wait_until_gone(presto, leaving)

    assert dict(tally.failures) == {}
    assert tally.right >= 1
    # Another process: what it counts, it has found leaving when it started.
    wait_until(lambda: operator_pod(presto.cluster) not in ("", killed), timeout=60, what="another operator")
    wait_until(lambda: drains(presto, "Drained") == 1, timeout=30, what="the drain to be counted")
    assert presto.drain_events(NAME) == told


@pytest.mark.standing(PLAIN)
@pytest.mark.long("one more drain, that is given too little time: 15 s and a new worker")
def test_a_drain_that_is_given_too_little_time_is_told_of(presto: Namespace, client: PrestoClient) -> None:
    before, told = drains(presto, "TimedOut"), presto.drain_events(NAME)
    with unfinished_query(client):
        leaving = min(busy_workers(client))
        presto.kubectl("delete", "pod", leaving, "--wait=false", "--grace-period=15")
        wait_until_gone(presto, leaving)

    wait_until(lambda: drains(presto, "TimedOut") == before + 1, timeout=15, what="the drain to be counted")
    wait_until(lambda: len(presto.drain_events(NAME)) == len(told) + 1, timeout=15, what="an Event")
    ((reason, message),) = [event for event in presto.drain_events(NAME) if event not in told]
    assert reason == "DrainTimedOut"
    assert message.startswith(f"{leaving}: killed after ")
    assert "while still draining" in message
    assert "it got less time than its grace period of 350 s" in message


@pytest.mark.standing(PLAIN)
@pytest.mark.long("one more drain of 21 s, after half a minute in which the server hangs")
def test_a_worker_that_is_hung_is_asked_until_it_answers(presto: Namespace, client: PrestoClient) -> None:
    before, told = drains(presto, "Drained"), presto.drain_events(NAME)
    with steady_load(client, [DISTINCT], clients=1) as tally:
        leaving = min(busy_workers(client))
        with frozen_server(leaving):
            presto.kubectl("delete", "pod", leaving, "--wait=false")
            wait_until(
                lambda: "the server does not answer; asking on" in presto.kubectl("logs", leaving, "--tail=200"),
                timeout=60,
                what=f"{leaving} to be asked in vain",
            )
        wait_for_drain_to_begin(presto, leaving)
        wait_until_gone(presto, leaving)

    assert dict(tally.failures) == {}
    assert tally.right >= 1
    wait_until(lambda: drains(presto, "Drained") == before + 1, timeout=15, what="the drain to be counted")
    assert presto.drain_events(NAME) == told


def busy_workers(client: PrestoClient) -> set[str]:
    """All workers, once each of them has a task."""

    def all_of_them() -> set[str] | None:
        busy = client.busy_workers()
        return busy if len(busy) == WORKERS else None

    busy = wait_until(all_of_them, timeout=60, what="tasks on all workers")
    assert busy is not None
    return busy


def wait_for_drain_to_begin(namespace: Namespace, pod: str) -> None:
    """Wait until the worker has been told."""
    wait_until(
        lambda: "draining: finishing the tasks" in namespace.kubectl("logs", pod, "--tail=200"),
        timeout=30,
        what=f"{pod} to drain",
    )


def wait_until_gone(namespace: Namespace, pod: str) -> None:
    """Wait until there is no such pod."""
    wait_until(lambda: pod not in names(namespace.pods(NAME)), timeout=240, what=f"{pod} to be gone")


def drains(namespace: Namespace, outcome: str) -> float:
    """How many drains the operator has counted."""
    return metric(namespace, "presto_operator_drains_total", outcome=outcome)


def metric(namespace: Namespace, name: str, **labels: str) -> float:
    """What the operator's metric says of the cluster."""
    return operator_metric(namespace.cluster, name, {"namespace": namespace.name, "cluster": NAME, **labels})


@contextlib.contextmanager
def frozen_server(pod: str) -> Iterator[None]:
    """Stop the server of a pod in its tracks until the block ends, as a long collection of garbage does.

    Whichever way the nodes are provided, their processes are this machine's.
    """
    (process,) = [
        int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if f"-Dnode.id={pod}" in _words(path)
    ]
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def _words(cmdline: Path) -> list[str]:
    try:
        return cmdline.read_text(errors="replace").split("\0")
    except OSError:
        return []  # it has ended since
