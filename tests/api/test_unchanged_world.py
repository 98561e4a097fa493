"""What has not changed costs no write, whoever asks again."""

from __future__ import annotations

import json

from tests.harness.waiting import wait_until
from tests.kit.operator_process import OperatorProcess
from tests.kit.resources import Namespace, Resource, manifest


def passes(operator: OperatorProcess) -> float:
    """How many passes the operator has made since it started."""
    return operator.metric("presto_operator_reconcile_duration_seconds_count")


def wait_for_a_pass(operator: OperatorProcess, *, after: float) -> None:
    """Wait until the operator has certainly looked at the cluster once more: two passes further on."""
    wait_until(lambda: passes(operator) >= after + 2, timeout=60, what="two more passes of the operator")


def two_pools(**workers: object) -> Resource:
    """A cluster of two pools."""
    return manifest("adhoc", workers={"replicas": 3, "pools": [{"name": "a"}, {"name": "b"}], **workers})


def bring_up(namespace: Namespace) -> None:
    """Bring the cluster up, and wait until nobody has anything to write about it."""
    namespace.apply(two_pools())
    namespace.wait_until_quiet("adhoc", timeout=60)


def test_applying_it_again_changes_nothing(namespace: Namespace, own_operator: OperatorProcess) -> None:
    bring_up(namespace)
    before = namespace.resource_versions("adhoc")
    seen = passes(own_operator)

    assert "unchanged" in namespace.apply(two_pools())
    wait_for_a_pass(own_operator, after=seen)

    assert namespace.resource_versions("adhoc") == before


def test_restarting_the_operator_changes_nothing(namespace: Namespace, own_operator: OperatorProcess) -> None:
    bring_up(namespace)
    before = namespace.resource_versions("adhoc")
    events = namespace.events("adhoc")

    own_operator.stop()
    own_operator.start()
    wait_for_a_pass(own_operator, after=0)

    assert own_operator.metric("presto_operator_applies_total", outcome="unchanged") > 0, (
        "it did not look at the children"
    )
    assert namespace.resource_versions("adhoc") == before
    assert namespace.events("adhoc") == events


def test_a_killed_operator_goes_on_where_it_was(namespace: Namespace, own_operator: OperatorProcess) -> None:
    namespace.apply(two_pools())
    own_operator.kill()
    own_operator.start()

    namespace.wait_until_settled("adhoc", timeout=60)

    assert len(namespace.pods("adhoc", "worker")) == 3


def test_what_others_add_to_a_child_survives(namespace: Namespace, own_operator: OperatorProcess) -> None:
    bring_up(namespace)
    seen = passes(own_operator)

    namespace.kubectl("annotate", "service", "adhoc", "example.org/owner=platform")
    wait_for_a_pass(own_operator, after=seen)

    assert namespace.get("service", "adhoc")["metadata"]["annotations"] == {"example.org/owner": "platform"}


def test_a_quiet_cluster_costs_no_call(namespace: Namespace, own_operator: OperatorProcess) -> None:
    bring_up(namespace)
    assert own_operator.metric("presto_operator_clusters") == 1, "its calls are counted all together"
    wait_for_a_pass(own_operator, after=passes(own_operator))
    calls = {
        outcome: own_operator.metric("presto_operator_applies_total", outcome=outcome)
        for outcome in ("unchanged", "updated", "created")
    }
    writes = own_operator.metric("presto_operator_status_writes_total")

    wait_for_a_pass(own_operator, after=passes(own_operator))

    assert {
        outcome: own_operator.metric("presto_operator_applies_total", outcome=outcome) for outcome in calls
    } == calls
    assert own_operator.metric("presto_operator_status_writes_total") == writes
    assert json.dumps(namespace.events("adhoc")).count("Corrected") == 0
