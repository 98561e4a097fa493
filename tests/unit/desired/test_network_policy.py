from __future__ import annotations

from typing import Any

import pytest

from presto_operator.api import TenantPolicy, parse_cluster
from presto_operator.desired import cluster_objects
from presto_operator.desired.network_policy import network_policy_warnings
from presto_operator.objects import KubernetesObject
from tests.unit.generations import generation_name, generation_objects
from tests.unit.manifest import cluster, manifest

_HTTPS = {"config": {"http-server.https.enabled": "true"}}
_OWN = {
    "podSelector": {
        "matchLabels": {"prestooperator.io/cluster": "adhoc", "app.kubernetes.io/managed-by": "presto-operator"}
    }
}
_MONITORING = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
_NOTEBOOKS = {"podSelector": {"matchLabels": {"app": "notebook"}}}


def _policies(serving_https: int | None = None, **spec: Any) -> dict[str, KubernetesObject]:
    of = parse_cluster(manifest(**spec), policy=TenantPolicy(operator_namespace="operators"))
    found = [obj for obj in cluster_objects(of, "cafe0001", serving_https) if obj["kind"] == "NetworkPolicy"]
    return {obj["metadata"]["name"]: obj["spec"] for obj in found}


def _peers(rule: dict[str, Any]) -> list[Any]:
    peers = rule["from"]
    assert isinstance(peers, list)
    return peers


def test_workers_are_reached_by_their_cluster_and_the_operator_only() -> None:
    spec = _policies()["adhoc-worker"]
    assert spec["policyTypes"] == ["Ingress"]
    (rule,) = spec["ingress"]
    assert "ports" not in rule
    operator = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "operators"}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "presto-operator"}},
    }
    assert _peers(rule) == [_OWN, operator]


def test_the_policies_select_the_pods_that_there_are_and_those_may_reach_each_other() -> None:
    of = cluster()
    for role in ("coordinator", "worker"):
        (pod,) = [
            obj["spec"]["template"]["metadata"]["labels"]
            for obj in generation_objects(of, {"workers": 1})
            if obj["kind"] == "Deployment" and obj["metadata"]["labels"]["prestooperator.io/role"] == role
        ]
        spec = _policies()[f"adhoc-{role}"]
        assert spec["podSelector"]["matchLabels"].items() <= pod.items()
        assert _OWN["podSelector"]["matchLabels"].items() <= pod.items()


@pytest.mark.parametrize(
    ("serving", "spec", "ports"),
    [
        (None, {}, [8080]),
        (8443, {"coordinator": _HTTPS}, [8443]),
        # While a change of HTTPS is rolled out, clients of both generations reach theirs.
        (None, {"coordinator": _HTTPS}, [8080, 8443]),
        (9443, {"coordinator": _HTTPS}, [8443, 9443]),
        (8443, {}, [8080, 8443]),
    ],
)
def test_clients_reach_https_and_http_only_where_there_is_no_https(
    serving: int | None, spec: dict[str, Any], ports: list[int]
) -> None:
    _, clients = _policies(serving, **spec)["adhoc-coordinator"]["ingress"]
    assert clients == {"ports": [{"port": port, "protocol": "TCP"} for port in ports]}


def test_clients_can_be_named() -> None:
    _, clients = _policies(networkPolicy={"clients": [_NOTEBOOKS]})["adhoc-coordinator"]["ingress"]
    assert _peers(clients) == [_NOTEBOOKS]


def test_trusted_peers_reach_every_server() -> None:
    for spec in _policies(networkPolicy={"trusted": [_MONITORING]}).values():
        assert _MONITORING in _peers(spec["ingress"][0])
        assert "ports" not in spec["ingress"][0]


def test_there_are_none_if_they_are_switched_off_and_no_pod_changes() -> None:
    assert _policies(networkPolicy={"enabled": False}) == {}
    assert generation_name(cluster(networkPolicy={"enabled": False})) == generation_name(cluster())


def test_an_operator_whose_namespace_is_not_known_is_admitted_from_all() -> None:
    (policy,) = [
        obj
        for obj in cluster_objects(cluster(), "cafe0001", None)
        if obj["metadata"]["name"] == "adhoc-worker" and obj["kind"] == "NetworkPolicy"
    ]
    assert policy["spec"]["ingress"][0]["from"][1]["namespaceSelector"] == {}


@pytest.mark.parametrize(
    ("config", "enabled", "is_warned"),
    [
        ({"http-server.authentication.type": "PASSWORD", **_HTTPS["config"]}, False, True),
        ({"http-server.authentication.type": "PASSWORD", **_HTTPS["config"]}, True, False),
        ({"http-server.authentication.type": ""}, False, False),
        ({}, False, False),
    ],
    ids=str,
)
def test_passwords_that_anybody_can_go_around_are_warned_about(
    config: dict[str, str], *, enabled: bool, is_warned: bool
) -> None:
    of = cluster(coordinator={"config": config}, networkPolicy={"enabled": enabled})
    assert any("networkPolicy.enabled" in warning for warning in network_policy_warnings(of.spec)) == is_warned
