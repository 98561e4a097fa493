"""Counting the drains that have ended, and telling of those that ended badly."""

from __future__ import annotations

import logging
from datetime import datetime

from presto_operator.kube import ClusterKey, NodeStore, ObjectStore, ObjectWriter, publish
from presto_operator.objects import KubernetesObject, node_of, uid_of
from presto_operator.reporting import drain_notices, ended_drain
from presto_operator.telemetry import metrics

_REMEMBERED = 10_000
"""How many pods are remembered, so that a late event of the watch doesn't count one twice."""

_logger = logging.getLogger(__name__)


class DrainReporter:
    """Tells of each drain once. Those that ended while the operator was down are nowhere recorded, and not counted."""

    def __init__(self, api: ObjectWriter, store: ObjectStore, nodes: NodeStore) -> None:
        self._api = api
        self._store = store
        self._nodes = nodes
        self._told: dict[str, None] = {}
        """The uids of the pods that were reported last, oldest first."""

    async def report(self, key: ClusterKey, body: KubernetesObject, now: datetime) -> None:
        """Report the drains of a cluster that have ended since the last call."""
        ended = []
        for departed in self._store.take_departed(key):
            uid = uid_of(departed.last)
            if uid in self._told:
                continue
            drain = ended_drain(departed.first, departed.last, node_is_lost=self._is_lost(departed.last))
            if drain is None:
                continue
            self._remember(uid)
            ended.append(drain)
            metrics.observe_drain(key.namespace, key.name, drain.outcome, drain.seconds)
            took = f" after {drain.seconds:.0f} s" if drain.seconds is not None else ""
            _logger.info("%s: drain of %s finished: %s%s", key, drain.pod, drain.outcome, took)
        for notice in drain_notices(ended):
            await publish(self._api, body, notice, now)

    def _remember(self, uid: str) -> None:
        self._told[uid] = None
        if len(self._told) > _REMEMBERED:
            del self._told[next(iter(self._told))]

    def _is_lost(self, pod: KubernetesObject) -> bool:
        return self._nodes.is_synced and not self._nodes.is_ready(node_of(pod))
