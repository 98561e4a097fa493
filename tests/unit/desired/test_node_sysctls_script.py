"""Setting kernel parameters of a node, in real shells on a directory that stands for /proc/sys."""

from __future__ import annotations

from pathlib import Path

import pytest

from presto_operator.desired.sysctls import NODE_SYSCTLS_SCRIPT_TEXT
from tests.unit.desired.shell import SHELLS, Ran, run

pytestmark = pytest.mark.parametrize("shell", SHELLS)


@pytest.fixture
def proc_sys(tmp_path: Path) -> Path:
    """A kernel with three parameters."""
    for name, value in (("vm/max_map_count", "65530\n"), ("fs/file-max", "100\n"), ("kernel/pid_max", "1\t2\t3\n")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(value)
    return tmp_path


def _set(shell: str, proc_sys: Path, *settings: str) -> Ran:
    return run(shell, NODE_SYSCTLS_SCRIPT_TEXT, [str(proc_sys), *settings])


def test_parameters_are_set_and_said(shell: str, proc_sys: Path) -> None:
    ran = _set(shell, proc_sys, "vm.max_map_count=262144", "fs.file-max=200")
    assert ran.code == 0, ran.words
    assert (proc_sys / "vm/max_map_count").read_text() == "262144"
    assert (proc_sys / "fs/file-max").read_text() == "200"
    assert "spec.sysctls.vm.max_map_count: was 65530, is 262144" in ran.output


@pytest.mark.parametrize("value", [r"|/bin/core \t\n%e \c", "-n 1", r"* [a-z] \\"])
def test_a_value_is_said_and_compared_as_it_stands(shell: str, proc_sys: Path, value: str) -> None:
    ran = _set(shell, proc_sys, f"fs.file-max={value}")
    assert ran.code == 0, ran.words
    assert (proc_sys / "fs/file-max").read_text() == value
    assert ran.output == f"presto-operator: spec.sysctls.fs.file-max: was 100, is {value}\n"


def test_what_is_so_already_is_not_written(shell: str, proc_sys: Path) -> None:
    ran = _set(shell, proc_sys, "vm.max_map_count=65530", "kernel.pid_max=1 2  3")
    assert (ran.code, ran.output) == (0, "")
    assert (proc_sys / "kernel/pid_max").read_text() == "1\t2\t3\n"


def test_a_parameter_that_the_kernel_lacks_is_named(shell: str, proc_sys: Path) -> None:
    ran = _set(shell, proc_sys, "vm.no_such=1", "fs.file-max=200")
    assert ran.code == 1
    assert ran.words == "presto-operator: spec.sysctls.vm.no_such: this node's kernel has no such parameter\n"
    assert (proc_sys / "fs/file-max").read_text() == "100\n"


def test_a_value_that_the_kernel_changes_is_an_error(shell: str, proc_sys: Path) -> None:
    # What is written there is gone when it is read back.
    (proc_sys / "fs/file-max").unlink()
    (proc_sys / "fs/file-max").symlink_to("/proc/self/comm")
    ran = _set(shell, proc_sys, "fs.file-max=a-name-longer-than-fifteen")
    assert ran.code == 1
    assert "spec.sysctls.fs.file-max: set to a-name-longer-than-fifteen, but this node has cat" in ran.words


def test_a_value_that_the_kernel_refuses_is_an_error(shell: str, proc_sys: Path) -> None:
    (proc_sys / "fs/file-max").unlink()
    (proc_sys / "fs/file-max").symlink_to("/proc/self/timerslack_ns")  # takes numbers only
    ran = _set(shell, proc_sys, "fs.file-max=many")
    assert ran.code == 1
    assert "spec.sysctls.fs.file-max: this node refuses the value many; it stays " in ran.words
