"""The start of a server, in real shells with a launcher that tells how it was started."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from presto_operator.desired.server_script import ServerSettings, server_script
from tests.unit.desired.shell import PORT, SHELLS, Ran, program, run

_LAUNCHER = 'for argument in "$@"; do echo "argument $argument"; done; cat /proc/self/limits'

_LIMITS = {
    "nofile": "Max open files",
    "nproc": "Max processes",
    "core": "Max core file size",
    "memlock": "Max locked memory",
    "stack": "Max stack size",
}
"""Names in /proc/self/limits, where sizes are in bytes."""


@dataclass(frozen=True)
class Server:
    """An installation of Presto, and a start of it."""

    shell: str
    home: Path
    data: Path

    def start(self, *settings: str) -> Ran:
        script = server_script(ServerSettings(data=str(self.data)))
        env = {"PRESTO_HOME": str(self.home), "POD_NAME": "adhoc-r5-1"}
        return run(self.shell, script, ["start", PORT, *settings], env=env)


@pytest.fixture(params=SHELLS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Server:
    """A server of which nothing has run yet; its image has the plugins tpch and hive-hadoop2."""
    home = tmp_path / "a home"
    (home / "bin").mkdir(parents=True)
    program(home / "bin" / "launcher", _LAUNCHER)
    for name in ("tpch", "hive-hadoop2"):
        _jar(home / "plugin" / name, f"presto-{name}.jar")
    return Server(request.param, home, tmp_path / "data")


def _jar(directory: Path, name: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).touch()
    return directory


def _limits(ran: Ran) -> dict[str, tuple[str, str]]:
    """Soft and hard limit, by their names in the manifest."""
    lines = ran.output.splitlines()
    return {
        name: (line[26:].split()[0], line[26:].split()[1])
        for name, title in _LIMITS.items()
        for line in lines
        if line.startswith(title)
    }


def _arguments(ran: Ran) -> list[str]:
    prefix = "argument "
    return [line.removeprefix(prefix) for line in ran.output.splitlines() if line.startswith(prefix)]


def test_a_plain_start_tells_the_launcher_where_its_configuration_is(server: Server) -> None:
    ran = server.start()
    assert (ran.code, ran.words) == (0, "")
    assert _arguments(ran) == ["--etc-dir", "/etc/presto", "-Dnode.id=adhoc-r5-1", "run"]
    assert not server.data.exists()


def test_limits_are_what_was_asked_for_soft_and_hard(server: Server) -> None:
    ran = server.start("nofile=5000", "nproc=3000", "core=1048576", "memlock=32768", "stack=2097152")
    assert ran.code == 0, ran.words
    assert _limits(ran) == {
        "nofile": ("5000", "5000"),
        "nproc": ("3000", "3000"),
        "core": ("1048576", "1048576"),
        "memlock": ("32768", "32768"),
        "stack": ("2097152", "2097152"),
    }


def test_no_limit_changes_that_was_not_asked_for(server: Server) -> None:
    before = _limits(server.start())
    assert _limits(server.start("core=0")) == before | {"core": ("0", "0")}


def test_sizes_are_rounded_up_to_what_a_shell_can_say(server: Server) -> None:
    limits = _limits(server.start("memlock=32769", "core=513"))
    assert limits["memlock"] == ("33792", "33792")
    assert limits["core"] == ("1024", "1024")


@pytest.mark.parametrize("asked", [str(2**52), str(2**40)])
def test_a_limit_that_the_node_does_not_allow_ends_the_start_with_words(server: Server, asked: str) -> None:
    # Beyond fs.nr_open not even root can go.
    most = _limits(server.start())["nofile"][1]
    ran = server.start("core=0", f"nofile={asked}")
    assert ran.code == 1
    assert ran.output == ""
    wanted = f"presto-operator: ulimits.nofile: asked for {asked}, the node allows at most {most}"
    assert ran.words.strip().splitlines()[-1] == wanted


@pytest.mark.parametrize(("name", "size"), [("memlock", 65536), ("core", 4096), ("stack", 1048576)])
def test_of_sizes_the_bytes_are_named_that_the_node_allows(server: Server, name: str, size: int) -> None:
    # The second setting finds what the first has left, as a process without rights finds what its node gives; root may
    # take it back, and then the start goes on as it was asked to.
    ran = server.start(f"{name}={size}", f"{name}={size * 2}")
    if ran.code == 0:
        assert _limits(ran)[name] == (str(size * 2), str(size * 2))
    else:
        assert f"ulimits.{name}: asked for {size * 2}, the node allows at most {size}\n" in ran.words


def test_an_unknown_setting_ends_the_start(server: Server) -> None:
    ran = server.start("niceness=3")
    assert ran.code == 1
    assert "niceness=3 is no setting" in ran.words


def test_added_plugins_are_beside_those_of_the_image(server: Server, tmp_path: Path) -> None:
    udfs = _jar(tmp_path / "added" / "our-udfs", "udfs.jar")

    ran = server.start(f"plugins={tmp_path}/added")

    assert ran.code == 0, ran.words
    plugins = server.data / "plugins"
    assert _arguments(ran)[-2:] == [f"-Dplugin.dir={plugins}", "run"]
    assert {link.name: link.resolve() for link in plugins.iterdir()} == {
        "our-udfs": udfs,
        "tpch": server.home / "plugin" / "tpch",
        "hive-hadoop2": server.home / "plugin" / "hive-hadoop2",
    }


def test_an_added_plugin_replaces_that_of_the_image_with_its_name(server: Server, tmp_path: Path) -> None:
    ours = _jar(tmp_path / "added" / "hive-hadoop2", "patched.jar")
    assert server.start(f"plugins={tmp_path}/added").code == 0
    assert (server.data / "plugins" / "hive-hadoop2").resolve() == ours


def test_a_second_start_in_the_same_pod_finds_the_same_plugins(server: Server, tmp_path: Path) -> None:
    udfs = _jar(tmp_path / "added" / "our-udfs", "udfs.jar")
    (server.data / "plugins" / "left-over").mkdir(parents=True)
    for _ in range(2):
        ran = server.start(f"plugins={tmp_path}/added")
        assert ran.code == 0, ran.words
    assert {link.name for link in (server.data / "plugins").iterdir()} == {"our-udfs", "tpch", "hive-hadoop2"}
    assert (udfs / "udfs.jar").exists()


def test_an_image_without_plugins_of_its_own_is_no_mistake(server: Server, tmp_path: Path) -> None:
    _jar(tmp_path / "added" / "our-udfs", "udfs.jar")
    bare = Server(server.shell, tmp_path / "bare", server.data)
    (bare.home / "bin").mkdir(parents=True)
    program(bare.home / "bin" / "launcher", _LAUNCHER)
    assert bare.start(f"plugins={tmp_path}/added").code == 0
    assert [link.name for link in (server.data / "plugins").iterdir()] == ["our-udfs"]


def test_a_plugin_without_jars_is_named(server: Server, tmp_path: Path) -> None:
    _jar(tmp_path / "added" / "our-udfs" / "nested", "udfs.jar")
    ran = server.start(f"plugins={tmp_path}/added")
    assert ran.code == 1
    assert "presto-operator: plugins.our-udfs: there is no .jar in it" in ran.words
    assert ran.output == ""


def test_a_start_leaves_a_mark_until_the_server_has_started(server: Server) -> None:
    server.data.mkdir()
    assert server.start().code == 0
    assert (server.data / "starting").exists()
