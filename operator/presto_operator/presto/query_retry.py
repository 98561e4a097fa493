"""Presto's own retry of queries that lost a worker: its properties, and user settings that prevent it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from presto_operator.presto.units import presto_duration_seconds
from presto_operator.presto.versions import PrestoVersion

_FIRST_WITH_RETRY = PrestoVersion(252)
"""According to its release notes."""

_FIRST_WITH_WHOLE_PROFILE = PrestoVersion(283)
"""The first release that is known to have all of them (read in its classes). Presto doesn't start with a property that
it doesn't know."""

_RETRIES = "per-query-retry-limit"
_LONGEST = "per-query-retry-max-execution-time"
_BREAKER = "global-query-retry-failure-limit"
_TASK_ERRORS = "query.remote-task.max-error-duration"
_EXCHANGE_ERRORS = "exchange.max-error-duration"
_SESSION_RETRIES = "query_retry_limit"
_SESSION_LONGEST = "query_retry_max_execution_time"

# Measured on 0.287: with these, a query whose worker was killed gave the right result; without them, it failed.
_COORDINATOR: Mapping[str, str] = {
    _RETRIES: "3",
    _TASK_ERRORS: "10s",
    _EXCHANGE_ERRORS: "10s",
}
_COORDINATOR_OF_NEWER: Mapping[str, str] = {
    _LONGEST: "30m",
    _BREAKER: "1000",
}
_WORKER: Mapping[str, str] = {_EXCHANGE_ERRORS: "10s"}

_LONGEST_ERRORS_SECONDS = 30.0
"""With Presto's default of 5 minutes, a query whose worker was killed failed after 58 s (measured)."""

_LEAST_BREAKER = 150
"""Presto's default. Every query that fails on a lost worker counts, so one node may reach a lower limit by itself."""


def coordinator_retry_properties(version: PrestoVersion) -> dict[str, str]:
    """Properties with which a coordinator of this release retries queries that lost a worker; empty if it can't."""
    if version < _FIRST_WITH_RETRY:
        return {}
    return {**_COORDINATOR, **(_COORDINATOR_OF_NEWER if version >= _FIRST_WITH_WHOLE_PROFILE else {})}


def worker_retry_properties(version: PrestoVersion) -> dict[str, str]:
    """Properties with which a worker of this release gives up on a lost worker early enough for a retry."""
    return dict(_WORKER) if version >= _FIRST_WITH_RETRY else {}


def query_retry_warnings(
    version: PrestoVersion,
    coordinator: Mapping[str, str],
    workers: Mapping[str, str],
    session_rules: Sequence[Mapping[str, str]] = (),
) -> list[str]:
    """What prevents the retry of queries, each with its field. To be called if retry is enabled.

    Args:
        version: the release.
        coordinator: the user's own config.properties of the coordinator.
        workers: the user's own config.properties of the workers.
        session_rules: the session properties of each of the user's session property rules.
    """
    if version < _FIRST_WITH_RETRY:
        return [f"version: Presto retries queries from 0.{_FIRST_WITH_RETRY.minor} on: a lost worker fails its queries"]
    of_rules = [
        problem
        for index, properties in enumerate(session_rules)
        for problem in _problems(f"sessionPropertyRules[{index}].sessionProperties", properties, _SESSION_CHECKS)
    ]
    return [
        *_problems("coordinator.config", coordinator, _COORDINATOR_CHECKS),
        *_problems("workers.config", workers, _WORKER_CHECKS),
        *of_rules,
    ]


_Check = Callable[[str], str | None]
"""What is wrong with a value, None if nothing is. Raises ValueError if the value can't be parsed."""


def _problems(place: str, properties: Mapping[str, str], checks: Mapping[str, _Check]) -> Iterator[str]:
    for name, check in checks.items():
        if name in properties:
            try:
                problem = check(properties[name])
            except ValueError:
                # Presto doesn't start with it, and says so itself.
                continue
            if problem is not None:
                yield f"{place}[{name}]: {problem}"


def _no_retries(value: str) -> str | None:
    return f"{value} turns the retry of queries off" if int(value) < 1 else None


def _short_queries_only(value: str) -> str | None:
    # The profile's own limit is fine, and a longer one retries more queries.
    if presto_duration_seconds(value) >= presto_duration_seconds(_COORDINATOR_OF_NEWER[_LONGEST]):
        return None
    return f"a query that has run for longer than {value} is not retried"


def _early_breaker(value: str) -> str | None:
    if int(value) >= _LEAST_BREAKER:
        return None
    return f"after {value} failed queries in five minutes none is retried; one lost node may fail as many"


def _late_errors(value: str) -> str | None:
    if presto_duration_seconds(value) <= _LONGEST_ERRORS_SECONDS:
        return None
    return f"a query waits up to {value} for a lost worker before it is retried, and may have failed by then"


_WORKER_CHECKS: Mapping[str, _Check] = {_EXCHANGE_ERRORS: _late_errors}
_COORDINATOR_CHECKS: Mapping[str, _Check] = {
    _RETRIES: _no_retries,
    _LONGEST: _short_queries_only,
    _BREAKER: _early_breaker,
    _TASK_ERRORS: _late_errors,
    _EXCHANGE_ERRORS: _late_errors,
}
_SESSION_CHECKS: Mapping[str, _Check] = {_SESSION_RETRIES: _no_retries, _SESSION_LONGEST: _short_queries_only}
