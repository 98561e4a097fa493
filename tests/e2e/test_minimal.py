"""The README's first manifest, as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.harness.waiting import wait_until
from tests.kit.resources import Namespace
from tests.kit.sql import PrestoClient
from tests.kit.standing import shape

EXAMPLE = yaml.safe_load((Path(__file__).parents[2] / "examples" / "minimal.yaml").read_text())
NAME = EXAMPLE["metadata"]["name"]


@pytest.mark.standing(shape("minimal", EXAMPLE), reusable=False)
def test_minimal_answers_sql(presto: Namespace, client: PrestoClient) -> None:
    wait_until(lambda: client.serves_with(2), timeout=60, what="two workers")
    assert client.query("SELECT count(*) FROM orders").rows == [(15_000,)]
    presto.kubectl("delete", "prestocluster", NAME)
    wait_until(lambda: not presto.pods(NAME), timeout=120, what="its pods to go")
