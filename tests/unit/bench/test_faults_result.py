"""What the table of faults counts, and how."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from bench.faults.picture import picture
from bench.faults.result import Result, as_json, from_json, merged, result, table
from bench.faults.scenario import SCENARIOS, Scenario, in_words
from bench.faults.tally import Outcome, tally
from bench.faults.timeline import Timeline
from bench.faults.worker import Worker

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


def outcome(
    *, seconds: float = 1.0, ids: int = 1, failure: str | None = None, had_rows: bool = False, is_long: bool = False
) -> Outcome:
    return Outcome("orders", is_long, seconds, tuple(f"query-{number}" for number in range(ids)), failure, had_rows)


def played(name: str, outcomes: list[Outcome], timeline: Timeline | None = None) -> Result:
    return result(BY_NAME[name], outcomes, timeline or Timeline(), {"REMOTE_TASK_ERROR": 1}, 60.0, NOW)


def reclaim() -> Timeline:
    """A reclaim of two workers: one drains in time, one is cut off."""
    drained = Worker("a", leaving_at=100.4, shutting_down_at=101.0, gone_at=125.0)
    cut_off = Worker("b", leaving_at=100.6, shutting_down_at=101.5, gone_at=160.0)
    return Timeline(signal_at=100.0, killed_at=130.0, replaced_at=121.0, concerned=[drained, cut_off])


def test_failures_are_counted_by_code_and_by_whether_rows_were_sent() -> None:
    counted = tally(
        [
            outcome(),
            outcome(failure="REMOTE_TASK_ERROR"),
            outcome(failure="REMOTE_TASK_ERROR", had_rows=True),
            outcome(failure="WRONG_ANSWER", had_rows=True),
        ]
    )
    assert counted.failed == {"REMOTE_TASK_ERROR": 2, "WRONG_ANSWER": 1}
    assert (counted.queries, counted.failures, counted.failed_after_rows) == (4, 3, 2)


def test_a_query_with_several_ids_was_run_again_once_or_more() -> None:
    assert tally([outcome(), outcome(ids=2), outcome(ids=4, failure="REMOTE_TASK_ERROR")]).retried == 2
    assert outcome(ids=3).retries == 2
    assert outcome(ids=0, failure="ConnectionError").retries == 0


def test_latencies_are_those_of_answers() -> None:
    counted = tally([outcome(seconds=1), outcome(seconds=3, is_long=True), outcome(seconds=99, failure="X")])
    assert (counted.p50_seconds, counted.p95_seconds, counted.long_p50_seconds) == (1, 3, 3)


def test_seconds_count_from_the_signal() -> None:
    timeline = reclaim()
    assert timeline.seconds_to_leaving() == pytest.approx([0.4, 0.6])
    assert timeline.seconds_to_shutdown() == pytest.approx([1.0, 1.5])
    assert timeline.seconds_to(timeline.replaced_at) == pytest.approx(21.0)
    assert timeline.left_in_time() == 1


def test_a_pod_that_is_deleted_because_its_node_is_dead_did_not_leave_in_time() -> None:
    removed = Worker("a", leaving_at=112.0, gone_at=112.0)
    timeline = Timeline(signal_at=100.0, killed_at=100.0, concerned=[removed])
    assert timeline.left_in_time() == 0
    assert timeline.seconds_to_leaving() == []


def test_without_a_kill_nothing_is_in_time_or_late() -> None:
    assert Timeline(signal_at=1.0).left_in_time() is None


@pytest.mark.parametrize(("name", "broken"), [("reclaim-ec2", 2), ("killed", 1), ("reclaim-gke", 1)])
def test_where_time_does_not_hold_only_queries_without_rows_count_as_broken(name: str, broken: int) -> None:
    outcomes = [outcome(failure="REMOTE_TASK_ERROR"), outcome(failure="REMOTE_TASK_ERROR", had_rows=True)]
    assert played(name, outcomes).broken == broken


def test_the_table_has_ratios_to_the_keepers_own_quiet() -> None:
    results = [
        played("quiet", [outcome(seconds=1)]),
        played("reclaim-aks", [outcome(seconds=2, ids=2)], reclaim()),
        played("plain-quiet", [outcome(seconds=4)]),
        played("plain-killed", [outcome(seconds=2), outcome(failure="REMOTE_TASK_ERROR", had_rows=True)]),
    ]
    _, rule, quiet, reclaimed, _, killed = table(results).splitlines()
    assert set(rule) <= set("|- ")
    assert "1.0, 1.0" in quiet
    assert all(text in reclaimed for text in ("2.0, 2.0", "1.5 s", "21 s", "1 of 2"))
    assert all(text in killed for text in ("plain: ", "1 (REMOTE_TASK_ERROR 1), 1 of them after rows", "0.5, 0.5"))


def test_without_quiet_there_is_no_ratio() -> None:
    (only,) = as_json([played("killed", [outcome()])])
    assert only["to_quiet"] == {"p50": None, "p95": None, "long_p50": None}


def test_json_has_what_the_table_has() -> None:
    (quiet, reclaimed) = as_json([played("quiet", [outcome()]), played("reclaim-aks", [outcome(ids=2)], reclaim())])
    assert json.loads(json.dumps(reclaimed)) == reclaimed
    assert reclaimed["queries"]["retried"] == 1
    assert reclaimed["shutting_down_seconds"] == [1.0, 1.5]
    assert (reclaimed["notice_seconds"], reclaimed["left_in_time"], reclaimed["workers"]) == (30, 1, 2)
    assert quiet["notice_seconds"] is None


def test_the_picture_has_a_pair_of_bars_for_what_both_had() -> None:
    failed = [outcome(), outcome(failure="REMOTE_TASK_ERROR")]
    drawn = picture([played("killed", [outcome()]), played("quiet", [outcome()]), played("plain-killed", failed)])
    root = ElementTree.fromstring(drawn)
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "node killed without notice" in texts
    assert "nothing happens" not in texts
    assert {"0 of 1", "1 of 2"} <= set(texts)


def test_results_are_read_back() -> None:
    results = [played("quiet", [outcome()]), played("reclaim-aks", [outcome(ids=2)], reclaim())]
    again = from_json(json.loads(json.dumps(as_json(results))))
    assert as_json(again) == as_json(results)
    assert table(again) == table(results)


def test_scenarios_that_are_played_again_replace_what_was_measured_before() -> None:
    former = [played("killed", [outcome()]), played("quiet", [outcome()])]
    both = merged(former, [played("killed", [outcome(), outcome()])])
    assert [(each.name, each.queries.queries) for each in both] == [("quiet", 1), ("killed", 2)]


def test_every_scenario_has_a_name_and_words_of_its_own() -> None:
    assert len(BY_NAME) == len(SCENARIOS)
    assert len({(scenario.keeper, in_words(scenario.fault)) for scenario in SCENARIOS}) == len(SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_plain_scenarios_are_also_played_on_the_operators_presto(scenario: Scenario) -> None:
    twin = scenario.name.removeprefix("plain-")
    assert BY_NAME[twin].fault == scenario.fault
