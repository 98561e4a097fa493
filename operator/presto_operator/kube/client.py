"""Calls to the API server."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from kubernetes.aio import client as kubernetes_client
from kubernetes.aio import config as kubernetes_config
from kubernetes.aio.client.exceptions import ApiException

from presto_operator.kube.kind import POD, PRESTO_CLUSTER, SERVICE, Kind, kind_of
from presto_operator.objects import MANAGER, KubernetesObject

_REQUEST_TIMEOUT_SECONDS = 20.0
_PROXY_TIMEOUT_SECONDS = 5.0
_PAGE_SIZE = 500


class ApiError(Exception):
    """The API server refused a request, or could not be reached (status 0)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{message} (HTTP {status})" if status else message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Listing:
    """All objects of a kind, as they were at one moment."""

    items: list[KubernetesObject]
    resource_version: int
    """The moment: what is newer than this may rightly be missing."""


class KubernetesClient:
    """The few calls that the operator makes, over the `kubernetes` library's transport and configuration.

    Every call has a timeout and is tried once: it is the reconcile loop that tries again, with a growing delay and
    from a fresh look at the cluster, which a retry in here would not have.
    """

    def __init__(self, configuration: kubernetes_client.Configuration, *, in_cluster: bool) -> None:
        self._api_client = kubernetes_client.ApiClient(configuration)
        # Requests that the API server passes on have connections of their own: who is to answer them may hang, and a
        # hundred that hang take all connections of a client, while a pod has to be deleted within seconds.
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
            # The items of a list don't say what they are.
            items += [{"apiVersion": kind.api_version, "kind": kind.name, **item} for item in page["items"]]
            page_token = page["metadata"].get("continue", "")
            if not page_token:
                return Listing(items, int(page["metadata"]["resourceVersion"]))

    async def get(self, kind: Kind, namespace: str | None, name: str) -> KubernetesObject | None:
        """The object, or None if there is none of that name. What is in no namespace is asked for with None."""
        try:
            obj: KubernetesObject = await self._call("GET", kind.path(namespace, name))
        except ApiError as error:
            if error.status == 404:
                return None
            raise
        return obj

    async def apply(self, obj: KubernetesObject) -> KubernetesObject:
        """Server-side apply under our field manager; returns the object as the API server then has it.

        Fields that others set stay theirs, unless we set them too. An object that already is as wanted isn't written.
        """
        metadata = obj["metadata"]
        applied: KubernetesObject = await self._call(
            "PATCH",
            kind_of(obj["kind"]).path(metadata["namespace"], metadata["name"]),
            query=[("fieldManager", MANAGER), ("force", "true")],
            body=obj,
            content_type="application/apply-patch+yaml",
        )
        return applied

    async def delete(self, obj: KubernetesObject) -> None:
        """Delete just this object (its uid is a precondition); that it is gone already is no error."""
        metadata = obj["metadata"]
        try:
            await self._call(
                "DELETE",
                kind_of(obj["kind"]).path(metadata["namespace"], metadata["name"]),
                body={
                    "apiVersion": "v1",
                    "kind": "DeleteOptions",
                    "propagationPolicy": "Background",
                    "preconditions": {"uid": metadata["uid"]},
                },
            )
        except ApiError as error:
            if error.status not in (404, 409):
                raise

    async def delete_pod(
        self, pod: KubernetesObject, *, grace_period_seconds: int | None = None
    ) -> KubernetesObject | None:
        """Delete just this pod (its uid is a precondition); that it is gone already is no error.

        Returns the pod as it is on its way out; None if it is gone.

        Args:
            pod: the pod.
            grace_period_seconds: 0 removes the object at once, whether its node answers or not; None: the pod's own.
        """
        metadata = pod["metadata"]
        options: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": metadata["uid"]},
        }
        if grace_period_seconds is not None:
            options["gracePeriodSeconds"] = grace_period_seconds
        try:
            answer: KubernetesObject = await self._call(
                "DELETE", POD.path(metadata["namespace"], metadata["name"]), body=options
            )
        except ApiError as error:
            if error.status not in (404, 409):
                raise
            return None
        return answer if answer.get("kind") == POD.name else None

    async def annotate_pod(
        self, pod: KubernetesObject, annotations: Mapping[str, str | None]
    ) -> KubernetesObject | None:
        """Set annotations of just this pod (its uid is a precondition), or remove those that are None.

        Returns the pod as the API server then has it; None if it is gone.
        """
        metadata = pod["metadata"]
        try:
            annotated: KubernetesObject = await self._call(
                "PATCH",
                POD.path(metadata["namespace"], metadata["name"]),
                query=[("fieldManager", MANAGER)],
                body={"metadata": {"uid": metadata["uid"], "annotations": dict(annotations)}},
                content_type="application/merge-patch+json",
            )
        except ApiError as error:
            if error.status not in (404, 409):
                raise
            return None
        return annotated

    async def scale(self, obj: KubernetesObject, replicas: int) -> KubernetesObject:
        """Change nothing but how many replicas a Deployment has; returns it as the API server then has it."""
        metadata = obj["metadata"]
        scaled: KubernetesObject = await self._call(
            "PATCH",
            kind_of(obj["kind"]).path(metadata["namespace"], metadata["name"]),
            query=[("fieldManager", MANAGER)],
            body={"spec": {"replicas": replicas}},
            content_type="application/merge-patch+json",
        )
        return scaled

    async def patch_status(self, namespace: str, name: str, status: Mapping[str, Any]) -> KubernetesObject:
        """Merge `status` into a PrestoCluster's status; a None removes a field."""
        patched: KubernetesObject = await self._call(
            "PATCH",
            PRESTO_CLUSTER.path(namespace, name, "status"),
            query=[("fieldManager", MANAGER)],
            body={"status": status},
            content_type="application/merge-patch+json",
        )
        return patched

    async def create(self, obj: KubernetesObject) -> KubernetesObject:
        """Create an object.

        Raises:
            ApiError: 409 if there is one of that name.
        """
        created: KubernetesObject = await self._call(
            "POST", kind_of(obj["kind"]).path(obj["metadata"]["namespace"]), body=obj
        )
        return created

    async def get_through_service(self, namespace: str, service: str, port: int, path: str) -> Any:
        """The JSON that a Service answers to GET `path`, fetched through the API server's proxy."""
        return await self._get_through_proxy(SERVICE.path(namespace, f"{service}:{port}", "proxy"), path)

    async def get_through_pod(self, namespace: str, pod: str, port: int, path: str) -> Any:
        """The JSON that a pod answers to GET `path`, fetched through the API server's proxy."""
        return await self._get_through_proxy(POD.path(namespace, f"{pod}:{port}", "proxy"), path)

    async def _get_through_proxy(self, proxy: str, path: str) -> Any:
        path, _, query = path.partition("?")
        return await self._call(
            "GET",
            f"{proxy}{path}",
            query=parse_qsl(query),
            timeout_seconds=_PROXY_TIMEOUT_SECONDS,
            over=self._proxy_client,
        )

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        body: object = None,
        content_type: str = "application/json",
        timeout_seconds: float = _REQUEST_TIMEOUT_SECONDS,
        over: kubernetes_client.ApiClient | None = None,
    ) -> Any:
        api_client = over or self._api_client
        try:
            request = await api_client.param_serialize(
                method,
                path,
                query_params=list(query),
                header_params={"Accept": "application/json", "Content-Type": content_type},
                body=body,
                auth_settings=["BearerToken"],
            )
            response = await api_client.call_api(*request, _request_timeout=timeout_seconds)
            content = await response.read()
        except ApiException as error:
            raise ApiError(error.status or 0, _message(error.body) or str(error.reason)) from error
        except (OSError, TimeoutError, aiohttp.ClientError) as error:
            raise ApiError(0, f"{method} {path}: {str(error) or type(error).__name__}") from error
        if not 200 <= response.status <= 299:
            raise ApiError(response.status, _message(content) or f"{method} {path}: {response.reason}")
        return json.loads(content)


def _message(content: bytes | str | None) -> str:
    """What the API server says is wrong, out of the Status object that it answers with."""
    try:
        status = json.loads(content or "{}")
    except ValueError:
        return (content.decode(errors="replace") if isinstance(content, bytes) else str(content)).strip()[:500]
    return str(status.get("message", "")) if isinstance(status, dict) else ""
