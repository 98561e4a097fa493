"""The simulation finds former defects of the operator when they are put back."""

from __future__ import annotations

import pytest

from tests.simulation.course import course_of, run_course, shrunk, steps_of
from tests.simulation.mutations import MUTATIONS


def _passes(seed: str, first: int, end: int) -> str:
    """Steps in which nothing happens but passes: there are as many nodes as there may be."""
    return " ".join(f"join-node:{seed}.{number}" for number in range(first, end))


_FOUND_BY = {
    # Somebody deletes the client Service while a change is pending.
    "C1": ("serves", "edit-spec:74.2 delete-service:74.3"),
    # Another ServiceAccount is named, which does not exist.
    "H1": ("serves", "edit-spec:27.3"),
    # HTTPS is switched on.
    "H2": ("serves", "edit-spec:7.2"),
    # A node is reclaimed, and a pod on it has been taken out of its ReplicaSet.
    "H3": ("foreign", "reclaim-node:380.1 release-pod:380.2"),
    # Somebody else has an object of the name that one of ours would have, and the version changes.
    "H6": (
        "leftover",
        f"replace-child:H6.16.0 edit-spec:H6.16.1 {' '.join(f'join-node:H6.16.{i}' for i in range(2, 8))}",
    ),
    # A Deployment is deleted while another generation is pending that can't start.
    "M7": ("settles", "edit-spec:M7.0.0 delete-child:M7.0.1"),
    # The workers change.
    "budget": ("budget", "edit-spec:budget.1.0"),
    # The version changes while a query runs.
    "queries": ("queries", f"edit-spec:queries.2.0 run-queries:queries.2.1 {_passes('queries.2', 2, 5)}"),
}


@pytest.mark.parametrize("name", _FOUND_BY)
def test_a_former_defect_is_found(name: str) -> None:
    invariant, text = _FOUND_BY[name]
    assert run_course(steps_of(text)).violation is None
    with MUTATIONS[name].applied():
        violation = run_course(steps_of(text)).violation
    assert violation is not None
    assert violation.invariant == invariant


def test_every_former_defect_is_tried() -> None:
    assert _FOUND_BY.keys() == MUTATIONS.keys()


def test_a_failing_course_is_made_shorter() -> None:
    with MUTATIONS["C1"].applied():
        outcome = run_course(course_of(74))
        assert shrunk(outcome).steps == steps_of(_FOUND_BY["C1"][1])
