"""The operator's metrics. Labels are bounded: clusters, pools, kinds and outcomes, never queries or users."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from presto_operator.presto import ClusterLoad

registry: CollectorRegistry = REGISTRY

_CLUSTER = ("namespace", "cluster")

reconcile_seconds = Histogram(
    "presto_operator_reconcile_duration_seconds", "Duration of one reconcile pass over one cluster.", registry=registry
)
reconcile_errors = Counter(
    "presto_operator_reconcile_errors", "Reconcile passes that failed and are retried.", registry=registry
)
internal_errors = Counter(
    "presto_operator_internal_errors",
    "Passes over a cluster that ended with a defect of the operator; the condition Degraded has the error.",
    ("namespace", "cluster"),
    registry=registry,
)
queue_length = Gauge("presto_operator_queue_length", "Clusters waiting to be reconciled.", registry=registry)
applies = Counter(
    "presto_operator_applies",
    "Applies of a cluster's objects, by kind and outcome (created, updated, unchanged, skipped).",
    ("kind", "outcome"),
    registry=registry,
)
status_writes = Counter("presto_operator_status_writes", "Writes of a PrestoCluster's status.", registry=registry)
presto_poll_errors = Counter(
    "presto_operator_presto_poll_errors", "Failed polls of a coordinator.", _CLUSTER, registry=registry
)
presto_large_answers = Counter(
    "presto_operator_presto_large_answers",
    "Answers of a cluster's Presto that were not read because they are too large, or large and slow.",
    _CLUSTER,
    registry=registry,
)
presto_asked_seldom = Gauge(
    "presto_operator_presto_asked_seldom",
    "1 for a cluster whose Presto is asked every 5 minutes only, because its answers are too large; else 0 or absent.",
    _CLUSTER,
    registry=registry,
)
presto_poll_seconds = Histogram(
    "presto_operator_presto_poll_duration_seconds", "Duration of one poll of a cluster's Presto.", registry=registry
)
presto_poll_lag = Histogram(
    "presto_operator_presto_poll_lag_seconds",
    "Delay of a poll behind its schedule. The operator is overloaded if it grows.",
    registry=registry,
)
clusters = Gauge("presto_operator_clusters", "PrestoCluster resources that the operator manages.", registry=registry)

reclaims = Counter(
    "presto_operator_reclaims",
    "Pods deleted because their node was about to go away or was gone, by reason.",
    (*_CLUSTER, "reason"),
    registry=registry,
)
_drains = Counter(
    "presto_operator_drains",
    "Finished drains of workers, by outcome.",
    (*_CLUSTER, "outcome"),
    registry=registry,
)
_drain_seconds = Histogram(
    "presto_operator_drain_duration_seconds",
    "Time from a worker's deletion to the end of its Presto server, if both are known.",
    _CLUSTER,
    buckets=(10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600),
    registry=registry,
)
_watch_age = Gauge(
    "presto_operator_watch_age_seconds",
    "Seconds since the API server last confirmed that the operator's copy of all objects of a kind is up to date.",
    ("kind",),
    registry=registry,
)
nodes_known = Gauge(
    "presto_operator_nodes_known",
    "1 if the operator can watch nodes; 0 if it can't, so that reclaims go unnoticed.",
    registry=registry,
)

autoscaling_decisions = Counter(
    "presto_operator_autoscaling_decisions",
    "Changes of the desired number of workers by autoscaling, by mode (in Advisory: recommended only) and reason.",
    (*_CLUSTER, "mode", "reason"),
    registry=registry,
)
_autoscaling_workers = Gauge(
    "presto_operator_autoscaling_workers",
    "Number of workers that autoscaling desires; in mode Advisory, that it recommends.",
    (*_CLUSTER, "mode"),
    registry=registry,
)

_queries = Gauge(
    "presto_operator_cluster_queries",
    "Queries by Presto's own count, by state.",
    (*_CLUSTER, "state"),
    registry=registry,
)
_active_workers = Gauge(
    "presto_operator_cluster_active_workers",
    "Active workers by the coordinator's own count.",
    _CLUSTER,
    registry=registry,
)
_workers = Gauge(
    "presto_operator_cluster_workers",
    "Workers of the serving generation, by pool and state (wanted: desired number, ready).",
    (*_CLUSTER, "pool", "state"),
    registry=registry,
)
_metastore_available = Gauge(
    "presto_operator_metastore_available",
    "1 if the cluster's Hive metastore answers, 0 if it doesn't; absent while unknown and without a metastore.",
    _CLUSTER,
    registry=registry,
)

_pool_limited = Gauge(
    "presto_operator_pool_limited",
    "1 for a pool that gets fewer workers than its share for now, by reason (Reclaimed, Unschedulable).",
    (*_CLUSTER, "pool", "reason"),
    registry=registry,
)
replacements = Counter(
    "presto_operator_at_risk_replacements",
    "Workers replaced and drained because their node may go away, by reason.",
    (*_CLUSTER, "reason"),
    registry=registry,
)
departures = Counter(
    "presto_operator_departures",
    "Workers chosen for removal by a scale-down (chosen), and how often Kubernetes removed another one (other).",
    (*_CLUSTER, "outcome"),
    registry=registry,
)

_PER_CLUSTER = (
    _queries,
    _active_workers,
    _workers,
    _metastore_available,
    _pool_limited,
    _autoscaling_workers,
    autoscaling_decisions,
    presto_poll_errors,
    presto_large_answers,
    presto_asked_seldom,
    internal_errors,
    reclaims,
    replacements,
    departures,
    _drains,
    _drain_seconds,
)


def observe_cluster(
    namespace: str, name: str, load: ClusterLoad | None, workers_by_pool: Mapping[str, tuple[int, int]]
) -> None:
    """Publish a cluster's queries and workers.

    Args:
        namespace: the cluster's namespace.
        name: the cluster's name.
        load: Presto's numbers; None withdraws them, so that old numbers aren't taken for current ones.
        workers_by_pool: desired and ready workers of each pool.
    """
    for gauge in (_queries, _active_workers, _workers):
        gauge.remove_by_labels({"namespace": namespace, "cluster": name})
    for pool, (wanted, ready) in workers_by_pool.items():
        _workers.labels(namespace, name, pool, "wanted").set(wanted)
        _workers.labels(namespace, name, pool, "ready").set(ready)
    if load is not None:
        _queries.labels(namespace, name, "running").set(load.running)
        _queries.labels(namespace, name, "queued").set(load.queued + load.held_back)
        _queries.labels(namespace, name, "blocked").set(load.blocked)
        _queries.labels(namespace, name, "waiting").set(load.waiting)
        _queries.labels(namespace, name, "held_back").set(load.held_back)
        _active_workers.labels(namespace, name).set(load.active_workers)


def observe_watches(ages: Mapping[str, float]) -> None:
    """Publish how old the operator's copies of objects are, in seconds by kind."""
    for kind, seconds in ages.items():
        _watch_age.labels(kind).set(seconds)


