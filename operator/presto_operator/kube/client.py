"""Calls to the API server."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from kubernetes.aio import client as kubernetes_client
from kubernetes.aio import config as kubernetes_config
from kubernetes.aio.client.exceptions import ApiException

from presto_operator.kube.api_server import ApiError, Page, Selection, WatchEvent
from presto_operator.kube.kind import POD, PRESTO_CLUSTER, SERVICE, Kind, kind_of
from presto_operator.kube.server_clock import ServerClock
from presto_operator.kube.wire import (
    AnswerTooLargeError,
    as_json,
    as_list,
    as_object,
    as_written,
    lines,
    read,
    read_event,
    read_page,
)
from presto_operator.objects import MANAGER, KubernetesObject, name_of, namespace_of, uid_of

_REQUEST_TIMEOUT_SECONDS = 20.0
_PROXY_TIMEOUT_SECONDS = 5.0
_IDLE_SECONDS = 90.0
"""The API server sends a bookmark about every minute."""
_PAGE_SIZE = 250
_MOST_PAGE_BYTES = 4 * 2**20
"""Pages of larger objects have fewer of them. An object has at most 1.5 MiB, which is etcd's limit."""
_MOST_EVENT_BYTES = 8 * 2**20

_JSON = "application/json"
_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
_METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_APPLY = "application/apply-patch+yaml"
_MERGE_PATCH = "application/merge-patch+json"


@dataclass(frozen=True)
class _Exchange:
    """Over which connections a request is made, and what its answer may take."""

    client: kubernetes_client.ApiClient
    timeout_seconds: float
    most_bytes: int | None = None
    """None: as many as there are."""


