"""Images built by a Docker engine, for clusters that are made of it."""

from collections.abc import Mapping
from pathlib import Path

from tests.harness.command import Runner, run
from tests.harness.images.archive import ImageArchive

BUILD_SECONDS = 1800.0
SAVE_SECONDS = 300.0
PUBLIC_BASE = "python:3.11-slim-bookworm"
"""What the local base image stands in for."""


def build(
    containerfile: Path,
    context: Path,
    archive: ImageArchive,
    *,
    arguments: Mapping[str, str] | None = None,
    runner: Runner = run,
) -> None:
    """Build the archive's image and write the archive. Base images are pulled."""
    command: list[str | Path] = ["docker", "build", "--tag", archive.reference, "--file", containerfile]
    for key, value in (arguments or {}).items():
        command += ["--build-arg", f"{key}={value}"]
    runner([*command, context], timeout=BUILD_SECONDS, hint=f"the failing line is in {containerfile}")
    archive.file.parent.mkdir(parents=True, exist_ok=True)
    runner(["docker", "save", "--output", archive.file, archive.reference], timeout=SAVE_SECONDS)
