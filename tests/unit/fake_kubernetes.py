"""An API server in memory, as far as the operator needs one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from presto_operator.kube import PRESTO_CLUSTER, ApiError, ObjectStore
from presto_operator.kube.api_server import Page, Selection, WatchEvent
from presto_operator.kube.kind import Kind
from presto_operator.objects import KubernetesObject, format_time, uid_of
from presto_operator.presto.load import QUERY_STATES_PATH
from presto_operator.presto.queries import QUERIES_PATH
from presto_operator.presto.tasks import TASKS_PATH

Identity = tuple[str, str, str]
"""Kind, namespace and name; a Node has no namespace."""

Listener = Callable[[str, KubernetesObject], None]
"""Takes the type of a watch event, and the object that it is about."""


class FakeKubernetes:
    """Keeps objects, their resourceVersion and their generation as an API server does, and counts requests.

    Of server-side apply it knows what matters here: maps are merged, lists are replaced, a field that others set stays,
    one that is no longer applied goes, and an object that already is as wanted isn't written.
    """

    def __init__(self, clock: Callable[[], datetime] | None = None) -> None:
        """`clock` is the time of creations and deletions; without one they are at moments that don't matter."""
        self.in_cluster = False
        self.objects: dict[Identity, KubernetesObject] = {}
        self.requests: list[tuple[str, str, str]] = []
        """Verb, kind and name of every request that could write."""
        self.refused: dict[tuple[str, str], ApiError] = {}
        """What to answer to a write of this kind and name."""
        self.refused_kinds: dict[str, ApiError] = {}
        """What to answer to every request about objects of this kind."""
        self.refused_watches: ApiError | None = None
        """What to answer to every watch."""
        self.before_apply: Callable[[], object] = lambda: None
        """What somebody else does just before an apply."""
        self.refuses_status: Callable[[Mapping[str, Any]], bool] = lambda _: False
        """Whether a status is refused as invalid (422), as by a CRD of another release."""
        self.presto_answer: object = None
        """What each coordinator says of its cluster; an ApiError if it can't be asked for anything."""
        self.queries: Callable[[], object] = list
        """What each coordinator says of its queries; an ApiError if it can't be asked for them."""
        self.resource_group: object = ApiError(404, "no such group")
        """What each coordinator says of a resource group; an ApiError if it can't be asked for it."""
        self.cpu_load: float | None = None
        """What each worker says of its CPU use; None: nothing."""
        self.tasks: Callable[[str], object] = lambda _: []
        """What the worker of this pod says of its tasks; an ApiError if it can't be asked."""
        self.asked: list[str] = []
        """What of Presto was asked for: namespace/service:port/path."""
        self.on_change: Listener = lambda _type, _obj: None
        """Called with each change, as a watch of everything would be."""
        self.revision = 100
        """The newest resourceVersion."""
        self.applied: dict[Identity, KubernetesObject] = {}
        """What the operator applied last: fields that it no longer sets are removed."""
        self._clock = clock

    @property
    def events(self) -> list[KubernetesObject]:
        """Every Event that was published, in order."""
        return [obj for (kind, _, _), obj in self.objects.items() if kind == "Event"]

    def find(self, kind: Kind | str, name: str, namespace: str = "analytics") -> KubernetesObject:
        """One object."""
        return self.objects[str(getattr(kind, "name", kind)), namespace, name]

    def names(self, kind: str) -> set[str]:
        """The names of all objects of a kind."""
        return {name for known, _, name in self.objects if known == kind}

    def write(self, obj: KubernetesObject) -> KubernetesObject:
        """Take an object as it is, as if somebody else had written it."""
        return copied(self.keep(copied(obj)))

    def keep(self, obj: KubernetesObject) -> KubernetesObject:
        """Take an object as `write` does, without a copy: nobody may change it from now on, but replace it."""
        self.revision += 1
        before = self.objects.get(identity(obj))
        metadata = obj["metadata"]
        metadata["resourceVersion"] = str(self.revision)
        metadata.setdefault("uid", f"uid-{self.revision}")
        metadata.setdefault("creationTimestamp", self._created_at())
        if "spec" in obj:
            is_new_spec = before is not None and before["spec"] != obj["spec"]
            metadata["generation"] = before["metadata"].get("generation", 1) if before else 1
            metadata["generation"] += 1 if is_new_spec else 0
        self.objects[identity(obj)] = obj
        self.on_change("MODIFIED" if before is not None else "ADDED", obj)
        return obj

    def remove(self, obj: KubernetesObject) -> None:
        """Remove just this object, if it is there."""
        known = self.objects.get(identity(obj))
        if known is not None and uid_of(known) == uid_of(obj):
            del self.objects[identity(obj)]
            self.applied.pop(identity(obj), None)
            self.revision += 1
            gone = {**known, "metadata": {**known["metadata"], "resourceVersion": str(self.revision)}}
            self.on_change("DELETED", gone)

    def _created_at(self) -> str:
        if self._clock is not None:
            return format_time(self._clock())
        return f"2026-01-01T00:{self.revision // 60 % 60:02}:{self.revision % 60:02}Z"

    def edit(self, kind: Kind | str, name: str, change: Callable[[KubernetesObject], object]) -> KubernetesObject:
        """Let somebody else change an object."""
        obj = copied(self.find(kind, name))
        change(obj)
        return self.write(obj)

    def show(self, store: ObjectStore) -> None:
        """Let the watches catch up."""
        for obj in self.objects.values():
            if obj["kind"] == "Node":
                continue
            store.put(copied(obj))

    async def get(self, kind: Kind, namespace: str | None, name: str) -> KubernetesObject | None:
        self._check(kind.name)
        return copied(self.objects.get((kind.name, namespace or "", name)))

    async def get_metadata(self, kind: Kind, namespace: str | None, name: str) -> KubernetesObject | None:
        found = await self.get(kind, namespace, name)
        return None if found is None else {field: found[field] for field in ("apiVersion", "kind", "metadata")}

    async def pages(self, selection: Selection) -> AsyncGenerator[Page, None]:
        """Of label selectors it knows those that ask whether an object has a label, or which value that has."""
        self._check(selection.kind.name)
        found = [
            copied(obj)
            for (name, of_namespace, _), obj in self.objects.items()
            if name == selection.kind.name
            and selection.namespace in (None, of_namespace)
            and is_selected(obj, selection.label_selector)
        ]
        yield Page(found, self.revision)

    async def newest_version(self, selection: Selection) -> int:
        self._check(selection.kind.name)
        return self.revision

    async def watch(
        self, selection: Selection, resource_version: int, *, timeout_seconds: float
    ) -> AsyncGenerator[WatchEvent, None]:
        """Tests tell the watches what happens; this one only says that the API server is there."""
        self._check(selection.kind.name)
        if self.refused_watches is not None:
            raise self.refused_watches
        await asyncio.sleep(timeout_seconds)
        yield WatchEvent("BOOKMARK", {"metadata": {"resourceVersion": str(max(resource_version, self.revision))}})

    async def apply(self, obj: KubernetesObject) -> KubernetesObject:
        self._request("apply", obj)
        self.before_apply()
        key = identity(obj)
        before = self.objects.get(key)
        _check_preconditions(obj, before)
        merged = _merged(_without_former(before or {}, self.applied.get(key, {}), obj), obj)
        self.applied[key] = copied(obj)
        return copied(before if before is not None and before == merged else self.keep(merged))

    async def scale(self, obj: KubernetesObject, replicas: int) -> KubernetesObject:
        self._request("scale", obj)
        if identity(obj) not in self.objects:
            raise ApiError(404, "NotFound")
        return self.edit(obj["kind"], obj["metadata"]["name"], lambda live: live["spec"].update(replicas=replicas))

    async def delete(self, obj: KubernetesObject) -> None:
        self._request("delete", obj)
        self.remove(obj)

    async def delete_pod(
        self, pod: KubernetesObject, *, grace_period_seconds: int | None = None
    ) -> KubernetesObject | None:
        self._request("delete" if grace_period_seconds is None else "remove", pod)
        if grace_period_seconds == 0:
            self.remove(pod)
            return None
        live = self.objects.get(identity(pod))
        if live is None or uid_of(live) != uid_of(pod):
            return None
        return copied(self.terminate(live))

    def terminate(self, pod: KubernetesObject) -> KubernetesObject:
        """Delete a pod with its own grace period; one that terminates already goes on to do so."""
        if "deletionTimestamp" in pod["metadata"]:
            return pod
        times: dict[str, Any] = {"deletionTimestamp": "2026-01-01T06:00:00Z"}
        if self._clock is not None:
            seconds = pod["spec"].get("terminationGracePeriodSeconds", 30)
            until = self._clock() + timedelta(seconds=seconds)
            times = {"deletionTimestamp": format_time(until), "deletionGracePeriodSeconds": seconds}
        return self.keep({**pod, "metadata": {**pod["metadata"], **times}})

    async def annotate_pod(
        self, pod: KubernetesObject, annotations: Mapping[str, str | None]
    ) -> KubernetesObject | None:
        self._request("annotate", pod)
        live = self.objects.get(identity(pod))
        if live is None or uid_of(live) != uid_of(pod):
            return None
        patch = {"metadata": {"annotations": dict(annotations)}}
        return copied(self.keep(merge_patched(live, patch)))

    async def patch_status(self, namespace: str, name: str, status: Mapping[str, Any]) -> KubernetesObject:
        if (PRESTO_CLUSTER.name, namespace, name) not in self.objects:
            raise ApiError(404, "NotFound")
        cluster = copied(self.objects[PRESTO_CLUSTER.name, namespace, name])
        self._request("status", cluster)
        if self.refuses_status(status):
            raise ApiError(422, "status.workers.active: Invalid value: must be of type integer")
        cluster["status"] = merge_patched(cluster.get("status", {}), status)
        return self.write(cluster)

    async def create(self, obj: KubernetesObject) -> KubernetesObject:
        self._request("create", obj)
        if identity(obj) in self.objects:
            raise ApiError(409, "AlreadyExists")
        return self.write(obj)

    async def get_through_service(self, namespace: str, service: str, port: int, path: str, most_bytes: int) -> bytes:
        self.asked.append(f"{namespace}/{service}:{port}{path}")
        answer = self._of_presto(path)
        if isinstance(answer, ApiError):
            raise answer
        return _body(answer, most_bytes)

    def _of_presto(self, path: str) -> object:
        if path == QUERIES_PATH:
            return self.queries()
        if path.startswith("/v1/resourceGroupState/"):
            return self.resource_group
        if path == QUERY_STATES_PATH and isinstance(self.presto_answer, Mapping):
            return query_states(self.presto_answer)
        return self.presto_answer

    async def get_through_pod(self, namespace: str, pod: str, port: int, path: str, most_bytes: int) -> bytes:
        self.asked.append(f"{namespace}/{pod}:{port}{path}")
        answer = self.tasks(pod) if path.startswith(TASKS_PATH) else self._of_server()
        if isinstance(answer, ApiError):
            raise answer
        return _body(answer, most_bytes)

    def _of_server(self) -> object:
        return ApiError(503, "no such server") if self.cpu_load is None else {"processCpuLoad": self.cpu_load}

    def _request(self, verb: str, obj: KubernetesObject) -> None:
        name = obj["metadata"]["name"]
        self.requests.append((verb, obj["kind"], name))
        self._check(obj["kind"])
        if (obj["kind"], name) in self.refused:
            raise self.refused[obj["kind"], name]

    def _check(self, kind: str) -> None:
        if kind in self.refused_kinds:
            raise self.refused_kinds[kind]


