"""What holds of every course of the load."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from presto_operator.api import MAX_PEAKS, MAX_SCALE_EVENTS, Autoscaling, AutoscalingHistory
from presto_operator.presto.load import ClusterLoad
from presto_operator.scaling import decide
from presto_operator.scaling.history import highest, lowest, with_recommendation
from presto_operator.scaling.schedules import bounds
from tests.unit.scaling.load import NOON, Fleet, autoscaling, sample

_counts = st.integers(0, 60)
_policies = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["Pods", "Percent"]),
            "value": st.integers(1, 120),
            "periodSeconds": st.sampled_from([1, 15, 60, 600, 1800]),
        }
    ),
    min_size=1,
    max_size=3,
)
_rules = st.fixed_dictionaries(
    {},
    optional={
        "stabilizationWindowSeconds": st.sampled_from([0, 30, 300, 3600]),
        "policies": _policies,
        "selectPolicy": st.sampled_from(["Max", "Min", "Disabled"]),
        "tolerance": st.sampled_from(["0", "0.1", "0.5"]),
    },
)
_schedules = st.lists(
    st.fixed_dictionaries(
        {
            "start": st.sampled_from(["5 12 * * *", "*/7 * * * *", "0 13 * * *"]),
            "end": st.sampled_from(["25 12 * * *", "*/11 * * * *", "0 20 * * *"]),
            "minReplicas": st.integers(1, 20),
            "maxReplicas": st.integers(20, 30),
        }
    ),
    max_size=2,
)


@st.composite
def _settings(draw: st.DrawFn) -> Autoscaling:
    fields: dict[str, Any] = {
        "minReplicas": draw(st.integers(1, 10)),
        "maxReplicas": draw(st.integers(30, 60)),
        "targets": {"queriesPerWorker": draw(st.sampled_from(["0.5", "1", "3"])), "workerCPUPercent": 70},
        "behavior": {"scaleUp": draw(_rules), "scaleDown": draw(_rules)},
        "schedules": [{"name": f"s{index}", **item} for index, item in enumerate(draw(_schedules))],
    }
    if draw(st.booleans()):
        fields["scaleToZero"] = {"idleAfter": draw(st.sampled_from(["1m", "10m"]))}
    return autoscaling(**fields)


_samples = st.one_of(
    st.none(),
    st.builds(
        ClusterLoad,
        at=st.just(NOON),
        running=_counts,
        blocked=st.integers(0, 5),
        queued=_counts,
        waiting=st.integers(0, 5),
        held_back=st.integers(0, 3),
        active_workers=_counts,
        worker_cpu_percent=st.one_of(st.none(), st.floats(0, 100)),
        workers_with_cpu=_counts,
    ),
    st.just(sample()),
)
_course = st.lists(st.tuples(st.sampled_from([1, 5, 40, 200, 900]), _samples), max_size=40)


def _walk(
    settings: Autoscaling, course: list[tuple[int, ClusterLoad | None]], restarts: set[int]
) -> list[tuple[int, str, str]]:
    """The decisions along a course; at these steps, all that is left of the past is what status holds."""
    history, wanted, now = AutoscalingHistory(), 5, NOON
    taken: list[tuple[int, str, str]] = []
    for step, (seconds, load) in enumerate(course):
        now += timedelta(seconds=seconds, milliseconds=137)
        if step in restarts:
            history = AutoscalingHistory.model_validate_json(history.model_dump_json(by_alias=True, exclude_none=True))
        decision = decide(settings, sample=load and replace(load, at=now), wanted=wanted, history=history, now=now)
        allowed = bounds(settings, now)
        is_asleep = decision.wanted == 0 and settings.scale_to_zero is not None and not allowed.is_scheduled_floor
        most = settings.max_replicas if load is None else allowed.ceiling.workers
        assert is_asleep or allowed.floor.workers <= decision.wanted <= most
        if load is None:
            assert decision.wanted >= min(wanted, settings.max_replicas)
        assert max(len(decision.history.highs), len(decision.history.lows)) <= MAX_PEAKS
        assert max(len(decision.history.scale_ups), len(decision.history.scale_downs)) <= MAX_SCALE_EVENTS
        history, wanted = decision.history, decision.wanted
        taken.append((decision.wanted, decision.reason, decision.message))
    return taken


@given(settings=_settings(), course=_course, restarts=st.sets(st.integers(0, 40)))
def test_bounds_hold_and_a_restart_at_any_point_changes_nothing(
    settings: Autoscaling, course: list[tuple[int, ClusterLoad | None]], restarts: set[int]
) -> None:
    assert _walk(settings, course, restarts) == _walk(settings, course, set())


@given(
    settings=_settings(),
    course=_course,
    running=_counts,
    more=st.integers(0, 40),
    cpu=st.floats(0, 100),
    more_cpu=st.floats(0, 50),
)
def test_more_demand_never_wants_fewer_workers(
    settings: Autoscaling,
    course: list[tuple[int, ClusterLoad | None]],
    running: int,
    more: int,
    cpu: float,
    more_cpu: float,
) -> None:
    fleet = Fleet(settings, wanted=5)
    for seconds, load in course:
        fleet.after(seconds=seconds)
        decision = decide(
            settings,
            sample=load and replace(load, at=fleet.now),
            wanted=fleet.wanted,
            history=fleet.history,
            now=fleet.now,
        )
        fleet.wanted, fleet.history = decision.wanted, decision.history
    fleet.after(seconds=5)
    answers = []
    for count, use in ((running, cpu), (running + more, min(100.0, cpu + more_cpu))):
        load = sample(
            fleet.now, running=count, active_workers=fleet.wanted, workers_with_cpu=fleet.wanted, worker_cpu_percent=use
        )
        answers.append(decide(settings, sample=load, wanted=fleet.wanted, history=fleet.history, now=fleet.now).wanted)
    assert answers[0] <= answers[1]


@given(wanted=st.integers(0, 60), running=_counts, cpu_of_one_query=st.floats(0, 90), settings=_settings())
def test_a_constant_load_settles_and_stays_and_costs_no_write(
    wanted: int, running: int, cpu_of_one_query: float, settings: Autoscaling
) -> None:
    steady = settings.model_copy(update={"schedules": ()})
    fleet = Fleet(steady, wanted=wanted)
    decisions = []
    for _ in range(150):
        # The same work on more workers is less work for each.
        use = min(100.0, running * cpu_of_one_query / max(1, fleet.wanted))
        decisions.append(
            fleet.after(seconds=2000).decide(
                running=running,
                active_workers=fleet.wanted,
                workers_with_cpu=fleet.wanted,
                worker_cpu_percent=use if fleet.wanted else None,
            )
        )
    counts = [decision.wanted for decision in decisions]
    # Each step is longer than every policy's period. Once the windows have passed, it moves in one direction only.
    settled = counts[3:]
    assert settled in (sorted(settled), sorted(settled, reverse=True))
    if all(rules.select_policy != "Disabled" for rules in (steady.behavior.scale_up, steady.behavior.scale_down)):
        assert len(set(counts[-20:])) == 1
        assert len({decision.history for decision in decisions[-20:]}) == 1


@given(
    recommendations=st.lists(st.tuples(st.integers(1, 400), st.integers(0, 200)), min_size=1, max_size=60),
    window=st.sampled_from([0, 30, 300, 3600]),
)
def test_peaks_answer_what_all_samples_would(recommendations: list[tuple[int, int]], window: int) -> None:
    rules = {"stabilizationWindowSeconds": window}
    behavior = autoscaling(behavior={"scaleUp": rules, "scaleDown": rules}).behavior
    history, now = AutoscalingHistory(), NOON
    held: list[tuple[int, Any]] = []  # what was recommended, and until when
    lasted: list[tuple[int, Any]] = []  # the lowest recommendation of the window of scaleUp, likewise
    for seconds, workers in recommendations:
        now += timedelta(seconds=seconds)
        before = history.recommended
        history = with_recommendation(history, workers, wanted=7, behavior=behavior, now=now)
        cutoff = now - timedelta(seconds=window)
        held.append((7 if before is None else before, now))
        recent = [count for count, until in held if until > cutoff]
        lasted.append((min([held[-1][0], *recent]), now))
        sustained = [count for count, until in lasted if until > cutoff]
        if max(len(history.highs), len(history.lows)) < MAX_PEAKS:
            assert max(workers, highest(history, cutoff)) == max([workers, *sustained])
            assert min(workers, lowest(history, cutoff)) == min([workers, *recent])
        else:
            assert max(workers, highest(history, cutoff)) >= max([workers, *sustained])
