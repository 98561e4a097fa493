"""The table at the end of `make test`."""

from tests.parts.table import COLD_SECONDS, WARM_SECONDS, Outcome, render, whole

LINT = Outcome("lint types layers", passed=True, seconds=41.4, cpu=0.87, budget=60)
WAITING = Outcome("waiting for what api needs", passed=True, seconds=300, cpu=0.99)
API = Outcome("api", passed=True, seconds=251, cpu=0.5, budget=240)
FAILED = Outcome("e2e", passed=False, seconds=12, cpu=0.25, budget=900)


def test_each_part_is_a_row_with_its_seconds_budget_and_share_of_the_processors() -> None:
    assert render([LINT, WAITING, FAILED]).splitlines() == [
        "part                        result  seconds  budget  CPU",
        "lint types layers           passed  41       60      87%",
        "waiting for what api needs  passed  300              99%",
        "e2e                         FAILED  12       900     25%",
    ]


def test_a_part_that_is_over_its_budget_is_named_and_has_still_passed() -> None:
    table = render([LINT, API])
    assert table.splitlines()[-1] == "api took 11 s more than its budget"
    assert whole([LINT, API], seconds=300, cpu=0.5, cold=False).passed


def test_a_part_just_within_its_budget_or_without_one_is_not_over() -> None:
    assert not Outcome("unit", passed=True, seconds=90, cpu=0.5, budget=90).is_over
    assert not WAITING.is_over


def test_the_whole_has_failed_when_one_part_has() -> None:
    assert not whole([LINT, FAILED], seconds=60, cpu=0.5, cold=False).passed


def test_a_run_that_had_to_fill_the_cache_may_take_longer() -> None:
    warm, cold = (whole([LINT], seconds=WARM_SECONDS + 1, cpu=0.5, cold=cold) for cold in (False, True))
    assert warm.is_over
    assert not cold.is_over
    assert whole([LINT], seconds=COLD_SECONDS + 1, cpu=0.5, cold=True).is_over
    assert (warm.name, cold.name) == ("whole, warm", "whole, cold")
