from __future__ import annotations

import pytest

from presto_operator.presto.cpu import cpu_percent
from presto_operator.presto.errors import PrestoUnavailableError
from tests.unit.presto.answers import json_bytes


def test_is_in_percent_of_all_processors() -> None:
    assert cpu_percent(json_bytes({"processors": 2, "processCpuLoad": 0.25, "systemCpuLoad": 1.0})) == 25.0


@pytest.mark.parametrize("load", [-1.0, -1, 1.5, None, "0.5", True, float("nan")])
def test_an_unknown_use_is_no_use_of_zero(load: object) -> None:
    with pytest.raises(PrestoUnavailableError, match="/v1/status gave an unusable answer"):
        cpu_percent(json_bytes({"processCpuLoad": load}))


@pytest.mark.parametrize("answer", [None, [], {}])
def test_refuses_what_is_no_status(answer: object) -> None:
    with pytest.raises(PrestoUnavailableError, match="/v1/status gave an unusable answer"):
        cpu_percent(json_bytes(answer))
