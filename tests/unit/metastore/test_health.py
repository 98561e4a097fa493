from __future__ import annotations

import pytest

from presto_operator.metastore import Finding, Outcome, deciding

_FINDINGS = {outcome: Finding(outcome) for outcome in Outcome}


@pytest.mark.parametrize(
    ("outcomes", "decisive"),
    [
        ([Outcome.ANSWERING], 0),
        ([Outcome.UNREACHABLE], 0),
        # Presto passes over what it can't reach...
        ([Outcome.UNREACHABLE, Outcome.ANSWERING], 1),
        ([Outcome.UNKNOWN_HOST, Outcome.UNREACHABLE, Outcome.ANSWERING], 2),
        ([Outcome.UNREACHABLE, Outcome.FAILING, Outcome.ANSWERING], 1),
        ([Outcome.UNKNOWN_HOST, Outcome.UNREACHABLE], 0),
        # ...and stays with what takes its connection.
        ([Outcome.ANSWERING, Outcome.UNREACHABLE], 0),
        ([Outcome.FAILING, Outcome.ANSWERING], 0),
        ([Outcome.NOT_ANSWERING, Outcome.ANSWERING], 0),
        ([Outcome.NOT_A_METASTORE, Outcome.ANSWERING], 0),
        # Where nobody could ask, the answer is unknown, unless another URI answers anyway.
        ([Outcome.NOT_CHECKED, Outcome.UNREACHABLE], 0),
        ([Outcome.UNREACHABLE, Outcome.NOT_CHECKED], 1),
        ([Outcome.NOT_CHECKED, Outcome.ANSWERING], 1),
    ],
)
def test_the_first_that_takes_a_connection_decides(outcomes: list[Outcome], decisive: int) -> None:
    assert deciding([_FINDINGS[outcome] for outcome in outcomes]) is _FINDINGS[outcomes[decisive]]


def test_no_finding_decides_nothing() -> None:
    assert deciding([]) is None


def test_outside_of_kubernetes_an_unknown_name_says_nothing() -> None:
    finding = Finding(Outcome.UNKNOWN_HOST, "can't be found").seen_from_outside()
    assert finding.outcome is Outcome.NOT_CHECKED
    assert "outside of Kubernetes" in finding.detail
    refused = Finding(Outcome.UNREACHABLE, "can't be reached: Connection refused")
    assert refused.seen_from_outside() == refused


def test_failures_are_what_presto_would_fail_on_too() -> None:
    assert [outcome for outcome in Outcome if not Finding(outcome).is_failure] == [
        Outcome.ANSWERING,
        Outcome.NOT_CHECKED,
    ]
