"""One cluster's Presto, and one hanging call, delay nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from presto_operator.controller.assembly import Assembly, assemble
from presto_operator.controller.operator import workers
from presto_operator.controller.side_by_side import MOST_AT_ONCE, MOST_SECONDS
from presto_operator.kube import ApiError, ClusterKey
from presto_operator.objects import KubernetesObject
from presto_operator.presto.queries import QUERIES_PATH
from presto_operator.telemetry import metrics
from tests.unit import virtual_time
from tests.unit.controller.world import HANDOVER_SECONDS, KEY, RECONCILE_SECONDS, FakeMetastores, World
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.live import owned_pod
from tests.unit.manifest import manifest
from tests.unit.nodes.nodes import node, taint

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def spot_node(*taints: dict[str, Any]) -> KubernetesObject:
    """The node spot-1."""
    return {"apiVersion": "v1", "kind": "Node", **node(*taints), "metadata": {"name": "spot-1", "namespace": ""}}


def reclaimed_node() -> KubernetesObject:
    """The node spot-1, of which EC2 has said that it goes."""
    return spot_node(taint("aws-node-termination-handler/spot-itn"))


class SlowKubernetes(FakeKubernetes):
    """An API server and Presto of which some calls take long."""

    def __init__(self) -> None:
        super().__init__()
        self.delays: dict[str, float] = {}
        """Seconds by the name of the pod or Service that a call is about; the default is 0."""
        self.status_seconds = 0.0
        self.deleted: list[tuple[str, float]] = []
        self.at_once = self.most_at_once = 0

    async def get_through_service(self, namespace: str, service: str, port: int, path: str, most_bytes: int) -> bytes:
        await self._wait(service)
        return await super().get_through_service(namespace, service, port, path, most_bytes)

    async def delete_pod(
        self, pod: KubernetesObject, *, grace_period_seconds: int | None = None
    ) -> KubernetesObject | None:
        name = pod["metadata"]["name"]
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.delays.get(name, 0.05))
        finally:
            self.at_once -= 1
        self.deleted.append((name, asyncio.get_running_loop().time()))
        return await super().delete_pod(pod, grace_period_seconds=grace_period_seconds)

    async def patch_status(self, namespace: str, name: str, status: Any) -> KubernetesObject:
        await asyncio.sleep(self.status_seconds)
        return await super().patch_status(namespace, name, status)

    async def _wait(self, name: str) -> None:
        if seconds := self.delays.get(name, 0.0):
            await asyncio.sleep(seconds)
            raise ApiError(0, "no answer")


def cluster(api: FakeKubernetes, name: str, *, workers: int, on: str) -> None:
    """A PrestoCluster with these workers on a node."""
    api.write(manifest(name=name, uid=name))
    for number in range(workers):
        pod = owned_pod(f"{name}-{number}", name)
        pod["spec"] = {"nodeName": on, "containers": []}
        pod["status"] = {"phase": "Running"}
        api.write(pod)


@asynccontextmanager
async def running(api: FakeKubernetes) -> AsyncGenerator[Assembly, None]:
    """An operator at work, which knows all that there is, and makes the passes that are asked for."""
    loop = asyncio.get_running_loop()
    parts = assemble(api, clock=lambda: NOW + timedelta(seconds=loop.time()), metastores=FakeMetastores())
    for obj in api.objects.values():
        if obj["kind"] == "Node":
            parts.nodes.put(obj)
    parts.nodes.is_synced = True
    api.show(parts.store)
    tasks = [asyncio.create_task(work) for work in workers(parts)]
    try:
        yield parts
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await parts.close()


def play(scenario: Callable[[], Awaitable[None]]) -> None:
    async def played() -> None:
        await scenario()

    virtual_time.run(played())


def test_a_reclaim_is_acted_on_though_all_passes_hang() -> None:
    api = SlowKubernetes()
    api.write(spot_node())
    for number in range(40):
        cluster(api, f"hanging-{number}", workers=0, on="other")
    cluster(api, "healthy", workers=2, on="spot-1")
    api.status_seconds = 20.0

    async def scenario() -> None:
        async with running(api) as parts:
            for number in range(40):
                parts.queue.add(ClusterKey("analytics", f"hanging-{number}"))
            await asyncio.sleep(5)
            assert api.deleted == []
            parts.node_watch.see("MODIFIED", api.write(reclaimed_node()))
            await asyncio.sleep(1)
            assert [name for name, _ in api.deleted] == ["healthy-0", "healthy-1"]

    play(scenario)


def test_workers_are_deleted_side_by_side_and_one_that_hangs_delays_no_other() -> None:
    api = SlowKubernetes()
    api.write(reclaimed_node())
    cluster(api, "adhoc", workers=300, on="spot-1")
    api.delays["adhoc-7"] = 3600.0

    async def scenario() -> None:
        async with running(api) as parts:
            parts.reclaims.add(KEY)
            await asyncio.sleep(2)
            assert len(api.deleted) == 299
            assert api.most_at_once == MOST_AT_ONCE
            assert max(at for _, at in api.deleted) < 1.0
            assert api.events == []
            await asyncio.sleep(MOST_SECONDS)
            (event,) = [event for event in api.events if event["reason"] == "NodeReclaimed"]
            assert "node spot-1: " in event["message"]

    play(scenario)


def test_a_reclaim_that_is_refused_is_tried_again_though_no_pass_is_made() -> None:
    api = SlowKubernetes()
    api.write(reclaimed_node())
    cluster(api, "adhoc", workers=2, on="spot-1")
    api.refused["Pod", "adhoc-0"] = ApiError(500, "etcdserver: request timed out")

    async def scenario() -> None:
        async with running(api) as parts:
            parts.reclaims.add(KEY)
            await asyncio.sleep(0.9)
            assert ("delete", "Pod", "adhoc-1") in api.requests
            api.refused.clear()
            before = len(api.deleted)
            await asyncio.sleep(2)
            assert [name for name, _ in api.deleted[before:]] == ["adhoc-0"]

    play(scenario)


def test_a_pod_whose_deletion_is_under_way_is_not_deleted_twice() -> None:
    api = SlowKubernetes()
    api.write(reclaimed_node())
    cluster(api, "adhoc", workers=1, on="spot-1")

    async def scenario() -> None:
        async with running(api) as parts:
            parts.reclaims.add(KEY)
            parts.queue.add_urgently(KEY)
            await asyncio.sleep(2)
            assert [name for name, _ in api.deleted] == ["adhoc-0"]
            assert len([event for event in api.events if event["reason"] == "NodeReclaimed"]) == 1

    play(scenario)


def _taking_over() -> World:
    """A cluster whose second generation is complete, so that only the queries of the first one are in its way."""
    world = World(manifest(workers={"replicas": 2}))
    world.settle()
    world.api.queries = lambda: [{"queryId": "q1", "state": "RUNNING"}]
    world.set_spec(version="0.288")
    world.reconcile()
    world.roll_out()
    world.reconcile()
    assert world.condition("Progressing")["reason"] == "WaitingForQueries"
    return world


def test_no_pass_waits_for_a_coordinator_that_hangs_and_its_answer_makes_the_takeover() -> None:
    api = SlowKubernetes()
    api.objects = _taking_over().api.objects
    service = next(name for kind, _, name in api.objects if kind == "Service" and "-coordinator-" in name)
    old = api.objects["Service", "analytics", "adhoc"]["spec"]["selector"]
    coordinators = {name for kind, _, name in api.objects if kind == "Service"}
    api.delays = dict.fromkeys(coordinators, 5.0)
    api.presto_answer = {"activeWorkers": 2}
    longest = 0.0

    async def scenario() -> None:
        async with running(api) as parts:
            nonlocal longest
            loop = asyncio.get_running_loop()
            for _ in range(40):
                started = loop.time()
                assert await parts.reconciler.reconcile(KEY) in (RECONCILE_SECONDS, HANDOVER_SECONDS)
                longest = max(longest, loop.time() - started)
                await asyncio.sleep(0.5)
            assert longest == 0.0
            assert [path for path in api.asked if path.endswith(QUERIES_PATH)] == []
            assert api.objects["Service", "analytics", "adhoc"]["spec"]["selector"] == old
            api.delays.clear()
            await asyncio.sleep(8)
            assert api.objects["Service", "analytics", "adhoc"]["spec"]["selector"] != old

    assert service
    play(scenario)


def test_a_coordinator_that_hangs_costs_few_passes() -> None:
    api = SlowKubernetes()
    api.objects = _taking_over().api.objects
    api.delays = dict.fromkeys({name for kind, _, name in api.objects if kind == "Service"}, 5.0)

    async def scenario() -> None:
        async with running(api) as parts:
            before = _passes()
            parts.queue.add(KEY)
            await asyncio.sleep(60)
            # Two for each question, which takes five seconds, and those that the polls and the interval ask for.
            assert 0 < _passes() - before <= 30

    play(scenario)


def _passes() -> float:
    return metrics.registry.get_sample_value("presto_operator_reconcile_duration_seconds_count") or 0.0


def test_a_pass_heals_while_queries_are_not_known_and_takes_nothing_away() -> None:
    world = _taking_over()
    before = world.children()
    deleted = next(name for name in world.api.names("Service") if name.endswith("workers"))
    world.api.queries = lambda: ApiError(0, "no answer")
    world.delete("Service", deleted)
    world.reconcile()
    assert world.children().keys() == before.keys()
    assert world.condition("Progressing")["reason"] == "WaitingForQueries"


def test_answers_that_are_too_large_are_an_event() -> None:
    world = World(manifest(workers={"replicas": 2}))
    world.settle()
    world.api.presto_answer = ApiError(413, "the answer has more than 65536 bytes")
    for _ in range(3):
        world.reconcile()
    (message,) = world.news("PrestoAnswersTooLarge")
    assert "it is asked for its load every 5 minutes only" in message
    assert "more than 65536 bytes" in message
    assert world.condition("Ready")["status"] == "True"
