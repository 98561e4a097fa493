from __future__ import annotations

import pytest

from presto_operator.desired import recorded_generation, render_generation
from presto_operator.planning.keeping import serving_shares
from presto_operator.planning.observation import Observation
from tests.unit.manifest import cluster

GENERATION = render_generation(cluster(workers={"replicas": 20, "pools": [{"name": "r5"}, {"name": "r6"}]}))
FOUND = recorded_generation(GENERATION.name, GENERATION.objects({"r5": 10, "r6": 10}))
NOTHING = Observation((), (), None)


@pytest.mark.parametrize(
    ("spec", "remembered", "shares"),
    [
        ({"r5": 12, "r6": 18}, {"r5": 10, "r6": 10}, {"r5": 12, "r6": 18}),
        # A pool that the spec adds has no workers in this generation: the others have its share.
        ({"r5": 7, "r6": 7, "r7": 6}, {"r5": 10, "r6": 10}, {"r5": 10, "r6": 10}),
        # Pools that the spec no longer has stay as they are.
        ({"r5": 20}, {"r5": 10, "r6": 10}, {"r5": 10, "r6": 10}),
        ({"r5": 8}, {"r5": 10, "r6": 10}, {"r5": 0, "r6": 10}),
        ({"r7": 30}, {"r5": 20, "r6": 10}, {"r5": 20, "r6": 10}),
        ({"r7": 9}, {"r5": 20, "r6": 10}, {"r5": 6, "r6": 3}),
        ({"r5": 0, "r6": 0, "r7": 3}, {"r5": 2, "r6": 1}, {"r5": 2, "r6": 1}),
        ({"r5": 0, "r6": 0}, {"r5": 2, "r6": 1}, {"r5": 0, "r6": 0}),
    ],
)
def test_the_serving_generation_has_as_many_workers_as_the_spec_asks_for(
    spec: dict[str, int], remembered: dict[str, int], shares: dict[str, int]
) -> None:
    assert FOUND is not None
    assert serving_shares(FOUND, NOTHING, spec, remembered) == shares
