"""What bench-pass measures: each thing is done once in a pass."""

from __future__ import annotations

import asyncio
import sys

import pytest

from bench.passes.__main__ import table
from bench.passes.measure import WORKERS, Calls, settled
from presto_operator.planning import memory
from tests.unit.controller.world import KEY, World


@pytest.fixture(scope="module")
def world() -> World:
    """A cluster of ten workers on nodes, with nothing to do."""
    return settled()


def _pass(world: World) -> Calls:
    calls = Calls()
    world.api.requests.clear()
    sys.setprofile(calls.see)
    try:
        asyncio.run(world.reconciler.reconcile(KEY))
    finally:
        sys.setprofile(None)
    return calls


def test_an_unchanged_cluster_is_not_rendered_again_and_each_node_is_evaluated_once(world: World) -> None:
    calls = _pass(world)
    assert calls.renders == 0
    assert calls.node_signals == WORKERS + 1
    assert world.api.requests == []


def test_a_change_is_rendered_once() -> None:
    changed = settled()
    changed.set_spec(workers={"replicas": 11})
    changed.api.show(changed.store)
    assert _pass(changed).renders == 1


def test_a_pass_parses_status_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[object] = []
    monkeypatch.setattr(memory, "_rollout", parsed.append)
    _pass(world)
    assert len(parsed) == 1


def test_the_table_has_ratios_where_there_is_a_before() -> None:
    now = {"cpu_ms": 1.5, "renders": 1, "node_signals": 11, "modules": 60, "returns": 100, "writes": 0}
    before = {**now, "cpu_ms": 6.0, "renders": 7}
    assert "CPU of a pass, ms" in table(now, None)
    (line,) = [line for line in table(now, before).splitlines() if line.startswith("CPU")]
    assert line.split()[-3:] == ["6", "1.5", "0.25"]
