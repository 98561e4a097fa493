from __future__ import annotations

import pytest

from presto_operator.presto import coordinator_retry_properties, query_retry_warnings, worker_retry_properties
from presto_operator.presto.versions import PrestoVersion

_V287 = PrestoVersion(287)


def test_the_profile_that_was_measured() -> None:
    assert coordinator_retry_properties(_V287) == {
        "per-query-retry-limit": "3",
        "per-query-retry-max-execution-time": "30m",
        "global-query-retry-failure-limit": "1000",
        "query.remote-task.max-error-duration": "10s",
        "exchange.max-error-duration": "10s",
    }
    assert worker_retry_properties(_V287) == {"exchange.max-error-duration": "10s"}


def test_a_release_gets_only_properties_that_it_knows() -> None:
    older = coordinator_retry_properties(PrestoVersion(252))
    assert older["per-query-retry-limit"] == "3"
    assert "global-query-retry-failure-limit" not in older
    assert "per-query-retry-max-execution-time" not in older
    assert coordinator_retry_properties(PrestoVersion(251)) == worker_retry_properties(PrestoVersion(251)) == {}
    assert query_retry_warnings(PrestoVersion(251), {}, {})[0].startswith("version: ")


def test_the_profile_itself_is_nothing_to_warn_of() -> None:
    for version in (PrestoVersion(252), PrestoVersion(283), _V287):
        own = (coordinator_retry_properties(version), worker_retry_properties(version))
        assert query_retry_warnings(version, *own) == []


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("per-query-retry-limit", "0", "turns the retry of queries off"),
        ("per-query-retry-max-execution-time", "5m", "longer than 5m is not retried"),
        ("per-query-retry-max-execution-time", "0s", "longer than 0s is not retried"),
        ("global-query-retry-failure-limit", "10", "after 10 failed queries"),
        ("query.remote-task.max-error-duration", "5.00m", "up to 5.00m"),
        ("exchange.max-error-duration", "1h", "up to 1h"),
    ],
)
def test_what_a_user_defeats_is_said_with_its_field(name: str, value: str, word: str) -> None:
    (warning,) = query_retry_warnings(_V287, {name: value, "query.max-memory": "1GB"}, {})
    assert warning.startswith(f"coordinator.config[{name}]: ")
    assert word in warning


def test_workers_and_session_rules_can_defeat_it_too() -> None:
    warnings = query_retry_warnings(
        _V287,
        {},
        {"exchange.max-error-duration": "5m"},
        [{"query_max_run_time": "1h"}, {"query_retry_limit": "0", "query_retry_max_execution_time": "30s"}],
    )
    assert [warning.split(": ")[0] for warning in warnings] == [
        "workers.config[exchange.max-error-duration]",
        "sessionPropertyRules[1].sessionProperties[query_retry_limit]",
        "sessionPropertyRules[1].sessionProperties[query_retry_max_execution_time]",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("per-query-retry-limit", "1"),
        ("per-query-retry-max-execution-time", "2h"),
        ("global-query-retry-failure-limit", "150"),
        ("query.remote-task.max-error-duration", "30s"),
        ("per-query-retry-limit", "many"),
        ("exchange.max-error-duration", "soon"),
    ],
)
def test_what_does_no_harm_or_is_refused_by_presto_is_not_warned_of(name: str, value: str) -> None:
    assert query_retry_warnings(_V287, {name: value}, {}) == []
