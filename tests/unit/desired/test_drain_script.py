"""The preStop hook, in real shells, against a small HTTP server that answers as a Presto at each edge would."""

from __future__ import annotations

import subprocess

import pytest

from tests.unit.desired.container import HANGS, Container, Presto


def test_it_asks_once_and_blocks_until_the_server_has_exited(container: Container) -> None:
    presto = container.serve(Presto([200]))
    hook = container.run("drain")
    container.wait_for_record("drain: state=draining")
    assert hook.poll() is None
    container.process.kill()
    assert hook.wait(timeout=10) == 0
    assert presto.puts == [("/v1/info/state", "application/json", b'"SHUTTING_DOWN"')]


def test_one_that_never_gets_done_is_waited_for_until_kubernetes_ends_it(container: Container) -> None:
    container.serve(Presto([200], tasks=[["RUNNING"]]))
    hook = container.run("drain")
    container.wait_for_record("drain: state=draining")
    with pytest.raises(subprocess.TimeoutExpired):
        hook.wait(timeout=0.5)
    hook.kill()
    hook.wait(timeout=10)
    assert container.recorded() == "drain: state=draining\n"


def test_a_server_that_does_not_listen_yet_is_not_waited_for(container: Container) -> None:
    (container.data / "starting").touch()
    container.serve(Presto([200]))
    container.stop_listening()
    assert container.drain() == 0
    assert container.recorded() is None


def test_a_server_that_is_starting_is_asked_until_it_takes_it(container: Container) -> None:
    (container.data / "starting").touch()
    presto = container.serve(Presto([503, 503, HANGS, 200]))
    hook = container.run("drain", patience=1)
    container.wait_for_record("drain: state=draining")
    assert len(presto.puts) == 4
    container.process.kill()
    assert hook.wait(timeout=10) == 0


def test_a_server_that_never_gets_started_is_asked_for_a_while_only(container: Container) -> None:
    (container.data / "starting").touch()
    presto = container.serve(Presto([503], tasks=[["RUNNING"]]))
    assert container.drain(patience=5) == 0
    assert len(presto.puts) == 30
    assert container.recorded() is None


def test_a_server_that_hangs_is_asked_until_it_takes_it(container: Container) -> None:
    presto = container.serve(Presto([HANGS, HANGS, HANGS, 200]))
    hook = container.run("drain", patience=1)
    container.wait_for_record("drain: state=unanswered")
    container.wait_for_record("drain: state=draining")
    assert hook.poll() is None
    assert len(presto.puts) == 4


def test_a_server_that_hangs_is_asked_on_by_the_timeout_of_busybox_too(container_with_busybox: Container) -> None:
    presto = container_with_busybox.serve(Presto([HANGS, HANGS, 200]))
    hook = container_with_busybox.run("drain", patience=1)
    container_with_busybox.wait_for_record("drain: state=draining")
    assert len(presto.puts) == 3
    container_with_busybox.process.kill()
    assert hook.wait(timeout=10) == 0


@pytest.mark.parametrize("status", [401, 403, 500])
def test_one_that_refuses_is_left_alone_while_it_has_tasks(container: Container, status: int) -> None:
    presto = container.serve(Presto([status], tasks=[["RUNNING", "FINISHED"], ["PLANNED"], [], ["RUNNING"], ["DONE"]]))
    hook = container.run("drain", patience=5)
    container.wait_for_record(f"drain: state=refused status={status} tasks=none")
    assert hook.wait(timeout=10) == 0
    assert container.process.poll() is None, "it is for Kubernetes to end the server"
    assert len(presto.puts) == 6, "two looks in a row were to find no task"


def test_one_that_refuses_to_tell_of_its_tasks_too_is_given_all_the_time(container: Container) -> None:
    container.serve(Presto([403], tasks=[403]))
    hook = container.run("drain")
    container.wait_for_record("drain: state=refused status=403 tasks=unknown")
    with pytest.raises(subprocess.TimeoutExpired):
        hook.wait(timeout=0.5)
    hook.kill()
    hook.wait(timeout=10)


def test_one_that_has_served_and_listens_no_more_is_waited_for_a_little(container: Container) -> None:
    container.serve(Presto([200]))
    container.stop_listening()
    assert container.drain() == 1
    assert container.recorded() == "drain: state=deaf\n"


def test_a_server_that_exits_meanwhile_ends_the_hook(container: Container) -> None:
    container.serve(Presto([HANGS]))
    hook = container.run("drain")
    container.wait_for_record("drain: state=unanswered")
    container.process.kill()
    assert hook.wait(timeout=10) == 0


def test_the_startup_probe_says_when_a_server_has_started(container: Container) -> None:
    mark = container.data / "starting"
    mark.touch()
    presto = container.serve(Presto([200], info={"starting": True}))
    assert container.run("started", patience=5).wait(timeout=10) == 1
    assert mark.exists()
    presto.info["starting"] = False
    assert container.run("started", patience=5).wait(timeout=10) == 0
    assert not mark.exists()
    assert container.run("started", patience=5).wait(timeout=10) == 0
