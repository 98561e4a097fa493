"""A course of events: what happens one after the other, from a seed, and what becomes of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from tests.simulation.actions import ACTIONS
from tests.simulation.front import Faults
from tests.simulation.invariant import InvariantError
from tests.simulation.world import RELIST_SECONDS, Saved, Tally, World

_STEPS = (2, 7)
_SECOND_PASS = 0.3
_PAUSES = (1, 1, 5, 10, 10, 30, 60, 120)
"""Seconds from one pass to the next."""
_SETTLING = (*[31] * 10, *[61] * 8, *[300] * 6)
"""Seconds from pass to pass while nothing happens any more: three quarters of an hour."""
"""Each longer than the time between two writes of numbers to status."""
_QUIET = (RELIST_SECONDS + 1,)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Step:
    """One thing that happens, and the pass after it."""

    action: str
    seed: str
    """What it draws from, so that it does the same whatever happened before."""


@dataclass
class Outcome:
    """What became of a course."""

    steps: Sequence[Step]
    tally: Tally = field(default_factory=Tally)
    violation: InvariantError | None = None


def course_of(seed: int) -> list[Step]:
    """The course of a seed."""
    chance = Random(seed)
    names = list(ACTIONS)
    weights = [weight for weight, _ in ACTIONS.values()]
    chosen = chance.choices(names, weights, k=chance.randint(*_STEPS))
    return [Step(name, f"{seed}.{number}") for number, name in enumerate(chosen)]


def steps_of(text: str) -> list[Step]:
    """The steps that `--shrink` prints, such as `edit-spec:74.2 delete-service:74.3`.

    Raises:
        ValueError: one of them is no action with a seed.
    """
    steps = [Step(action, seed) for action, _, seed in (step.partition(":") for step in text.split())]
    for step in steps:
        if step.action not in ACTIONS or not step.seed:
            raise ValueError(f"{step.action}:{step.seed} must be an action and a seed, such as edit-spec:74.2")
    return steps


def run_course(steps: Sequence[Step], say: Say = lambda _: None) -> Outcome:
    """Play a course; each thing that happens is told to `say`."""
    with _silent_log():
        return asyncio.run(_play(steps, say))


def shrunk(outcome: Outcome) -> Outcome:
    """A course that fails in the same way with as few steps as can be found by leaving out one after the other."""
    best = outcome
    number = 0
    while number < len(best.steps):
        tried = run_course([*best.steps[:number], *best.steps[number + 1 :]])
        is_same = tried.violation is not None and best.violation is not None
        if is_same and tried.violation and best.violation and tried.violation.invariant == best.violation.invariant:
            best = tried
        else:
            number += 1
    return best


async def _play(steps: Sequence[Step], say: Say) -> Outcome:
    world = World()
    world.load(await _beginning())
    outcome = Outcome(steps, world.tally)
    try:
        for step in steps:
            await _take(world, step, say)
        await _settle(world, say)
        await _stay_quiet(world, say)
    except InvariantError as violation:
        outcome.violation = violation
        say(f"VIOLATION {violation}")
    finally:
        world.tally.checks = world.guard.checks
        await world.stop_operator()
    return outcome


_beginnings: list[Saved] = []


async def _beginning() -> Saved:
    """A world in which the cluster has come up, which is played only once."""
    if not _beginnings:
        world = World()
        await _settle(world, lambda _: None)
        await world.stop_operator()
        _beginnings.append(world.save())
    return _beginnings[0]


async def _take(world: World, step: Step, say: Say) -> None:
    chance = Random(step.seed)
    world.use_chance(chance)
    world.tally.steps += 1
    _, action = ACTIONS[step.action]
    what = action(world, chance)
    world.guard.look()
    faults = _drawn_faults(world, chance)
    pause = chance.choice(_PAUSES)
    say(f"{world.clock.now:%H:%M:%S} {what or f'({step.action}: nothing to do)'}; {pause} s{faults}")
    world.advance(pause)
    await _pass(world, faults, say)
    if chance.random() < _SECOND_PASS:
        world.advance(chance.choice(_PAUSES))
        await _pass(world, Faults(), say)


async def _pass(world: World, faults: Faults, say: Say) -> None:
    try:
        await world.run_pass(faults)
    finally:
        for write in world.front.writes:
            say(f"{world.clock.now:%H:%M:%S}   {write}")


def _drawn_faults(world: World, chance: Random) -> Faults:
    drawn = chance.random()
    if drawn < 0.6:
        return Faults()
    if drawn < 0.75:
        return Faults(error_rate=chance.choice([0.1, 0.5]))
    if drawn < 0.85:
        kinds = ("Deployment", "ConfigMap", "Service", "ServiceAccount", "PodDisruptionBudget", "Pod", "PrestoCluster")
        return Faults(failing_kinds=frozenset(chance.sample(kinds, 1)))
    if drawn < 0.93:
        return Faults(killed_at=chance.randrange(12))
    name = chance.choice(list(ACTIONS))
    world.front.interrupt = lambda: _interrupt(world, name, chance)
    return Faults(interrupted_at=chance.randrange(10))


def _interrupt(world: World, name: str, chance: Random) -> None:
    ACTIONS[name][1](world, chance)
    world.guard.look()


async def _settle(world: World, say: Say) -> None:
    """Let everything come to rest: people and clouds do nothing more, and nothing fails any more."""
    _end_troubles(world)
    what = ""
    was_settled = False
    for pause in _SETTLING:
        world.advance(pause)
        _end_troubles(world)
        await _pass(world, Faults(), say)
        what = world.checks.unsettled(world.api.objects)
        is_settled = not what and not world.front.writes
        if is_settled and was_settled:
            say(f"{world.clock.now:%H:%M:%S} settled")
            return
        # Numbers are written seldom, and what a poll has found is seen by the pass after it.
        was_settled = is_settled
    raise InvariantError("settles", what or f"passes still write: {', '.join(map(str, world.front.writes))}")


async def _stay_quiet(world: World, say: Say) -> None:
    for pause in _QUIET:
        world.advance(pause)
        await _pass(world, Faults(), say)
        if world.front.writes:
            raise InvariantError(
                "quiet", f"nothing happens, and a pass writes: {', '.join(map(str, world.front.writes))}"
            )


def _end_troubles(world: World) -> None:
    world.watches.late = set()
    world.watches.is_losing = False
    world.presto.mood = "truthful"
    world.presto.busy.clear()
    world.controllers.most_pods = None
    world.front.refused_kinds = frozenset()
    world.controllers.are_late = False
    for obj in world.objects("Service", "Deployment", "ConfigMap", "PodDisruptionBudget"):
        if not obj["metadata"].get("ownerReferences"):
            world.api.remove(obj)
    for name in list(world.cloud.silent):
        world.cloud.vanish(name)
    for node in world.cloud.nodes():
        if node["spec"].get("taints") or node["spec"].get("unschedulable"):
            world.cloud.untaint(node)
    while len(world.cloud.nodes()) < 10:
        world.cloud.join()


@contextmanager
def _silent_log() -> Iterator[None]:
    """Without the operator's warnings, of which a course makes many."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