def _check_preconditions(patch: KubernetesObject, live: KubernetesObject | None) -> None:
    """What the API server checks of an apply: that it is of the object that it names by uid or resourceVersion."""
    metadata = patch["metadata"]
    if "uid" in metadata and (live is None or live["metadata"]["uid"] != metadata["uid"]):
        raise ApiError(409 if live is None else 422, "uid mismatch")
    version = metadata.get("resourceVersion")
    if version is not None and live is not None and live["metadata"]["resourceVersion"] != version:
        raise ApiError(409, "the object has been modified")


def is_selected(obj: KubernetesObject, selector: str | None) -> bool:
    """Whether a label selector of terms such as `a` and `a=b` selects an object."""
    labels = obj["metadata"].get("labels") or {}
    for term in selector.split(",") if selector else ():
        name, is_equation, value = term.partition("=")
        if name not in labels or (is_equation and labels[name] != value):
            return False
    return True


def _body(answer: object, most_bytes: int) -> bytes:
    body = json.dumps(answer).encode()
    if len(body) > most_bytes:
        raise ApiError(413, "too large")
    return body


def query_states(counts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The unfinished queries that a coordinator has which counts so at `/v1/cluster`, and waitingQueries beside."""
    return [
        *({"queryState": "RUNNING", "progress": {"blocked": False}} for _ in range(counts.get("runningQueries", 0))),
        *({"queryState": "RUNNING", "progress": {"blocked": True}} for _ in range(counts.get("blockedQueries", 0))),
        *({"queryState": "QUEUED", "resourceGroupId": ["global"]} for _ in range(counts.get("queuedQueries", 0))),
        *({"queryState": "WAITING_FOR_RESOURCES"} for _ in range(counts.get("waitingQueries", 0))),
    ]


def merge_patched(target: Any, patch: Any) -> Any:
    """A JSON merge patch, applied (RFC 7386)."""
    if not isinstance(patch, Mapping):
        return copied(patch)
    result = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patched(result.get(name), value)
    return result


def _without_former(live: Any, applied: Any, desired: Any) -> Any:
    """`live` without what was applied before and is no longer desired. Preconditions can't be taken back."""
    if not (isinstance(live, Mapping) and isinstance(applied, Mapping) and isinstance(desired, Mapping)):
        return live
    return {
        name: _without_former(value, applied.get(name), desired.get(name))
        for name, value in live.items()
        if name in desired or name not in applied or name in ("uid", "resourceVersion")
    }


def _merged(live: Any, desired: Any) -> Any:
    if not isinstance(live, Mapping) or not isinstance(desired, Mapping):
        return copied(desired)
    return {
        **{name: copied(value) for name, value in live.items() if name not in desired},
        **{name: _merged(live.get(name), value) for name, value in desired.items()},
    }


Copied = TypeVar("Copied")


def copied(value: Copied) -> Copied:
    """A copy of something that JSON can hold; much faster than copy.deepcopy."""
    if isinstance(value, dict):
        return cast(Copied, {name: copied(item) for name, item in value.items()})
    if isinstance(value, list):
        return cast(Copied, [copied(item) for item in value])
    return value


def identity(obj: KubernetesObject) -> Identity:
    return obj["kind"], obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
