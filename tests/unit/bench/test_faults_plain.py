"""The same Presto in plain Deployments: equal but for what the operator adds to make it last."""

from __future__ import annotations

from typing import Any

from bench.faults.plain import SELECTOR, plain_objects
from bench.faults.presto import spec
from bench.faults.questions import LONG, SHORT

OBJECTS = plain_objects(spec(), "plain")
DEPLOYMENTS: dict[str, Any] = {
    each["spec"]["template"]["metadata"]["labels"]["component"]: each
    for each in OBJECTS
    if each["kind"] == "Deployment"
}
PROPERTIES = [each["data"]["config.properties"] for each in OBJECTS if "config.properties" in each.get("data", {})]


def test_workers_get_no_hook_and_the_grace_period_that_kubernetes_gives() -> None:
    pod = DEPLOYMENTS["worker"]["spec"]["template"]["spec"]
    assert "lifecycle" not in pod["containers"][0]
    assert "terminationGracePeriodSeconds" not in pod
    assert "strategy" not in DEPLOYMENTS["worker"]["spec"]


def test_queries_are_not_retried() -> None:
    assert len(PROPERTIES) == 2
    assert not any("retry" in properties for properties in PROPERTIES)


def test_the_operator_does_not_know_them() -> None:
    for each in OBJECTS:
        assert set(each["metadata"]) == {"name", "namespace"}
        assert "prestooperator.io/cluster" not in str(each)
        assert "prestooperator.io/role" not in str(each)


def test_selectors_find_the_pods() -> None:
    services = [each["spec"]["selector"] for each in OBJECTS if each["kind"] == "Service"]
    labels = {role: each["spec"]["template"]["metadata"]["labels"] for role, each in DEPLOYMENTS.items()}
    assert len(services) == 3
    assert all(selector in labels.values() for selector in services)
    assert dict(part.split("=") for part in SELECTOR.split(",")) == labels["worker"]


def test_answers_are_sorted_as_they_are_compared() -> None:
    for question in (*SHORT, *LONG):
        assert list(question.rows) == sorted(question.rows)
