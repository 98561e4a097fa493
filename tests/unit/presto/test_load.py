from __future__ import annotations

from typing import Any

import pytest

from presto_operator.presto.errors import PrestoUnavailableError
from presto_operator.presto.load import (
    FullGroup,
    QueryLoad,
    UnfinishedQuery,
    full_groups,
    query_load,
    queued_roots,
    resource_group_path,
    unfinished_queries,
)
from tests.unit.presto.answers import json_bytes

# As 0.287 answers, without the fields that don't matter here.
RUNNING: dict[str, Any] = {
    "queryId": "20261124_213822_00004_99mym",
    "queryState": "RUNNING",
    "resourceGroupId": ["etl"],
    "progress": {"elapsedTimeMillis": 138547, "blocked": False, "queuedDrivers": 0},
}
BLOCKED: dict[str, Any] = {**RUNNING, "progress": {"blocked": True}}
QUEUED: dict[str, Any] = {"queryState": "QUEUED", "resourceGroupId": ["adhoc", "small"], "warningCodes": []}
WAITING: dict[str, Any] = {**RUNNING, "queryState": "WAITING_FOR_RESOURCES"}
NEW: dict[str, Any] = {"queryState": "WAITING_FOR_PREREQUISITES"}


def test_reads_the_queries() -> None:
    assert unfinished_queries(json_bytes([RUNNING, QUEUED, NEW])) == (
        UnfinishedQuery("RUNNING", is_blocked=False, group=("etl",)),
        UnfinishedQuery("QUEUED", is_blocked=False, group=("adhoc", "small")),
        UnfinishedQuery("WAITING_FOR_PREREQUISITES", is_blocked=False, group=()),
    )


@pytest.mark.parametrize("answer", [None, {}, "starting", [3], [None], [{}], [{"queryState": "X", "progress": 3}]])
def test_refuses_what_is_no_list_of_queries(answer: object) -> None:
    with pytest.raises(PrestoUnavailableError, match="queryState"):
        unfinished_queries(json_bytes(answer))


def test_each_query_is_counted_once() -> None:
    queries = unfinished_queries(
        json_bytes([RUNNING, BLOCKED, BLOCKED, QUEUED, WAITING, NEW, {"queryState": "FINISHING"}])
    )
    assert query_load(queries, frozenset()) == QueryLoad(
        running=1, blocked=2, queued=1, waiting=1, held_back=0, without_workers=2
    )


@pytest.mark.parametrize(
    ("full", "is_held_back"),
    [
        ({("adhoc", "small")}, True),
        ({("adhoc",)}, True),
        ({("adhoc", "large")}, False),
        ({("small",)}, False),
        (set(), False),
    ],
)
def test_a_full_group_holds_back_what_queues_in_it_and_below(full: set[tuple[str, ...]], *, is_held_back: bool) -> None:
    load = query_load(unfinished_queries(json_bytes([QUEUED])), map(FullGroup, full))
    assert (load.held_back, load.queued) == ((1, 0) if is_held_back else (0, 1))


def test_a_full_group_holds_nothing_back_that_runs() -> None:
    load = query_load(
        unfinished_queries(json_bytes([RUNNING, {**WAITING, "resourceGroupId": ["etl"]}])), [FullGroup(("etl",))]
    )
    assert (load.running, load.waiting, load.held_back) == (1, 1, 0)


def _group(*path: str, running: int, limit: int, groups: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"id": list(path), "numRunningQueries": running, "hardConcurrencyLimit": limit, "subGroups": list(groups)}


def test_full_groups_are_those_at_their_limit() -> None:
    deep = _group("adhoc", "small", "ann", running=1, limit=1)
    answer = _group("adhoc", running=3, limit=9, groups=(_group("adhoc", "small", running=3, limit=3, groups=(deep,)),))
    assert full_groups(json_bytes(answer)) == {FullGroup(("adhoc", "small")), FullGroup(("adhoc", "small", "ann"))}


def test_a_group_that_may_run_nothing_is_full() -> None:
    assert full_groups(json_bytes(_group("closed", running=0, limit=0))) == {FullGroup(("closed",))}


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"id": ["a"], "numRunningQueries": "many", "hardConcurrencyLimit": 1}]
)
def test_refuses_what_is_no_group(answer: object) -> None:
    with pytest.raises(PrestoUnavailableError, match="resourceGroupState gave an unusable answer"):
        full_groups(json_bytes(answer))


def test_only_roots_with_queued_queries_are_asked_for() -> None:
    assert queued_roots(unfinished_queries(json_bytes([RUNNING, QUEUED, QUEUED, NEW, {"queryState": "QUEUED"}]))) == (
        "adhoc",
    )


def test_a_root_may_have_any_name() -> None:
    assert resource_group_path("a b/c?").startswith("/v1/resourceGroupState/a%20b%2Fc%3F?")


def test_a_group_over_its_cpu_quota_is_full_although_it_runs_fewer_than_its_limit() -> None:
    over = {**_group("global", running=1, limit=100), "state": "CAN_QUEUE"}
    assert full_groups(json_bytes(over)) == {FullGroup(("global",))}
    assert full_groups(json_bytes({**over, "state": "CAN_RUN"})) == frozenset()
    queued = unfinished_queries(json_bytes([{"queryState": "QUEUED", "resourceGroupId": ["global"]}] * 200))
    load = query_load(queued, full_groups(json_bytes(over)))
    assert (load.held_back, load.queued) == (200, 0)


@pytest.mark.parametrize("used", ["51GB", "50.00GB", "49.80GB"])
def test_queries_that_wait_for_memory_are_counted_by_the_groups_that_lack_it(used: str) -> None:
    memory = {"state": "CAN_QUEUE", "softMemoryLimit": "50GB", "memoryUsage": used}
    full = full_groups(json_bytes({**_group("adhoc", running=10, limit=100), **memory}))
    assert full == {FullGroup(("adhoc",), is_by_memory=True)}
    load = query_load(unfinished_queries(json_bytes([QUEUED, QUEUED, RUNNING])), full)
    assert (load.queued, load.held_back, load.queued_for_memory) == (2, 0, (((("adhoc",),), 2),))


def test_a_concurrency_limit_below_a_memory_limit_holds_back() -> None:
    full = [FullGroup(("adhoc",), is_by_memory=True), FullGroup(("adhoc", "small"))]
    assert query_load(unfinished_queries(json_bytes([QUEUED])), full).held_back == 1


def test_memory_below_its_limit_is_no_reason() -> None:
    memory = {"softMemoryLimit": "50GB", "memoryUsage": "20GB"}
    assert full_groups(json_bytes({**_group("adhoc", running=10, limit=100), **memory})) == frozenset()
    strange = {**_group("adhoc", running=10, limit=100), **memory, "memoryUsage": "?"}
    assert full_groups(json_bytes(strange)) == frozenset()


@pytest.mark.parametrize("size", [-1, None, 1e300])
def test_the_memory_of_all_queries_is_summed(size: object) -> None:
    queries = [{**RUNNING, "progress": {"currentMemoryBytes": size}} for size in (3, 4.0, size)]
    assert query_load(unfinished_queries(json_bytes(queries)), ()).memory_bytes == 7
