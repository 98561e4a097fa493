from __future__ import annotations

import pytest

from presto_operator.presto import memory_errors

_GIBIBYTE = 1024**3


def test_limit_and_headroom_must_fit_into_the_heap() -> None:
    # 30 % of 10 GiB are left free by default, so a query can have at most 7 GiB.
    assert memory_errors({"query.max-memory-per-node": "7GB"}, 10 * _GIBIBYTE) == []
    ((name, message),) = memory_errors({"query.max-memory-per-node": "7169MB"}, 10 * _GIBIBYTE)
    assert name == "query.max-memory-per-node"
    assert message.startswith("7169MB and the headroom of 3072MB")
    assert "don't fit into the heap of 10240MB" in message


@pytest.mark.parametrize("name", ["query.max-memory-per-node", "query.max-total-memory-per-node"])
def test_headroom_that_is_set_counts(name: str) -> None:
    heap = 10 * _GIBIBYTE
    assert memory_errors({name: "9GB", "memory.heap-headroom-per-node": "1GB"}, heap) == []
    (error,) = memory_errors({name: "9GB", "memory.heap-headroom-per-node": "1025MB"}, heap)
    assert error[0] == name


def test_headroom_alone_must_fit_into_the_heap() -> None:
    assert memory_errors({"memory.heap-headroom-per-node": "9GB"}, 10 * _GIBIBYTE) == []
    (error,) = memory_errors({"memory.heap-headroom-per-node": "11GB"}, 10 * _GIBIBYTE)
    assert error == ("memory.heap-headroom-per-node", "11GB is more than the heap of 10240MB")


def test_a_bad_size_names_its_property() -> None:
    errors = memory_errors({"query.max-memory-per-node": "5Gi", "memory.heap-headroom-per-node": "1"}, _GIBIBYTE)
    assert [name for name, _ in errors] == ["query.max-memory-per-node", "memory.heap-headroom-per-node"]


def test_other_properties_are_not_looked_at() -> None:
    assert memory_errors({"query.max-memory": "20PB", "task.concurrency": "16"}, _GIBIBYTE) == []
