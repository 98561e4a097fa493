"""What a valid spec does that its author may not want. tests/corpus has more of them."""

from __future__ import annotations

from typing import Any

import pytest

from presto_operator.desired import cluster_warnings
from tests.unit.manifest import cluster


def _places(**spec: Any) -> list[str]:
    return [warning.partition(": ")[0] for warning in cluster_warnings(cluster(**spec))]


def _catalog(**properties: str) -> dict[str, Any]:
    return {"catalogs": {"db": {"properties": {"connector.name": "mysql", **properties}}}}


@pytest.mark.parametrize(
    ("spec", "place"),
    [
        (_catalog(**{"connection-password": "hunter2"}), "spec.catalogs.db.properties[connection-password]"),
        (_catalog(**{"hive.s3.aws-secret-key": "x"}), "spec.catalogs.db.properties[hive.s3.aws-secret-key]"),
        (_catalog(**{"connection-url": "jdbc:mysql://u:hunter2@h"}), "spec.catalogs.db.properties[connection-url]"),
        (
            {"coordinator": {"config": {"internal-communication.shared-secret": "x"}}},
            "spec.coordinator.config[internal-communication.shared-secret]",
        ),
        ({"workers": {"env": [{"name": "DB_PASSWORD", "value": "hunter2"}]}}, "spec.workers.env[0]"),
        ({"workers": {"env": [{"name": "JAVA_TOOL_OPTIONS", "value": "-Da=b"}]}}, "spec.workers.env[0]"),
        ({"workers": {"config": {"query.max-memory": "${ENV:NOPE}"}}}, "spec.workers.config[query.max-memory]"),
        ({"workers": {"config": {"no.such.property": "1"}}}, "spec.workers.config[no.such.property]"),
        ({"workers": {"jvm": {"heapPercent": 95}}}, "spec.workers.jvm"),
        (
            {"workers": {"pools": [{"name": "a", "tolerations": [{"operator": "Exists"}]}]}},
            "spec.workers.pools[0].tolerations[0]",
        ),
        (
            {"coordinator": {"configFiles": {"a.properties": "ldap.bind-password=hunter2"}}},
            "spec.coordinator.configFiles[a.properties]",
        ),
        (
            {"workers": {"podOverrides": {"spec": {"containers": [{"name": "proxy", "image": "p"}]}}}},
            "spec.workers.podOverrides.spec.containers[proxy]",
        ),
    ],
)
def test_it_is_warned_about_without_its_value(spec: dict[str, Any], place: str) -> None:
    assert _places(**spec) == [place]
    assert "hunter2" not in "".join(cluster_warnings(cluster(**spec)))


@pytest.mark.parametrize(
    "spec",
    [
        {},
        _catalog(**{"connection-password": "${ENV:PASSWORD}"}),
        _catalog(**{"hive.config.resources": "/etc/x", "ssl.keystore-path": "/k", "password-file": "/p"}),
        {
            "workers": {
                "config": {"query.max-memory": "${ENV:LIMIT}"},
                "env": [{"name": "LIMIT", "value": "1GB"}],
                "pools": [{"name": "a", "tolerations": [{"key": "dedicated", "operator": "Exists"}]}],
            }
        },
    ],
)
def test_what_is_right_gets_no_warning(spec: dict[str, Any]) -> None:
    assert _places(**spec) == []
