"""What a data team has around Presto: a Hive metastore on a database, S3, and Spark that writes to both."""

from __future__ import annotations

import secrets
import socket
import struct
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.harness.errors import HarnessError
from tests.harness.images.archive import ImageArchive
from tests.harness.images.data_platform import DATABASE, METASTORE, OBJECT_STORE, data_platform_images
from tests.harness.progress import step
from tests.harness.spark import DataLake, SparkEngine
from tests.harness.waiting import wait_until
from tests.kit.resources import Namespace

BUCKET = "lake"
CREDENTIALS = "s3-credentials"
"""The Secret with the keys `access-key` and `secret-key`."""

_MANIFEST = Path(__file__).with_name("data_platform.yaml")
_METASTORE = "hive-metastore"
_METASTORE_PORT = 9083
_S3 = "s3"
_S3_PORT = 7070
_START_SECONDS = 120.0
_PING_SECONDS = 2.0


class DataPlatform:
    """A metastore, its database and S3 in a namespace.

    They are there from `begin` to the end of the namespace, or for as long as a `with` block. Their data goes with
    them. The nodes must have `DataPlatform.images()`.
    """

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self.access_key = f"access{secrets.token_hex(6)}"
        self.secret_key = secrets.token_hex(20)
        self.manifest = Template(_MANIFEST.read_text()).substitute(
            access_key=self.access_key,
            secret_key=self.secret_key,
            bucket=BUCKET,
            metastore_image=METASTORE.reference,
            database_image=DATABASE.reference,
            object_store_image=OBJECT_STORE.reference,
        )

    @staticmethod
    def images(provider: str) -> tuple[ImageArchive, ...]:
        """The images that it runs, for clusters of a provider; built first if need be."""
        return data_platform_images(provider)

    def begin(self) -> None:
        """Start to bring it up."""
        self.namespace.kubectl("apply", "--filename=-", stdin=self.manifest)

    def wait(self) -> None:
        """Return once metastore and S3 answer."""
        with step("Hive metastore, its database and S3"):
            wait_until(self._s3_answers, timeout=_START_SECONDS, what="S3 to answer", interval=0.3)
            self._wait_for_metastore()

    def __enter__(self) -> DataPlatform:
        """Bring it up; return once metastore and S3 answer."""
        self.begin()
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        """Take it away."""
        self.namespace.kubectl("delete", "--filename=-", "--wait=false", "--ignore-not-found", stdin=self.manifest)

    @property
    def metastore_uri(self) -> str:
        """Where pods find the metastore."""
        return f"thrift://{_METASTORE}.{self.namespace.name}:{_METASTORE_PORT}"

    @property
    def s3_endpoint(self) -> str:
        """Where pods find S3, by path-style addresses."""
        return f"http://{_S3}.{self.namespace.name}:{_S3_PORT}"

    def metastore_spec(self) -> dict[str, Any]:
        """The `spec.metastore` of a PrestoCluster in this namespace."""
        return {
            "uris": [self.metastore_uri],
            "s3": {
                "endpoint": self.s3_endpoint,
                "pathStyleAccess": True,
                "credentials": {
                    "accessKey": {"name": CREDENTIALS, "key": "access-key"},
                    "secretKey": {"name": CREDENTIALS, "key": "secret-key"},
                },
            },
        }

    @contextmanager
    def spark(self, log: Path) -> Iterator[SparkEngine]:
        """A Spark session on this machine that works on the same metastore and S3; its log goes to a file."""
        with self._reach(_METASTORE, _METASTORE_PORT) as metastore, self._reach(_S3, _S3_PORT) as s3:
            lake = DataLake(
                metastore_uri=metastore.replace("http:", "thrift:"),
                s3_endpoint=s3,
                access_key=self.access_key,
                secret_key=self.secret_key,
            )
            with SparkEngine(lake, log) as engine:
                yield engine

    def kill_metastore(self) -> None:
        """End the metastore without notice, for good; return once it does not answer."""
        self.namespace.kubectl("scale", f"deployment/{_METASTORE}", "--replicas=0")
        self.namespace.kubectl(
            "delete", "pods", f"--selector=app={_METASTORE}", "--force", "--grace-period=0", "--ignore-not-found"
        )
        wait_until(lambda: not self._metastore_answers(), timeout=30, what="the metastore to be gone")

    def start_metastore(self) -> None:
        """Start the metastore that was killed; return once it answers."""
        self.namespace.kubectl("scale", f"deployment/{_METASTORE}", "--replicas=1")
        self._wait_for_metastore()

    def freeze_metastore(self) -> None:
        """Make the metastore hang: it takes connections and says nothing."""
        self._signal_metastore("STOP")

    def thaw_metastore(self) -> None:
        """Let the metastore that hangs go on; return once it answers."""
        self._signal_metastore("CONT")
        self._wait_for_metastore()

    def _signal_metastore(self, signal: str) -> None:
        # -1 is all processes but the first and the one that sends.
        self.namespace.kubectl("exec", f"deployment/{_METASTORE}", "--", "sh", "-c", f"kill -{signal} -1")

    def _wait_for_metastore(self) -> None:
        wait_until(self._metastore_answers, timeout=_START_SECONDS, what="the metastore to answer", interval=0.3)

    def _metastore_answers(self) -> bool:
        try:
            with self._reach(_METASTORE, _METASTORE_PORT) as url:
                return answers_thrift(*_address(url))
        except HarnessError:
            # Where the way there leads through a pod, there is none without it.
            return False

    def _s3_answers(self) -> bool:
        try:
            with self._reach(_S3, _S3_PORT) as url:
                # Who says nothing about himself is refused, by one that works.
                return requests.get(f"{url}/{BUCKET}", timeout=_PING_SECONDS).status_code == 403
        except (HarnessError, requests.RequestException):
            return False

    def _reach(self, service: str, port: int) -> AbstractContextManager[str]:
        return self.namespace.cluster.reach_service(self.namespace.name, service, port)


def answers_thrift(host: str, port: int) -> bool:
    """Whether who listens there answers the Thrift call that every service of Facebook's base class has: getName."""
    name = b"getName"
    call = struct.pack(f">Ii{len(name)}si", 0x80010001, len(name), name, 1) + b"\0"
    try:
        with socket.create_connection((host, port), timeout=_PING_SECONDS) as connection:
            connection.sendall(call)
            return connection.recv(4) == b"\x80\x01\x00\x02"
    except OSError:
        return False


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port
