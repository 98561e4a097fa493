from __future__ import annotations

import pytest

from presto_operator.api.rollout import Rollout
from tests.unit.manifest import cluster


@pytest.mark.parametrize(
    ("max_surge", "wanted", "surge"),
    [
        ("10%", 0, 1),
        ("10%", 1, 1),
        ("10%", 10, 1),
        ("10%", 11, 2),
        ("10%", 100, 10),
        ("1%", 100, 1),
        ("1%", 101, 2),
        ("100%", 7, 7),
        (1, 100, 1),
        (5, 3, 5),
    ],
)
def test_a_share_is_rounded_up_and_is_one_worker_at_least(max_surge: int | str, wanted: int, surge: int) -> None:
    assert Rollout(max_surge=max_surge).surge(wanted) == surge


def test_a_tenth_by_default() -> None:
    assert cluster().spec.workers.rollout == Rollout(max_surge="10%")
    assert cluster(workers={"rollout": {"maxSurge": 3}}).spec.workers.rollout.surge(100) == 3
