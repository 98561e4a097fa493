"""Containers that end before the drain does are warned about, each with its field and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from presto_operator.desired.drain_warnings import drain_warnings
from tests.unit.manifest import cluster

_SECONDS = 320
"""How long the drain of the cluster below may take."""
_NATIVE = "sidecar.istio.io/nativeSidecar"


def _warnings(**overrides: Any) -> list[str]:
    drain = {"timeout": "5m", "gracePeriod": "10s"}
    return drain_warnings(cluster(workers={"drain": drain, "podOverrides": overrides}).spec)


def _of(container: dict[str, Any]) -> list[str]:
    return _warnings(spec={"containers": [{"name": "envoy", "image": "envoy:1", **container}]})


def _hook(**handler: Any) -> dict[str, Any]:
    return {"lifecycle": {"preStop": handler}}


def test_a_plain_cluster_has_no_warning() -> None:
    assert drain_warnings(cluster().spec) == []
    assert _warnings(metadata={"labels": {"team": "data"}}, spec={"priorityClassName": "high"}) == []


@pytest.mark.parametrize("container", [{}, {"lifecycle": None}, {"lifecycle": {"postStart": {"exec": {}}}}, _hook()])
def test_a_container_without_a_hook_is_stopped_at_once(container: dict[str, Any]) -> None:
    (warning,) = _of(container)
    assert warning.startswith("spec.workers.podOverrides.spec.containers[envoy]: without a preStop hook ")
    assert f"drains for up to {_SECONDS} s" in warning
    assert "init container with restartPolicy: Always" in warning


@pytest.mark.parametrize(
    "hook",
    [
        _hook(sleep={"seconds": 15}),
        _hook(exec={"command": ["sleep", "15"]}),
        _hook(exec={"command": ["/bin/sh", "-c", "sleep 15"]}),
        _hook(exec={"command": ["/bin/sleep", "15s"]}),
    ],
)
def test_a_hook_that_sleeps_for_less_than_a_drain_is_named(hook: dict[str, Any]) -> None:
    (warning,) = _of(hook)
    assert warning.startswith("spec.workers.podOverrides.spec.containers[envoy].lifecycle.preStop: it lasts 15 s, ")
    assert f"a drain takes up to {_SECONDS} s" in warning


@pytest.mark.parametrize(
    "hook",
    [
        _hook(sleep={"seconds": _SECONDS}),
        _hook(exec={"command": ["sleep", str(_SECONDS)]}),
        _hook(exec={"command": ["sh", "-c", "while curl -s localhost:8080; do sleep 1; done"]}),
        _hook(httpGet={"path": "/quit", "port": 15020}),
    ],
)
def test_a_hook_that_lasts_as_long_or_waits_for_something_is_fine(hook: dict[str, Any]) -> None:
    assert _of(hook) == []


def test_the_server_and_removed_containers_are_no_sidecars() -> None:
    containers = [{"name": "presto", "tty": True}, {"name": "envoy", "$patch": "delete"}]
    assert _warnings(spec={"containers": containers}) == []


def test_native_sidecars_are_stopped_after_the_server() -> None:
    sidecar = {"name": "envoy", "image": "envoy:1", "restartPolicy": "Always"}
    assert _warnings(spec={"initContainers": [sidecar]}) == []
    assert drain_warnings(cluster(workers={"initContainers": [sidecar]}).spec) == []


def test_the_coordinator_does_not_drain() -> None:
    overrides = {"spec": {"containers": [{"name": "envoy", "image": "envoy:1"}]}}
    assert drain_warnings(cluster(coordinator={"podOverrides": overrides}).spec) == []


@pytest.mark.parametrize(
    ("metadata", "field", "remedy"),
    [
        ({"labels": {"sidecar.istio.io/inject": "true"}}, "sidecar.istio.io/inject", _NATIVE),
        ({"annotations": {"sidecar.istio.io/inject": "true"}}, "sidecar.istio.io/inject", _NATIVE),
        ({"annotations": {"linkerd.io/inject": "enabled"}}, "linkerd.io/inject", "proxy-enable-native-sidecar"),
        (
            {
                "annotations": {
                    "linkerd.io/inject": "enabled",
                    "config.alpha.linkerd.io/proxy-wait-before-exit-seconds": "20",
                }
            },
            "linkerd.io/inject",
            "proxy-enable-native-sidecar",
        ),
    ],
)
def test_a_meshs_proxy_that_ends_first_is_named(metadata: dict[str, Any], field: str, remedy: str) -> None:
    (warning,) = _warnings(metadata=metadata)
    assert warning.startswith(f"spec.workers.podOverrides.metadata[{field}]: ")
    assert remedy in warning


@pytest.mark.parametrize(
    "annotations",
    [
        {"sidecar.istio.io/inject": "false"},
        {"sidecar.istio.io/inject": "true", _NATIVE: "true"},
        {"linkerd.io/inject": "disabled"},
        {"linkerd.io/inject": "enabled", "config.beta.linkerd.io/proxy-enable-native-sidecar": "true"},
        {"linkerd.io/inject": "enabled", "config.alpha.linkerd.io/proxy-enable-native-sidecar": "true"},
        {"linkerd.io/inject": "enabled", "config.alpha.linkerd.io/proxy-wait-before-exit-seconds": str(_SECONDS)},
    ],
)
def test_a_meshs_proxy_that_outlives_the_server_is_fine(annotations: dict[str, str]) -> None:
    assert _warnings(metadata={"annotations": annotations}) == []
