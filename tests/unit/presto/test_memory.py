from __future__ import annotations

import pytest

from presto_operator.presto import memory_errors

_GIBIBYTE = 1024**3


_USER, _TOTAL = "query.max-memory-per-node", "query.max-total-memory-per-node"


def test_limit_and_headroom_must_fit_into_the_heap() -> None:
    # 30 % of 10 GiB are left free by default, so a query can have at most 7 GiB.
    assert memory_errors({_TOTAL: "7GB"}, 10 * _GIBIBYTE) == []
    ((name, message),) = memory_errors({_TOTAL: "7169MB"}, 10 * _GIBIBYTE)
    assert name == _TOTAL
    assert message.startswith("7169MB and the headroom of 3072MB")
    assert "don't fit into the heap of 10240MB" in message


def test_the_total_limit_defaults_to_twice_the_user_limit() -> None:
    # As LocalMemoryManager of 0.287 does: 12 GiB of heap, of which 3.6 GiB are headroom.
    assert memory_errors({_USER: "4GB"}, 12 * _GIBIBYTE) == []
    ((name, message),) = memory_errors({_USER: "5GB"}, 12 * _GIBIBYTE)
    assert name == _USER
    assert "10240MB (query.max-total-memory-per-node, by default twice" in message
    assert memory_errors({_USER: "5GB", _TOTAL: "6GB"}, 12 * _GIBIBYTE) == []


def test_the_user_limit_must_not_exceed_the_total_limit() -> None:
    ((name, message),) = memory_errors({_USER: "6GB", _TOTAL: "4GB"}, 12 * _GIBIBYTE)
    assert name == _USER
    assert "must not be greater than query.max-total-memory-per-node (4096MB)" in message


@pytest.mark.parametrize("name", [_USER, _TOTAL, "memory.heap-headroom-per-node"])
def test_what_comes_from_the_environment_is_not_checked(name: str) -> None:
    assert memory_errors({_TOTAL: "1TB", name: "${ENV:LIMIT}"}, _GIBIBYTE) == []


def test_headroom_that_is_set_counts() -> None:
    heap = 10 * _GIBIBYTE
    assert memory_errors({_TOTAL: "9GB", "memory.heap-headroom-per-node": "1GB"}, heap) == []
    (error,) = memory_errors({_TOTAL: "9GB", "memory.heap-headroom-per-node": "1025MB"}, heap)
    assert error[0] == _TOTAL


def test_headroom_alone_must_fit_into_the_heap() -> None:
    assert memory_errors({"memory.heap-headroom-per-node": "8GB"}, 10 * _GIBIBYTE) == []
    (error,) = memory_errors({"memory.heap-headroom-per-node": "11GB"}, 10 * _GIBIBYTE)
    assert error == ("memory.heap-headroom-per-node", "11GB is more than the heap of 10240MB")


def test_a_bad_size_names_its_property() -> None:
    errors = memory_errors({"query.max-memory-per-node": "5Gi", "memory.heap-headroom-per-node": "1"}, _GIBIBYTE)
    assert [name for name, _ in errors] == ["query.max-memory-per-node", "memory.heap-headroom-per-node"]


def test_other_properties_are_not_looked_at() -> None:
    assert memory_errors({"query.max-memory": "20PB", "task.concurrency": "16"}, _GIBIBYTE) == []
