"""Random courses of events against the real passes keep every invariant: tests/simulation/README.md.

200 courses are played, which were seen to pass. The goal is 2,000: `make bench-simulation` plays any number.
"""

from __future__ import annotations

import pytest

from tests.simulation.course import course_of, run_course, steps_of

COURSES = 200
_CHUNK = 25


@pytest.mark.parametrize("first", range(0, COURSES, _CHUNK))
def test_every_invariant_holds_in_courses_from_seed(first: int) -> None:
    for seed in range(first, first + _CHUNK):
        violation = run_course(course_of(seed)).violation
        assert violation is None, f"replay with: python -m bench.simulation --seed {seed} --verbose\n{violation}"


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(
            "reclaim-node:LATE_STATUS.8.0 delay-status:LATE_STATUS.8.1 join-node:LATE_STATUS.8.2",
            id="ready workers that a late status doesn't count are not taken for idle",
        ),
        pytest.param(
            "reclaim-node:1240.1 lose-events:1240.2 edit-spec:1240.3",
            id="nor are those that are replaced",
        ),
        pytest.param(
            "risk-node:1677.0 delay-watch:1677.1 edit-spec:1677.4 remove-label:1677.6",
            id="a Deployment without the label of its pool doesn't stop the passes",
        ),
    ],
)
def test_a_mended_defect_stays_mended(steps: str) -> None:
    assert run_course(steps_of(steps)).violation is None


def test_a_seed_is_played_the_same_way_each_time() -> None:
    def told(seed: int) -> list[str]:
        lines: list[str] = []
        run_course(course_of(seed), lines.append)
        return [line for line in lines if "create Event" not in line]

    assert told(7) == told(7)
    assert told(7) != told(8)
