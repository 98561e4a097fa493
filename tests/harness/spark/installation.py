"""Spark in the cache: pip puts it into a folder of its own, once for each set of pins."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.harness.command import run
from tests.harness.disk import require_free_space
from tests.harness.images.recipe import digest_of
from tests.harness.locks import file_lock
from tests.harness.paths import CACHE_VARIABLE, cache_directory
from tests.harness.progress import step

FOLDER = Path(__file__).parent
REQUIREMENTS = FOLDER / "requirements.txt"
BUILD_REQUIREMENTS = FOLDER / "build-requirements.txt"
FETCH_SECONDS = 1800.0


def spark_folder() -> Path:
    """Return where the Python packages pyspark and py4j are, once they have been fetched."""
    return cache_directory() / f"spark-{digest_of((REQUIREMENTS, BUILD_REQUIREMENTS))}"


def spark_packages() -> Path:
    """Return the folder with the Python packages pyspark and py4j, fetched first if need be: 320 MB."""
    target = spark_folder()
    if not target.is_dir():
        with file_lock(cache_directory() / "locks" / "spark.lock", "fetching Spark"):
            if not target.is_dir():
                _install(target)
    return target


def _install(target: Path) -> None:
    require_free_space(cache_directory(), 2, "Spark", CACHE_VARIABLE)
    aside = target.with_suffix(".new")
    shutil.rmtree(aside, ignore_errors=True)
    with step("Spark from the Python package index (cold: about 30 s)"):
        _pip_install(BUILD_REQUIREMENTS, aside / "build", os.environ)
        _pip_install(REQUIREMENTS, aside / "packages", {**os.environ, "PYTHONPATH": str(aside / "build")})
    (aside / "packages").replace(target)
    shutil.rmtree(aside)


def _pip_install(requirements: Path, folder: Path, environment: Mapping[str, str]) -> None:
    run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-compile",
            "--no-build-isolation",
            "--require-hashes",
            "--target",
            folder,
            "--requirement",
            requirements,
        ],
        timeout=FETCH_SECONDS,
        environment=environment,
    )
