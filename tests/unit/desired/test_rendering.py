from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from presto_operator.api import parse_cluster
from presto_operator.cli.yaml import dump
from presto_operator.planning.observation import Observation
from tests.unit.live import planned
from tests.unit.manifest import UID

_EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.mark.parametrize("name", ["minimal", "spot", "two-pools"])
def test_objects_of_an_example(name: str, snapshot: SnapshotAssertion) -> None:
    body: dict[str, Any] = yaml.safe_load((_EXAMPLES / f"{name}.yaml").read_text())
    body["metadata"] |= {"namespace": "analytics", "uid": UID}
    assert dump(planned(parse_cluster(body), Observation((), (), None)).apply) == snapshot
