from __future__ import annotations

from collections.abc import Iterator

import pytest

from presto_operator.telemetry import metrics
from tests.unit.live import load

_LOAD = load(running=3, blocked=1, queued=7, active=4)


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    for name in ("metrics-a", "metrics-b"):
        metrics.forget_cluster("analytics", name)


def _value(metric: str, cluster: str = "metrics-a", **labels: str) -> float | None:
    name = f"presto_operator_cluster_{metric}"
    return metrics.registry.get_sample_value(name, {"namespace": "analytics", "cluster": cluster, **labels})


def test_what_is_known_is_shown() -> None:
    metrics.observe_cluster("analytics", "metrics-a", _LOAD, {"r5": (4, 3)})
    assert {state: _value("queries", state=state) for state in ("running", "queued", "blocked")} == {
        "running": 3,
        "queued": 7,
        "blocked": 1,
    }
    assert _value("active_workers") == 4
    assert (_value("workers", pool="r5", state="wanted"), _value("workers", pool="r5", state="ready")) == (4, 3)


def test_numbers_that_nobody_knows_any_more_are_withdrawn() -> None:
    metrics.observe_cluster("analytics", "metrics-a", _LOAD, {"r5": (4, 3), "r6": (2, 2)})
    metrics.observe_cluster("analytics", "metrics-a", None, {"r5": (4, 4)})
    assert _value("queries", state="running") is None
    assert _value("active_workers") is None
    assert _value("workers", pool="r6", state="wanted") is None
    assert _value("workers", pool="r5", state="ready") == 4


def test_a_cluster_that_is_gone_leaves_nothing_behind() -> None:
    for name in ("metrics-a", "metrics-b"):
        metrics.observe_cluster("analytics", name, _LOAD, {"r5": (4, 3)})
        metrics.observe_metastore("analytics", name, "True")
        metrics.presto_poll_errors.labels("analytics", name).inc()
    metrics.forget_cluster("analytics", "metrics-a")
    assert _value("active_workers") is None
    assert _value("workers", pool="r5", state="wanted") is None
    left = {sample.labels.get("cluster") for metric in metrics.registry.collect() for sample in metric.samples}
    assert "metrics-a" not in left
    assert _value("active_workers", "metrics-b") == 4
