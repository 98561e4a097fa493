from __future__ import annotations

import copy

import pytest

from presto_operator.desired import render_generation
from presto_operator.objects import GENERATION_LABEL, POOL_LABEL, REVISION_LABEL, ROLE_LABEL, is_ready, name_of, role_of
from presto_operator.planning.observation import Observation, observe
from presto_operator.scaling import Revision
from tests.unit import live
from tests.unit.manifest import cluster

GENERATION = render_generation(cluster(workers={"replicas": 3, "pools": [{"name": "r5"}]}))
SEEN = live.observation(GENERATION.objects({"r5": 3}))
(WORKERS,) = [obj for obj in SEEN.children if obj["kind"] == "Deployment" and role_of(obj) == "worker"]


@pytest.mark.parametrize("label", [ROLE_LABEL, GENERATION_LABEL, POOL_LABEL, REVISION_LABEL])
def test_a_deployment_is_known_by_its_selector_when_somebody_has_edited_its_labels(label: str) -> None:
    for value in (None, "other"):
        edited = copy.deepcopy(WORKERS)
        edited["metadata"]["labels"].pop(label)
        if value is not None:
            edited["metadata"]["labels"][label] = value
        (revision,) = _revisions(observe([edited], SEEN.pods, None))
        assert (revision.pool, revision.is_wanted, revision.pods) == ("r5", True, 3)


def test_workers_that_are_ready_and_that_a_late_status_does_not_count_are_known() -> None:
    late = copy.deepcopy(WORKERS)
    late["status"].update(readyReplicas=1, availableReplicas=1)
    assert sum(is_ready(pod) for pod in SEEN.pods if role_of(pod) == "worker") == 3
    (revision,) = _revisions(observe([late], SEEN.pods, None))
    assert (revision.name, revision.ready, revision.available, revision.uncounted) == (name_of(late), 1, 1, 2)


def _revisions(observation: Observation) -> list[Revision]:
    return observation.revisions(GENERATION.name, GENERATION.worker_deployments)
