"""The retry of queries that lost a worker: its part of config.properties, and settings of the spec that prevent it."""

from __future__ import annotations

from presto_operator.api import PrestoClusterSpec
from presto_operator.presto import (
    coordinator_retry_properties,
    parse_version,
    query_retry_warnings,
    worker_retry_properties,
)


def coordinator_retry(spec: PrestoClusterSpec) -> dict[str, str]:
    """What the retry adds to the coordinator's properties. The user's own override it."""
    return coordinator_retry_properties(parse_version(spec.version)) if spec.retries_queries else {}


def worker_retry(spec: PrestoClusterSpec) -> dict[str, str]:
    """What the retry adds to the workers' properties. The user's own override it."""
    return worker_retry_properties(parse_version(spec.version)) if spec.retries_queries else {}


def retry_warnings(spec: PrestoClusterSpec) -> list[str]:
    """What prevents the retry of queries although it is enabled or needed, each with the path of its field."""
    if not spec.retries_queries:
        if not spec.has_spot_workers:
            return []
        return ["spec.queryRetry.enabled: there are Spot pools; without retry, queries fail when a worker is lost"]
    warnings = query_retry_warnings(
        parse_version(spec.version),
        spec.coordinator.config,
        spec.workers.config,
        [rule.session_properties for rule in spec.session_property_rules],
    )
    return [f"spec.{warning}" for warning in warnings]
