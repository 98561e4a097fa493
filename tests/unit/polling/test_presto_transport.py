from __future__ import annotations

import asyncio

import pytest

from presto_operator.kube import ApiError
from presto_operator.polling.presto_client import Answer, PrestoClient
from presto_operator.polling.presto_transport import PrestoTransport
from presto_operator.presto.errors import PrestoNotFoundError, PrestoUnavailableError
from presto_operator.presto.question import Question
from presto_operator.presto.server import Server, server_of
from tests.unit.fake_kubernetes import FakeKubernetes

WORKER = Server("analytics", "worker-1", "10.0.0.1")


class Listed(PrestoClient):
    """Says of each address that it was asked for."""

    async def get(self, uri: str, question: Question[Answer]) -> Answer:
        return question.read(uri.encode())


def at(path: str) -> Question[str]:
    """Something to ask for at this path."""
    return Question(path, bytes.decode, most_bytes=1000)


def _inside() -> PrestoTransport:
    kubernetes = FakeKubernetes()
    kubernetes.in_cluster = True
    return PrestoTransport(kubernetes, Listed())


def test_inside_of_the_cluster_servers_are_asked_straight() -> None:
    reader = _inside()
    service = asyncio.run(reader.get_of_service("analytics", "adhoc", at("/v1/cluster")))
    assert service == "http://adhoc.analytics.svc:8080/v1/cluster"
    assert asyncio.run(reader.get_of_server(WORKER, at("/v1/status"))) == "http://10.0.0.1:8080/v1/status"


def test_an_ipv6_address_is_bracketed() -> None:
    server = Server("analytics", "worker-1", "fd00::1")
    assert asyncio.run(_inside().get_of_server(server, at("/v1/status"))) == "http://[fd00::1]:8080/v1/status"


def test_a_server_without_an_address_is_unavailable() -> None:
    pod = {"metadata": {"namespace": "analytics", "name": "worker-1"}}
    with pytest.raises(PrestoUnavailableError, match="worker-1 has no address yet"):
        asyncio.run(_inside().get_of_server(server_of(pod), at("/v1/status")))


@pytest.mark.parametrize(("status", "is_missing"), [(404, True), (503, False), (413, False), (0, False)])
def test_outside_the_api_server_is_between(status: int, *, is_missing: bool) -> None:
    kubernetes = FakeKubernetes()
    kubernetes.presto_answer = ApiError(status, "no endpoints")
    with pytest.raises(PrestoUnavailableError, match="analytics/adhoc/v1/cluster: no endpoints") as raised:
        asyncio.run(PrestoTransport(kubernetes).get_of_service("analytics", "adhoc", at("/v1/cluster")))
    assert isinstance(raised.value, PrestoNotFoundError) is is_missing
    assert kubernetes.asked == ["analytics/adhoc:8080/v1/cluster"]
