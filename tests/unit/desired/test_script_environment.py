"""What users have in their environment: the scripts ask the server itself, and Presto gets the environment as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from presto_operator.desired.server_script import ServerSettings, server_script
from tests.unit.desired.container import Container, Presto, Proxy, listening_proxy
from tests.unit.desired.shell import PORT, SHELLS, program, run

_OWN_NAMES = ("status", "code", "tasks", "idle", "port", "server", "data", "METHOD", "TARGET", "BODY", "PORT")
_Environment = Callable[[Proxy, Path], dict[str, str]]


def _proxy(variable: str, scheme: str = "http") -> _Environment:
    return lambda proxy, _: {variable: f"{scheme}://{proxy.address}"}


def _configuration(variable: str, name: str) -> _Environment:
    """A configuration file of curl that `variable` leads to."""

    def environment(proxy: Proxy, directory: Path) -> dict[str, str]:
        (directory / name).write_text(f'proxy = "http://{proxy.address}"\nfail\noutput = "{directory}/answer"\n')
        return {variable: str(directory)}

    return environment


def _file(text: str, *variables: str) -> _Environment:
    """A file with this text that `variables` name."""

    def environment(_: Proxy, directory: Path) -> dict[str, str]:
        (directory / "file").write_text(text)
        return dict.fromkeys(variables, str(directory / "file"))

    return environment


_OF_CURL: dict[str, _Environment] = {
    **{name: _proxy(name) for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY")},
    **{name: _proxy(name) for name in ("all_proxy", "ALL_PROXY")},
    "socks": _proxy("ALL_PROXY", "socks5h"),
    "no_proxy without this host": lambda proxy, _: {
        "http_proxy": f"http://{proxy.address}",
        "no_proxy": "example.com",
        "NO_PROXY": "example.com",
    },
    "curl's home": _configuration("CURL_HOME", ".curlrc"),
    "curl's XDG home": _configuration("XDG_CONFIG_HOME", "curlrc"),
    "curl's file in the home directory": _configuration("HOME", ".curlrc"),
    "credentials": _configuration("HOME", ".netrc"),
    "certificates": lambda _, directory: {
        "SSL_CERT_FILE": f"{directory}/missing.pem",
        "SSL_CERT_DIR": f"{directory}/missing",
        "CURL_CA_BUNDLE": f"{directory}/missing.pem",
        "SSLKEYLOGFILE": f"{directory}/missing/keys",
    },
    "a broken configuration of OpenSSL": _file("[[[ = nothing", "OPENSSL_CONF"),
}
_OF_SHELLS: dict[str, _Environment] = {
    "a start file of bash": _file("echo started; exit 3", "BASH_ENV", "ENV"),
    "strict options of bash": lambda *_: {"SHELLOPTS": "errexit:nounset:noglob:noclobber"},
    "POSIX mode": lambda *_: {"POSIXLY_CORRECT": "1"},
    "names of the scripts' own": lambda *_: dict.fromkeys(_OWN_NAMES, "3"),
    "an agent of the JVM": lambda *_: {"JAVA_TOOL_OPTIONS": "-javaagent:/missing.jar", "JDK_JAVA_OPTIONS": "-nothing"},
}


def _is_served(container: Container, environment: _Environment, directory: Path) -> None:
    """Check that the probe and the hook reach the server in this environment, and nothing else."""
    presto = container.serve(Presto([403, 200], info={"starting": False}))
    with listening_proxy() as proxy:
        env = environment(proxy, directory)
        probe = container.run("started", patience=5, env=env)
        assert probe.wait(timeout=20) == 0, probe.communicate()
        hook = container.run("drain", patience=5, env=env)
        container.wait_for_record("drain: state=draining")
        container.process.kill()
        assert hook.wait(timeout=20) == 0
    assert presto.puts == [("/v1/info/state", "application/json", b'"SHUTTING_DOWN"')] * 2
    assert proxy.requests == []


@pytest.mark.parametrize("environment", _OF_CURL.values(), ids=_OF_CURL)
def test_curl_asks_the_server_itself_however_it_is_configured(
    container_with_curl: Container, environment: _Environment, tmp_path: Path
) -> None:
    _is_served(container_with_curl, environment, tmp_path)


@pytest.mark.parametrize("environment", _OF_SHELLS.values(), ids=_OF_SHELLS)
def test_every_shell_asks_the_server_whatever_the_environment(
    container: Container, environment: _Environment, tmp_path: Path
) -> None:
    _is_served(container, environment, tmp_path)


@pytest.mark.parametrize("name", ["a start file of bash", "strict options of bash", "POSIX mode"])
def test_a_server_that_does_not_listen_yet_is_found_out_whatever_the_environment(
    container: Container, name: str, tmp_path: Path
) -> None:
    (container.data / "starting").touch()
    container.serve(Presto([200]))
    container.stop_listening()
    with listening_proxy() as proxy:
        env = {**_OF_SHELLS[name](proxy, tmp_path), **_proxy("http_proxy")(proxy, tmp_path)}
        assert container.run("drain", patience=5, env=env).wait(timeout=20) == 0
    assert container.recorded() is None
    assert proxy.requests == []


@pytest.mark.parametrize("shell", SHELLS)
def test_presto_gets_the_environment_as_it_is(shell: str, tmp_path: Path) -> None:
    text = (files("presto_operator.desired") / "scripts" / "server.sh").read_text()
    own = {name.removeprefix("_") for name in re.findall(r"\b(\w+)=", text)} | {"plugin", "setting"}
    assert {"data", "home", "port", "value"} <= own
    given = dict.fromkeys(own, 'a user\'s  words, "quoted"\nin two lines')
    home = tmp_path / "home"
    (home / "bin").mkdir(parents=True)
    program(home / "bin" / "launcher", 'python3 -c "import json, os; print(json.dumps(dict(os.environ)))"')
    (tmp_path / "added" / "udfs").mkdir(parents=True)
    (tmp_path / "added" / "udfs" / "udfs.jar").touch()

    ran = run(
        shell,
        server_script(ServerSettings(data=str(tmp_path / "data"))),
        ["start", PORT, "core=0", f"plugins={tmp_path}/added"],
        env={**given, "PRESTO_HOME": str(home), "POD_NAME": "adhoc-r5-1"},
    )

    assert ran.code == 0, ran.words
    got = json.loads(ran.output)
    assert {name: got.get(name) for name in given} == given
