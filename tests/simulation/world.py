"""A simulated world: one PrestoCluster, its operator, and everything around them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Any, cast

from presto_operator.api import TenantPolicy
from presto_operator.controller.assembly import Assembly, assemble
from presto_operator.controller.scope import Scope
from presto_operator.controller.spec_reader import SpecReader
from presto_operator.kube import ApiError, ClusterKey
from presto_operator.objects import KubernetesObject
from presto_operator.planning import Spec as ReadSpec
from presto_operator.planning import Valid
from presto_operator.presto import PrestoUnavailableError
from tests.simulation.checks import Checks
from tests.simulation.clock import Clock
from tests.simulation.cloud import Cloud
from tests.simulation.deployments import Controllers
from tests.simulation.facts import CLUSTER, CLUSTER_IDENTITY, NAMESPACE
from tests.simulation.front import Faults, Front
from tests.simulation.guard import Guard
from tests.simulation.invariant import InvariantError
from tests.simulation.kubelet import Kubelets
from tests.simulation.presto import Presto
from tests.simulation.specs import BASE, EXISTING_ACCOUNT, Spec
from tests.simulation.watching import Watches
from tests.unit.controller.world import FakeMetastores, one_poll
from tests.unit.fake_kubernetes import FakeKubernetes, Identity, copied
from tests.unit.manifest import manifest

KEY = ClusterKey(NAMESPACE, CLUSTER)
RELIST_SECONDS = 300.0
_SCOPE = Scope(policy=TenantPolicy(allowed_service_accounts=("*",)))
_NODES = 6
_MOST_ANSWERS = 20
"""Passes that may follow one another because of what Presto answers."""


@dataclass
class Tally:
    """What has happened in a course."""

    steps: int = 0
    passes: int = 0
    writes: int = 0
    events: int = 0
    """Watch events."""
    checks: int = 0
    restarts: int = 0


@dataclass(frozen=True)
class Saved:
    """A world at rest."""

    objects: dict[Identity, KubernetesObject]
    applied: dict[Identity, KubernetesObject]
    revision: int
    now: datetime
    nodes: int
    pods: int
    incumbent: str | None


class World:
    """All of it. One thing happens after the other, and each draws from its own chance."""

    def __init__(self, spec: Spec = BASE) -> None:
        self.clock = Clock()
        self.api = FakeKubernetes(self.clock)
        self.watches = Watches(self.api)
        self.cloud = Cloud(self.api, self.clock)
        self.kubelets = Kubelets(self.api, self.clock, self.cloud)
        self.controllers = Controllers(self.api, self.clock)
        self.presto = Presto(self.api)
        self.guard = Guard(self.api, self.clock, self.cloud, self.presto, self.watches)
        self.checks = Checks(self.guard)
        self.chance = Random(0)
        self.front = Front(
            self.api, self.watches, self.guard, self.chance, self._ask_presto, self._ask_worker, interrupt=lambda: None
        )
        self.tally = Tally()
        self.specs: list[Spec] = [spec]
        """The specs that users have applied, the newest last."""
        self.parts: Assembly | None = None
        self._listed_at = self.clock.now
        for _ in range(_NODES):
            self.cloud.join()
        self.api.keep(_service_account())
        self.api.keep(manifest(**copied(spec)))

    @property
    def cluster(self) -> KubernetesObject | None:
        """The PrestoCluster, if there is one."""
        return self.api.objects.get(CLUSTER_IDENTITY)

    def objects(self, *kinds: str) -> list[KubernetesObject]:
        """All objects of these kinds, in the order of their creation."""
        return [obj for (kind, _, _), obj in self.api.objects.items() if kind in kinds]

    def save(self) -> Saved:
        """What there is, so that other worlds can begin with it. Objects are replaced, never changed."""
        return Saved(
            dict(self.api.objects),
            dict(self.api.applied),
            self.api.revision,
            self.clock.now,
            self.cloud.count,
            self.controllers.count,
            self.guard.incumbent,
        )

    def load(self, saved: Saved) -> None:
        """Begin with what another world has saved."""
        self.api.objects = dict(saved.objects)
        self.api.applied = dict(saved.applied)
        self.api.revision = saved.revision
        self.clock.now = saved.now
        self.cloud.count = saved.nodes
        self.controllers.count = saved.pods
        self.guard.incumbent = saved.incumbent
        self.guard.look()

    def use_chance(self, chance: Random) -> None:
        """Draw everything from this from now on."""
        self.chance = self.front.chance = chance

    async def start_operator(self) -> None:
        """Start an operator that knows nothing, in place of the one that runs."""
        await self.stop_operator()
        parts = assemble(self.front, scope=_SCOPE, clock=self.clock, pace=one_poll, metastores=FakeMetastores())
        self.parts = replace(
            parts,
            reconciler=replace(parts.reconciler, specs=cast(SpecReader, _RememberedSpecs(parts.reconciler.specs))),
        )
        self.tally.restarts += 1
        await self.list_all()
        await self.parts.node_watch.start()

    async def stop_operator(self) -> None:
        """End the operator."""
        if self.parts is not None:
            await self.parts.close()
        self.parts = None

    async def list_all(self) -> None:
        """Let the operator list everything, as it does every five minutes."""
        assert self.parts is not None
        await self.parts.object_watch.list_all()
        await self.parts.node_watch.reflector.list()
        self.watches.has_listed()
        self._listed_at = self.clock.now

    def advance(self, seconds: float) -> None:
        """Let time pass, and with it whatever Kubernetes does by itself."""
        passed = 0.0
        while passed < seconds:
            # What Kubernetes does takes seconds; what takes minutes needs no more exactness.
            part = min(seconds - passed, 10.0 if passed < 60 else 60.0)
            passed += part
            self.clock.advance(part)
            self.tick()

    def tick(self) -> None:
        """Let everything but the operator and people do what is due."""
        self.cloud.tick()
        self.controllers.tick()
        self.kubelets.tick()
        self.guard.look()

    def deliver(self) -> None:
        """Let the watches tell the operator what they have."""
        assert self.parts is not None
        self.watches.deliver(self.parts)

    async def run_pass(self, faults: Faults) -> None:
        """One pass, with what goes wrong in it, and the check of what came of it."""
        if self.parts is None:
            await self.start_operator()
        assert self.parts is not None
        self.front.begin(Faults())
        if (self.clock.now - self._listed_at).total_seconds() >= RELIST_SECONDS:
            await self.list_all()
        self.deliver()
        is_current = self.watches.is_current
        self.front.begin(faults)
        self.tally.passes += 1
        error: ApiError | None = None
        try:
            await self._reconcile(self.parts)
        except ApiError as failed:
            error = failed
        except Exception as crash:
            raise self.front.violation or InvariantError("crash", f"a pass raises {crash!r}") from crash
        except asyncio.CancelledError:
            self.front.begin(Faults())
            self.parts = None
            await self.start_operator()
            return
        finally:
            self.tally.writes += len(self.front.writes)
        if self.front.violation is not None:
            raise self.front.violation
        self.guard.look()
        if faults.are_none and is_current and not self.front.was_interrupted:
            self.checks.after_pass(self.api.objects, self.watches.told, self._wanted_generation(), error)

    def _wanted_generation(self) -> str | None:
        """The generation that the spec asks for; None if it isn't known to be valid, or if it has references."""
        spec = _read_specs.get(_text_of(self.cluster)) if self.cluster is not None else None
        return spec.generation.name if isinstance(spec, Valid) else None

    async def _reconcile(self, parts: Assembly) -> None:
        """One pass, and those that Presto's answers to it ask for, also if it fails."""
        while parts.queue.take() is not None:
            parts.queue.finish(KEY)
        error = await self._one_pass(parts)
        for _ in range(_MOST_ANSWERS):
            if parts.queue.take() is None:
                break
            parts.queue.finish(KEY)
            error = await self._one_pass(parts)
        else:
            raise InvariantError("quiet", f"{_MOST_ANSWERS} passes in a row ask for another one")
        if error is not None:
            raise error

    async def _one_pass(self, parts: Assembly) -> ApiError | None:
        """One pass, and whatever it asks Presto; returns what has failed."""
        failed: ApiError | None = None
        self.watches.begin_pass()
        try:
            await parts.reconciler.reconcile(KEY)
        except ApiError as error:
            failed = error
        # What the pass has begun beside it: a poll of the coordinator.
        beside = await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)
        for outcome in beside:
            if isinstance(outcome, Exception) and not isinstance(outcome, PrestoUnavailableError):
                raise outcome
        return failed

    def _ask_presto(self, _namespace: str, service: str, _port: int, path: str) -> Any:
        return self.presto.answer(service, path, self.guard.truth(), self.chance)

    def _ask_worker(self, _namespace: str, pod: str, _port: int, _path: str) -> Any:
        raise ApiError(503, f"{pod} has no time to answer")


_read_specs: dict[str, ReadSpec] = {}


class _RememberedSpecs:
    """Renders each valid spec only once: all courses apply the same few, and to render one is slow."""

    def __init__(self, specs: SpecReader) -> None:
        self._specs = specs

    async def read(self, key: ClusterKey, body: KubernetesObject) -> ReadSpec:
        """The spec of a PrestoCluster."""
        text = _text_of(body)
        if text not in _read_specs:
            spec = await self._specs.read(key, body)
            if not isinstance(spec, Valid):
                return spec
            _read_specs[text] = spec
        return _read_specs[text]

    def forget(self, key: ClusterKey) -> None:
        """Drop what is known of a cluster that is no more."""
        self._specs.forget(key)


def _text_of(body: KubernetesObject) -> str:
    return f"{body['metadata']['uid']} {body['spec']}"


def _service_account() -> KubernetesObject:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": EXISTING_ACCOUNT, "namespace": NAMESPACE},
    }


Action = Callable[[World, Random], str]
"""Something that somebody does; returns it in words, empty if it was not possible."""
