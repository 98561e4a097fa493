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


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda g: g.pop("selectors"), "selectors: required"),
        (lambda g: g.update(cpuQuotaPeriod="soon"), "cpuQuotaPeriod: must be a Presto duration"),
        (
            lambda g: g["rootGroups"][0].update(softMemoryLimit="lots"),
            "rootGroups[0].softMemoryLimit: must be",
        ),
        (lambda g: g["rootGroups"][0].update(maxQueued=10.5), "rootGroups[0].maxQueued: must be a whole number"),
        (lambda g: g["rootGroups"][0].update(maxQueued=-1), "rootGroups[0].maxQueued: must be a whole number"),
        (lambda g: g["rootGroups"][0].update(maxQueud=3), "rootGroups[0].maxQueud: unknown field"),
        (
            lambda g: g["rootGroups"][0].update(schedulingPolicy="nope"),
            "rootGroups[0].schedulingPolicy: must be",
        ),
        (lambda g: g["rootGroups"][0].update(jmxExport="yes"), "rootGroups[0].jmxExport: must be true or false"),
        (
            lambda g: g["rootGroups"][0].update(softConcurrencyLimit=21),
            "rootGroups[0].softConcurrencyLimit: must not be greater",
        ),
        (
            lambda g: g["rootGroups"][0].update(softCpuLimit="2h", hardCpuLimit="1h"),
            "rootGroups[0].softCpuLimit: must not be greater",
        ),
        (
            lambda g: (g.pop("cpuQuotaPeriod"), g["rootGroups"][0].update(hardCpuLimit="1h")),
            "rootGroups[0].hardCpuLimit: needs resourceGroups.cpuQuotaPeriod",
        ),
        (
            lambda g: g["rootGroups"][0]["subGroups"].append({**_LEAF, "name": "b", "schedulingWeight": 2}),
            "rootGroups[0].subGroups: must have a schedulingWeight in all",
        ),
        (
            lambda g: g["rootGroups"][0].update(perQueryLimits={"x": "1h"}),
            "rootGroups[0].perQueryLimits.x: unknown field",
        ),
        (lambda g: g["selectors"][0].update(userGroup="a"), "selectors[0].userGroup: unknown field"),
        (lambda g: g["selectors"][0].update(source="etl.("), "selectors[0].source: is not a regular expression"),
        (lambda g: g["selectors"][0].update(queryType="NOPE"), "selectors[0].queryType: must be one of"),
        (lambda g: g["selectors"][0].update(clientTags="x"), "selectors[0].clientTags: must be a list"),
    ],
)
def test_what_prestos_own_manager_refuses_is_refused(change: Any, error: str) -> None:
    errors = [f"{path}: {message}" for path, message in resource_group_errors(_changed(change))]
    assert any(found.startswith(error) for found in errors), errors


def test_a_template_needs_a_named_group() -> None:
    def named(source: str) -> dict[str, Any]:
        leaf = {**_LEAF, "name": "${tool}"}
        return {"rootGroups": [leaf], "selectors": [{"source": source, "group": "${tool}"}]}

    assert resource_group_errors(named("jdbc#(?<tool>.*)")) == []
    ((path, message),) = resource_group_errors(named("jdbc#.*"))
    assert path == "selectors[0].group"
    assert "is neither USER, SOURCE, SCHEMA nor a named group" in message


def test_thousands_of_errors_are_short_and_found_at_once() -> None:
    groups = [{**_LEAF, "name": f"g{number}"} for number in range(5000)]
    selectors = [{"group": f"x{number}"} for number in range(5000)]
    errors = resource_group_errors({"rootGroups": groups, "selectors": selectors})
    assert len(errors) == 5000
    assert sum(len(message) for _, message in errors) < 5000 * 150
