"""The data platform's images, manifests and Spark, as far as they can be told without running them."""

import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import pytest
import yaml

from tests.harness.images import docker
from tests.harness.images.archive import ImageArchive
from tests.harness.images.data_platform import DATABASE, METASTORE, OBJECT_STORE
from tests.harness.images.data_platform.database import apt_configuration
from tests.harness.images.recipe import Recipe, digest_of
from tests.harness.interface import Cluster
from tests.harness.spark import DataLake
from tests.harness.spark.engine import spark_settings
from tests.kit.data_platform import CREDENTIALS, DataPlatform, answers_thrift
from tests.kit.plugin import jar_of, packed_file
from tests.kit.resources import Namespace

LAKE = DataLake("thrift://10.0.0.1:9083", "http://10.0.0.2:7070", "who", "secret-of-who")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "inner").mkdir(parents=True)
    (folder / "Containerfile").write_text("FROM scratch\n")
    (folder / "inner" / "file").write_text("content")
    return folder


def test_a_digest_tells_contents_and_names_but_not_where_they_are(source: Path, tmp_path: Path) -> None:
    before = digest_of((source,))
    elsewhere = tmp_path / "elsewhere" / "source"
    elsewhere.parent.mkdir()
    source.rename(elsewhere)
    assert digest_of((elsewhere,)) == before

    (elsewhere / "inner" / "file").write_text("content.")
    changed = digest_of((elsewhere,))
    (elsewhere / "inner" / "file").rename(elsewhere / "inner" / "other")
    assert len({before, changed, digest_of((elsewhere,))}) == 3


def test_an_image_has_another_reference_when_it_is_made_of_something_else(source: Path) -> None:
    def recipe(version: str) -> Recipe:
        return Recipe("thing", version, (source / "Containerfile", source), cold="soon", fill=lambda _: None)

    first = recipe("1").reference
    assert first.startswith("localhost/presto-harness-thing:1-")
    (source / "Containerfile").write_text("FROM scratch\nCMD x\n")
    assert len({first, recipe("1").reference, recipe("2").reference}) == 3


def test_a_build_gets_from_apt_how_to_fetch_and_no_more() -> None:
    dump = (
        'APT::Architecture "amd64";\nAcquire::Retries "3";\nAcquire::http::Proxy "http://proxy.test:3128";\nDir "/";\n'
    )

    assert apt_configuration(dump) == 'Acquire::Retries "3";\nAcquire::http::Proxy "http://proxy.test:3128";\n'


def test_docker_builds_over_the_public_base_and_saves(tmp_path: Path) -> None:
    commands: list[list[str]] = []

    def runner(
        command: Sequence[str | Path],
        *,
        timeout: float,
        stdin: str | None = None,
        check: bool = True,
        hint: str = "",
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        commands.append([str(word) for word in command])
        return subprocess.CompletedProcess([], 0, "", "")

    archive = ImageArchive("localhost/thing:1", tmp_path / "images" / "thing.tar")
    docker.build(tmp_path / "Containerfile", tmp_path, archive, arguments={"BASE_IMAGE": "base:1"}, runner=runner)

    built, saved = commands
    assert built[:4] == ["docker", "build", "--tag", "localhost/thing:1"]
    assert built[-3:] == ["--build-arg", "BASE_IMAGE=base:1", str(tmp_path)]
    assert saved == ["docker", "save", "--output", str(archive.file), "localhost/thing:1"]
    assert archive.file.parent.is_dir()


def test_the_manifest_has_every_image_and_keeps_the_keys_in_the_secret() -> None:
    platform = DataPlatform(Namespace(cast(Cluster, None), "data"))
    objects = list(yaml.safe_load_all(platform.manifest))

    images = {
        container["image"]
        for item in objects
        if item["kind"] == "Deployment"
        for container in item["spec"]["template"]["spec"]["containers"]
    }
    assert images == {METASTORE.reference, DATABASE.reference, OBJECT_STORE.reference}
    holders = [item for item in objects if platform.secret_key in json.dumps(item)]
    assert [(item["kind"], item["metadata"]["name"]) for item in holders] == [("Secret", CREDENTIALS)]
    assert platform.metastore_spec()["uris"] == ["thrift://hive-metastore.data:9083"]


def test_spark_is_told_where_and_who_and_a_log_line_is_not() -> None:
    settings = spark_settings(LAKE, [Path("one.jar"), Path("two.jar")])

    assert settings["spark.hadoop.hive.metastore.uris"] == "thrift://10.0.0.1:9083"
    assert settings["spark.hadoop.fs.s3a.endpoint"] == "http://10.0.0.2:7070"
    assert settings["spark.hadoop.fs.s3a.secret.key"] == "secret-of-who"
    assert settings["spark.driver.extraClassPath"] == "one.jar:two.jar"
    assert "secret-of-who" not in repr(LAKE)


@pytest.fixture
def server() -> Iterator[Callable[[bytes], tuple[str, int]]]:
    """Starts a server on loopback that says the same to whoever has said something."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def start(answer: bytes) -> tuple[str, int]:
            def serve() -> None:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(100)
                    connection.sendall(answer)

            threading.Thread(target=serve, daemon=True).start()
            host, port = listener.getsockname()
            return host, port

        yield start


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(b"\x80\x01\x00\x02\x00\x00\x00\x07getName", True), (b"HTTP/1.1 400 Bad Request\r\n", False), (b"", False)],
)
def test_only_a_thrift_answer_is_one(
    server: Callable[[bytes], tuple[str, int]], answer: bytes, *, expected: bool
) -> None:
    assert answers_thrift(*server(answer)) is expected


def test_who_does_not_listen_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    assert not answers_thrift(*address)


def test_a_plugin_is_packed_the_same_each_time(tmp_path: Path) -> None:
    (tmp_path / "B.class").write_bytes(b"b")
    (tmp_path / "A.class").write_bytes(b"a")
    archive = jar_of(tmp_path)
    (tmp_path / "A.class").touch()

    assert jar_of(tmp_path) == archive
    assert packed_file("folder/a.jar", archive) == packed_file("folder/a.jar", archive)
