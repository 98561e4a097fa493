"""The API server as the operator reaches it: with errors, with a guard over each write, and with interruptions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from presto_operator.kube import ApiError
from presto_operator.kube.api_server import Page, Selection, WatchEvent
from presto_operator.kube.kind import Kind
from presto_operator.objects import KubernetesObject
from tests.simulation.guard import Guard, Write
from tests.simulation.invariant import InvariantError
from tests.simulation.watching import Watches
from tests.unit.fake_kubernetes import FakeKubernetes

_STATUSES = (0, 409, 422, 429, 500, 503)
Result = TypeVar("Result")


@dataclass
class Faults:
    """What goes wrong with the requests of one pass."""

    error_rate: float = 0.0
    """The share of requests that fail."""
    failing_kinds: frozenset[str] = frozenset()
    """Kinds of objects about which every request fails."""
    killed_at: int | None = None
    """The request at which the operator is killed, the first being 0."""
    interrupted_at: int | None = None
    """The request before which somebody else does something."""

    def __str__(self) -> str:
        words = [
            f", {share:.0%} of requests fail" if (share := self.error_rate) else "",
            f", requests about {kind} fail" if (kind := ", ".join(self.failing_kinds)) else "",
            f", the operator is killed at request {self.killed_at}" if self.killed_at is not None else "",
            f", somebody interferes at request {self.interrupted_at}" if self.interrupted_at is not None else "",
        ]
        return "".join(words)

    @property
    def are_none(self) -> bool:
        """Whether all goes well."""
        return self == Faults()


@dataclass
class Front:
    """Implements what the operator needs of an API server, over the one in memory."""

    api: FakeKubernetes
    watches: Watches
    guard: Guard
    chance: Random
    ask_presto: Callable[[str, str, int, str], Any]
    """Answers a GET: namespace, Service, port, path."""
    ask_worker: Callable[[str, str, int, str], Any]
    """Answers a GET: namespace, pod, port, path."""
    interrupt: Callable[[], None]
    faults: Faults = field(default_factory=Faults)
    refused_kinds: frozenset[str] = frozenset()
    """Kinds that a webhook refuses until it is removed."""
    violation: InvariantError | None = None
    requests: int = 0
    """Requests of this pass, without those to Presto."""
    writes: list[Write] = field(default_factory=list)
    """Writes of this pass."""
    was_interrupted: bool = False
    in_cluster: bool = False

    def begin(self, faults: Faults) -> None:
        """Begin a pass."""
        self.faults = faults
        self.requests = 0
        self.writes = []
        self.was_interrupted = False

    async def get(self, kind: Kind, namespace: str | None, name: str) -> KubernetesObject | None:
        self._before(kind.name)
        return await self.api.get(kind, namespace, name)

    async def get_metadata(self, kind: Kind, namespace: str | None, name: str) -> KubernetesObject | None:
        self._before(kind.name)
        return await self.api.get_metadata(kind, namespace, name)

    async def pages(self, selection: Selection) -> AsyncGenerator[Page, None]:
        self._before(selection.kind.name)
        async for page in self.api.pages(selection):
            yield page

    async def newest_version(self, selection: Selection) -> int:
        return await self.api.newest_version(selection)

    def watch(
        self, selection: Selection, resource_version: int, *, timeout_seconds: float
    ) -> AsyncGenerator[WatchEvent, None]:
        return self.api.watch(selection, resource_version, timeout_seconds=timeout_seconds)

    async def apply(self, obj: KubernetesObject) -> KubernetesObject:
        return await self._write(Write("apply", obj), lambda: self.api.apply(obj))

    async def create(self, obj: KubernetesObject) -> KubernetesObject:
        return await self._write(Write("create", obj), lambda: self.api.create(obj))

    async def scale(self, obj: KubernetesObject, replicas: int) -> KubernetesObject:
        return await self._write(Write("scale", obj, replicas=replicas), lambda: self.api.scale(obj, replicas))

    async def delete(self, obj: KubernetesObject) -> None:
        await self._write(Write("delete", obj), lambda: self.api.delete(obj))

    async def delete_pod(
        self, pod: KubernetesObject, *, grace_period_seconds: int | None = None
    ) -> KubernetesObject | None:
        verb = "delete" if grace_period_seconds is None else "remove"
        return await self._write(
            Write(verb, pod), lambda: self.api.delete_pod(pod, grace_period_seconds=grace_period_seconds)
        )

    async def annotate_pod(
        self, pod: KubernetesObject, annotations: Mapping[str, str | None]
    ) -> KubernetesObject | None:
        return await self._write(Write("annotate", pod), lambda: self.api.annotate_pod(pod, annotations))

    async def patch_status(self, namespace: str, name: str, status: Mapping[str, Any]) -> KubernetesObject:
        obj = {"kind": "PrestoCluster", "metadata": {"namespace": namespace, "name": name}}
        return await self._write(Write("status", obj), lambda: self.api.patch_status(namespace, name, status))

    async def get_through_service(self, namespace: str, service: str, port: int, path: str, most_bytes: int) -> bytes:
        return _body(self.ask_presto(namespace, service, port, path), most_bytes)

    async def get_through_pod(self, namespace: str, pod: str, port: int, path: str, most_bytes: int) -> bytes:
        return _body(self.ask_worker(namespace, pod, port, path), most_bytes)

    async def _write(self, write: Write, call: Callable[[], Awaitable[Result]]) -> Result:
        is_lost_after = self._before(write.kind)
        if write.kind in self.refused_kinds and write.verb in ("apply", "create"):
            raise ApiError(403, "admission webhook denied the request")
        self.writes.append(write)
        self._guarded(self.guard.before, write)
        answer = await call()
        self._guarded(self.guard.after, write)
        if is_lost_after:
            raise ApiError(0, "the answer did not arrive")
        if isinstance(answer, dict) and write.verb == "annotate":
            self.watches.knows_from_next_pass(answer)
        elif isinstance(answer, dict):
            self.watches.knows(answer)
        elif write.verb in ("delete", "remove"):
            self.watches.knows_gone(write.obj)
        return answer

    def _guarded(self, check: Callable[[Write], None], write: Write) -> None:
        try:
            check(write)
        except InvariantError as violation:
            # The operator takes it for a defect of its own, and goes on.
            self.violation = self.violation or violation
            raise

    def _before(self, kind: str) -> bool:
        """Let fail what is to fail; returns whether the request succeeds, but its answer is lost."""
        number, self.requests = self.requests, self.requests + 1
        if number == self.faults.interrupted_at:
            self.was_interrupted = True
            self.interrupt()
        if number == self.faults.killed_at:
            raise asyncio.CancelledError
        if kind in self.faults.failing_kinds:
            raise ApiError(500, "etcdserver: request timed out")
        if self.faults.error_rate and self.chance.random() < self.faults.error_rate:
            status = self.chance.choice(_STATUSES)
            if status == 422 and kind == "PrestoCluster":
                # A status is refused for what it says, each time, and the operator writes less of it for a while.
                status = 500
            if status == 0 and self.chance.random() < 0.5:
                return True
            raise ApiError(status, "the API server has a bad day")
        return False


def _body(answer: Any, most_bytes: int) -> bytes:
    body = json.dumps(answer).encode()
    if len(body) > most_bytes:
        raise ApiError(413, "too large")
    return body
