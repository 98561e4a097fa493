"""Real Presto images, built from the release archives without a registry."""

import shutil
import tempfile
from pathlib import Path

from tests.harness import prerequisites
from tests.harness.command import run
from tests.harness.disk import require_free_space
from tests.harness.images import buildah
from tests.harness.images.archive import ImageArchive, archive_file
from tests.harness.images.base import base_image
from tests.harness.images.java import java_runtime
from tests.harness.images.maven import maven_copy, verify_sha256
from tests.harness.images.presto_release import JMX_AGENT_VERSION, PrestoRelease, presto_release
from tests.harness.images.tree import link_tree
from tests.harness.locks import file_lock
from tests.harness.paths import CACHE_VARIABLE, cache_directory
from tests.harness.progress import step

CONTAINERFILE = Path(__file__).parent / "Containerfile.presto"


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
    java = java_runtime()
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
        link_tree(java, context / "java")
        shutil.move(server, context / "presto")
        buildah.build(CONTAINERFILE, context, release.reference, arguments={"BASE_IMAGE": base})
        buildah.export(release.reference)
    shutil.rmtree(server.parent, ignore_errors=True)


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
        verify_sha256(archive, release.sha256)
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


def _jmx_agent() -> Path:
    agent = cache_directory() / "jmx" / f"jmx_prometheus_javaagent-{JMX_AGENT_VERSION}.jar"
    if not agent.exists():
        with step(f"Prometheus JMX agent {JMX_AGENT_VERSION}"):
            maven_copy(f"io.prometheus.jmx:jmx_prometheus_javaagent:{JMX_AGENT_VERSION}:jar", agent.parent)
    return agent
