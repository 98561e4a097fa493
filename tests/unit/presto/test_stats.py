from __future__ import annotations

from typing import Any

import pytest

from presto_operator.presto.stats import ClusterStats, PrestoUnavailableError, cluster_stats

GOOD: dict[str, Any] = {
    "runningQueries": 3,
    "blockedQueries": 1,
    "queuedQueries": 7,
    "activeWorkers": 30,
    "runningDrivers": 12,
    "reservedMemory": 1.5e9,
    "totalInputRows": 10,
}


def test_reads_the_numbers() -> None:
    assert cluster_stats(GOOD) == ClusterStats(
        running_queries=3, blocked_queries=1, queued_queries=7, active_workers=30
    )


@pytest.mark.parametrize("name", ["runningQueries", "blockedQueries", "queuedQueries", "activeWorkers"])
@pytest.mark.parametrize("value", [None, "many", [], float("nan"), float("inf")])
def test_names_the_number_that_is_unusable(name: str, value: object) -> None:
    with pytest.raises(PrestoUnavailableError, match=name):
        cluster_stats({**GOOD, name: value})


@pytest.mark.parametrize("name", ["runningQueries", "blockedQueries", "queuedQueries", "activeWorkers"])
def test_names_the_number_that_is_missing(name: str) -> None:
    with pytest.raises(PrestoUnavailableError, match=name):
        cluster_stats({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize("answer", [None, [], "starting", 3])
def test_refuses_what_is_no_object(answer: object) -> None:
    with pytest.raises(PrestoUnavailableError, match="no JSON object"):
        cluster_stats(answer)
