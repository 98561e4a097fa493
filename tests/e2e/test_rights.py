"""What the operator may do, and what it tried: after the tests of other modules, whose work its log shows."""

from __future__ import annotations

import json

import pytest

from tests.harness.interface import Cluster
from tests.kit import installation


@pytest.mark.page("operations")
def test_the_operator_has_the_rights_it_needs(cluster: Cluster) -> None:
    log = cluster.kubectl("--namespace", installation.NAMESPACE, "logs", "deployment/presto-operator").stdout

    assert log
    assert "is forbidden: User" not in log
    roles = json.loads(
        cluster.kubectl("get", "clusterroles", "-l", "app.kubernetes.io/name=presto-operator", "-o", "json").stdout
    )["items"]
    rules = [rule for role in roles for rule in role["rules"]]
    assert rules
    assert not [rule for rule in rules if "*" in (*rule["apiGroups"], *rule["resources"], *rule["verbs"])]
