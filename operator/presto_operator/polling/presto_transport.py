"""Reaching Presto: directly from inside of the cluster, through the API server from anywhere else."""

from __future__ import annotations

from typing import Protocol, TypeVar

from presto_operator.kube import ApiError, ServerProxy
from presto_operator.polling.presto_client import PrestoClient
from presto_operator.presto import (
    HTTP_PORT,
    PrestoAnswerTooLargeError,
    PrestoNotFoundError,
    PrestoUnavailableError,
    Question,
    Server,
)

Answer = TypeVar("Answer")


class Presto(Protocol):
    """Presto servers, which can be asked by GET. Both calls give up after seconds.

    They raise PrestoNotFoundError if the server has no such path, PrestoAnswerTooLargeError if its answer exceeds the
    question's limit, and PrestoUnavailableError if it can't be reached, refuses, or answers something else.
    """

    async def get_of_service(self, namespace: str, service: str, question: Question[Answer]) -> Answer:
        """What a Service's server answers."""
        ...

    async def get_of_server(self, server: Server, question: Question[Answer]) -> Answer:
        """What a pod's server answers."""
        ...


class PrestoTransport:
    """Presto servers, over the HTTP that the servers of a cluster use among themselves.

    Presto asks for passwords over HTTPS only, so no credentials are needed here (measured on 0.287).
    """

    def __init__(self, proxy: ServerProxy, presto: PrestoClient | None = None) -> None:
        self._proxy = proxy
        self._presto = presto or PrestoClient()

    async def get_of_service(self, namespace: str, service: str, question: Question[Answer]) -> Answer:
        """What a Service's server answers, within seconds.

        Raises:
            PrestoNotFoundError: it has no such path.
            PrestoAnswerTooLargeError: its answer exceeds the question's limit.
            PrestoUnavailableError: it can't be reached, refuses, or answers something else than expected.
        """
        if self._proxy.in_cluster:
            return await self._presto.get(f"http://{service}.{namespace}.svc:{HTTP_PORT}{question.path}", question)
        try:
            content = await self._proxy.get_through_service(
                namespace, service, HTTP_PORT, question.path, question.most_bytes_received
            )
        except ApiError as error:
            raise _unavailable(f"{namespace}/{service}{question.path}", error) from error
        return question.read(content)

    async def get_of_server(self, server: Server, question: Question[Answer]) -> Answer:
        """What a pod's server answers, within seconds.

        Raises:
            PrestoNotFoundError: it has no such path.
            PrestoAnswerTooLargeError: its answer exceeds the question's limit.
            PrestoUnavailableError: it can't be reached, refuses, or answers something else than expected.
        """
        if self._proxy.in_cluster:
            if not server.address:
                raise PrestoUnavailableError(f"{server.namespace}/{server.pod} has no address yet")
            host = f"[{server.address}]" if ":" in server.address else server.address
            return await self._presto.get(f"http://{host}:{HTTP_PORT}{question.path}", question)
        try:
            content = await self._proxy.get_through_pod(
                server.namespace, server.pod, HTTP_PORT, question.path, question.most_bytes_received
            )
        except ApiError as error:
            raise _unavailable(f"{server.namespace}/{server.pod}{question.path}", error) from error
        return question.read(content)

    async def close(self) -> None:
        """Close the connections to Presto."""
        await self._presto.close()


def _unavailable(what: str, error: ApiError) -> PrestoUnavailableError:
    kinds = {404: PrestoNotFoundError, 413: PrestoAnswerTooLargeError}
    return kinds.get(error.status, PrestoUnavailableError)(f"{what}: {error}")
