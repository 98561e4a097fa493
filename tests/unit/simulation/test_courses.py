"""Random courses of events against the real passes keep every invariant: tests/simulation/README.md."""

from __future__ import annotations

import pytest

from tests.simulation.course import course_of, run_course

COURSES = 2_000
_CHUNK = 100


@pytest.mark.parametrize("first", range(0, COURSES, _CHUNK))
def test_every_invariant_holds_in_courses_from_seed(first: int) -> None:
    for seed in range(first, first + _CHUNK):
        violation = run_course(course_of(seed)).violation
        assert violation is None, f"replay with: python -m bench.simulation --seed {seed} --verbose\n{violation}"


def test_a_seed_is_played_the_same_way_each_time() -> None:
    def told(seed: int) -> list[str]:
        lines: list[str] = []
        run_course(course_of(seed), lines.append)
        return [line for line in lines if "create Event" not in line]

    assert told(7) == told(7)
    assert told(7) != told(8)
