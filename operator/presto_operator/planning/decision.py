"""The decision of a pass: from what was seen to what is to be done. Pure.

It is made in two steps, since some of it depends on what Presto is asked in between: `draft` says what would be done
and which coordinators have to be asked for their queries first, `decide` what is done given their answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from presto_operator.api import PrestoCluster, duration_seconds
from presto_operator.objects import generation_of, metadata_generation, name_of, wanted_replicas
from presto_operator.planning.autoscale import Autoscaled, autoscale
from presto_operator.planning.backoff import held_deployments, storms, turned_away, with_backoff
from presto_operator.planning.handover import LAST_PAGE, Handover
from presto_operator.planning.keeping import NOTHING_KEPT, Kept, kept, present_shares
from presto_operator.planning.last_worker import LAST_WORKER_MESSAGE, generation_to_ask, kept_workers
from presto_operator.planning.plan import NOTHING_WAITS, Hold, Plan, Scale, plan
from presto_operator.planning.reclaim import Reclaim
from presto_operator.planning.seen import Seen, Valid
from presto_operator.planning.supply import observed_supply
from presto_operator.presto import QueryActivity, QueryAnswer

Answers = Mapping[str, QueryAnswer]
"""The newest answers of coordinators, by generation; one that has not answered yet is not in it.

Nothing is taken away on an answer that isn't there yet or isn't of this moment: the pass is made again when it comes.
"""


@dataclass(frozen=True)
class Draft:
    """What would be done if no query had to be protected."""

    autoscaled: Autoscaled | None
    """The desired number of workers; None if the spec isn't known to be valid."""
    questions: frozenset[str]
    """The generations whose queries the decision depends on."""


@dataclass(frozen=True)
class Decision:
    """What is to be done in this pass."""

    plan: Plan | None
    """The objects to apply, scale and remove; None if the spec isn't known to be valid: they stay as they are."""
    autoscaled: Autoscaled | None
    moved: tuple[Reclaim, ...]
    """Coordinators on leaving nodes that can be deleted now without failing a query."""
    waiting: tuple[Reclaim, ...]
    """Coordinators on leaving nodes that still run queries."""
    kept: Kept = NOTHING_KEPT
    """What is restored of the generation that serves while the spec can't be carried out."""
    is_correction: bool = False
    """Whether differences from the plan were made by something else, rather than by the spec or by a roll-out."""
    asked: str | None = None
    """The generation whose queries this decision waits for."""
    activity: QueryActivity | None = None
    """Its queries; None if its coordinator did not respond, or has not yet."""
    is_unanswered: bool = False
    """Whether something depends on a coordinator that has not answered yet: it is decided when it has."""
    is_asking: bool = False
    """Whether an answer of this moment is still to come: it triggers the next pass."""

    @property
    def is_waiting(self) -> bool:
        """Whether something waits for a moment without queries."""
        return self.is_unanswered or bool(self.waiting) or (self.plan is not None and self.plan.hold.is_on)


def draft(seen: Seen) -> Draft:
    """What would be done, and what to ask before it is."""
    questions = {generation for reclaim in seen.reclaimed.coordinators if (generation := _generation(reclaim))}
    if not isinstance(seen.spec, Valid):
        return Draft(None, frozenset(questions))
    cluster = seen.spec.cluster
    autoscaled = autoscale(cluster, seen.memory.autoscaling, seen.last_load, seen.now)
    handover = _handover(seen, _plan(seen, seen.spec, autoscaled.workers))
    questions |= {
        generation
        for generation in (_last_worker_question(seen, cluster, autoscaled.workers), handover.generation_to_ask)
        if generation is not None
    }
    return Draft(autoscaled, frozenset(questions))


def decide(seen: Seen, drafted: Draft, answers: Answers) -> Decision:
    """Decide what is done now; steps that would fail queries wait.

    Args:
        seen: what the pass has seen.
        drafted: what would be done if nothing waited.
        answers: what the coordinators have answered that `drafted` asks for.
    """
    current = {name: answer.activity for name, answer in answers.items() if answer.is_current(seen.now)}
    coordinators = seen.reclaimed.coordinators
    movable = [reclaim for reclaim in coordinators if _is_quiet(seen, current.get(_generation(reclaim)))]
    waiting = tuple(reclaim for reclaim in coordinators if _is_busy(seen, answers.get(_generation(reclaim))))
    is_unanswered = not drafted.questions <= answers.keys()
    is_asking = not drafted.questions <= current.keys()
    if drafted.autoscaled is None or not isinstance(seen.spec, Valid):
        return Decision(
            None,
            None,
            tuple(movable),
            waiting,
            kept=_kept_without_spec(seen),
            is_unanswered=is_unanswered,
            is_asking=is_asking,
        )
    cluster = seen.spec.cluster
    asked_for = drafted.autoscaled.workers
    desired = asked_for
    question = _last_worker_question(seen, cluster, asked_for)
    if question is not None:
        desired = kept_workers(asked_for, current.get(question), seen.now)
    kept = Hold(last_worker=True, message=LAST_WORKER_MESSAGE) if desired > asked_for else NOTHING_WAITS
    at_once = _plan(seen, seen.spec, desired, kept)
    handover = _handover(seen, at_once)
    asked = handover.generation_to_ask
    chosen, activity = at_once, None
    if asked is not None:
        activity = answers[asked].activity if asked in answers else None
        drain_timeout = timedelta(seconds=duration_seconds(cluster.spec.coordinator.drain_timeout))
        hold = handover.hold(activity, is_current=asked in current, drain_timeout=drain_timeout, now=seen.now)
        chosen = _plan(seen, seen.spec, desired, hold) if hold.is_on else at_once
    return Decision(
        _with_backoff(chosen, seen),
        drafted.autoscaled,
        tuple(movable),
        waiting,
        is_correction=_is_correction(seen, chosen),
        asked=asked,
        activity=activity,
        is_unanswered=is_unanswered,
        is_asking=is_asking,
    )


