from __future__ import annotations

from typing import Any

import pytest

from presto_operator.nodes import is_closed_to
from tests.unit.nodes.nodes import node, taint

RECLAIMED = taint("aws-node-termination-handler/spot-itn", "event-1")


def pod(*tolerations: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"tolerations": list(tolerations)}}


def test_a_node_without_taints_is_open() -> None:
    assert not is_closed_to(node(), pod())
    assert not is_closed_to(node(), {})


def test_a_taint_closes_it_unless_it_is_only_a_preference() -> None:
    assert is_closed_to(node(RECLAIMED), pod())
    assert is_closed_to(node({**RECLAIMED, "effect": "NoExecute"}), pod())
    assert not is_closed_to(node({**RECLAIMED, "effect": "PreferNoSchedule"}), pod())


@pytest.mark.parametrize(
    ("toleration", "is_closed"),
    [
        ({"operator": "Exists"}, False),
        ({"operator": "Exists", "effect": "NoExecute"}, True),
        ({"key": RECLAIMED["key"], "operator": "Exists"}, False),
        ({"key": RECLAIMED["key"], "value": "event-1", "effect": "NoSchedule"}, False),
        ({"key": RECLAIMED["key"], "value": "event-2"}, True),
        ({"key": "another", "operator": "Exists"}, True),
    ],
)
def test_tolerations_are_matched_as_the_scheduler_does(toleration: dict[str, Any], is_closed: bool) -> None:  # noqa: FBT001
    assert is_closed_to(node(RECLAIMED), pod(toleration)) is is_closed


def test_every_taint_has_to_be_tolerated() -> None:
    tolerant = pod({"key": RECLAIMED["key"], "operator": "Exists"})
    assert is_closed_to(node(RECLAIMED, taint("gpu")), tolerant)


def test_a_node_that_is_cordoned_or_going_or_not_ready_is_closed() -> None:
    tolerant = pod({"operator": "Exists"})
    deleted = node()
    deleted["metadata"]["deletionTimestamp"] = "2026-11-24T12:00:00Z"
    assert is_closed_to(node(spec={"unschedulable": True}), tolerant)
    assert is_closed_to(deleted, tolerant)
    assert is_closed_to(node(ready={"status": "Unknown"}), tolerant)
