from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presto_operator.presto import (
    HTTP_PORT,
    OWNED_PROPERTIES,
    coordinator_config,
    https_port,
    node_config,
    worker_config,
)

_URI = "http://adhoc-coordinator-1.analytics.svc:8080"


@pytest.mark.parametrize(
    ("more", "port"),
    [
        ({}, 8443),
        ({"http-server.https.port": "443"}, 443),
        ({"http-server.https.enabled": "TRUE"}, 8443),
        ({"http-server.https.enabled": "false"}, None),
        ({"http-server.https.port": "https"}, None),
        ({"http-server.https.port": "70000"}, None),
        ({"http-server.https.port": "9" * 5000}, None),
        ({"http-server.https.port": str(HTTP_PORT)}, None),
    ],
)
def test_the_port_of_https(more: dict[str, str], port: int | None) -> None:
    assert https_port({"http-server.https.enabled": "true", **more}) == port
    assert https_port({}) is None


@given(st.dictionaries(st.sampled_from(OWNED_PROPERTIES) | st.text(min_size=1), st.text()))
def test_owned_properties_of_a_coordinator_win_and_the_others_stay(user_properties: dict[str, str]) -> None:
    config = coordinator_config(user_properties)
    assert {key: config[key] for key in OWNED_PROPERTIES if key != "shutdown.grace-period"} == {
        "coordinator": "true",
        "discovery-server.enabled": "true",
        "discovery.uri": f"http://localhost:{HTTP_PORT}",
        "http-server.http.enabled": "true",
        "http-server.http.port": str(HTTP_PORT),
        "node-scheduler.include-coordinator": "false",
    }
    assert {key: value for key, value in config.items() if key not in OWNED_PROPERTIES} == {
        key: value for key, value in user_properties.items() if key not in OWNED_PROPERTIES
    }


def test_a_worker_announces_itself_and_is_no_coordinator() -> None:
    config = worker_config(
        {"task.concurrency": "16", "coordinator": "true"}, discovery_uri=_URI, shutdown_grace_seconds=10
    )
    assert config == {
        "task.concurrency": "16",
        "coordinator": "false",
        "discovery.uri": _URI,
        "shutdown.grace-period": "10s",
        "http-server.http.enabled": "true",
        "http-server.http.port": str(HTTP_PORT),
    }


@pytest.mark.parametrize("name", ["discovery-server.enabled", "node-scheduler.include-coordinator"])
def test_a_worker_has_no_coordinators_properties(name: str) -> None:
    # Presto refuses to start on a property that nothing in the process reads.
    assert name not in worker_config({}, discovery_uri=_URI, shutdown_grace_seconds=10)


@given(st.from_regex(r"[a-z]([-a-z0-9]*[a-z0-9])?", fullmatch=True))
def test_environment_is_what_airlift_takes(cluster_name: str) -> None:
    environment = node_config({}, cluster_name=cluster_name)["node.environment"]
    assert re.fullmatch(r"[a-z0-9][_a-z0-9]*", environment)
    assert environment.replace("_", "-") == cluster_name


def test_node_id_is_left_to_the_command_line() -> None:
    assert "node.id" not in node_config({}, cluster_name="adhoc")
