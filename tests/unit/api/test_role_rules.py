"""JVM arguments, variables and ports with which a server would not start, or not as the operator expects."""

from __future__ import annotations

from typing import Any

import pytest

from presto_operator.api import InvalidClusterError, PrestoClusterSpec, parse_spec
from tests.unit.manifest import manifest


def _errors(**workers: Any) -> dict[str, str]:
    try:
        parse_spec(manifest(workers=workers))
    except InvalidClusterError as invalid:
        return {error.path: error.message for error in invalid.errors}
    return {}


@pytest.mark.parametrize(
    "argument",
    [
        "-Xms64G",
        "-XX:InitialHeapSize=64g",
        "-version",
        "--version",
        "-cp /x",
        "-cp",
        "-d64",
        "-XX:Flags=/x",
        "-XX:+UseParallelGC",
        "-XX:+AggressiveHeap",
        "-mx1g",
        "-Dhttp-server.http.port=9999",
        "-Dnode.id=x",
        "-Dcoordinator=false",
        "-Xss1m -Xint",
        "-agentlib:jdwp=transport=dt_socket,server=y,address=5005",
        "-Dx=y\r-Xmx64G",
        "-Dx=y\n-Xmx64G",
        "-Dx=y\t-Xmx64G",
    ],
)
def test_an_argument_that_breaks_the_server_is_refused(argument: str) -> None:
    assert list(_errors(jvm={"extraArgs": [argument]})) == ["spec.workers.jvm.extraArgs[0]"]
    if "\n" not in argument:
        variable = {"name": "_JAVA_OPTIONS", "value": argument.replace("\r", " ").replace("\t", " ")}
        assert argument in ("-Xss1m -Xint",) or list(_errors(env=[variable])) == ["spec.workers.env[0].value"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["-Xms1G"],
        ["-XX:-UseG1GC", "-XX:+UseParallelGC"],
        ["-Dfoo=a -b"],
        ["-XX:OnOutOfMemoryError=kill -9 %p"],
        ["-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=5005"],
        ["-javaagent:/x.jar=9090:/etc/presto/x.yaml"],
    ],
)
def test_other_arguments_pass(arguments: list[str]) -> None:
    assert _errors(jvm={"extraArgs": arguments}) == {}


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"http-server.https.enabled": "true", "http-server.https.port": "8080"}, "http-server.https.port"),
        ({"http-server.https.enabled": "true", "http-server.https.port": "${ENV:P}"}, "http-server.https.port"),
        ({"jmx.rmiregistry.port": "8080"}, "jmx.rmiregistry.port"),
        ({"jmx.rmiregistry.port": "9000", "jmx.rmiserver.port": "9000"}, "jmx.rmiserver.port"),
        ({"node.id": "x"}, "node.id"),
        ({"http-server.http.port ": "1"}, "http-server.http.port "),
    ],
)
def test_ports_that_clash_and_owned_properties_are_refused(config: dict[str, str], field: str) -> None:
    (path,) = _errors(config=config)
    assert path in (f"spec.workers.config.{field}", f'spec.workers.config["{field}"]')


def test_node_properties_are_what_the_launcher_can_carry() -> None:
    wrong = {"a=b": "c", "c": "é", "d": " x", "#e": "x"}
    assert len(_errors(nodeProperties=wrong)) == len(wrong)
    assert len(_errors(nodeProperties={"http-server.http.port": "1"})) == 1
    assert _errors(nodeProperties={"node.location": r"rack\7"}) == {}


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        ({}, "prestodb/presto:0.287"),
        ({"tag": "x"}, "prestodb/presto:x"),
        ({"digest": f"sha256:{'a' * 64}"}, f"prestodb/presto@sha256:{'a' * 64}"),
        ({"tag": "x", "digest": f"sha256:{'a' * 64}"}, f"prestodb/presto:x@sha256:{'a' * 64}"),
        ({"repository": "host.example.com:5000/a/b_c"}, "host.example.com:5000/a/b_c:0.287"),
    ],
)
def test_an_image_has_a_tag_or_a_digest(image: dict[str, str], reference: str) -> None:
    assert PrestoClusterSpec.model_validate({"version": "0.287", "image": image}).image_reference == reference


@pytest.mark.parametrize(
    "image",
    [
        {"repository": "prestodb/presto:0.287"},
        {"repository": "prestodb/presto@sha256"},
        {"repository": "Presto"},
        {"tag": "a:b"},
        {"tag": "sha256:x"},
        {"digest": "sha256:12"},
        {"digest": "a" * 64},
    ],
)
def test_an_image_has_no_second_tag(image: dict[str, str]) -> None:
    with pytest.raises(InvalidClusterError):
        parse_spec(manifest(image=image))
