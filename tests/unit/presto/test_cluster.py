from __future__ import annotations

from typing import Any

import pytest

from presto_operator.presto.cluster import active_workers
from presto_operator.presto.errors import PrestoUnavailableError
from tests.unit.presto.answers import json_bytes

GOOD: dict[str, Any] = {
    "runningQueries": 3,
    "blockedQueries": 1,
    "queuedQueries": 7,
    "activeWorkers": 30,
    "runningDrivers": 12,
    "reservedMemory": 1.5e9,
    "totalInputRows": 10,
}


def test_reads_the_number() -> None:
    assert active_workers(json_bytes(GOOD)) == 30


@pytest.mark.parametrize("value", [None, "many", [], float("nan"), float("inf"), 1e30, -1, 2**31, True, "3"])
def test_names_the_number_that_is_unusable(value: object) -> None:
    with pytest.raises(PrestoUnavailableError, match="unusable answer"):
        active_workers(json_bytes({**GOOD, "activeWorkers": value}))


def test_names_the_number_that_is_missing() -> None:
    with pytest.raises(PrestoUnavailableError, match="unusable answer"):
        active_workers(json_bytes({key: value for key, value in GOOD.items() if key != "activeWorkers"}))


def test_what_is_not_used_may_be_missing() -> None:
    assert active_workers(json_bytes({"activeWorkers": 2})) == 2


def test_an_answer_is_not_quoted() -> None:
    with pytest.raises(PrestoUnavailableError) as raised:
        active_workers(json_bytes({"activeWorkers": "A" * 5_000_000}))
    assert len(str(raised.value)) < 100


@pytest.mark.parametrize("answer", [None, [], "starting", 3])
def test_refuses_what_is_no_object(answer: object) -> None:
    with pytest.raises(PrestoUnavailableError, match="/v1/cluster gave an unusable answer"):
        active_workers(json_bytes(answer))
