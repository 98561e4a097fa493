"""The retry of queries that lost a worker: what of it goes into config.properties, and what of the spec defeats it."""

from __future__ import annotations

from presto_operator.api import PrestoClusterSpec
from presto_operator.presto import (
    coordinator_retry_properties,
    parse_version,
    query_retry_warnings,
    worker_retry_properties,
)


def coordinator_retry(spec: PrestoClusterSpec) -> dict[str, str]:
    """What the retry adds to the coordinator's properties; the user's own go before it."""
    return coordinator_retry_properties(parse_version(spec.version)) if spec.retries_queries else {}


def worker_retry(spec: PrestoClusterSpec) -> dict[str, str]:
    """What the retry adds to the workers' properties; the user's own go before it."""
    return worker_retry_properties(parse_version(spec.version)) if spec.retries_queries else {}


def retry_warnings(spec: PrestoClusterSpec) -> list[str]:
    """What keeps queries from being retried although they shall be, or should be, with the path of its field."""
    if not spec.retries_queries:
        if not spec.has_spot_workers:
            return []
        return [
            "spec.queryRetry.enabled: there are Spot pools, and a worker that vanishes fails its queries without retry"
        ]
    warnings = query_retry_warnings(
        parse_version(spec.version),
        spec.coordinator.config,
        spec.workers.config,
        [rule.session_properties for rule in spec.session_property_rules],
    )
    return [f"spec.{warning}" for warning in warnings]
