from __future__ import annotations

import pytest

from presto_operator.kube import POD, PRESTO_CLUSTER
from presto_operator.kube.kind import DEPLOYMENT, Kind, kind_of


@pytest.mark.parametrize(
    ("kind", "arguments", "path"),
    [
        (POD, (), "/api/v1/pods"),
        (POD, ("analytics",), "/api/v1/namespaces/analytics/pods"),
        (DEPLOYMENT, ("analytics", "a"), "/apis/apps/v1/namespaces/analytics/deployments/a"),
        (
            PRESTO_CLUSTER,
            ("analytics", "a", "status"),
            "/apis/prestooperator.io/v1alpha1/namespaces/analytics/prestoclusters/a/status",
        ),
    ],
)
def test_path_is_the_api_servers(kind: Kind, arguments: tuple[str, ...], path: str) -> None:
    assert kind.path(*arguments) == path


def test_group_of_the_core_api_is_empty() -> None:
    assert (POD.group, DEPLOYMENT.group) == ("", "apps")


def test_a_kind_is_found_by_name_and_others_are_refused() -> None:
    assert kind_of("Deployment") is DEPLOYMENT
    with pytest.raises(KeyError):
        kind_of("DaemonSet")
