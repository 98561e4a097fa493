"""The disruption budget: the one place that decides how many workers may drain at once, for whatever reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from presto_operator.scaling.pace import Revision, next_step

_AT_RISK = "/at-risk"
_SURPLUS = "/surplus"


@dataclass(frozen=True)
class AtRisk:
    """Workers of one revision that are to be replaced because their nodes may go away."""

    pods: int
    ready: int


@dataclass(frozen=True)
class Turnover:
    """How many workers to have next."""

    replicas_by_pool: dict[str, int]
    """Workers that match the spec, by pool, including those that are to be replaced or moved to another pool."""
    old_replicas: dict[str, int]
    """Workers of each old revision, by its name."""
    at_risk_to_go: dict[str, int]
    """How many of the workers at risk may be removed now, by pool: they have been replaced."""


def next_turnover(
    wanted: Mapping[str, int],
    revisions: Sequence[Revision],
    at_risk: Mapping[str, AtRisk],
    *,
    leaving: int,
    max_surge: int,
) -> Turnover:
    """The next step from the present workers to the desired ones in each pool.

    The budget treats all of these alike: workers that a roll-out replaces, workers at risk, and workers that a pool has
    beyond its share because other pools get it now. Each is removed once it has been replaced, and the promises of
    `next_step`, `max_surge` included, hold for all of them together. Two kinds don't wait for the budget: workers
    beyond the desired total, and workers that don't serve in a pool beyond its share, such as those without a node.
    They count all the same, as do workers on leaving nodes.

    Args:
        wanted: workers desired in each pool of the spec.
        revisions: the present revisions, including those of pools that the spec no longer has.
        at_risk: the workers at risk, by the name of their revision. Only desired revisions matter: workers of the
            others are replaced anyway.
        leaving: workers that drain; they count until they are gone.
        max_surge: how many workers there may be beyond the desired number; at least 1.
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
    """Split a revision into the workers that may stay and those that are to be replaced."""
    if not revision.is_wanted or revision.pool not in wanted:
        yield revision
        return
    # Workers removed by an earlier step may still be there, but not for long. Workers at risk are removed first.
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
            uncounted=min(at_risk.ready, count) - ready,
            # It isn't known which of the ready workers are available: assume these.
            available=min(ready, rest.available),
            failing=0,
        )
        rest = _without(rest, part)
        yield part
    surplus = max(0, rest.replicas - wanted[rest.pool])
    # A ready worker can become available before it is deleted.
    idle = max(0, rest.replicas - rest.ready - rest.uncounted)
    if surplus > idle:
        count = surplus - idle
        part = replace(
            revision,
            name=revision.name + _SURPLUS,
            is_wanted=False,
            replicas=count,
            pods=count,
            ready=min(count, rest.ready),
            uncounted=max(0, count - rest.ready),
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
        uncounted=max(0, revision.uncounted - part.uncounted),
    )
