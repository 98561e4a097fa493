"""The disruption budget: the one place that decides how many workers may be on their way out, whatever the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from presto_operator.scaling.pace import Revision, next_step

_AT_RISK = "/at-risk"
_SURPLUS = "/surplus"


@dataclass(frozen=True)
class AtRisk:
    """Workers of one revision from which others shall take over, since their nodes may go."""

    pods: int
    ready: int


@dataclass(frozen=True)
class Turnover:
    """How many workers there shall be next."""

    replicas_by_pool: dict[str, int]
    """Workers as the spec asks for, by pool; those that are to be replaced or moved to another pool are counted in."""
    old_replicas: dict[str, int]
    """Workers of each old revision, by its name."""
    at_risk_to_go: dict[str, int]
    """How many of the workers at risk may go now, by pool: others have taken over from them."""


def next_turnover(
    wanted: Mapping[str, int],
    revisions: Sequence[Revision],
    at_risk: Mapping[str, AtRisk],
    *,
    leaving: int,
    max_surge: int,
) -> Turnover:
    """The next step from the workers that there are to those that are wanted, where they are wanted.

    What a roll-out replaces, what is at risk and what a pool has beyond its share since others get it now are all one
    to the budget: workers that leave once others have taken over from them. So all that `next_step` promises holds for
    all of them together, `max_surge` among it. Two kinds don't wait for the budget: workers that nobody wants any more,
    in whatever pool, and workers that don't serve in a pool that has more than its share, as those that wait for a
    node. They count all the same, as do those whose nodes are leaving.

    Args:
        wanted: workers wanted in each pool of the spec.
        revisions: what there is, of pools that the spec no longer has, too.
        at_risk: the workers at risk, by the name of their revision. Only those of wanted revisions matter: the others
            go anyway.
        leaving: workers that leave: they drain, and count until they are gone.
        max_surge: how many workers more than wanted there may be; at least 1.
    """
    parts = [part for revision in revisions for part in _parts(revision, wanted, at_risk.get(revision.name))]
    step = next_step(wanted, parts, leaving=leaving, max_surge=max_surge)
    replicas = dict(step.replicas_by_pool)
    to_go = {}
    for part in parts:
        if not part.name.endswith((_AT_RISK, _SURPLUS)):
            continue
        kept = step.old_replicas[part.name]
        replicas[part.pool] += kept
        if part.name.endswith(_AT_RISK) and kept < part.replicas:
            to_go[part.pool] = part.replicas - kept
    names = {revision.name for revision in revisions}
    return Turnover(replicas, {name: count for name, count in step.old_replicas.items() if name in names}, to_go)


def _parts(revision: Revision, wanted: Mapping[str, int], at_risk: AtRisk | None) -> Iterable[Revision]:
    """A revision as the workers that may stay, and those that others are to take over from."""
    if not revision.is_wanted or revision.pool not in wanted:
        yield revision
        return
    # What was told to go in an earlier step, and hasn't yet, serves nobody for long. Workers at risk are the first.
    told_to_go = max(0, revision.pods - revision.replicas)
    rest = replace(revision, available=revision.available_with(revision.replicas))
    count = min(max(0, at_risk.pods - told_to_go), revision.replicas) if at_risk is not None else 0
    if at_risk is not None and count:
        ready = min(at_risk.ready, count, revision.ready)
        part = replace(
            revision,
            name=revision.name + _AT_RISK,
            is_wanted=False,
            is_urgent=True,
            replicas=count,
            pods=count,
            ready=ready,
            # Which of the ready ones are available isn't known of each: suppose that it is these.
            available=min(ready, rest.available),
            failing=0,
        )
        rest = _without(rest, part)
        yield part
    surplus = max(0, rest.replicas - wanted[rest.pool])
    # One that is ready may be available before it has heard that it is to go.
    idle = max(0, rest.replicas - rest.ready)
    if surplus > idle:
        count = surplus - idle
        part = replace(
            revision,
            name=revision.name + _SURPLUS,
            is_wanted=False,
            replicas=count,
            pods=count,
            ready=count,
            available=min(count, rest.available),
            failing=0,
        )
        rest = _without(rest, part)
        yield part
    yield rest


def _without(revision: Revision, part: Revision) -> Revision:
    return replace(
        revision,
        replicas=revision.replicas - part.replicas,
        pods=max(0, revision.pods - part.pods),
        ready=max(0, revision.ready - part.ready),
        available=max(0, revision.available - part.available),
    )
