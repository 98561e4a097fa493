from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from presto_operator.kube import ApiError, ClusterKey
from presto_operator.polling.presto_queries import QueryReader
from presto_operator.polling.presto_transport import PrestoTransport
from presto_operator.polling.seldom import REST_SECONDS, SeldomAsked
from presto_operator.presto.queries import ANSWER_COUNTS
from presto_operator.telemetry import metrics
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.virtual_time import run

KEY = ClusterKey("analytics", "adhoc")
OLD = frozenset({"old"})
NOW = datetime(2026, 1, 1, tzinfo=UTC)
RUNNING = [{"queryId": "q1", "state": "RUNNING"}]


class Coordinators(FakeKubernetes):
    """Coordinators that take a second to answer, and who asks them."""

    def __init__(self) -> None:
        super().__init__()
        self.woken = 0
        self.seldom = SeldomAsked()
        self.reader = QueryReader(PrestoTransport(self), self._wake, _now, self.seldom)

    async def get_through_service(self, namespace: str, service: str, port: int, path: str, most_bytes: int) -> bytes:
        answer = await super().get_through_service(namespace, service, port, path, most_bytes)
        await asyncio.sleep(1)
        return answer

    def _wake(self, key: ClusterKey) -> None:
        assert key == KEY
        self.woken += 1

    def run(self, scenario: Callable[[], Awaitable[None]]) -> None:
        async def closed() -> None:
            await scenario()
            await self.reader.close()

        run(closed())


def _now() -> datetime:
    return NOW + timedelta(seconds=asyncio.get_running_loop().time())


def test_an_answer_that_is_not_there_yet_is_left_out_and_wakes_up_when_it_comes() -> None:
    presto = Coordinators()
    presto.queries = lambda: RUNNING

    async def scenario() -> None:
        assert presto.reader.answers(KEY, OLD) == {}
        await asyncio.sleep(0.5)
        assert presto.reader.answers(KEY, OLD) == {}
        assert presto.woken == 0
        await asyncio.sleep(1)
        assert presto.woken == 1
        answer = presto.reader.answers(KEY, OLD)["old"]
        assert answer.activity is not None
        assert answer.activity.unfinished == ("q1",)
        assert answer.is_current(_now())
        assert len(presto.asked) == 1

    presto.run(scenario)


def test_an_old_answer_is_given_with_its_age_and_asked_for_again() -> None:
    presto = Coordinators()

    async def scenario() -> None:
        presto.reader.answers(KEY, OLD)
        await asyncio.sleep(1 + ANSWER_COUNTS.total_seconds())
        presto.queries = lambda: RUNNING
        old = presto.reader.answers(KEY, OLD)["old"]
        assert not old.is_current(_now())
        await asyncio.sleep(1.5)
        assert presto.woken == 2
        new = presto.reader.answers(KEY, OLD)["old"]
        assert new.activity is not None
        assert new.activity.unfinished == ("q1",)

    presto.run(scenario)


def test_what_is_asked_anew_is_not_answered_by_what_was_asked_before() -> None:
    presto = Coordinators()

    async def scenario() -> None:
        presto.reader.answers(KEY, OLD)
        await asyncio.sleep(0.5)
        presto.queries = lambda: RUNNING
        presto.reader.ask_anew(KEY, "old")
        await asyncio.sleep(0.7)
        assert presto.reader.answers(KEY, OLD) == {}
        await asyncio.sleep(0.5)
        answer = presto.reader.answers(KEY, OLD)["old"]
        assert answer.activity is not None
        assert answer.activity.unfinished == ("q1",)

    presto.run(scenario)


def test_a_coordinator_that_gives_no_answer_is_an_answer_without_queries_known() -> None:
    presto = Coordinators()
    presto.queries = lambda: ApiError(503, "no endpoints")

    async def scenario() -> None:
        presto.reader.answers(KEY, OLD)
        await asyncio.sleep(0.1)
        assert presto.woken == 1
        assert presto.reader.answers(KEY, OLD)["old"].activity is None

    presto.run(scenario)


def test_who_gives_two_answers_in_a_row_that_are_too_large_is_asked_seldom() -> None:
    presto = Coordinators()
    presto.queries = lambda: ApiError(413, "too large")

    async def scenario() -> None:
        for _ in range(20):
            presto.reader.answers(KEY, OLD)
            await asyncio.sleep(ANSWER_COUNTS.total_seconds())
        assert len(presto.asked) == 2
        assert presto.reader.answers(KEY, OLD)["old"].activity is None
        assert _is_asked_seldom() == 1.0
        presto.reader.ask_anew(KEY, "old")
        assert presto.reader.answers(KEY, OLD)["old"].activity is None
        news = presto.seldom.take_news(KEY)
        assert news.startswith(
            "Presto's answers are too large, so it is asked for its queries on generation old every 5 minutes only: "
        )
        assert presto.seldom.take_news(KEY) == ""
        presto.queries = list
        await asyncio.sleep(REST_SECONDS)
        presto.reader.answers(KEY, OLD)
        await asyncio.sleep(1.5)
        assert len(presto.asked) == 3
        assert presto.reader.answers(KEY, OLD)["old"].activity is not None
        assert _is_asked_seldom() == 0.0

    presto.run(scenario)


def test_who_lists_thousands_of_queries_is_asked_every_ten_seconds() -> None:
    presto = Coordinators()
    presto.queries = lambda: [{"queryId": str(number), "state": "RUNNING"} for number in range(3000)]

    async def scenario() -> None:
        for _ in range(30):
            presto.reader.answers(KEY, OLD)
            await asyncio.sleep(ANSWER_COUNTS.total_seconds())
        assert len(presto.asked) == 3

    presto.run(scenario)


def test_one_answer_that_is_too_large_changes_nothing() -> None:
    presto = Coordinators()

    async def scenario() -> None:
        for number in range(6):
            presto.queries = list if number % 2 else lambda: ApiError(413, "too large")
            presto.reader.answers(KEY, OLD)
            await asyncio.sleep(1 + ANSWER_COUNTS.total_seconds())
        assert len(presto.asked) == 6
        assert presto.seldom.take_news(KEY) == ""

    presto.run(scenario)


def _is_asked_seldom() -> float | None:
    labels = {"namespace": KEY.namespace, "cluster": KEY.name}
    return metrics.registry.get_sample_value("presto_operator_presto_asked_seldom", labels)