class KubernetesClient:
    """The calls to the API server that the operator makes, over the `kubernetes` library's transport and configuration.

    Every call has a timeout and is tried once. The reconcile loop tries again, with a growing delay and by what it then
    knows of the cluster; a retry in here would repeat what was decided before.
    """

    def __init__(self, configuration: kubernetes_client.Configuration, *, in_cluster: bool) -> None:
        self.clock = ServerClock()
        self._api_client = kubernetes_client.ApiClient(configuration)
        # Proxied requests have their own connections: a hundred servers that hang would take all connections of a
        # client, while a pod has to be deleted within seconds.
        self._proxy_client = kubernetes_client.ApiClient(configuration)
        # As have watches, of which each keeps one for minutes.
        self._watch_client = kubernetes_client.ApiClient(configuration)
        self._watch_client.rest_client.maxsize = 0  # aiohttp's word for: any number
        self.in_cluster = in_cluster

    @classmethod
    async def connect(cls) -> KubernetesClient:
        """A client with the pod's service account, or else with the current context of the user's kubeconfig.

        Raises:
            kubernetes.aio.config.ConfigException: there is neither.
        """
        configuration = kubernetes_client.Configuration()
        try:
            kubernetes_config.load_incluster_config(client_configuration=configuration)
            in_cluster = True
        except kubernetes_config.ConfigException:
            await kubernetes_config.load_kube_config(client_configuration=configuration)
            in_cluster = False
        return cls(configuration, in_cluster=in_cluster)

    async def close(self) -> None:
        """Close the connections."""
        await self._api_client.close()
        await self._proxy_client.close()
        await self._watch_client.close()

    async def pages(self, selection: Selection) -> AsyncGenerator[Page, None]:
        """All selected objects, in at least one page."""
        limit, token = _PAGE_SIZE, ""
        while True:
            try:
                answer = await self._list(selection, limit, token)
            except AnswerTooLargeError:
                if limit == 1:
                    raise
                limit = max(1, limit // 4)
                continue
            yield read_page(selection.kind, answer)
            token = answer["metadata"].get("continue") or ""
            if not token:
                return
            limit = min(_PAGE_SIZE, limit * 2)

    async def newest_version(self, selection: Selection) -> int:
        """The resourceVersion that a list would be of now."""
        return read_page(selection.kind, await self._list(selection, 1, "")).resource_version

    async def list(
        self, kind: Kind, *, namespace: str | None = None, label_selector: str | None = None
    ) -> list[KubernetesObject]:
        """All objects of a kind that `label_selector` selects, in one namespace or in all."""
        return [item async for page in self.pages(Selection(kind, namespace, label_selector)) for item in page.items]

    async def watch(
        self, selection: Selection, resource_version: int, *, timeout_seconds: float
    ) -> AsyncGenerator[WatchEvent, None]:
        """What happens to the selected objects after `resource_version`.

        Ends after `timeout_seconds`, after a while without any news, and whenever the API server ends it.

        Raises:
            ApiError: the API server refused it, reports an error among the events, or sends what isn't an event.
        """
        query = [
            *_query(selection),
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("resourceVersion", str(resource_version)),
            ("timeoutSeconds", str(math.ceil(timeout_seconds))),
        ]
        accept = _METADATA if selection.metadata_only else _JSON
        request = _Request("GET", selection.kind.path(selection.namespace), query, accept=accept)
        limit = aiohttp.ClientTimeout(sock_connect=_REQUEST_TIMEOUT_SECONDS, sock_read=_IDLE_SECONDS)
        try:
            response = await _send(request, self._watch_client, limit)
            if not 200 <= response.status <= 299:
                content = await read(response, _MOST_EVENT_BYTES)
                raise ApiError(response.status, _message(content) or f"{request}: {response.reason}")
            async with contextlib.aclosing(lines(response, _MOST_EVENT_BYTES)) as received:
                async for line in received:
                    yield read_event(selection.kind, line)
        except TimeoutError:
            return  # Nothing for a while: maybe the connection is dead.
        except (OSError, aiohttp.ClientError) as error:
            raise ApiError(0, f"{request}: {str(error) or type(error).__name__}") from error

    async def get(self, kind: Kind, namespace: str | None, name: str) -> KubernetesObject | None:
        """The object, or None if there is none of that name. The namespace of a Node is None."""
        return await self._get(kind, _Request("GET", kind.path(namespace, name)))

    async def get_metadata(self, kind: Kind, namespace: str | None, name: str) -> KubernetesObject | None:
        """The object without anything but its metadata, or None if there is none of that name."""
        obj = await self._get(kind, _Request("GET", kind.path(namespace, name), accept=_METADATA))
        return None if obj is None else {**obj, "apiVersion": kind.api_version, "kind": kind.name}

    async def apply(self, obj: KubernetesObject) -> KubernetesObject:
        """Server-side apply under our field manager; returns the object as the API server then has it.

        Fields that others set stay theirs, unless we set them too. An object that already is as desired isn't written.
        """
        return await self._patch(_path(obj), obj, _APPLY, ("force", "true"))

    async def create(self, obj: KubernetesObject) -> KubernetesObject:
        """Create an object.

        Raises:
            ApiError: 409 if there is one of that name.
        """
        path = kind_of(obj["kind"]).path(namespace_of(obj))
        return as_written(await self._call(_Request("POST", path, body=obj)), path)

    async def scale(self, obj: KubernetesObject, replicas: int) -> KubernetesObject:
        """Change only how many replicas a Deployment has; returns it as the API server then has it."""
        return await self._patch(_path(obj), {"spec": {"replicas": replicas}}, _MERGE_PATCH)

    async def delete(self, obj: KubernetesObject) -> None:
        """Delete just this object (its uid is a precondition). It is no error if it is gone already."""
        options = {**_delete_options(obj), "propagationPolicy": "Background"}
        await _unless_gone(self._call(_Request("DELETE", _path(obj), body=options)))

    async def delete_pod(
        self, pod: KubernetesObject, *, grace_period_seconds: int | None = None
    ) -> KubernetesObject | None:
        """Delete just this pod (its uid is a precondition). It is no error if it is gone already.

        Returns the pod as it then terminates; None if it is gone.

        Args:
            pod: the pod.
            grace_period_seconds: 0 removes the object at once, whether its node answers or not. Defaults to the pod's
                own grace period.
        """
        options = _delete_options(pod)
        if grace_period_seconds is not None:
            options["gracePeriodSeconds"] = grace_period_seconds
        answer = await _unless_gone(self._call(_Request("DELETE", _path(pod), body=options)))
        # A pod that is removed at once is answered by a Status object.
        return answer if isinstance(answer, dict) and answer.get("kind") == POD.name else None

    async def annotate_pod(
        self, pod: KubernetesObject, annotations: Mapping[str, str | None]
    ) -> KubernetesObject | None:
        """Set annotations of just this pod (its uid is a precondition), or remove those that are None.

        Returns the pod as the API server then has it; None if it is gone.
        """
        body = {"metadata": {"uid": uid_of(pod), "annotations": dict(annotations)}}
        return await _unless_gone(self._patch(_path(pod), body, _MERGE_PATCH))

    async def patch_status(self, namespace: str, name: str, status: Mapping[str, Any]) -> KubernetesObject:
        """Merge `status` into a PrestoCluster's status; a None removes a field."""
        return await self._patch(PRESTO_CLUSTER.path(namespace, name, "status"), {"status": status}, _MERGE_PATCH)

    async def get_through_service(self, namespace: str, service: str, port: int, path: str, most_bytes: int) -> bytes:
        """What a Service answers to GET `path`, fetched through the API server's proxy.

        Raises:
            ApiError: it can't be reached or refuses; 413 if the answer has more than `most_bytes`.
        """
        return await self._get_through_proxy(SERVICE.path(namespace, f"{service}:{port}", "proxy"), path, most_bytes)

    async def get_through_pod(self, namespace: str, pod: str, port: int, path: str, most_bytes: int) -> bytes:
        """What a pod answers to GET `path`, fetched through the API server's proxy.

        Raises:
            ApiError: it can't be reached or refuses; 413 if the answer has more than `most_bytes`.
        """
        return await self._get_through_proxy(POD.path(namespace, f"{pod}:{port}", "proxy"), path, most_bytes)

    async def _get_through_proxy(self, proxy: str, path: str, most_bytes: int) -> bytes:
        path, _, query = path.partition("?")
        request = _Request("GET", f"{proxy}{path}", parse_qsl(query))
        return await self._answer(request, _Exchange(self._proxy_client, _PROXY_TIMEOUT_SECONDS, most_bytes))

    async def _patch(self, path: str, body: object, content_type: str, *query: tuple[str, str]) -> KubernetesObject:
        """Patch an object under our field manager; returns it as the API server then has it."""
        request = _Request("PATCH", path, [("fieldManager", MANAGER), *query], body, content_type)
        return as_written(await self._call(request), path)

    async def _get(self, kind: Kind, request: _Request) -> KubernetesObject | None:
        try:
            return as_object(await self._call(request), kind, str(request))
        except ApiError as error:
            if error.status != 404:
                raise
            return None

    async def _list(self, selection: Selection, limit: int, token: str) -> dict[str, Any]:
        query = [*_query(selection), ("limit", str(limit)), *([("continue", token)] if token else [])]
        path = selection.kind.path(selection.namespace)
        accept = _METADATA_LIST if selection.metadata_only else _JSON
        request = _Request("GET", path, query, accept=accept)
        return as_list(await self._call(request, most_bytes=_MOST_PAGE_BYTES), path)

    async def _call(
        self,
        request: _Request,
        *,
        most_bytes: int | None = None,
    ) -> Any:
        """The JSON that the API server answers."""
        exchange = _Exchange(self._api_client, _REQUEST_TIMEOUT_SECONDS, most_bytes)
        return as_json(await self._answer(request, exchange), str(request))

    async def _answer(self, request: _Request, exchange: _Exchange) -> bytes:
        try:
            response = await _send(request, exchange.client, exchange.timeout_seconds)
            content = await read(response, exchange.most_bytes)
        except (OSError, TimeoutError, aiohttp.ClientError) as error:
            raise ApiError(0, f"{request}: {str(error) or type(error).__name__}") from error
        if exchange.client is self._api_client:
            # What comes through the proxy has the clock of the server behind it.
            self.clock.hear(response.headers.get("Date"))
        if not 200 <= response.status <= 299:
            raise ApiError(response.status, _message(content) or f"{request}: {response.reason}")
        return content


@dataclass(frozen=True)
class _Request:
    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    body: object = None
    content_type: str = _JSON
    accept: str = _JSON

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


async def _send(
    request: _Request, client: kubernetes_client.ApiClient, limit: float | aiohttp.ClientTimeout
) -> aiohttp.ClientResponse:
    """The answer to a request, whatever its status; its body is still to be read. `limit` is of its time."""
    try:
        arguments = await client.param_serialize(
            request.method,
            request.path,
            query_params=list(request.query),
            header_params={"Accept": request.accept, "Content-Type": request.content_type},
            body=request.body,
            auth_settings=["BearerToken"],
        )
        answer = await client.call_api(*arguments, _request_timeout=limit)
    except ApiException as error:
        raise ApiError(error.status or 0, _message(error.body) or str(error.reason)) from error
    response: aiohttp.ClientResponse = answer.response
    return response


def _query(selection: Selection) -> list[tuple[str, str]]:
    return [("labelSelector", selection.label_selector)] if selection.label_selector else []


def _path(obj: KubernetesObject) -> str:
    return kind_of(obj["kind"]).path(namespace_of(obj), name_of(obj))


def _delete_options(obj: KubernetesObject) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid_of(obj)}}


async def _unless_gone(call: Awaitable[KubernetesObject]) -> KubernetesObject | None:
    """What the API server answers; None if the object is gone, or if another one has its name now.

    The latter is a conflict with the uid that the call has for its precondition.
    """
    try:
        return await call
    except ApiError as error:
        if error.status not in (404, 409):
            raise
        return None


def _message(content: bytes | str | None) -> str:
    """The message of the Status object that the API server answers an error with."""
    try:
        status = json.loads(content or "{}")
    except ValueError:
        return (content.decode(errors="replace") if isinstance(content, bytes) else str(content)).strip()[:500]
    return str(status.get("message", "")) if isinstance(status, dict) else ""
