"""A process is hit only when it is the one that was meant."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import wait_until
from tests.harness.processes import ProcessIdentity, last_lines, spawn

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def test_the_very_process_gets_the_signal(sleeper: subprocess.Popen[bytes]) -> None:
    identity = ProcessIdentity.of(sleeper.pid)
    assert identity is not None
    assert identity.is_alive()
    assert identity.send(signal.SIGTERM)
    assert sleeper.wait(timeout=10) == -signal.SIGTERM
    assert not identity.is_alive()


def test_another_process_with_the_same_pid_is_spared(sleeper: subprocess.Popen[bytes]) -> None:
    real = ProcessIdentity.of(sleeper.pid)
    assert real is not None
    stale = ProcessIdentity(pid=sleeper.pid, start_time=real.start_time - 1)
    assert not stale.is_alive()
    assert not stale.send(signal.SIGKILL)
    assert sleeper.poll() is None


def test_a_dead_process_that_nobody_has_waited_for_is_dead(sleeper: subprocess.Popen[bytes]) -> None:
    identity = ProcessIdentity.of(sleeper.pid)
    assert identity is not None
    os.kill(sleeper.pid, signal.SIGKILL)
    wait_until(lambda: not identity.is_alive(), timeout=10, what="the process to be a zombie")
    assert not identity.send(signal.SIGKILL)


def test_a_program_name_with_brackets_and_blanks_is_read(tmp_path: Path) -> None:
    stat = tmp_path / "42" / "stat"
    stat.parent.mkdir()
    numbers = " ".join(str(number) for number in range(1, 60))
    stat.write_text(f"42 (a) b) c) S {numbers}")
    assert ProcessIdentity.of(42, tmp_path) == ProcessIdentity(pid=42, start_time=19)


def test_a_spawned_program_writes_its_log_and_enters_its_groups(tmp_path: Path) -> None:
    group, log = tmp_path / "cgroup.procs", tmp_path / "logs" / "it.log"
    process = spawn(["sh", "-c", "echo here I am; echo $$"], log=log, group_files=[group])
    wait_until(lambda: not process.is_alive(), timeout=10, what="the program to end")
    assert log.read_text().splitlines() == ["here I am", group.read_text().strip()]
    assert int(group.read_text()) == process.pid
    assert "here I am" in last_lines(log)
