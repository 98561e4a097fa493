"""The commands that are given to kind and docker, as they would be run."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.harness import ClusterSpec, HarnessError, NodeSpec, Taint, provider_for
from tests.harness.kind.config import kind_config
from tests.harness.kind.port_forward import forwarded, port_forward_command
from tests.harness.kind.provider import KindProvider

SPOT = NodeSpec(name="spot-1", labels={"pool": "spot"}, taints=(Taint("spot", "NoSchedule"),))
SPEC = ClusterSpec(name="two", nodes=(NodeSpec(name="base-1"), SPOT))


class RecordingRunner:
    """Keeps what it is told to run, and answers as a machine where all goes well."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.inputs: list[str | None] = []
        self.clusters = ""

    def __call__(
        self,
        command: Sequence[str | Path],
        *,
        stdin: str | None = None,
        **_: object,
    ) -> subprocess.CompletedProcess[str]:
        text = " ".join(str(word) for word in command)
        self.commands.append(text)
        self.inputs.append(stdin)
        answer = self.clusters if text == "kind get clusters" else ""
        if "get nodes" in text:
            names = ("presto-harness-two-worker", "presto-harness-two-worker2")
            answer = json.dumps({"items": [_ready_node(name) for name in names]})
        return subprocess.CompletedProcess([], 0, answer, "")

    def said(self, beginning: str) -> list[str]:
        return [command for command in self.commands if command.startswith(beginning)]


def _ready_node(name: str) -> dict[str, object]:
    return {"metadata": {"name": name}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RecordingRunner:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return RecordingRunner()


@pytest.fixture
def provider(runner: RecordingRunner) -> KindProvider:
    return KindProvider(runner, Path)


def test_a_cluster_is_created_and_gets_presto_from_the_registry(
    provider: KindProvider, runner: RecordingRunner, tmp_path: Path
) -> None:
    provider.up(SPEC)
    kubeconfig = tmp_path / "presto-operator/clusters/two/kubeconfig"
    create = f"kind create cluster --name presto-harness-two --kubeconfig {kubeconfig} --wait 180s --config -"
    assert runner.said("kind create") == [create]
    assert json.loads(runner.inputs[runner.commands.index(create)] or "") == kind_config(SPEC)
    reference = "docker.io/prestodb/presto:0.287"
    assert runner.said("docker pull") == [f"docker pull {reference}"]
    assert runner.said("kind load") == [f"kind load docker-image {reference} --name presto-harness-two"]


def test_the_running_cluster_is_taken_when_it_is_the_same(provider: KindProvider, runner: RecordingRunner) -> None:
    provider.up(SPEC)
    runner.clusters = "presto-harness-two\n"
    provider.up(SPEC)
    assert len(runner.said("kind create")) == 1


def test_another_spec_makes_another_cluster(provider: KindProvider, runner: RecordingRunner) -> None:
    provider.up(SPEC)
    runner.clusters = "presto-harness-two\n"
    provider.up(ClusterSpec(name="two", nodes=SPEC.nodes[:1]))
    assert len(runner.said("kind create")) == 2
    assert len(runner.said("kind delete cluster --name presto-harness-two")) == 2


def test_a_cluster_for_fake_nodes_keeps_pods_off_its_control_plane(
    provider: KindProvider, runner: RecordingRunner
) -> None:
    provider.up(ClusterSpec(name="api"))
    (taint,) = [command for command in runner.commands if " taint " in command]
    assert taint.endswith(
        "taint --overwrite node presto-harness-api-control-plane node-role.kubernetes.io/control-plane:NoSchedule"
    )
    assert not runner.said("docker pull")


def test_killing_a_node_kills_its_container(provider: KindProvider, runner: RecordingRunner) -> None:
    cluster = provider.up(SPEC)
    cluster.kill_node("spot-1")
    assert runner.commands[-1] == "docker kill presto-harness-two-worker2"
    assert cluster.node_name("base-1") == "presto-harness-two-worker"


def test_removing_a_node_removes_its_object_too(provider: KindProvider, runner: RecordingRunner) -> None:
    provider.up(SPEC).remove_node("base-1")
    assert runner.commands[-2] == "docker rm --force --volumes presto-harness-two-worker"
    assert runner.commands[-1].endswith("delete node presto-harness-two-worker --ignore-not-found")


def test_an_archive_is_loaded(provider: KindProvider, runner: RecordingRunner, tmp_path: Path) -> None:
    archive = tmp_path / "operator.tar"
    archive.touch()
    provider.up(SPEC).load_image(archive)
    assert runner.commands[-1] == f"kind load image-archive {archive} --name presto-harness-two"


def test_a_node_can_not_join_later(provider: KindProvider) -> None:
    with pytest.raises(HarnessError, match="list every node in the spec"):
        provider.up(SPEC).add_node(NodeSpec(name="late"))


def test_labels_and_taints_are_those_of_the_worker() -> None:
    control_plane, base, spot = kind_config(SPEC)["nodes"]
    assert control_plane == {"role": "control-plane"}
    assert base == {"role": "worker"}
    assert spot["labels"] == {"pool": "spot"}
    assert [json.loads(patch) for patch in spot["kubeadmConfigPatches"]] == [
        {
            "kind": "JoinConfiguration",
            "nodeRegistration": {"taints": [{"key": "spot", "effect": "NoSchedule"}]},
        }
    ]


def test_a_port_forward_is_yielded_once_it_stands() -> None:
    script = "echo Forwarding from 127.0.0.1:4711 -\\> 80; exec sleep 60"
    with forwarded(["sh", "-c", script]) as url:
        assert url == "http://127.0.0.1:4711"


def test_a_port_forward_that_fails_says_why() -> None:
    with pytest.raises(HarnessError, match="no such service"), forwarded(["sh", "-c", "echo no such service"]):
        pass


def test_the_port_forward_chooses_its_port() -> None:
    command = port_forward_command(Path("kubectl"), Path("config"), "data", "presto", 8080)
    assert command[-2:] == ["service/presto", ":8080"]


@pytest.mark.parametrize(("has_docker", "expected"), [(True, "kind"), (False, "local")])
def test_kind_is_chosen_where_docker_answers(*, has_docker: bool, expected: str) -> None:
    assert provider_for("auto", lambda: has_docker).name == expected
    assert provider_for("local", lambda: has_docker).name == "local"
