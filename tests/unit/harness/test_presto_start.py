"""What stands in the place of `java` in the Presto images."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.harness.images.presto import START_FOLDER


@pytest.fixture
def java(tmp_path: Path) -> Path:
    """The script beside a JVM that prints its arguments, one a line."""
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    shutil.copy(START_FOLDER / "java", java)
    jvm = java.with_name("jvm")
    jvm.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    jvm.chmod(0o755)
    return java


def arguments_of_the_jvm(java: Path, home: Path, *arguments: str) -> list[str]:
    run = subprocess.run([java, *arguments], env={"PRESTO_HOME": str(home)}, capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


def test_presto_gets_the_class_archive_and_its_jars_in_a_fixed_order(java: Path, tmp_path: Path) -> None:
    jars = [tmp_path / "lib" / name for name in ("guice.jar", "airlift.jar", "presto-main.jar")]
    (tmp_path / "lib").mkdir()
    for jar in jars:
        jar.touch()
    found = arguments_of_the_jvm(java, tmp_path, "-cp", f"{tmp_path}/lib/*", "-Xmx1G", "-Dnode.id=one two", "Main")
    class_path = ":".join(str(jar) for jar in sorted(jars))
    # What jvm.config says comes after the image's own flags, so it overrides them.
    assert found[-5:] == ["-cp", class_path, "-Xmx1G", "-Dnode.id=one two", "Main"]
    assert "-XX:SharedArchiveFile=/usr/lib/presto/classes.jsa" in found[:-5]


def test_any_other_java_program_gets_just_its_own_arguments(java: Path, tmp_path: Path) -> None:
    arguments = ["-cp", "other.jar", "Main", "a b"]
    assert arguments_of_the_jvm(java, tmp_path, *arguments) == arguments
