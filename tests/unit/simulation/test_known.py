"""Defects that the simulation looks away from are still there. One that is mended goes out of known.py."""

from __future__ import annotations

import pytest

from tests.simulation.course import run_course, steps_of
from tests.simulation.known import Known, looking_at

_SHOWN_BY = {
    # A node is lost while a generation is pending: the pools of the serving one are scaled at once.
    Known.SCALED_WITHOUT_BUDGET: (
        "edit-spec:SCALED_WITHOUT_BUDGET.5.0 vanish-node:SCALED_WITHOUT_BUDGET.5.1",
        "budget",
    ),
    # A Deployment of the serving workers is deleted while a generation is pending that can't start.
    Known.NOT_HEALED: ("edit-spec:NOT_HEALED.72.0 delete-child:NOT_HEALED.72.1", "settles"),
    Known.LATE_STATUS: (
        "reclaim-node:LATE_STATUS.8.0 delay-status:LATE_STATUS.8.1 join-node:LATE_STATUS.8.2",
        "budget",
    ),
    Known.LABEL_OF_DEPLOYMENT: ("remove-label:LABEL_OF_DEPLOYMENT.83.0 edit-spec:LABEL_OF_DEPLOYMENT.83.1", "reached"),
}


@pytest.mark.parametrize("defect", Known)
def test_a_known_defect_is_still_there(defect: Known) -> None:
    text, invariant = _SHOWN_BY[defect]
    assert run_course(steps_of(text)).violation is None
    with looking_at(defect):
        violation = run_course(steps_of(text)).violation
    assert violation is not None
    assert violation.invariant == invariant
