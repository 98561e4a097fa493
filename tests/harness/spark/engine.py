"""A Spark session in a process of its own, told what to do line by line."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.harness.errors import HarnessError
from tests.harness.images.data_platform.hive_release import S3_JARS, hadoop_jars
from tests.harness.images.java import java_runtime
from tests.harness.spark.installation import spark_packages

START_SECONDS = 120.0
STATEMENT_SECONDS = 300.0
JAVA_OPTIONS = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"


class SparkError(HarnessError):
    """Spark refused a statement, took too long, or ended."""


@dataclass(frozen=True)
class DataLake:
    """Where Spark finds the metastore (`thrift://host:port`) and S3 (`http://host:port`), and who it is there."""

    metastore_uri: str
    s3_endpoint: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)


def spark_settings(lake: DataLake, jars: list[Path]) -> dict[str, str]:
    """Return the settings of a small session on this machine; `jars` bring the S3 file system."""
    return {
        "spark.driver.memory": "512m",
        "spark.driver.extraJavaOptions": JAVA_OPTIONS,
        "spark.driver.extraClassPath": ":".join(map(str, jars)),
        # One machine: nobody is to find this session.
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.hadoop.hive.metastore.uris": lake.metastore_uri,
        # Tables may have either kind of address.
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3a.endpoint": lake.s3_endpoint,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.access.key": lake.access_key,
        "spark.hadoop.fs.s3a.secret.key": lake.secret_key,
        # A gateway over folders refuses to delete what stands for a folder that isn't empty, and S3A would insist.
        "spark.hadoop.fs.s3a.directory.marker.retention": "keep",
    }


class SparkEngine:
    """A Spark session that lasts as long as the `with` block. Spark's own words go to the file `log`."""

    def __init__(self, lake: DataLake, log: Path) -> None:
        self._lake = lake
        self._log = log
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()

    def __enter__(self) -> SparkEngine:
        """Start it; fetches Spark if need be."""
        jars = [jar for prefix in S3_JARS for jar in sorted(hadoop_jars().glob(f"{prefix}*.jar"))]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("session.py")],
                env={
                    **os.environ,
                    "JAVA_HOME": str(java_runtime()),
                    "PYTHONPATH": str(spark_packages()),
                    "SPARK_LOCAL_IP": "127.0.0.1",
                },
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # Python, a shell and Java: they are ended as one.
                start_new_session=True,
            )
        threading.Thread(target=self._listen, name="spark", daemon=True).start()
        try:
            self._ask(spark_settings(self._lake, jars), START_SECONDS)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._end()

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement to its end; its rows, none for one that returns nothing.

        Raises SparkError with Spark's own words when it fails.
        """
        return [tuple(row) for row in self._ask(statement, STATEMENT_SECONDS)]

    def _ask(self, question: object, seconds: float) -> list[list[Any]]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            answer = json.loads(self._answers.get(timeout=seconds) or "{}")
        except (BrokenPipeError, queue.Empty) as error:
            raise SparkError(f"Spark gave no answer within {seconds:g} s; its log is {self._log}") from error
        if "rows" not in answer:
            raise SparkError(f"Spark: {answer.get('error', 'it has ended')}\n  next: its log is {self._log}")
        rows: list[list[Any]] = answer["rows"]
        return rows

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")

    def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=30)