def cost_question(decision: Decision, seen: Seen, serving: str | None) -> str | None:
    """The generation whose queries are counted after a switch; None if there was no switch just now.

    An answer from before the switch isn't enough: clients could still send queries after it.

    Args:
        decision: what was done.
        seen: what the pass had seen before.
        serving: the generation that serves since then.
    """
    if decision.asked is None or decision.asked == serving:
        return None
    record = seen.memory.rollout
    return decision.asked if record is None or record.switched_at is None else None


def _plan(seen: Seen, spec: Valid, workers: int, hold: Hold = NOTHING_WAITS) -> Plan:
    supply = observed_supply(spec.cluster, spec.generation.name, seen)
    return plan(
        spec.cluster,
        spec.generation,
        seen.observation,
        replace(hold, start=not seen.turn.may_start),
        serving=seen.serving,
        wanted_workers=workers,
        supply=supply,
    )


def _with_backoff(chosen: Plan, seen: Seen) -> Plan:
    """The plan, with the Deployments held whose pods the kubelet turns away."""
    observation = seen.observation
    wanted = {
        name_of(obj): wanted_replicas(obj) for obj in (*chosen.kept.apply, *chosen.apply) if obj["kind"] == "Deployment"
    }
    held = held_deployments(observation, wanted, seen.now)
    former = storms(observation, wanted, seen.now)
    if not held and not former:
        return chosen
    scale = {name_of(step.deployment): step for step in chosen.scale}
    for deployment in observation.deployments("worker"):
        if (count := former.get(name_of(deployment))) is not None:
            step = scale.get(name_of(deployment), Scale(deployment, count))
            scale[name_of(deployment)] = Scale(deployment, min(count, step.replicas))
    return replace(
        chosen,
        apply=with_backoff(chosen.apply, held),
        kept=replace(chosen.kept, apply=with_backoff(chosen.kept.apply, held)),
        scale=tuple(scale.values()),
        held=held,
        turned_away=turned_away(observation, held),
    )


def _kept_without_spec(seen: Seen) -> Kept:
    """The generation that serves as it was rendered, with as many workers as status remembers."""
    serving = seen.serving
    if serving is None or serving.recorded is None:
        return NOTHING_KEPT
    observation = seen.observation
    shares = present_shares(serving.recorded, observation, serving.shares)
    surge = max(1, sum(shares.values()) // 10)
    restored = kept(serving.recorded, observation, shares, max_surge=surge, with_shared=True)
    wanted = {name_of(obj): wanted_replicas(obj) for obj in restored.apply if obj["kind"] == "Deployment"}
    return replace(restored, apply=with_backoff(restored.apply, held_deployments(observation, wanted, seen.now)))


def _handover(seen: Seen, at_once: Plan) -> Handover:
    return Handover(at_once, seen.observation, seen.memory.rollout, seen.serving_name)


def _last_worker_question(seen: Seen, cluster: PrestoCluster, workers: int) -> str | None:
    least = sum(pool.min_replicas for pool in cluster.spec.workers.pools)
    return generation_to_ask(seen.observation, seen.serving_name, max(workers, least))


def _is_quiet(seen: Seen, activity: QueryActivity | None) -> bool:
    """Whether a coordinator runs no queries; one that did not respond counts as busy."""
    return activity is not None and not activity.since(seen.now - LAST_PAGE)


def _is_busy(seen: Seen, answer: QueryAnswer | None) -> bool:
    """Whether the newest answer of a coordinator, however old, is that it runs queries, or if it gave none."""
    return answer is not None and not _is_quiet(seen, answer.activity)


def _generation(reclaim: Reclaim) -> str:
    return generation_of(reclaim.pod)


def _is_correction(seen: Seen, chosen: Plan) -> bool:
    """Whether the cluster matched its present spec when status was last written, and nothing is being rolled out.

    A roll-out is no correction even if the spec is unchanged: another release of the operator makes one.
    """
    is_changing = (
        seen.serving_name not in (None, chosen.wanted_generation)
        or bool(chosen.old_workers(seen.observation))
        or bool(seen.observation.to_be_replaced)
        or chosen.placement.replicas_by_pool != seen.memory.shares
    )
    is_current = seen.memory.observed_generation == metadata_generation(seen.body)
    return is_current and seen.memory.is_settled and not is_changing
