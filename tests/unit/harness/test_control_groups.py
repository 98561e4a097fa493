"""Control groups, in folders that stand for the mounted hierarchies."""

from pathlib import Path

from tests.harness.local.control_groups import ControlGroups, mounted_hierarchies

MOUNTS = """\
proc /proc proc rw 0 0
cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
"""


def test_every_hierarchy_is_found() -> None:
    found = [path.name for path in mounted_hierarchies(MOUNTS)]
    assert found == ["cpu", "memory", "unified"]


def test_groups_are_made_in_every_hierarchy_and_removed_again(tmp_path: Path) -> None:
    hierarchies = (tmp_path / "cpu", tmp_path / "memory")
    for hierarchy in hierarchies:
        hierarchy.mkdir()
    groups = ControlGroups("mine", hierarchies)
    files = groups.create("nodes/node-1/system")
    assert [str(file.relative_to(tmp_path)) for file in files] == [
        "cpu/presto-harness-mine/nodes/node-1/system/cgroup.procs",
        "memory/presto-harness-mine/nodes/node-1/system/cgroup.procs",
    ]
    assert groups.exist()
    groups.remove("nodes/node-1")
    assert (hierarchies[0] / "presto-harness-mine/nodes").is_dir()
    groups.remove()
    assert not groups.exist()


def test_processes_are_found_in_every_group_below(tmp_path: Path) -> None:
    groups = ControlGroups("mine", (tmp_path,))
    (file,) = groups.create("nodes/node-1/system")
    file.write_text("11\n12\n")
    (tmp_path / "presto-harness-other").mkdir()
    (tmp_path / "presto-harness-other" / "cgroup.procs").write_text("99\n")
    assert groups.processes() == {11, 12}


def test_a_new_cpuset_gets_the_processors_of_its_parent(tmp_path: Path) -> None:
    for name, value in (("cpuset.cpus", "0-1"), ("cpuset.mems", "0")):
        (tmp_path / name).write_text(value)
    top = tmp_path / "presto-harness-mine"
    top.mkdir()
    for name in ("cpuset.cpus", "cpuset.mems", "cgroup.clone_children"):
        (top / name).write_text("")
    ControlGroups("mine", (tmp_path,)).create("control-plane")
    assert (top / "cpuset.cpus").read_text() == "0-1"
    assert (top / "cpuset.mems").read_text() == "0"
