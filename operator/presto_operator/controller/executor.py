"""Carrying out a decision: the writes of a pass to the cluster's children and pods."""

from __future__ import annotations

import logging

from presto_operator.controller.reclaimer import Reclaimer
from presto_operator.controller.releaser import Releaser
from presto_operator.kube import ApiError, Applier, ApplyOutcome, ClusterKey, ForeignObjectError
from presto_operator.objects import KubernetesObject, described
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
        if isinstance(seen.spec, Unreadable):
            done = Done((seen.spec.error,))
        elif decision.plan is not None:
            done = await self._carry_out(key, seen, decision, decision.plan)
        errors = [*done.errors, *await self._reclaimer.move_coordinators(key, seen, decision)]
        return Done((*errors, *seen.reclaimed.errors), done.corrected)

    def forget(self, key: ClusterKey) -> None:
        """Drop what is known of a cluster that is no more."""
        self._applier.forget(key)

    async def _carry_out(self, key: ClusterKey, seen: Seen, decision: Decision, plan: Plan) -> Done:
        to_delete = await self._releaser.choose(key, seen, plan)
        errors: list[str] = []
        changed, refused = [], []
        for desired in plan.apply:
            try:
                outcome = await self._apply(key, desired)
            except (ApiError, ForeignObjectError) as error:
                errors.append(f"{described(desired)}: {error}")
                refused.append(desired)
            else:
                changed += [described(desired)] if outcome in _WRITTEN else []
        await self._scale(key, plan, errors)
        errors += await self._releaser.delete(to_delete)
        if is_served(plan, key.name, refused):
            await self._remove(key, plan, errors)
        return Done(tuple(errors), tuple(changed) if decision.is_correction else ())

    async def _apply(self, key: ClusterKey, desired: KubernetesObject) -> ApplyOutcome:
        outcome = await self._applier.apply(key, desired)
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

    async def _remove(self, key: ClusterKey, plan: Plan, errors: list[str]) -> None:
        for obj in plan.remove:
            try:
                await self._applier.delete(obj)
            except ApiError as error:
                errors.append(f"{described(obj)}: {error}")
            else:
                _logger.info("%s: %s deleted: no longer needed", key, described(obj))
