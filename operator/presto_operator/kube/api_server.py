"""What the operator needs of the API server.

`KubernetesClient` is the real one. Whoever takes one of these protocols says which calls it makes, and can be tested
with an API server in memory.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from presto_operator.kube.kind import Kind
from presto_operator.objects import KubernetesObject


class ApiError(Exception):
    """The API server refused a request, or could not be reached (status 0)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{message} (HTTP {status})" if status else message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Selection:
    """Objects of one kind."""

    kind: Kind
    namespace: str | None = None
    """All namespaces if None."""
    label_selector: str | None = None
    """All objects if None."""
    metadata_only: bool = False
    """Whether only the metadata of the objects is asked for (PartialObjectMetadata)."""

    def __str__(self) -> str:
        return self.kind.plural if self.namespace is None else f"{self.kind.plural} of namespace {self.namespace}"


@dataclass(frozen=True)
class Page:
    """A part of all objects of a kind, as they were at one moment."""

    items: list[KubernetesObject]
    resource_version: int
    """The moment, which is the same for all pages: an object that is newer than this may be missing."""


@dataclass(frozen=True)
class WatchEvent:
    """What has happened to an object."""

    type: str
    """ADDED, MODIFIED or DELETED; BOOKMARK if nothing has happened until the object's resourceVersion."""
    obj: KubernetesObject
    """The object as it is now, or was last; of a bookmark only the resourceVersion."""


class ObjectReader(Protocol):
    """Reads objects. Every call raises ApiError if the API server refuses it or can't be reached."""

    async def get(self, kind: Kind, namespace: str | None, name: str) -> KubernetesObject | None:
        """The object, or None if there is none of that name. The namespace of a Node is None."""
        ...

    async def get_metadata(self, kind: Kind, namespace: str | None, name: str) -> KubernetesObject | None:
        """The object without anything but its metadata, or None if there is none of that name."""
        ...

    def pages(self, selection: Selection) -> AsyncGenerator[Page, None]:
        """All selected objects, in at least one page."""
        ...

    async def newest_version(self, selection: Selection) -> int:
        """The resourceVersion that a list would be of now."""
        ...

    def watch(
        self, selection: Selection, resource_version: int, *, timeout_seconds: float
    ) -> AsyncGenerator[WatchEvent, None]:
        """What happens to the selected objects after `resource_version`.

        Ends after `timeout_seconds`, and at any time before that.

        Raises:
            ApiError: also if the API server reports an error among the events, or what isn't an event.
        """
        ...


class ObjectWriter(Protocol):
    """Writes objects. Every call raises ApiError if the API server refuses it or can't be reached."""

    async def apply(self, obj: KubernetesObject) -> KubernetesObject:
        """Server-side apply under our field manager; returns the object as the API server then has it.

        Fields that others set stay theirs, unless we set them too. An object that already is as desired isn't written.
        """
        ...

    async def create(self, obj: KubernetesObject) -> KubernetesObject:
        """Create an object; ApiError 409 if there is one of that name."""
        ...

    async def scale(self, obj: KubernetesObject, replicas: int) -> KubernetesObject:
        """Change only how many replicas a Deployment has; returns it as the API server then has it."""
        ...

    async def delete(self, obj: KubernetesObject) -> None:
        """Delete just this object (its uid is a precondition). It is no error if it is gone already."""
        ...

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
        ...

    async def annotate_pod(
        self, pod: KubernetesObject, annotations: Mapping[str, str | None]
    ) -> KubernetesObject | None:
        """Set annotations of just this pod (its uid is a precondition), or remove those that are None.

        Returns the pod as the API server then has it; None if it is gone.
        """
        ...

    async def patch_status(self, namespace: str, name: str, status: Mapping[str, Any]) -> KubernetesObject:
        """Merge `status` into a PrestoCluster's status; a None removes a field."""
        ...


class ServerProxy(Protocol):
    """Passes requests on to servers in the cluster."""

    @property
    def in_cluster(self) -> bool:
        """Whether this process runs in the cluster, so that it can reach the servers itself."""
        ...

    async def get_through_service(self, namespace: str, service: str, port: int, path: str, most_bytes: int) -> bytes:
        """What a Service answers to GET `path`, fetched through the API server's proxy.

        Raises:
            ApiError: it can't be reached or refuses; 413 if the answer has more than `most_bytes`.
        """
        ...

    async def get_through_pod(self, namespace: str, pod: str, port: int, path: str, most_bytes: int) -> bytes:
        """What a pod answers to GET `path`, fetched through the API server's proxy.

        Raises:
            ApiError: it can't be reached or refuses; 413 if the answer has more than `most_bytes`.
        """
        ...


class ApiServer(ObjectReader, ObjectWriter, ServerProxy, Protocol):
    """Everything that the operator needs of the API server."""
