from __future__ import annotations

from typing import Any

from presto_operator.cli.explain import explanation

CLUSTER: dict[str, Any] = {
    "metadata": {"name": "adhoc", "namespace": "analytics"},
    "spec": {"workers": {"replicas": 2}},
    "status": {
        "workers": {"summary": "4/6"},
        "queries": {"running": 4, "queued": 5, "heldBack": 3, "blocked": 0, "waiting": 0},
        "conditions": [
            {
                "type": "AutoscalingActive",
                "status": "True",
                "reason": "Active",
                "message": "6 workers: 12 running at 1 per worker = 12",
            },
            {
                "type": "Progressing",
                "status": "True",
                "reason": "RollingOut",
                "message": "1 pod has no node: too little",
            },
            {"type": "Degraded", "status": "False", "reason": "AsExpected", "message": "no problems found"},
        ],
        "autoscaling": {
            "mode": "Active",
            "desired": 6,
            "limitedBy": "ScheduleCeiling",
            "decisions": [
                {
                    "time": "2026-01-01T12:00:00Z",
                    "fromReplicas": 12,
                    "toReplicas": 6,
                    "reason": "ScheduleCeiling",
                    "message": "12 running at 1 per worker = 12; maxReplicas of schedule 'night' = 6",
                },
                {
                    "time": "2026-01-01T11:00:00Z",
                    "fromReplicas": 2,
                    "toReplicas": 12,
                    "reason": "QueryDemand",
                    "message": "12 running at 1 per worker = 12",
                },
            ],
        },
    },
}


def test_tells_what_is_wanted_why_and_what_is_missing() -> None:
    lines = explanation(CLUSTER, [])
    assert (
        lines[0]
        == "adhoc in analytics: autoscaling is Active, 6 workers desired (4/6 ready), limited by ScheduleCeiling"
    )
    assert "  AutoscalingActive=True Active: 6 workers: 12 running at 1 per worker = 12" in lines
    assert "  Progressing=True RollingOut: 1 pod has no node: too little" in lines
    assert "  Degraded=False AsExpected: no problems found" in lines
    assert "4 running, 5 queued, 3 of them held back by a limit of their resource group" in lines[4]


def test_decisions_are_a_table() -> None:
    lines = explanation(CLUSTER, [])
    header = lines.index("Decisions, newest first:") + 1
    assert lines[header].split() == ["TIME", "FROM", "TO", "REASON", "WHY"]
    assert lines[header + 1].split()[:4] == ["2026-01-01T12:00:00Z", "12", "6", "ScheduleCeiling"]
    column = lines[header].index("WHY")
    assert lines[header + 1][column:] == "12 running at 1 per worker = 12; maxReplicas of schedule 'night' = 6"
    assert lines[header + 2][column:] == "12 running at 1 per worker = 12"


def test_events_are_told_the_newest_first() -> None:
    events = [
        {"lastTimestamp": f"2026-01-01T12:00:{number:02}Z", "reason": "ScaledUp", "message": f"number {number}"}
        for number in range(20)
    ]
    told = [line for line in explanation(CLUSTER, events) if "number" in line]
    assert len(told) == 15
    assert told[0].endswith("number 19")


def test_without_autoscaling_replicas_rule() -> None:
    cluster = {**CLUSTER, "status": {}}
    (line,) = explanation(cluster, [])
    assert line == "adhoc in analytics: 2 workers desired by workers.replicas; autoscaling is off"
