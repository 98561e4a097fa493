"""An API server with PrestoClusters, over loopback: as much of one as kopf and the operator need.

Deployments come up at once, and each pod has a node of its own.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bench.hostile.scenarios import HEALTHY, PREFIX, SCENARIOS, WORKERS, Scenario
from presto_operator.kube import CHILD_KINDS, EVENT, NODE, POD, PRESTO_CLUSTER, ApiError
from presto_operator.objects import CLUSTER_LABEL, KubernetesObject
from tests.unit import live
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.manifest import manifest
from tests.unit.nodes.nodes import node, taint


@dataclass(frozen=True)
class Resource:
    """A kind of object, and its place in the API."""

    api_version: str
    name: str
    plural: str

    @property
    def path(self) -> str:
        """Where its objects are, up to their namespace."""
        return f"/{'apis' if '/' in self.api_version else 'api'}/{self.api_version}/"


_KINDS = (PRESTO_CLUSTER, *CHILD_KINDS, POD, EVENT, NODE)
_RESOURCES = (
    *(Resource(kind.api_version, kind.name, kind.plural) for kind in _KINDS),
    Resource("v1", "Namespace", "namespaces"),
    Resource("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions"),
)
_CLUSTER_SCOPED = ("Node", "Namespace", "CustomResourceDefinition")
_METADATA_ONLY = "PartialObjectMetadata"


class Kubernetes(FakeKubernetes):
    """The objects, and the watches of them."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__()
        self.scenario = scenario
        self.history: list[tuple[int, KubernetesObject]] = []
        self.changed = asyncio.Condition()
        self.tainted_at: dict[str, float] = {}
        self.delays: list[float] = []
        self.on_change = self._note
        for number in range(scenario.clusters):
            self.write(_cluster(f"{PREFIX}-{number}", 1))
        self.write(_cluster(HEALTHY, WORKERS))

    def _note(self, event_type: str, obj: KubernetesObject) -> None:
        """Keep an event for the watches."""
        self.history.append((self.revision, {**obj, "gone": True} if event_type == "DELETED" else obj))

    async def roll_out(self, name: str) -> None:
        """What the Deployment controller and the kubelets do: all pods are there and ready at once."""
        deployment = self.find("Deployment", name)
        self.write(live.deployment(deployment))
        for pod in live.pods(deployment):
            pod_name = pod["metadata"]["name"]
            if pod_name in self.names("Pod"):
                continue
            self.write({**node(), "apiVersion": "v1", "kind": "Node", "metadata": {"name": pod_name, "namespace": ""}})
            pod["spec"]["nodeName"] = pod_name
            pod["metadata"].pop("uid")
            pod["status"] |= {"phase": "Running", "podIP": "127.0.0.1"}
            self.write(pod)

    def prepare(self) -> None:
        """Let the clusters wait for a moment without queries, if the scenario is about that."""
        if self.scenario.takes_over:
            for number in range(self.scenario.clusters):
                self.edit(PRESTO_CLUSTER, f"{PREFIX}-{number}", lambda obj: obj["spec"].update(version="0.288"))

    def begin(self) -> None:
        """Write what the scenario is about."""
        config = {f"some.property-{row}": "é" * 480 for row in range(1000)}
        if self.scenario.big_specs:
            for number in range(self.scenario.clusters):
                name = f"{PREFIX}-{number}"
                self.edit(PRESTO_CLUSTER, name, lambda obj: obj["spec"].update(coordinator={"config": config}))
        for number in range(self.scenario.config_maps):
            metadata = {"name": f"big-{number}", "namespace": "somebody", "labels": {CLUSTER_LABEL: "no-such-cluster"}}
            data = {"a": f"{number:06}" * 160_000}
            self.write({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})

    def reclaim(self) -> None:
        """Let the cloud reclaim the node of one more worker of the healthy cluster."""
        names = sorted(
            name for name in self.names("Pod") if name.startswith(f"{HEALTHY}-workers") and name not in self.tainted_at
        )
        gone = self.find("Node", names[0], "")
        gone["spec"]["taints"] = [taint("aws-node-termination-handler/spot-itn")]
        self.tainted_at[names[0]] = time.monotonic()
        self.write(gone)

    def note_deletion(self, name: str) -> None:
        """A pod is being deleted."""
        if (at := self.tainted_at.get(name)) is not None:
            self.delays.append(time.monotonic() - at)

    @property
    def is_settled(self) -> bool:
        """Whether all clusters are ready, and those that have to wait for queries do."""
        clusters = [obj for (kind, _, _), obj in self.objects.items() if kind == PRESTO_CLUSTER.name]
        return all(self._is_settled(obj) for obj in clusters)

    def _is_settled(self, obj: KubernetesObject) -> bool:
        conditions = {item["type"]: item for item in obj.get("status", {}).get("conditions", [])}
        is_waiting = conditions.get("Progressing", {}).get("reason") == "WaitingForQueries"
        has_to_wait = obj["spec"]["version"] == "0.288"
        return conditions.get("Ready", {}).get("status") == "True" and (is_waiting or not has_to_wait)


