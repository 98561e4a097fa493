from __future__ import annotations

from typing import Any

import pytest

from presto_operator.nodes.pods import disruption


@pytest.mark.parametrize(
    ("conditions", "reason"),
    [
        ([{"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}], "EvictionByEvictionAPI"),
        ([{"type": "DisruptionTarget", "status": "True"}], "DisruptionTarget"),
        ([{"type": "DisruptionTarget", "status": "False", "reason": "DeletionByTaintManager"}], None),
        ([{"type": "Ready", "status": "True"}], None),
        (None, None),
    ],
)
def test_kubernetes_says_that_it_ends_a_pod(conditions: list[dict[str, Any]] | None, reason: str | None) -> None:
    assert disruption({"status": {"conditions": conditions}}) == reason


def test_a_pod_without_status_is_left_alone() -> None:
    assert disruption({}) is None
