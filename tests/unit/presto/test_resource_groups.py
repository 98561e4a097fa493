from __future__ import annotations

import copy
from typing import Any

import pytest

from presto_operator.presto import resource_group_errors, resource_groups_json

_LEAF = {"name": "${USER}", "softMemoryLimit": "10%", "maxQueued": 10, "hardConcurrencyLimit": 2}
_GROUPS: dict[str, Any] = {
    "rootGroups": [
        {
            "name": "adhoc",
            "softMemoryLimit": "80%",
            "maxQueued": 100,
            "hardConcurrencyLimit": 20,
            "subGroups": [_LEAF],
        }
    ],
    "selectors": [{"user": "admin", "group": "adhoc"}, {"group": "adhoc.${USER}"}],
    "cpuQuotaPeriod": "1h",
}


def _changed(change: Any) -> dict[str, Any]:
    groups = copy.deepcopy(_GROUPS)
    change(groups)
    return groups


def test_groups_as_presto_wants_them_are_fine() -> None:
    assert resource_group_errors(_GROUPS) == []


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda groups: groups.pop("rootGroups"), "rootGroups: must be a list of at least one group"),
        (lambda groups: groups.update(rootGroups=[]), "rootGroups: must be a list of at least one group"),
        (lambda groups: groups.update(root=1), "root: unknown field; known are cpuQuotaPeriod, rootGroups, selectors"),
        (lambda groups: groups.update(selectors={}), "selectors: must be a list"),
        (lambda groups: groups["rootGroups"].append("x"), "rootGroups[1]: must be an object"),
        (lambda groups: groups["rootGroups"][0].pop("maxQueued"), "rootGroups[0].maxQueued: required"),
        (
            lambda groups: groups["rootGroups"][0]["subGroups"][0].pop("hardConcurrencyLimit"),
            "rootGroups[0].subGroups[0].hardConcurrencyLimit: required",
        ),
        (
            lambda groups: groups["rootGroups"][0]["subGroups"].append(_LEAF),
            'rootGroups[0].subGroups[1].name: must be unique among its siblings, but another group is named "${USER}"',
        ),
        (lambda groups: groups["rootGroups"][0].update(name="a.b"), "rootGroups[0].name: must not contain a dot"),
        (lambda groups: groups["rootGroups"][0].update(subGroups={}), "rootGroups[0].subGroups: must be a list"),
        (
            lambda groups: groups["selectors"].append({"group": "etl"}),
            'selectors[2].group: no group has the path "etl"; there are adhoc, adhoc.${USER}',
        ),
        (lambda groups: groups["selectors"].append({"user": "x"}), "selectors[2].group: required"),
    ],
)
def test_what_presto_would_refuse_is_named_with_its_place(change: Any, error: str) -> None:
    (found,) = resource_group_errors(_changed(change))
    assert ": ".join(found).startswith(error)


def test_the_older_name_of_the_concurrency_limit_will_do() -> None:
    def rename(groups: dict[str, Any]) -> None:
        groups["rootGroups"][0]["maxRunning"] = groups["rootGroups"][0].pop("hardConcurrencyLimit")

    assert resource_group_errors(_changed(rename)) == []


def test_the_order_of_fields_makes_no_other_file() -> None:
    assert resource_groups_json(dict(reversed(_GROUPS.items()))) == resource_groups_json(_GROUPS)