def observe_autoscaling(namespace: str, name: str, wanted: Mapping[str, int]) -> None:
    """Publish the number of workers that autoscaling desires, by its mode; empty while it is off."""
    _autoscaling_workers.remove_by_labels({"namespace": namespace, "cluster": name})
    for mode, workers in wanted.items():
        _autoscaling_workers.labels(namespace, name, mode).set(workers)


def observe_drain(namespace: str, name: str, outcome: str, seconds: float | None) -> None:
    """Count a finished drain; `seconds` is None if its duration is unknown."""
    _drains.labels(namespace, name, outcome).inc()
    if seconds is not None:
        _drain_seconds.labels(namespace, name).observe(seconds)


def observe_metastore(namespace: str, name: str, status: str | None) -> None:
    """Publish whether a cluster's metastore answers, by the status of its condition; None if it has none."""
    if status in ("True", "False"):
        _metastore_available.labels(namespace, name).set(status == "True")
    else:
        _metastore_available.remove_by_labels({"namespace": namespace, "cluster": name})


def observe_limits(namespace: str, name: str, reasons_by_pool: Mapping[str, str]) -> None:
    """Publish which pools of a cluster get fewer workers than their share, and why."""
    _pool_limited.remove_by_labels({"namespace": namespace, "cluster": name})
    for pool, reason in reasons_by_pool.items():
        _pool_limited.labels(namespace, name, pool, reason).set(1)


def forget_cluster(namespace: str, name: str) -> None:
    """Withdraw all metrics of a deleted cluster."""
    for metric in _PER_CLUSTER:
        metric.remove_by_labels({"namespace": namespace, "cluster": name})
