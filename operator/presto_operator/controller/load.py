"""Reading a cluster's load for a pass, and keeping the newest record of autoscaling between passes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from presto_operator.api import AutoscalingStatus
from presto_operator.kube import ClusterKey
from presto_operator.objects import KubernetesObject, uid_of
from presto_operator.planning import Autoscaled, Observation, Spec, Valid, scales_by_load, workers_to_ask
from presto_operator.polling import PrestoPoller, Subject
from presto_operator.presto import ClusterLoad
from presto_operator.telemetry import metrics


@dataclass(frozen=True)
class Load:
    """What the poller knows of a cluster's Presto."""

    newest: ClusterLoad | None = None
    """The newest answer; None if the last poll had none."""
    last: ClusterLoad | None = None
    """The last answer, however old."""


class LoadReader:
    """Tells the poller what to ask, and reads what it has found out."""

    def __init__(self, poller: PrestoPoller) -> None:
        self._poller = poller
        self._records: dict[ClusterKey, tuple[str, AutoscalingStatus]] = {}
        """The newest record of each cluster, and its uid. In status its history is up to half a minute late."""

    def read(
        self, key: ClusterKey, spec: Spec, observation: Observation, serving: str | None, now: datetime
    ) -> Load | None:
        """The load of the generation that serves; it is being polled from now on.

        None while it is polled for the first time: an operator that was restarted doesn't report that it knows nothing.
        That takes seconds, and the poller then asks for a pass.
        """
        if serving is None or not observation.coordinator_is_ready(serving):
            self._poller.forget(key)
            return Load()
        subject = Subject()
        if isinstance(spec, Valid) and scales_by_load(spec.cluster):
            subject = Subject(workers_to_ask(spec.cluster, observation, serving, now), is_scaled_by_load=True)
        self._poller.watch(key, subject)
        if not self._poller.was_polled(key):
            return None
        return Load(self._poller.newest(key), self._poller.last_answer(key))

    def newest_record(self, key: ClusterKey, body: KubernetesObject) -> AutoscalingStatus | None:
        """The record of the last pass; None after a restart of the operator, when status has the newest one."""
        uid, record = self._records.get(key, ("", None))
        return record if uid == uid_of(body) else None

    def keep(self, key: ClusterKey, body: KubernetesObject, scaled: Autoscaled | None) -> None:
        """Keep the record of a pass, and count its decision; nothing changes while the spec isn't known to be valid."""
        if scaled is None:
            return
        record = scaled.record
        metrics.observe_autoscaling(key.namespace, key.name, {record.mode: record.desired} if record else {})
        if record is None:
            self._records.pop(key, None)
            return
        self._records[key] = (uid_of(body), record)
        if scaled.decision is not None:
            metrics.autoscaling_decisions.labels(key.namespace, key.name, record.mode, scaled.decision.reason).inc()

    def forget(self, key: ClusterKey) -> None:
        """Drop what is known of a cluster that is no more."""
        self._records.pop(key, None)
        self._poller.forget(key)
