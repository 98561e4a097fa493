"""Moving workers from one pool to another: the new ones come first."""

from __future__ import annotations

from collections.abc import Mapping


def replicas_while_moving(
    aim: Mapping[str, int], current: Mapping[str, int], available: Mapping[str, int]
) -> dict[str, int]:
    """The replicas that the pools shall have right now, on their way to `aim`.

    Pools that grow do so at once. Of those that shrink, workers that aren't at work go at once, and the others as far
    as there are enough at work without them. Meanwhile there may be more workers than wanted.

    Args:
        aim: the replicas that a placement wants, by pool.
        current: the replicas that the pools have; a pool that isn't there has what it shall have.
        available: workers at work by pool, out of those; of a pool that isn't there, nothing is known.
    """
    now = {name: max(replicas, current.get(name, replicas)) for name, replicas in aim.items()}
    for name, replicas in aim.items():
        idle = max(0, now[name] - available.get(name, now[name]))
        now[name] -= min(now[name] - replicas, idle)
    lacking = sum(max(0, replicas - available.get(name, 0)) for name, replicas in aim.items())
    may_go = max(0, sum(now.values()) - sum(aim.values()) - lacking)
    for name in reversed(list(aim)):
        leaving = min(now[name] - aim[name], may_go)
        now[name] -= leaving
        may_go -= leaving
    return now
