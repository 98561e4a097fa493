"""Reaching Presto: directly from inside of the cluster, through the API server from anywhere else."""

from __future__ import annotations

from typing import Any, Protocol

from presto_operator.kube import ApiError, ServerProxy
from presto_operator.polling.presto_client import PrestoClient
from presto_operator.presto import HTTP_PORT, PrestoNotFoundError, PrestoUnavailableError, Server


class Presto(Protocol):
    """Presto servers, which can be asked by GET. Both calls give up after seconds.

    They raise PrestoNotFoundError if the server has no such path, and PrestoUnavailableError if it can't be reached,
    refuses, or answers with something else than JSON.
    """

    async def get_of_service(self, namespace: str, service: str, path: str) -> Any:
        """The JSON that a Service's server answers to GET `path`."""
        ...

    async def get_of_server(self, server: Server, path: str) -> Any:
        """The JSON that a pod's server answers to GET `path`."""
        ...


class PrestoTransport:
    """Presto servers, over the HTTP that the servers of a cluster use among themselves.

    Presto asks for passwords over HTTPS only, so no credentials are needed here (measured on 0.287).
    """

    def __init__(self, proxy: ServerProxy, presto: PrestoClient | None = None) -> None:
        self._proxy = proxy
        self._presto = presto or PrestoClient()

    async def get_of_service(self, namespace: str, service: str, path: str) -> Any:
        """The JSON that a Service's server answers to GET `path`, within seconds.

        Raises:
            PrestoNotFoundError: it has no such path.
            PrestoUnavailableError: it can't be reached, refuses, or answers with something else than JSON.
        """
        if self._proxy.in_cluster:
            return await self._presto.get(f"http://{service}.{namespace}.svc:{HTTP_PORT}{path}")
        try:
            return await self._proxy.get_through_service(namespace, service, HTTP_PORT, path)
        except (ApiError, ValueError) as error:
            raise _unavailable(f"{namespace}/{service}{path}", error) from error

    async def get_of_server(self, server: Server, path: str) -> Any:
        """The JSON that a pod's server answers to GET `path`, within seconds.

        Raises:
            PrestoNotFoundError: it has no such path.
            PrestoUnavailableError: it can't be reached, refuses, or answers with something else than JSON.
        """
        if self._proxy.in_cluster:
            if not server.address:
                raise PrestoUnavailableError(f"{server.namespace}/{server.pod} has no address yet")
            host = f"[{server.address}]" if ":" in server.address else server.address
            return await self._presto.get(f"http://{host}:{HTTP_PORT}{path}")
        try:
            return await self._proxy.get_through_pod(server.namespace, server.pod, HTTP_PORT, path)
        except (ApiError, ValueError) as error:
            raise _unavailable(f"{server.namespace}/{server.pod}{path}", error) from error

    async def close(self) -> None:
        """Close the connections to Presto."""
        await self._presto.close()


def _unavailable(what: str, error: Exception) -> PrestoUnavailableError:
    is_missing = isinstance(error, ApiError) and error.status == 404
    return (PrestoNotFoundError if is_missing else PrestoUnavailableError)(f"{what}: {error}")
