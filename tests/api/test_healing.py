"""Someone deletes or edits a child: it is put right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.kit.resources import Namespace, manifest


@pytest.fixture
def settled(namespace: Namespace) -> Namespace:
    """A namespace with a cluster `adhoc` that is as its spec asks for."""
    namespace.apply(manifest("adhoc", workers={"replicas": 2}))
    namespace.wait_until_settled("adhoc", timeout=60)
    return namespace


@pytest.mark.parametrize("kind", ["Deployment", "Service", "ConfigMap", "ServiceAccount", "PodDisruptionBudget"])
def test_deleted_children_come_back(settled: Namespace, kind: str) -> None:
    before = settled.children("adhoc")
    gone = [key for key in before if key.startswith(f"{kind}/")]
    assert gone

    settled.kubectl("delete", "--wait=true", *(key.lower() for key in gone))

    def are_back() -> bool:
        now = settled.children("adhoc")
        return all(key in now and now[key]["metadata"]["uid"] != before[key]["metadata"]["uid"] for key in gone)

    settled.wait_until(are_back, timeout=20, what=f"{gone} to come back")
    settled.wait_until_settled("adhoc", timeout=60)
    assert set(settled.children("adhoc")) == set(before)


@pytest.mark.parametrize("change", ["pending", "invalid"])
def test_what_serves_comes_back_while_the_spec_asks_for_something_else(settled: Namespace, change: str) -> None:
    before = settled.children("adhoc")
    missing = {"connection-password": {"name": "no-such-secret", "key": "password"}}
    changes: dict[str, dict[str, Any]] = {
        # No node has this label, so the new coordinator never starts.
        "pending": {"coordinator": {"nodeSelector": {"nowhere": "to-be-found"}}},
        "invalid": {"catalogs": {"db": {"properties": {"connector.name": "mysql"}, "secretProperties": missing}}},
    }
    settled.apply(manifest("adhoc", workers={"replicas": 2}, **changes[change]))
    if change == "pending":
        settled.wait_for_event("adhoc", "RolloutStarted", timeout=30)
    else:
        settled.wait_for_condition("adhoc", "Valid", "False", timeout=30)
    gone = [key for key in before if not key.startswith("ControllerRevision/")]

    settled.kubectl("delete", "--wait=true", *(key.lower() for key in gone))

    def are_back() -> bool:
        now = settled.children("adhoc")
        return all(key in now and now[key]["metadata"]["uid"] != before[key]["metadata"]["uid"] for key in gone)

    settled.wait_until(are_back, timeout=30, what=f"{gone} to come back")
    settled.wait_for_condition("adhoc", "Ready", "True", timeout=60)
    selector = settled.get("service", "adhoc")["spec"]["selector"]
    assert selector == before["Service/adhoc"]["spec"]["selector"]


def test_an_edited_service_is_put_right_and_it_is_told(settled: Namespace) -> None:
    selector = settled.get("service", "adhoc")["spec"]["selector"]

    patch = json.dumps({"spec": {"selector": {"prestooperator.io/role": "worker"}}})
    settled.kubectl("patch", "service", "adhoc", "--type=merge", f"--patch={patch}")

    settled.wait_until(
        lambda: settled.get("service", "adhoc")["spec"]["selector"] == selector, timeout=20, what="the old selector"
    )
    settled.wait_until(
        lambda: any(reason == "Corrected" and '"adhoc"' in text for reason, text in settled.events("adhoc")),
        timeout=20,
        what="an Event that tells of it",
    )


def test_a_scaled_pool_is_put_right(settled: Namespace) -> None:
    (pool,) = (key for key in settled.children("adhoc") if key.startswith("Deployment/adhoc-workers-"))

    settled.kubectl("scale", pool.lower(), "--replicas=7")

    settled.wait_until(
        lambda: settled.children("adhoc")[pool]["spec"]["replicas"] == 2, timeout=20, what="two replicas again"
    )


def test_an_object_of_someone_else_is_left_alone(namespace: Namespace) -> None:
    foreign = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "adhoc"},
        "spec": {"ports": [{"port": 80}], "selector": {"app": "something-else"}},
    }
    namespace.apply(foreign)

    namespace.apply(manifest("adhoc"))

    condition = namespace.wait_for_condition("adhoc", "Degraded", "True", timeout=30)
    assert condition["reason"] == "ApplyFailed"
    assert 'Service "adhoc" exists and does not belong to PrestoCluster "adhoc"' in condition["message"]
    assert namespace.get("service", "adhoc")["spec"]["selector"] == {"app": "something-else"}

    namespace.kubectl("delete", "service", "adhoc")
    namespace.wait_until_settled("adhoc", timeout=120)
