"""Defects that the simulation looks away from are still there. One that is mended goes out of known.py."""

from __future__ import annotations

import pytest

from tests.simulation.course import run_course, steps_of
from tests.simulation.known import Known, looking_at

_SHOWN_BY = {
    # A Deployment of the serving workers is deleted while others are to replace them that can't start.
    Known.FORMER_WORKERS: ("edit-spec:NOT_HEALED.72.0 delete-child:NOT_HEALED.72.1", "settles"),
    # The label of a Deployment of former workers is removed while the workers are replaced.
    Known.LABEL_OF_DEPLOYMENT: ("edit-spec:L.25.1 remove-label:LABEL.56", "settles"),
}


@pytest.mark.parametrize("defect", Known)
def test_a_known_defect_is_still_there(defect: Known) -> None:
    text, invariant = _SHOWN_BY[defect]
    assert run_course(steps_of(text)).violation is None
    with looking_at(defect):
        violation = run_course(steps_of(text)).violation
    assert violation is not None
    assert violation.invariant == invariant
