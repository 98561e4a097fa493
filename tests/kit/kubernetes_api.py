"""The API server of a cluster without kubectl between: plain JSON, a few milliseconds a request, and watches."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from kubernetes import config
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

Resource = dict[str, Any]

_TIMEOUT_SECONDS = 30.0
_WATCH_SECONDS = 3600
"""Longer than any test."""
_JSON = "application/json"
_DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
MERGE_PATCH = "application/merge-patch+json"


class ApiRefusedError(AssertionError):
    """The API server has refused a request, or has no such object."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class KubernetesApi:
    """Requests with full rights."""

    def __init__(self, kubeconfig: Path) -> None:
        self._client = config.new_client_from_config(config_file=str(kubeconfig))

    def path(self, resource: str, namespace: str | None = None, name: str | None = None, *more: str) -> str:
        """The URL path of a collection, or of one object in it; `resource` is what kubectl takes, such as `pods`."""
        found = self._resources.get(resource)
        if found is None:
            # A CustomResourceDefinition may have been installed since.
            del self._resources
            found = self._resources[resource]
        prefix, plural = found
        parts = [prefix, *(["namespaces", namespace] if namespace else []), plural, *([name] if name else []), *more]
        return "/".join(parts)

    def get(self, path: str, **query: str) -> Resource:
        """What the API server answers to GET `path`.

        Raises:
            ApiRefusedError: it refuses, or there is no such thing.
        """
        return self.request("GET", path, query=query)

    def list(self, path: str, **query: str) -> list[Resource]:
        """The objects of a collection, each with its kind."""
        listing = self.get(path, **query)
        kind = listing["kind"].removesuffix("List")
        return [{"apiVersion": listing["apiVersion"], "kind": kind, **item} for item in listing["items"]]

    def create(self, path: str, resource: Resource) -> Resource:
        """Create an object in a collection, or post to a subresource."""
        return self.request("POST", path, body=resource)

    def patch(self, path: str, patch: Resource) -> Resource:
        """Change an object by a JSON merge patch."""
        return self.request("PATCH", path, body=patch, content_type=MERGE_PATCH)

    def delete(self, path: str, **query: str) -> None:
        """Delete an object, or the objects of a collection that a selector selects; it is no error if it is gone."""
        try:
            self.request("DELETE", path, query={"propagationPolicy": "Background", **query})
        except ApiRefusedError as refusal:
            if refusal.status != 404:
                raise

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Resource | None = None,
        content_type: str = _JSON,
        accept: str = _JSON,
    ) -> Resource:
        """The API server's answer to any request.

        Raises:
            ApiRefusedError: it refuses, or there is no such thing.
        """
        response = self._send(method, path, query or {}, body, content_type=content_type, accept=accept)
        content = response.data
        if not 200 <= response.status <= 299:
            raise _refusal(response.status, content)
        answer: Resource = json.loads(content)
        return answer

    def watch(self, path: str, on_event: Callable[[Resource], None], **query: str) -> Watch:
        """Call `on_event` with each event of a collection from now on, in a thread of the watch's own.

        What is there already comes first, as ADDED. By the time that this returns, no later event can be missed.
        """
        everything = {"watch": "true", "timeoutSeconds": str(_WATCH_SECONDS), **query}
        response = self._send("GET", path, everything, timeout=2 * _WATCH_SECONDS)
        if response.status != 200:
            raise _refusal(response.status, response.data)
        return Watch(path, response, on_event)

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Resource | None = None,
        *,
        content_type: str = _JSON,
        accept: str = _JSON,
        timeout: float = _TIMEOUT_SECONDS,
    ) -> BaseHTTPResponse:
        request = self._client.param_serialize(
            method,
            path,
            query_params=list(query.items()),
            header_params={"Accept": accept, "Content-Type": content_type},
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            response: BaseHTTPResponse = self._client.call_api(*request, _request_timeout=timeout).response
        except ApiException as error:
            raise ApiRefusedError(error.status or 0, str(error.body or error.reason)) from error
        return response

    @cached_property
    def _resources(self) -> dict[str, tuple[str, str]]:
        """The path of the API group and the plural of each resource, by every name that it has."""
        found: dict[str, tuple[str, str]] = {}
        for root in ("/api", "/apis"):
            for group in self.request("GET", root, accept=_DISCOVERY)["items"]:
                version = group["versions"][0]
                prefix = "/".join(filter(None, (root, group["metadata"].get("name"), version["version"])))
                for resource in version["resources"]:
                    names = (resource["resource"], resource["singularResource"], *resource.get("shortNames", ()))
                    for name in names:
                        # As kubectl has it: the core group comes first, and of two groups the first.
                        found.setdefault(name, (prefix, resource["resource"]))
        return found


class Watch:
    """The events of a collection, until it is stopped."""

    def __init__(self, path: str, response: BaseHTTPResponse, on_event: Callable[[Resource], None]) -> None:
        self._path = path
        self._response = response
        self._on_event = on_event
        self._is_stopped = False
        self.failure: str | None = None
        """Why it has ended although nobody has stopped it."""
        self._thread = threading.Thread(target=self._follow, name=f"watch of {path}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it; after this, `on_event` is called no more."""
        self._is_stopped = True
        if self.failure is None:
            self._response.shutdown()
        self._thread.join()
        self._response.close()

    def _follow(self) -> None:
        try:
            rest = b""
            for chunk in self._response.stream(amt=None):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._take(json.loads(line))
        except (HTTPError, OSError, ValueError) as error:
            self._end(str(error))
        else:
            self._end("the API server has ended it")

    def _take(self, event: Resource) -> None:
        if self._is_stopped:
            return
        if event["type"] == "ERROR":
            raise OSError(str(event["object"].get("message")))
        self._on_event(event)

    def _end(self, reason: str) -> None:
        if not self._is_stopped:
            self.failure = f"the watch of {self._path} has ended: {reason}"
            self._on_event({"type": "ERROR", "object": {"message": self.failure}})


def _refusal(status: int, content: bytes) -> ApiRefusedError:
    try:
        message = str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        message = content.decode(errors="replace")
    return ApiRefusedError(status, message)
