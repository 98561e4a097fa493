"""A Kubernetes API server over HTTP, as small as the operator and kopf will have it."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer
from kubernetes.aio import client as kubernetes_client

from presto_operator.kube import KubernetesClient
from presto_operator.objects import KubernetesObject
from tests.unit.fake_kubernetes import is_selected, merge_patched

PARTIAL = "as=PartialObjectMetadata"

_KINDS = {
    ("v1", "configmaps"): "ConfigMap",
    ("v1", "secrets"): "Secret",
    ("v1", "services"): "Service",
    ("v1", "serviceaccounts"): "ServiceAccount",
    ("v1", "pods"): "Pod",
    ("v1", "nodes"): "Node",
    ("v1", "namespaces"): "Namespace",
    ("v1", "events"): "Event",
    ("apps/v1", "deployments"): "Deployment",
    ("apps/v1", "controllerrevisions"): "ControllerRevision",
    ("policy/v1", "poddisruptionbudgets"): "PodDisruptionBudget",
    ("networking.k8s.io/v1", "networkpolicies"): "NetworkPolicy",
    ("coordination.k8s.io/v1", "leases"): "Lease",
    ("apiextensions.k8s.io/v1", "customresourcedefinitions"): "CustomResourceDefinition",
    ("prestooperator.io/v1alpha1", "prestoclusters"): "PrestoCluster",
}
_OF_NO_NAMESPACE = ("nodes", "namespaces", "customresourcedefinitions")

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeApiServer:
    """Serves lists, watches and objects; how it misbehaves is up to the test."""

    def __init__(self) -> None:
        self.version = 100
        self.objects: dict[str, dict[tuple[str, str], KubernetesObject]] = {plural: {} for _, plural in _KINDS}
        """By plural, then by namespace and name."""
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        """Verb, plural and query of each request; the verb is list, watch, get, or the HTTP method."""
        self.accepted: list[tuple[str, str, str]] = []
        """Verb, plural and header Accept of each request."""
        self.answers: dict[tuple[str, str], list[Answer]] = {}
        """What to answer to the next requests of this verb and plural, instead."""
        self._watchers: dict[str, list[asyncio.Queue[dict[str, Any] | None]]] = {}
        self._changed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncGenerator[KubernetesClient, None]:
        """A client of this server, which runs meanwhile."""
        async with self.running() as url:
            configuration = kubernetes_client.Configuration()
            configuration.host = url
            client = KubernetesClient(configuration, in_cluster=False)
            try:
                yield client
            finally:
                await client.close()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[str, None]:
        """The URL of this server, which runs meanwhile."""
        application = web.Application(client_max_size=2**24)
        application.router.add_route("*", "/{path:.*}", self._serve)
        async with TestServer(application) as server:
            try:
                yield str(server.make_url("/")).rstrip("/")
            finally:
                for queues in self._watchers.values():
                    for queue in queues:
                        queue.put_nowait(None)

    async def until(self, condition: Callable[[], bool], *, within_seconds: float = 20) -> None:
        """Wait until a request or a write has made `condition` true."""
        async with asyncio.timeout(within_seconds), self._changed:
            await self._changed.wait_for(condition)

    def count(self, verb: str, plural: str) -> int:
        """How many requests of this verb there were."""
        return sum(1 for seen, of_plural, _ in self.requests if (seen, of_plural) == (verb, plural))

    def write(self, plural: str, obj: KubernetesObject, *, is_told: bool = True) -> KubernetesObject:
        """Create or replace an object; the watches are told, unless they lose it."""
        self.version += 1
        stored = copy.deepcopy(obj)
        metadata = stored["metadata"]
        metadata.setdefault("uid", f"uid-{self.version}")
        metadata.setdefault("creationTimestamp", "2026-01-01T00:00:00Z")
        metadata["resourceVersion"] = str(self.version)
        identity = (metadata.get("namespace", ""), metadata["name"])
        event_type = "MODIFIED" if identity in self.objects[plural] else "ADDED"
        self.objects[plural][identity] = stored
        if is_told:
            self.tell(plural, {"type": event_type, "object": stored})
        return stored

    def remove(self, plural: str, namespace: str, name: str, *, is_told: bool = True) -> None:
        """Remove an object."""
        self.version += 1
        gone = copy.deepcopy(self.objects[plural].pop((namespace, name)))
        gone["metadata"]["resourceVersion"] = str(self.version)
        if is_told:
            self.tell(plural, {"type": "DELETED", "object": gone})

    def tell(self, plural: str, event: dict[str, Any] | None) -> None:
        """Send an event to the watches of a kind; None ends them."""
        for queue in self._watchers.get(plural, []):
            queue.put_nowait(copy.deepcopy(event))

    def answer_next(self, verb: str, plural: str, *answers: Answer) -> None:
        """Let these be the answers to the next requests."""
        self.answers.setdefault((verb, plural), []).extend(answers)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path = request.path.strip("/")
        discovered = _discovery(path)
        if discovered is not None:
            return web.json_response(discovered)
        for (version, plural), kind in _KINDS.items():
            base = f"{'apis' if '/' in version else 'api'}/{version}/"
            parts = path.removeprefix(base).split("/") if path.startswith(base) else []
            namespace = ""
            if len(parts) > 2 and parts[0] == "namespaces":
                namespace, parts = parts[1], parts[2:]
            if parts and parts[0] == plural:
                return await self._serve_kind(request, kind, namespace, parts)
        return status(404, f"no such path: {path}")

    async def _serve_kind(
        self, request: web.Request, kind: str, namespace: str, parts: list[str]
    ) -> web.StreamResponse:
        plural, name = parts[0], "/".join(parts[1:])
        verb = request.method
        if verb == "GET":
            verb = "get" if name else "watch" if request.query.get("watch") == "true" else "list"
        async with self._changed:
            self.requests.append((verb, plural, dict(request.query)))
            self.accepted.append((verb, plural, request.headers.get("Accept", "")))
            self._changed.notify_all()
        answers = self.answers.get((verb, plural), [])
        if answers:
            return await answers.pop(0)(request)
        if verb == "list":
            return self._list(request, kind, namespace, plural)
        if verb == "watch":
            return await self._watch(request, namespace, plural)
        answer = await self._serve_object(request, namespace, plural, name)
        async with self._changed:
            self._changed.notify_all()
        return answer

    def _list(self, request: web.Request, kind: str, namespace: str, plural: str) -> web.StreamResponse:
        found = [
            _as_asked(request, obj)
            for (of_namespace, _), obj in sorted(self.objects[plural].items())
            if namespace in ("", of_namespace) and is_selected(obj, request.query.get("labelSelector"))
        ]
        first = int(request.query.get("continue", "0"))
        limit = int(request.query.get("limit", len(found) or 1))
        metadata: dict[str, str] = {"resourceVersion": str(self.version)}
        if first + limit < len(found):
            metadata["continue"] = str(first + limit)
        page = found[first : first + limit]
        if PARTIAL in request.headers.get("Accept", ""):
            # Its items are null if there are none, as a real API server has it.
            return web.json_response({"kind": "PartialObjectMetadataList", "metadata": metadata, "items": page or None})
        return web.json_response({"kind": f"{kind}List", "apiVersion": "v1", "metadata": metadata, "items": page})

    async def _watch(self, request: web.Request, namespace: str, plural: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        # What happened between the list and this watch.
        for obj in self.objects[plural].values():
            if int(obj["metadata"]["resourceVersion"]) > int(request.query.get("resourceVersion", "0")):
                queue.put_nowait({"type": "MODIFIED", "object": copy.deepcopy(obj)})
        self._watchers.setdefault(plural, []).append(queue)
        try:
            await response.prepare(request)
            while (event := await queue.get()) is not None:
                obj = event["object"]
                if event["type"] in ("ADDED", "MODIFIED", "DELETED"):
                    is_of_namespace = namespace in ("", obj["metadata"].get("namespace", ""))
                    if not is_of_namespace or not is_selected(obj, request.query.get("labelSelector")):
                        continue
                    event = {**event, "object": _as_asked(request, obj)}
                await response.write(json.dumps(event).encode() + b"\n")
        finally:
            self._watchers[plural].remove(queue)
        return response

    async def _serve_object(self, request: web.Request, namespace: str, plural: str, name: str) -> web.StreamResponse:
        name, _, subresource = name.partition("/")
        known = self.objects[plural].get((namespace, name))
        if request.method == "GET":
            return status(404, f"{name} not found") if known is None else web.json_response(_as_asked(request, known))
        body = await request.json()
        if request.method == "POST":
            name = body["metadata"]["name"]
            if (namespace, name) in self.objects[plural]:
                return status(409, f"{name} already exists")
            return web.json_response(self.write(plural, body))
        if known is None and (request.method == "DELETE" or subresource):
            return status(404, f"{name} not found")
        if request.method == "DELETE":
            self.remove(plural, namespace, name)
            return web.json_response({"kind": "Status", "status": "Success"})
        return web.json_response(self.write(plural, merge_patched(known or {}, body)))


def status(code: int, message: str) -> web.Response:
    """What the API server answers to a request that it refuses."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message}
    return web.json_response(body, status=code)


