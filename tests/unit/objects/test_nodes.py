from __future__ import annotations

from typing import Any

import pytest

from presto_operator.objects import node_is_ready


@pytest.mark.parametrize(
    ("conditions", "is_ready"),
    [
        ([{"type": "Ready", "status": "True"}], True),
        ([{"type": "MemoryPressure", "status": "True"}, {"type": "Ready", "status": "False"}], False),
        ([{"type": "Ready", "status": "Unknown"}], False),
        ([], False),
    ],
)
def test_a_node_is_ready_by_its_condition(conditions: list[dict[str, Any]], *, is_ready: bool) -> None:
    assert node_is_ready({"metadata": {"name": "one"}, "status": {"conditions": conditions}}) is is_ready


def test_a_node_that_has_not_reported_yet_is_not_ready() -> None:
    assert not node_is_ready({"metadata": {"name": "one"}})
