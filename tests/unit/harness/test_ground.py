"""What everything else stands on: commands, waiting, folders, prerequisites, kernel settings, pinned modules."""

import json
import re
from pathlib import Path

import pytest

from tests.harness import HarnessError, WaitedInVainError, binaries, wait_until
from tests.harness.command import CommandError, run
from tests.harness.disk import require_free_space
from tests.harness.fake_nodes import fake_node, next_names
from tests.harness.kubectl import read_node
from tests.harness.local.kernel_settings import SETTINGS, KernelSettings
from tests.harness.paths import cache_directory, cluster_directory
from tests.harness.prerequisites import NODES, Prerequisite, explain_missing, missing_prerequisites


def test_a_failing_command_says_what_it_was_and_what_it_said() -> None:
    with pytest.raises(CommandError, match=r"exited with 3\n.*out of cheese\n.*next: look in the pantry"):
        run(["sh", "-c", "echo out of cheese >&2; exit 3"], timeout=10, hint="look in the pantry")


def test_a_missing_program_is_named() -> None:
    with pytest.raises(CommandError, match="no-such-program is not installed"):
        run(["no-such-program"], timeout=10)


def test_a_command_that_hangs_is_ended() -> None:
    with pytest.raises(CommandError, match=r"took longer than 0\.1 s"):
        run(["sleep", "60"], timeout=0.1)


def test_waiting_returns_the_answer() -> None:
    answers = iter([0, 0, 7])
    assert wait_until(lambda: next(answers), timeout=1, what="seven", pause=lambda _: None) == 7


def test_waiting_in_vain_says_for_what() -> None:
    clock = iter(range(100))
    with pytest.raises(WaitedInVainError, match="waited 5 s for Godot, in vain"):
        wait_until(lambda: False, timeout=5, what="Godot", clock=lambda: next(clock), pause=lambda _: None)


def test_the_cache_can_be_put_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("PRESTO_OPERATOR_CACHE", raising=False)
    assert cache_directory() == tmp_path / "xdg" / "presto-operator"
    monkeypatch.setenv("PRESTO_OPERATOR_CACHE", str(tmp_path / "own"))
    assert cache_directory() == tmp_path / "own"


@pytest.mark.parametrize("name", ["", "../x", "A", "template-", "a" * 21])
def test_a_cluster_needs_a_plain_name(name: str) -> None:
    with pytest.raises(HarnessError, match="can't name a cluster"):
        cluster_directory(name)


def test_a_full_disk_is_noticed_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"needs 1000000\.0 GiB in .*GiB are free.*set SOME_VARIABLE"):
        require_free_space(tmp_path / "not" / "there", 1_000_000, "a build", "SOME_VARIABLE")


def test_all_that_is_missing_is_named_at_once() -> None:
    missing = missing_prerequisites(NODES, find=lambda name: Path(name) if name == "ip" else None)
    message = explain_missing([*missing, Prerequisite("go", None, "builds")])
    assert all(each.program in message for each in NODES if each.program != "ip")
    assert "iproute2" not in message
    assert "Debian package etcd-server" in message


def test_kernel_settings_are_noted_once_and_put_back(tmp_path: Path) -> None:
    kernel = tmp_path / "sys"
    for name in SETTINGS:
        (kernel / name).parent.mkdir(parents=True, exist_ok=True)
        (kernel / name).write_text("0\n")
    settings = KernelSettings(tmp_path / "noted.json", kernel)
    settings.note()
    (kernel / "vm/overcommit_memory").write_text("1\n")
    # A second cluster must not note what the first one's kubelets made of it.
    settings.note()
    settings.restore()
    assert (kernel / "vm/overcommit_memory").read_text() == "0\n"
    assert not settings.file.exists()


def test_every_program_has_a_pinned_version() -> None:
    versions = {each.name: folder.version(each) for folder in binaries.FOLDERS for each in folder.programs}
    assert all(re.fullmatch(r"v\d+\.\d+\.\d+", version) for version in versions.values()), versions


def test_a_program_is_found_by_its_release_and_version() -> None:
    targets = {each.name: folder.target(each) for folder in binaries.FOLDERS for each in folder.programs}
    found = {name: f"{path.parent.name}/{path.name}" for name, path in targets.items()}
    assert re.fullmatch(r"kubernetes-v[\d.]+/kubelet", found["kubelet"])
    assert re.fullmatch(r"helm-v[\d.]+/helm", found["helm"])


def test_the_kubernetes_programs_report_the_pinned_version() -> None:
    kubernetes = next(folder for folder in binaries.FOLDERS if folder.name == "kubernetes")
    version = kubernetes.version(kubernetes.programs[0])
    _, minor, _ = version.split(".")
    flags = kubernetes.all_linker_flags(kubernetes.programs)
    assert f"gitVersion={version}" in flags
    assert f"gitMinor={minor}" in flags


def test_an_unknown_program_is_refused() -> None:
    with pytest.raises(HarnessError, match="no Go module is pinned for sed"):
        binaries.program("sed")


def test_fake_nodes_get_names_that_are_free() -> None:
    assert next_names("fake", 2, {"fake-0", "fake-2"}) == ("fake-1", "fake-3")


def test_a_fake_node_is_told_from_a_real_one() -> None:
    fake = read_node(json.loads(json.dumps(fake_node("fake-1", {"pool": "spot"}))))
    assert fake.fake
    assert not fake.ready
    assert fake.labels["pool"] == "spot"
    assert not read_node({"metadata": {"name": "node-1"}}).fake