def refusing(code: int, message: str = "refused") -> Answer:
    """An answer that refuses a request."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return status(code, message)

    return answer


def answering(body: str, content_type: str = "application/json") -> Answer:
    """An answer with this body, and status 200."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=body, content_type=content_type)

    return answer


def write_kubeconfig(directory: Path, url: str) -> Path:
    """A kubeconfig for the server at `url`."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "fake",
        "clusters": [{"name": "fake", "cluster": {"server": url}}],
        "users": [{"name": "fake", "user": {"token": "fake"}}],
        "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "fake"}}],
    }
    path = directory / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


def _as_asked(request: web.Request, obj: KubernetesObject) -> KubernetesObject:
    if PARTIAL not in request.headers.get("Accept", ""):
        return obj
    return {"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": obj["metadata"]}


def _discovery(path: str) -> dict[str, Any] | None:
    if path == "version":
        return {"major": "1", "minor": "35", "gitVersion": "v1.35.0"}
    if path == "api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "apis":
        versions = sorted({version for version, _ in _KINDS if "/" in version})
        found = [{"groupVersion": version, "version": version.partition("/")[2]} for version in versions]
        groups = [
            {"name": item["groupVersion"].partition("/")[0], "versions": [item], "preferredVersion": item}
            for item in found
        ]
        return {"kind": "APIGroupList", "groups": groups}
    version = path.removeprefix("apis/").removeprefix("api/")
    resources = [_resource(plural, kind) for (of_version, plural), kind in _KINDS.items() if of_version == version]
    return {"kind": "APIResourceList", "groupVersion": version, "resources": resources} if resources else None


def _resource(plural: str, kind: str) -> dict[str, Any]:
    return {
        "name": plural,
        "singularName": kind.lower(),
        "namespaced": plural not in _OF_NO_NAMESPACE,
        "kind": kind,
        "verbs": ["get", "list", "watch", "create", "patch", "delete"],
        "shortNames": [],
        "categories": [],
    }
