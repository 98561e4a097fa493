"""A small world in which the reconcile loop runs: an API server, what the other controllers do, and a clock."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from presto_operator.api import TenantPolicy
from presto_operator.controller.assembly import assemble
from presto_operator.controller.scope import Scope
from presto_operator.kube import PRESTO_CLUSTER, ClusterKey
from presto_operator.kube.kind import Kind
from presto_operator.metastore import Finding, Probe
from presto_operator.objects import KubernetesObject
from presto_operator.settings import DEFAULTS, Settings
from tests.unit import live
from tests.unit.fake_kubernetes import FakeKubernetes

LENIENT = TenantPolicy(
    allow_node_sysctls=True,
    allow_privileged=True,
    allow_host_paths=True,
    allowed_service_accounts=("*",),
    allowed_metastore_hosts=("*",),
)
"""For tests that are about something else."""
KEY = ClusterKey("analytics", "adhoc")
RECONCILE_SECONDS = DEFAULTS.reconcile_interval.total_seconds()
HANDOVER_SECONDS = DEFAULTS.handover_interval.total_seconds()


class FakeMetastores:
    """Metastores that answer as they are told. One that was not told anything has not answered yet."""

    def __init__(self) -> None:
        self.answers: dict[str, Finding] = {}
        """Findings by host:port."""
        self.watched: dict[ClusterKey, tuple[Probe, ...]] = {}

    def watch(self, key: ClusterKey, wanted: tuple[Probe, ...]) -> None:
        self.watched[key] = wanted

    def forget(self, key: ClusterKey) -> None:
        self.watched[key] = ()

    def findings(self, key: ClusterKey) -> dict[Probe, Finding | None]:
        return {probe: self.answers.get(str(probe.address)) for probe in self.watched.get(key, ())}

    async def close(self) -> None:
        self.watched.clear()


async def one_poll(_: ClusterKey) -> AsyncGenerator[float, None]:
    """A pace of one poll each time that a pass starts polling, rather than one every few seconds."""
    yield 0.0


class World:
    """One PrestoCluster and everything around it."""

    def __init__(
        self, manifest: KubernetesObject, settings: Settings = DEFAULTS, policy: TenantPolicy = LENIENT
    ) -> None:
        self.settings = settings
        self.policy = policy
        self.api = FakeKubernetes()
        self.api.presto_answer = {"runningQueries": 1, "blockedQueries": 0, "queuedQueries": 0, "activeWorkers": 2}
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.api.write(manifest)
        self.restart()

    def restart(self) -> None:
        """Start the operator anew: it knows only what the API server has."""
        self.metastores = FakeMetastores()
        parts = assemble(
            self.api,
            scope=Scope(policy=self.policy),
            settings=self.settings,
            clock=lambda: self.now,
            pace=one_poll,
            metastores=self.metastores,
        )
        self.store, self.nodes, self.reconciler = parts.store, parts.nodes, parts.reconciler
        self.queue = parts.queue

    def reconcile(self, *, after_seconds: float = 10) -> float | None:
        """One pass, ten seconds after the last unless told, with watches that are up to date."""
        self.now += timedelta(seconds=after_seconds)
        self.api.requests.clear()
        self.api.show(self.store)
        return asyncio.run(self._pass())

    async def _pass(self) -> float | None:
        """One pass, and those that Presto's answers to it ask for."""
        outcome = await self._one_pass()
        while (key := self.queue.take()) is not None:
            self.queue.finish(key)
            outcome = await self._one_pass()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _one_pass(self) -> float | Exception | None:
        again_after: float | Exception | None
        try:
            again_after = await self.reconciler.reconcile(KEY)
        except Exception as error:  # noqa: BLE001 - raised once the other passes are made
            again_after = error
        # What the pass has set going beside it: the questions to Presto, whose answers another pass reports.
        beside = await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)
        for outcome in beside:
            if isinstance(outcome, Exception):
                raise outcome
        return again_after

    def roll_out(self, *, drains_last: bool = False) -> None:
        """What the other controllers do until every Deployment has all of its pods ready, and no more than those.

        Where drains last, pods that have to go are on their way out from now on.
        """
        pods: dict[str, KubernetesObject] = {}
        for obj in list(self.api.objects.values()):
            if obj["kind"] == "Deployment":
                self.api.write(live.deployment(self.api.find("Deployment", obj["metadata"]["name"])))
                pods |= {pod["metadata"]["name"]: pod for pod in live.pods(obj)}
        for name in self.api.names("Pod") - pods.keys():
            if drains_last:
                self.edit("Pod", name, lambda pod: pod["metadata"].update(deletionTimestamp="2026-01-01T06:00:00Z"))
            else:
                self.delete("Pod", name)
        for name, pod in pods.items():
            if name not in self.api.names("Pod"):
                self.api.write(pod)

    def settle(self) -> None:
        """Let everything come up, and the operator take note of it."""
        for _ in range(5):
            self.reconcile()
            self.roll_out()

    def edit(self, kind: Kind | str, name: str, change: Callable[[KubernetesObject], object]) -> None:
        """Let somebody else change an object."""
        self.api.edit(kind, name, change)

    def set_spec(self, **fields: Any) -> None:
        """Let the user change the spec."""
        self.edit(PRESTO_CLUSTER, "adhoc", lambda obj: obj["spec"].update(fields))

    def delete(self, kind: str, name: str) -> None:
        """Let somebody else delete an object, and the watch tell of it."""
        self.store.remove(self.api.objects.pop((kind, "analytics", name)))

    def condition(self, name: str) -> dict[str, Any]:
        """One condition of the cluster."""
        conditions: list[dict[str, Any]] = self.status["conditions"]
        (found,) = [condition for condition in conditions if condition["type"] == name]
        return found

    @property
    def status(self) -> dict[str, Any]:
        """The cluster's status."""
        found: dict[str, Any] = self.api.find(PRESTO_CLUSTER, "adhoc").get("status", {})
        return found

    def children(self) -> dict[tuple[str, str, str], KubernetesObject]:
        """Everything but the cluster itself and the Events about it."""
        kinds = ("PrestoCluster", "Event")
        return copy.deepcopy({key: obj for key, obj in self.api.objects.items() if key[0] not in kinds})

    def news(self, reason: str) -> list[str]:
        """The messages of the Events of this reason."""
        return [event["message"] for event in self.api.events if event["reason"] == reason]
