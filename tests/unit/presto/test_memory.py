from __future__ import annotations

import pytest

from presto_operator.presto import memory_errors

_GIBIBYTE = 1024**3


def test_limit_and_headroom_must_fit_into_the_heap() -> None:
    # 30 % of 10 GiB are left free, unless told: 7 GiB are the most that a query may have.
    assert memory_errors({"query.max-memory-per-node": "7GB"}, 10 * _GIBIBYTE) == []
    (error,) = memory_errors({"query.max-memory-per-node": "7169MB"}, 10 * _GIBIBYTE)
    assert error.startswith("config.query.max-memory-per-node: 7169MB")
    assert "don't fit into the heap of 10240MB" in error


@pytest.mark.parametrize("name", ["query.max-memory-per-node", "query.max-total-memory-per-node"])
def test_headroom_that_is_set_counts(name: str) -> None:
    heap = 10 * _GIBIBYTE
    assert memory_errors({name: "9GB", "memory.heap-headroom-per-node": "1GB"}, heap) == []
    (error,) = memory_errors({name: "9GB", "memory.heap-headroom-per-node": "1025MB"}, heap)
    assert name in error


def test_headroom_alone_must_fit_into_the_heap() -> None:
    assert memory_errors({"memory.heap-headroom-per-node": "9GB"}, 10 * _GIBIBYTE) == []
    (error,) = memory_errors({"memory.heap-headroom-per-node": "11GB"}, 10 * _GIBIBYTE)
    assert error.startswith("config.memory.heap-headroom-per-node: 11GB")


def test_a_bad_size_names_its_property() -> None:
    errors = memory_errors({"query.max-memory-per-node": "5Gi", "memory.heap-headroom-per-node": "1"}, _GIBIBYTE)
    assert [error.partition(": ")[0] for error in errors] == [
        "config.query.max-memory-per-node",
        "config.memory.heap-headroom-per-node",
    ]


def test_other_properties_are_not_looked_at() -> None:
    assert memory_errors({"query.max-memory": "20PB", "task.concurrency": "16"}, _GIBIBYTE) == []
