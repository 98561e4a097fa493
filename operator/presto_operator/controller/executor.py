"""Carrying out a decision: the writes of a pass to the cluster's children and pods."""

from __future__ import annotations

import logging

from presto_operator.controller.reclaimer import Reclaimer
from presto_operator.controller.releaser import Releaser
from presto_operator.kube import ApiError, Applier, ApplyOutcome, ClusterKey, ForeignObjectError
from presto_operator.objects import KubernetesObject, described, generation_of, kind_and_name
from presto_operator.planning import Decision, Plan, Seen, Unreadable, is_served
from presto_operator.reporting import Done
from presto_operator.telemetry import metrics

_logger = logging.getLogger(__name__)

_WRITTEN = (ApplyOutcome.CREATED, ApplyOutcome.UPDATED)


class Executor:
    """Applies, scales and removes children as decided. One that is refused holds up no other."""

    def __init__(self, applier: Applier, releaser: Releaser, reclaimer: Reclaimer) -> None:
        self._applier = applier
        self._releaser = releaser
        self._reclaimer = reclaimer

    async def carry_out(self, key: ClusterKey, seen: Seen, decision: Decision) -> Done:
        """Do what was decided; returns what the API server has acknowledged of it."""
        done = Done()
        if decision.plan is not None:
            done = await self._carry_out(key, seen, decision, decision.plan)
        else:
            done = await self._restore(key, decision)
        if isinstance(seen.spec, Unreadable):
            done = Done((seen.spec.error, *done.errors), done.corrected)
        errors = [*done.errors, *await self._reclaimer.move_coordinators(key, seen, decision)]
        return Done((*errors, *seen.reclaimed.errors), done.corrected)

    def forget(self, key: ClusterKey) -> None:
        """Drop what is known of a cluster that is no more."""
        self._applier.forget(key)

    async def _carry_out(self, key: ClusterKey, seen: Seen, decision: Decision, plan: Plan) -> Done:
        to_delete = await self._releaser.choose(key, seen, plan)
        errors: list[str] = []
        changed, refused = [], []
        restored: list[str] = []
        for desired in plan.everything:
            outcome = await self._apply(key, desired, errors)
            refused += [desired] if outcome is None else []
            if outcome in _WRITTEN:
                changed.append(described(desired))
            if outcome is ApplyOutcome.CREATED and _has_been_there(desired, plan):
                restored.append(described(desired))
        await self._scale(key, plan, errors)
        await self._remove_failed(key, plan, errors)
        errors += await self._releaser.delete(to_delete)
        if is_served(plan, key.name, refused):
            await self._remove(key, plan, errors)
        return Done(tuple(errors), tuple(changed if decision.is_correction else restored))

    async def _restore(self, key: ClusterKey, decision: Decision) -> Done:
        """Put right what serves, although the spec can't be carried out."""
        errors: list[str] = []
        outcomes = {described(obj): await self._apply(key, obj, errors) for obj in decision.kept.apply}
        restored = [name for name, outcome in outcomes.items() if outcome is ApplyOutcome.CREATED]
        return Done(tuple(errors), tuple(restored))

    async def _apply(self, key: ClusterKey, desired: KubernetesObject, errors: list[str]) -> ApplyOutcome | None:
        """Apply an object; None if it is refused."""
        try:
            outcome = await self._applier.apply(key, desired)
        except (ApiError, ForeignObjectError) as error:
            errors.append(f"{described(desired)}: {error}")
            return None
        metrics.applies.labels(desired["kind"], outcome).inc()
        if outcome in _WRITTEN:
            _logger.info("%s: %s %s", key, described(desired), outcome)
        return outcome

    async def _scale(self, key: ClusterKey, plan: Plan, errors: list[str]) -> None:
        for step in plan.scale:
            try:
                await self._applier.scale(step.deployment, step.replicas)
            except ApiError as error:
                if error.status != 404:  # gone already, which the watch is about to tell
                    errors.append(f"{described(step.deployment)}: {error}")
            else:
                _logger.info("%s: %s scaled to %d replicas", key, described(step.deployment), step.replicas)

    async def _remove_failed(self, key: ClusterKey, plan: Plan, errors: list[str]) -> None:
        """Remove pods that the kubelet has turned away: their Deployments say why."""
        for pod in plan.turned_away:
            try:
                await self._applier.delete(pod)
            except ApiError as error:
                errors.append(f"{described(pod)}: {error}")
        if plan.turned_away:
            _logger.info("%s: %d failed pods removed", key, len(plan.turned_away))

    async def _remove(self, key: ClusterKey, plan: Plan, errors: list[str]) -> None:
        for obj in plan.remove:
            try:
                await self._applier.delete(obj)
            except ApiError as error:
                errors.append(f"{described(obj)}: {error}")
            else:
                _logger.info("%s: %s deleted: no longer needed", key, described(obj))


def _has_been_there(desired: KubernetesObject, plan: Plan) -> bool:
    """Whether the object was there before the spec asked for another generation."""
    of_cluster = desired["kind"] in ("Service", "PodDisruptionBudget", "NetworkPolicy") and not generation_of(desired)
    return kind_and_name(desired) in plan.kept.needs or (bool(plan.kept.needs) and of_cluster)