def _cluster(name: str, workers: int) -> KubernetesObject:
    return manifest(name=name, uid=f"uid-of-{name}", workers={"replicas": workers})


class Server:
    """The HTTP side."""

    def __init__(self, kubernetes: Kubernetes) -> None:
        self._kubernetes = kubernetes

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        path = request.path.rstrip("/")
        if path.startswith("/bench/"):
            return await self._control(path)
        if (found := _discovery(path)) is not None:
            return web.json_response(found)
        try:
            answer = await self._resource(request, path)
        except ApiError as error:
            return web.json_response(
                {"kind": "Status", "message": str(error), "code": error.status}, status=error.status
            )
        async with self._kubernetes.changed:
            self._kubernetes.changed.notify_all()
        return answer if isinstance(answer, web.StreamResponse) else web.json_response(answer)

    async def _control(self, path: str) -> web.Response:
        kubernetes = self._kubernetes
        if path == "/bench/prepare":
            kubernetes.prepare()
        if path == "/bench/begin":
            kubernetes.begin()
        if path == "/bench/reclaim":
            kubernetes.reclaim()
        async with kubernetes.changed:
            kubernetes.changed.notify_all()
        pending = len(kubernetes.tainted_at) - len(kubernetes.delays)
        return web.json_response({"settled": kubernetes.is_settled, "delays": kubernetes.delays, "pending": pending})

    async def _resource(self, request: web.Request, path: str) -> Any:
        for kind in _RESOURCES:
            parts = path.removeprefix(kind.path).split("/") if path.startswith(kind.path) else []
            namespace = parts[1] if len(parts) > 2 and parts[0] == "namespaces" else None
            parts = parts[2:] if namespace else parts
            if parts and parts[0] == kind.plural:
                return await self._of_kind(request, kind, namespace, [*parts[1:], "", ""])
        raise ApiError(404, f"no such path: {path}")

    async def _of_kind(self, request: web.Request, kind: Resource, namespace: str | None, parts: list[str]) -> Any:
        name, subresource = parts[:2]
        if request.method == "GET" and not name:
            return await (self._watch if request.query.get("watch") == "true" else self._list)(request, kind, namespace)
        if request.method == "GET":
            obj = self._kubernetes.objects.get((kind.name, namespace or "", name))
            if obj is None:
                raise ApiError(404, "not found")
            return obj
        body = json.loads(await request.read() or b"{}")
        return await self._write(request, kind, body, (namespace or "", name, subresource))

    async def _write(self, request: web.Request, kind: Resource, body: Any, target: tuple[str, str, str]) -> Any:
        kubernetes, (namespace, name, subresource) = self._kubernetes, target
        if request.method == "POST":
            return await kubernetes.create(body)
        if request.method == "DELETE":
            return await self._delete(kind, namespace, name)
        if subresource == "status":
            return await kubernetes.patch_status(namespace, name, body["status"])
        return await self._patch(request, kind, body, name)

    async def _delete(self, kind: Resource, namespace: str, name: str) -> Any:
        kubernetes = self._kubernetes
        obj = kubernetes.objects.get((kind.name, namespace, name))
        if obj is None:
            raise ApiError(404, "not found")
        if kind.name == POD.name:
            kubernetes.note_deletion(name)
            return await kubernetes.delete_pod(obj) or {"kind": "Status"}
        await kubernetes.delete(obj)
        return {"kind": "Status"}

    async def _patch(self, request: web.Request, kind: Resource, body: Any, name: str) -> Any:
        kubernetes = self._kubernetes
        if "apply" in request.headers["Content-Type"]:
            written: Any = await kubernetes.apply(body)
        elif kind.name == POD.name:
            written = await kubernetes.annotate_pod(kubernetes.find(kind.name, name), body["metadata"]["annotations"])
        else:
            written = await kubernetes.scale(kubernetes.find(kind.name, name), body["spec"]["replicas"])
        if kind.name != "Deployment":
            return written
        await kubernetes.roll_out(name)
        return kubernetes.find(kind.name, name)

    async def _list(self, request: web.Request, kind: Resource, namespace: str | None) -> Any:
        found = [
            obj
            for (known, of, _), obj in self._kubernetes.objects.items()
            if known == kind.name and namespace in (None, of) and _selected(request, obj)
        ]
        start = int(request.query.get("continue") or 0)
        limit = int(request.query.get("limit") or len(found) or 1)
        page = [_shown(request, obj) for obj in found[start : start + limit]]
        metadata = {"resourceVersion": str(self._kubernetes.revision)}
        if start + limit < len(found):
            metadata["continue"] = str(start + limit)
        return {"kind": f"{kind.name}List", "apiVersion": kind.api_version, "metadata": metadata, "items": page}

    async def _watch(self, request: web.Request, kind: Resource, namespace: str | None) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        since = int(request.query.get("resourceVersion") or 0)
        history, position = self._kubernetes.history, 0
        while True:
            while position < len(history):
                revision, obj = history[position]
                position += 1
                is_meant = obj["kind"] == kind.name and namespace in (None, obj["metadata"].get("namespace"))
                if revision > since and is_meant and _selected(request, obj):
                    event = {"type": "DELETED" if "gone" in obj else "MODIFIED", "object": _shown(request, obj)}
                    await response.write(json.dumps(event).encode() + b"\n")
            async with self._kubernetes.changed:
                if position == len(history):
                    await self._kubernetes.changed.wait()


