from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, generate_latest

from tests.kit.operator_process import metric_sum


def test_samples_that_carry_the_labels_are_added_up() -> None:
    registry = CollectorRegistry()
    counter = Counter("drains", "Drains.", ["namespace", "outcome"], registry=registry)
    counter.labels("a", "Drained").inc(2)
    counter.labels("a", "Killed").inc(3)
    counter.labels("b", 'it said "no"').inc(4)
    text = generate_latest(registry).decode()
    assert metric_sum(text, "drains_total") == 9
    assert metric_sum(text, "drains_total", namespace="a") == 5
    assert metric_sum(text, "drains_total", outcome='it said "no"') == 4
    assert metric_sum(text, "drains_total", namespace="c") == 0
    assert metric_sum(text, "restarts_total") == 0
