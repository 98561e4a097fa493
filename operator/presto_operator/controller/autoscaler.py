"""Asking for a cluster's load, and remembering what was decided by it."""

from __future__ import annotations

from datetime import datetime

from presto_operator.api import AutoscalingStatus, PrestoCluster
from presto_operator.kube import ClusterKey
from presto_operator.objects import KubernetesObject, uid_of
from presto_operator.planning.autoscale import Autoscaled, autoscale, scales_by_load, workers_to_ask
from presto_operator.planning.observation import Observation
from presto_operator.polling.presto_poller import PrestoPoller, Subject
from presto_operator.presto.stats import ClusterStats
from presto_operator.scaling import read_autoscaling
from presto_operator.telemetry import metrics


class Autoscaler:
    """Decides by what the poller has found out last."""

    def __init__(self, poller: PrestoPoller) -> None:
        self._poller = poller
        self._newest: dict[ClusterKey, tuple[str, AutoscalingStatus]] = {}
        """The newest record of each cluster, and its uid. In status its history is up to half a minute late."""

    async def ask(
        self, key: ClusterKey, cluster: PrestoCluster | None, observation: Observation, now: datetime
    ) -> ClusterStats | None:
        """What Presto said last, which is being asked again meanwhile; None if it can't be asked.

        Args:
            key: the cluster.
            cluster: its spec; None: it can't be read.
            observation: what there is of it.
            now: the time.
        """
        serving = observation.serving_generation(key.name)
        if serving is None or not observation.coordinator_is_ready(serving):
            self._poller.forget(key)
            return None
        subject = Subject()
        if cluster is not None and scales_by_load(cluster):
            subject = Subject(workers_to_ask(cluster, observation, serving, now), is_scaled_by_load=True)
        self._poller.watch(key, subject)
        poll = await self._poller.newest(key)
        return None if poll is None else poll.stats

    async def decide(
        self, key: ClusterKey, body: KubernetesObject, cluster: PrestoCluster, observation: Observation, now: datetime
    ) -> Autoscaled:
        """How many workers there shall be."""
        poll = None
        if scales_by_load(cluster):
            # An operator that was restarted waits for the first answer, rather than decide without one.
            await self.ask(key, cluster, observation, now)
            poll = self._poller.last_answer(key)
        scaled = autoscale(cluster, self.recorded(key, body), poll, now)
        record = scaled.record
        metrics.observe_autoscaling(key.namespace, key.name, {record.mode: record.desired} if record else {})
        if record is None:
            self._newest.pop(key, None)
            return scaled
        self._newest[key] = (uid_of(body), record)
        if scaled.decision is not None:
            metrics.autoscaling_decisions.labels(key.namespace, key.name, record.mode, scaled.decision.reason).inc()
        return scaled

    def recorded(self, key: ClusterKey, body: KubernetesObject) -> AutoscalingStatus | None:
        """What came of it at the last look; None: nothing yet."""
        uid, record = self._newest.get(key, ("", None))
        return record if uid == uid_of(body) else read_autoscaling(body.get("status", {}))

    def forget(self, key: ClusterKey) -> None:
        """Drop what is known of a cluster that is no more."""
        self._newest.pop(key, None)
        self._poller.forget(key)
