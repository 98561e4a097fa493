"""Letting the workers leave that were chosen to."""

from __future__ import annotations

import logging

from presto_operator.kube import ApiError, ApiServer, ClusterKey, ObjectStore, publish
from presto_operator.objects import KubernetesObject, described, name_of, node_of
from presto_operator.planning import (
    DELETION_COST,
    FIRST_TO_GO,
    Plan,
    Seen,
    is_chosen,
    lowerings,
    replaced_notices,
    stayed,
    stayed_notice,
)
from presto_operator.polling import TaskReader
from presto_operator.telemetry import metrics

_logger = logging.getLogger(__name__)


class Releaser:
    """Marks the workers that leave before their Deployments get fewer, so that it is them whom Kubernetes takes.

    Whatever fails here holds nothing up: then Kubernetes chooses.
    """

    def __init__(self, api: ApiServer, store: ObjectStore, tasks: TaskReader) -> None:
        self._api = api
        self._store = store
        self._tasks = tasks

    def is_ready(self, key: ClusterKey, seen: Seen, plan: Plan) -> bool:
        """Whether the workers that may leave by the plan have been asked for their tasks; if not, they are now."""
        pods = [pod for lowering in lowerings(plan, seen.observation, seen.now) for pod in lowering.to_be_asked]
        return self._tasks.newest(key, pods) is not None

    def forget(self, key: ClusterKey) -> None:
        """Drop what is known of a cluster that is no more."""
        self._tasks.forget(key)

    async def choose(self, key: ClusterKey, seen: Seen, plan: Plan) -> list[KubernetesObject]:
        """Mark those who leave by the plan; returns those that have to be deleted one by one once it is carried out."""
        to_delete = []
        replaced = []
        for lowering in lowerings(plan, seen.observation, seen.now):
            leaving = lowering.departure(self._tasks.newest(key, lowering.to_be_asked) or {})
            by_name = {name_of(pod): pod for pod in lowering.pods}
            chosen = [by_name[name] for name in leaving.chosen]
            _logger.info("%s: workers chosen for removal: %s", key, ", ".join(leaving.chosen))
            metrics.departures.labels(key.namespace, key.name, "chosen").inc(len(chosen))
            for pod in chosen:
                if not is_chosen(pod):
                    await self._mark(key, pod, FIRST_TO_GO)
            to_delete += [by_name[name] for name in leaving.deleted]
            replaced += [pod for pod in chosen if name_of(pod) in seen.observation.to_be_replaced]
        if seen.nodes is not None:
            for pod in replaced:
                reason = seen.nodes.signal(node_of(pod)).reason
                metrics.replacements.labels(key.namespace, key.name, reason).inc()
            for notice in replaced_notices(replaced, seen.nodes):
                await publish(self._api, seen.body, notice, seen.now)
        return to_delete

    async def delete(self, pods: list[KubernetesObject]) -> list[str]:
        """Delete workers whom Kubernetes wouldn't take by itself; returns what went wrong."""
        errors = []
        for pod in pods:
            try:
                leaving = await self._api.delete_pod(pod)
            except ApiError as error:
                errors.append(f"{described(pod)}: {error}")
                continue
            if leaving is not None:
                self._store.put(leaving)
        return errors

    async def verify(self, key: ClusterKey, seen: Seen) -> None:
        """Tell of workers that have stayed though they were chosen, and let them be as all others."""
        pods = [pod for pod in stayed(seen.observation) if await self._mark(key, pod, None)]
        if pods:
            metrics.departures.labels(key.namespace, key.name, "other").inc(len(pods))
            await publish(self._api, seen.body, stayed_notice(pods), seen.now)

    async def _mark(self, key: ClusterKey, pod: KubernetesObject, cost: str | None) -> bool:
        """Whether it could be marked; a pod that is gone can't, and needn't."""
        try:
            marked = await self._api.annotate_pod(pod, {DELETION_COST: cost})
        except ApiError as error:
            _logger.warning("%s: %s could not be annotated for removal: %s", key, described(pod), error)
            return False
        if marked is not None:
            self._store.put(marked)
        return marked is not None
