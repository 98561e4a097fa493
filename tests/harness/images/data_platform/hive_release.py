"""Hive's standalone metastore as Maven's central repository has it, and what of it goes where."""

import shutil
from pathlib import Path

from tests.harness.images.maven import maven_copy, maven_copy_dependencies, verify_sha256
from tests.harness.images.recipe import digest_of
from tests.harness.locks import file_lock
from tests.harness.paths import cache_directory
from tests.harness.progress import step

VERSION = "3.1.3"
SHA256 = "83ddf76717eeb789091d845c069a631c25cad561c3d31ec0843a1ddf21f29409"
SCHEMA = "scripts/metastore/upgrade/postgres/hive-schema-3.1.0.postgres.sql"
"""The tables that this release works with; 3.1 has had the same from its first release on."""
HADOOP_PROJECT = Path(__file__).parent / "hadoop.pom.xml"
S3_JARS = ("hadoop-aws", "aws-java-sdk", "jmespath-java", "ion-java", "jackson-dataformat-cbor")
"""What of Hadoop's jars is needed for S3 by an engine that has Hadoop itself, by how file names begin."""


def hive_metastore() -> Path:
    """Return the unpacked archive of the metastore, fetched first if need be: 27 MB."""
    target = cache_directory() / f"hive-metastore-{VERSION}"
    with file_lock(cache_directory() / "locks" / "hive-metastore.lock", "fetching the Hive metastore"):
        if not target.is_dir():
            aside = target.with_suffix(".new")
            shutil.rmtree(aside, ignore_errors=True)
            with step(f"Hive metastore {VERSION}: fetching (cold: about 15 s)"):
                maven_copy(f"org.apache.hive:hive-standalone-metastore:{VERSION}:tar.gz:bin", aside)
                archive = aside / f"hive-standalone-metastore-{VERSION}-bin.tar.gz"
                verify_sha256(archive, SHA256)
                shutil.unpack_archive(archive, aside, filter="data")
            (aside / f"apache-hive-metastore-{VERSION}-bin").replace(target)
            shutil.rmtree(aside)
    return target


def hadoop_jars() -> Path:
    """Return a folder of jars that let a metastore work on S3 with its tables in PostgreSQL: 61 MB."""
    target = cache_directory() / f"hadoop-jars-{digest_of((HADOOP_PROJECT,))}"
    with file_lock(cache_directory() / "locks" / "hadoop-jars.lock", "fetching Hadoop's jars"):
        if not target.is_dir():
            aside = target.with_suffix(".new")
            shutil.rmtree(aside, ignore_errors=True)
            with step("Hadoop's client and its S3 file system: fetching (cold: about 15 s)"):
                maven_copy_dependencies(HADOOP_PROJECT, aside)
            aside.replace(target)
    return target