def _selected(request: web.Request, obj: Mapping[str, Any]) -> bool:
    wanted = (request.query.get("labelSelector") or "").split(",")
    labels = obj["metadata"].get("labels") or {}
    return all(_has(labels, *term.partition("=")) for term in wanted if term)


def _has(labels: Mapping[str, str], name: str, operator: str, value: str) -> bool:
    return name in labels and (not operator or labels[name] == value.lstrip("="))


def _shown(request: web.Request, obj: KubernetesObject) -> KubernetesObject:
    if _METADATA_ONLY not in request.headers.get("Accept", ""):
        return obj
    return {"apiVersion": "meta.k8s.io/v1", "kind": _METADATA_ONLY, "metadata": obj["metadata"]}


def _discovery(path: str) -> Any:
    groups = sorted({kind.api_version for kind in _RESOURCES if "/" in kind.api_version})
    if path in ("", "/version"):
        return {"major": "1", "minor": "34", "gitVersion": "v1.34.4", "paths": ["/api", "/apis"]}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        return {"kind": "APIGroupList", "groups": [_group(group) for group in groups]}
    for version in ("v1", *groups):
        if path == f"/{'apis' if '/' in version else 'api'}/{version}":
            return {"kind": "APIResourceList", "groupVersion": version, "resources": list(_resources(version))}
    return None


def _group(api_version: str) -> Any:
    name, _, version = api_version.partition("/")
    entry = {"groupVersion": api_version, "version": version}
    return {"name": name, "versions": [entry], "preferredVersion": entry}


def _resources(api_version: str) -> Iterator[Any]:
    for kind in _RESOURCES:
        if kind.api_version == api_version:
            verbs = ["get", "list", "watch", "create", "patch", "delete"]
            is_namespaced = kind.name not in _CLUSTER_SCOPED
            names = {"name": kind.plural, "singularName": kind.name.lower(), "kind": kind.name}
            yield {**names, "namespaced": is_namespaced, "verbs": verbs, "shortNames": [], "categories": []}


async def _serve(scenario: Scenario) -> None:
    server = Server(Kubernetes(scenario))
    application = web.Application(client_max_size=10**8)
    application.router.add_route("*", "/{tail:.*}", server.handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(next(scenario for scenario in SCENARIOS if scenario.name == sys.argv[1])))
