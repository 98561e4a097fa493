"""Fetching a plugin, in real shells from a real HTTP server."""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from presto_operator.desired.plugins import PLUGIN_SCRIPT_TEXT
from tests.unit.desired.shell import SHELLS, Ran, programs, run

_PYTHON = f'exec "{Path(sys.executable).resolve()}" "$@"'
_COREUTILS = ("basename", "cut", "env", "mkdir", "mv", "rm", "sha256sum")
_TOOLS = {
    "everything": (*_COREUTILS, "curl", "tar", "gzip", "unzip"),
    "Python only": _COREUTILS,
}


def _tar(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.uid = member.gid = 12345  # nobody's: a pod without rights can't give files away
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _zip(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@dataclass
class Repository:
    """An HTTP server with files, which fails as often as it is told to."""

    uri: str
    files: dict[str, bytes]
    failures: int = 0
    requests: list[str] = field(default_factory=list)


@pytest.fixture
def repository() -> Iterator[Repository]:
    """A repository on a port of its own."""
    holder: list[Repository] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            repository = holder[0]
            repository.requests.append(self.path)
            content = repository.files.get(self.path.partition("?")[0])
            if repository.failures:
                repository.failures -= 1
                content = None
            if content is None:
                self.send_error(503 if repository.failures else 404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    holder.append(Repository(f"http://127.0.0.1:{server.server_port}", {}))
    yield holder[0]
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass(frozen=True)
class Fetcher:
    """The init container that fetches a plugin."""

    shell: str
    path: Path
    directory: Path
    pauses: Path

    def fetch(self, url: str, sha256: str) -> Ran:
        return run(
            self.shell, PLUGIN_SCRIPT_TEXT, ["our-udfs", url, sha256, str(self.directory)], path=self.path, env={}
        )


@pytest.fixture(params=[(shell, tools) for shell in SHELLS for tools in _TOOLS], ids=" ".join)
def fetcher(request: pytest.FixtureRequest, tmp_path: Path) -> Fetcher:
    """A container with one of the shells, with many tools or few; its pauses take no time."""
    shell, tools = request.param
    pauses = tmp_path / "pauses"
    pauses.touch()
    path = programs(tmp_path / "bin", _TOOLS[tools], sleep=f'echo "$1" >>{pauses}', python3=_PYTHON)
    return Fetcher(shell, path, tmp_path / "plugins" / "our-udfs", pauses)


_ARCHIVES = {
    "udfs.jar": (b"a jar", {"udfs.jar"}),
    "udfs-1.0.tar.gz": (_tar({"udfs.jar": b"a jar", "guava.jar": b"another"}), {"udfs.jar", "guava.jar"}),
    "udfs.tgz": (_tar({"udfs-1.0/udfs.jar": b"a jar", "udfs-1.0/guava.jar": b""}), {"udfs.jar", "guava.jar"}),
    "udfs.zip": (_zip({"udfs.jar": b"a jar", "guava.jar": b"another"}), {"udfs.jar", "guava.jar"}),
    "udfs-1.0.zip": (_zip({"udfs-1.0/udfs.jar": b"a jar"}), {"udfs.jar"}),
}


@pytest.mark.parametrize("name", _ARCHIVES)
def test_jars_of_every_kind_of_file_are_put_in_place(fetcher: Fetcher, repository: Repository, name: str) -> None:
    content, wanted = _ARCHIVES[name]
    repository.files[f"/repo/{name}"] = content

    ran = fetcher.fetch(f"{repository.uri}/repo/{name}?token=1", hashlib.sha256(content).hexdigest())

    assert ran.code == 0, ran.words
    assert {file.name for file in fetcher.directory.iterdir()} == wanted
    assert (fetcher.directory / "udfs.jar").read_bytes() == b"a jar"
    assert [file.name for file in fetcher.directory.parent.iterdir()] == ["our-udfs"]


@pytest.mark.parametrize("name", ["udfs[1].jar", "udfs{a,b}.zip", r"udfs\n1.jar", "udfs$(id)'.tgz"])
def test_a_name_that_a_shell_or_curl_could_read_otherwise_is_taken_as_it_is(
    fetcher: Fetcher, repository: Repository, name: str
) -> None:
    content, wanted = _ARCHIVES[{"jar": "udfs.jar", "zip": "udfs.zip", "tgz": "udfs.tgz"}[name[-3:]]]
    repository.files[f"/{name}"] = content
    ran = fetcher.fetch(f"{repository.uri}/{name}", hashlib.sha256(content).hexdigest())
    assert ran.code == 0, ran.words
    assert len(list(fetcher.directory.iterdir())) == len(wanted)

    refused = fetcher.fetch(f"{repository.uri}/missing/{name}", "0" * 64)
    assert f"{repository.uri}/missing/{name} can't be fetched, tried 4 times: " in refused.words


def test_it_can_be_run_again(fetcher: Fetcher, repository: Repository) -> None:
    content, wanted = _ARCHIVES["udfs.zip"]
    repository.files["/udfs.zip"] = content
    # What a run leaves that was killed.
    (fetcher.directory.parent / "our-udfs.new" / "unpacked").mkdir(parents=True)
    (fetcher.directory.parent / "our-udfs.new" / "unpacked" / "half.jar").touch()
    for _ in range(2):
        ran = fetcher.fetch(f"{repository.uri}/udfs.zip", hashlib.sha256(content).hexdigest())
        assert ran.code == 0, ran.words
    assert {file.name for file in fetcher.directory.iterdir()} == wanted


def test_another_checksum_is_refused_with_both(fetcher: Fetcher, repository: Repository) -> None:
    repository.files["/udfs.jar"] = b"something else"
    url, wanted = f"{repository.uri}/udfs.jar", "0" * 64
    found = hashlib.sha256(b"something else").hexdigest()

    ran = fetcher.fetch(url, wanted)

    assert ran.code == 1
    assert ran.words == (
        f"presto-operator: plugins.our-udfs: {url} has the SHA-256 checksum {found}, but {wanted} was asked for\n"
    )
    assert not fetcher.directory.exists()
    assert len(repository.requests) == 1


def test_a_server_that_gets_well_is_asked_again(fetcher: Fetcher, repository: Repository) -> None:
    repository.files["/udfs.jar"] = b"a jar"
    repository.failures = 2
    ran = fetcher.fetch(f"{repository.uri}/udfs.jar", hashlib.sha256(b"a jar").hexdigest())
    assert ran.code == 0, ran.words
    assert len(repository.requests) == 3
    assert fetcher.pauses.read_text().split() == ["2", "4"]


def test_an_address_with_nothing_is_given_up_with_the_servers_answer(fetcher: Fetcher, repository: Repository) -> None:
    url = f"{repository.uri}/udfs.jar"
    ran = fetcher.fetch(url, "0" * 64)
    assert ran.code == 1
    last = ran.words.strip().splitlines()[-1]
    assert last.startswith(f"presto-operator: plugins.our-udfs: {url} can't be fetched, tried 4 times: ")
    assert "404" in last
    assert len(repository.requests) == 4


def test_what_is_no_archive_is_said(fetcher: Fetcher, repository: Repository) -> None:
    for name in ("udfs.zip", "udfs.tar.gz"):
        repository.files[f"/{name}"] = b"<html>"
        ran = fetcher.fetch(f"{repository.uri}/{name}", hashlib.sha256(b"<html>").hexdigest())
        assert ran.code == 1
        assert f"plugins.our-udfs: {repository.uri}/{name} can't be unpacked: " in ran.words
        assert not fetcher.directory.exists()
