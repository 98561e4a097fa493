"""Calls to the API server."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from kubernetes.aio import client as kubernetes_client
from kubernetes.aio import config as kubernetes_config
from kubernetes.aio.client.exceptions import ApiException
from kubernetes.aio.client.rest import RESTResponse

from presto_operator.kube.api_server import ApiError, Listing
from presto_operator.kube.kind import POD, PRESTO_CLUSTER, SERVICE, Kind, kind_of
from presto_operator.objects import MANAGER, KubernetesObject, name_of, namespace_of, uid_of

_REQUEST_TIMEOUT_SECONDS = 20.0
_PROXY_TIMEOUT_SECONDS = 5.0
_PAGE_SIZE = 500

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
        self._api_client = kubernetes_client.ApiClient(configuration)
        # Proxied requests have their own connections: a hundred servers that hang would take all connections of a
        # client, while a pod has to be deleted within seconds.
        self._proxy_client = kubernetes_client.ApiClient(configuration)
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

    async def list(self, kind: Kind, *, namespace: str | None = None, label_selector: str | None = None) -> Listing:
        """All objects of a kind that `label_selector` selects, in one namespace or in all."""
        items: list[KubernetesObject] = []
        query = [("limit", str(_PAGE_SIZE))] + ([("labelSelector", label_selector)] if label_selector else [])
        page_token = ""
        while True:
            page_query = [*query, ("continue", page_token)] if page_token else query
            page = await self._call("GET", kind.path(namespace), query=page_query)
            # The items of a list have neither apiVersion nor kind.
            items += [{"apiVersion": kind.api_version, "kind": kind.name, **item} for item in page["items"]]
            page_token = page["metadata"].get("continue", "")
            if not page_token:
                return Listing(items, int(page["metadata"]["resourceVersion"]))

    async def get(self, kind: Kind, namespace: str | None, name: str) -> KubernetesObject | None:
        """The object, or None if there is none of that name. The namespace of a Node is None."""
        try:
            obj: KubernetesObject = await self._call("GET", kind.path(namespace, name))
        except ApiError as error:
            if error.status == 404:
                return None
            raise
        return obj

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
        created: KubernetesObject = await self._call("POST", kind_of(obj["kind"]).path(namespace_of(obj)), body=obj)
        return created

    async def scale(self, obj: KubernetesObject, replicas: int) -> KubernetesObject:
        """Change only how many replicas a Deployment has; returns it as the API server then has it."""
        return await self._patch(_path(obj), {"spec": {"replicas": replicas}}, _MERGE_PATCH)

    async def delete(self, obj: KubernetesObject) -> None:
        """Delete just this object (its uid is a precondition). It is no error if it is gone already."""
        options = {**_delete_options(obj), "propagationPolicy": "Background"}
        await _unless_gone(self._call("DELETE", _path(obj), body=options))

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
        answer = await _unless_gone(self._call("DELETE", _path(pod), body=options))
        # A pod that is removed at once is answered by a Status object.
        return answer if answer is not None and answer.get("kind") == POD.name else None

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
        over = _Exchange(self._proxy_client, _PROXY_TIMEOUT_SECONDS, most_bytes)
        return await self._answer("GET", f"{proxy}{path}", query=parse_qsl(query), over=over)

    async def _patch(self, path: str, body: object, content_type: str, *query: tuple[str, str]) -> KubernetesObject:
        """Patch an object under our field manager; returns it as the API server then has it."""
        patched: KubernetesObject = await self._call(
            "PATCH", path, query=[("fieldManager", MANAGER), *query], body=body, content_type=content_type
        )
        return patched

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        body: object = None,
        content_type: str = "application/json",
    ) -> Any:
        return json.loads(await self._answer(method, path, query=query, body=body, content_type=content_type))

    async def _answer(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        body: object = None,
        content_type: str = "application/json",
        over: _Exchange | None = None,
    ) -> bytes:
        exchange = over or _Exchange(self._api_client, _REQUEST_TIMEOUT_SECONDS)
        try:
            request = await exchange.client.param_serialize(
                method,
                path,
                query_params=list(query),
                header_params={"Accept": "application/json", "Content-Type": content_type},
                body=body,
                auth_settings=["BearerToken"],
            )
            response = await exchange.client.call_api(*request, _request_timeout=exchange.timeout_seconds)
            content = await _read(response, exchange.most_bytes)
        except ApiException as error:
            raise ApiError(error.status or 0, _message(error.body) or str(error.reason)) from error
        except (OSError, TimeoutError, aiohttp.ClientError) as error:
            raise ApiError(0, f"{method} {path}: {str(error) or type(error).__name__}") from error
        if not 200 <= response.status <= 299:
            raise ApiError(response.status, _message(content) or f"{method} {path}: {response.reason}")
        return content


async def _read(response: RESTResponse, most_bytes: int | None) -> bytes:
    if most_bytes is None:
        content: bytes = await response.read()
        return content
    received = bytearray()
    async for chunk in response.response.content.iter_any():
        received += chunk
        if len(received) > most_bytes:
            response.response.close()
            raise ApiError(413, f"the answer has more than {most_bytes} bytes")
    return bytes(received)


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
