"""What is fetched from Maven's central repository: by Maven itself, which checks every checksum."""

import hashlib
import shutil
from pathlib import Path

from tests.harness import prerequisites
from tests.harness.command import run
from tests.harness.errors import HarnessError
from tests.harness.paths import cache_directory

DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
FETCH_SECONDS = 1800.0


def maven_copy(coordinates: str, destination: Path) -> None:
    """Fetch one artifact, and leave no second copy of it behind."""
    _maven(
        f"{DEPENDENCY_PLUGIN}:copy",
        f"-Dartifact={coordinates}",
        f"-DoutputDirectory={destination}",
        "-Dmdep.useBaseVersion=true",
        destination=destination,
    )
    group, artifact, *_ = coordinates.split(":")
    shutil.rmtree(_repository().joinpath(*group.split("."), artifact), ignore_errors=True)


def maven_copy_dependencies(project: Path, destination: Path) -> None:
    """Fetch all that the pom.xml `project` depends on, directly or not."""
    _maven(
        "--file",
        project,
        f"{DEPENDENCY_PLUGIN}:copy-dependencies",
        f"-DoutputDirectory={destination}",
        destination=destination,
    )


def verify_sha256(file: Path, sha256: str) -> None:
    """Raise HarnessError and delete `file` unless it has this SHA-256."""
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != sha256:
        file.unlink()
        raise HarnessError(
            f"{file.name} has SHA-256 {found}, not {sha256}: it was deleted; run this again to fetch it anew"
        )


def _maven(*arguments: str | Path, destination: Path) -> None:
    prerequisites.require(prerequisites.MAVEN)
    destination.mkdir(parents=True, exist_ok=True)
    run(
        ["mvn", "--quiet", "--batch-mode", "--strict-checksums", f"-Dmaven.repo.local={_repository()}", *arguments],
        timeout=FETCH_SECONDS,
    )


def _repository() -> Path:
    return cache_directory() / "m2"
