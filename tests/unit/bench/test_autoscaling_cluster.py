from __future__ import annotations

from dataclasses import dataclass

import pytest

from bench.autoscaling.cluster import GRACE, STARTUP, View, simulated
from bench.autoscaling.contest import percentile
from bench.autoscaling.load import DAY, Query
from bench.autoscaling.scalers import Planned, clairvoyant, demand, fixed


def _query(arrival: float, duration: float, parallelism: int = 1) -> Query:
    return Query(arrival, duration, parallelism, cpu=0.5)


def test_a_fleet_that_never_changes_costs_a_day_of_each() -> None:
    assert simulated([], fixed(3)).node_hours == pytest.approx(72)


def test_a_query_alone_takes_its_own_time() -> None:
    outcome = simulated([_query(10, 7, 4)], fixed(4))
    assert outcome.queue_waits == (0,)
    assert outcome.delays == pytest.approx((0,), abs=1e-6)


def test_on_fewer_workers_it_takes_longer() -> None:
    outcome = simulated([_query(10, 7, 4)], fixed(2))
    assert outcome.delays == pytest.approx((7,))


def test_queries_share_a_worker() -> None:
    outcome = simulated([_query(10, 7), _query(10, 7)], fixed(1))
    assert outcome.queue_waits == (0, 0)
    assert outcome.delays == pytest.approx((7, 7))


def test_who_finds_no_slot_waits() -> None:
    outcome = simulated([_query(10, 8) for _ in range(5)], fixed(1))
    assert outcome.queue_waits == pytest.approx((0, 0, 0, 0, 32))


def test_a_worker_is_paid_for_from_the_decision_to_its_end() -> None:
    plan = [1] * 1000 + [2] * 1000 + [1] * (int(DAY) - 2000)
    outcome = simulated([], Planned(plan))
    assert outcome.node_hours == pytest.approx(24 + (1000 + GRACE) / 3600)
    assert (outcome.scale_ups, outcome.scale_downs, outcome.hit) == (1, 1, 0)


def test_a_worker_that_leaves_finishes_what_it_has() -> None:
    plan = [2] * 100 + [1] * (int(DAY) - 100)
    outcome = simulated([_query(50, 200, 2)], Planned(plan))
    assert outcome.delays == pytest.approx((0,), abs=1e-6)
    assert outcome.hit == 1
    assert outcome.node_hours == pytest.approx(24 + (250 + GRACE) / 3600)


def test_a_query_takes_workers_as_they_come() -> None:
    plan = [1] * 100 + [2] * (int(DAY) - 100)
    outcome = simulated([_query(100, 1000, 2)], Planned(plan))
    assert outcome.delays == pytest.approx((STARTUP / 2,))


def test_the_clairvoyant_lets_nobody_wait() -> None:
    load = [_query(5000, 60, 8), _query(5030, 300, 4), _query(9000, 10, 16)]
    needed = demand(load)
    assert (max(needed), needed[5040], needed[4000]) == (16, 12, 0)
    outcome = simulated(load, clairvoyant(needed, 1, 100))
    assert max(outcome.queue_waits) == 0
    assert max(outcome.delays) < 1


@dataclass(frozen=True)
class _Watching:
    seen: list[View]
    interval: float = 100.0
    takes_least_busy: bool = True
    initial: int = 2

    def workers(self, view: View) -> int:
        self.seen.append(view)
        return view.wanted


def test_cpu_is_a_mean_since_the_last_look() -> None:
    seen: list[View] = []
    simulated([_query(100, 50)], _Watching(seen))
    idle, half = seen[1].cpu_percent, seen[2].cpu_percent
    assert idle == pytest.approx(2)
    assert half == pytest.approx(2 + 0.5 * 50 / 100 / 2 * 100)


def test_percentiles_are_values_that_occur() -> None:
    assert [percentile([1, 2, 3, 4], share) for share in (1, 25, 50, 51, 100)] == [1, 1, 2, 3, 4]
