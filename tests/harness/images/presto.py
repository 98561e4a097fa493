"""Real Presto images, built from the release archives without a registry."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.harness import prerequisites
from tests.harness.command import run
from tests.harness.disk import require_free_space
from tests.harness.images import buildah
from tests.harness.images.archive import ImageArchive, archive_file, forget_former
from tests.harness.images.base import base_image
from tests.harness.images.java import JAVA_REQUIREMENTS_FILE, java_runtime
from tests.harness.images.maven import maven_copy, verify_sha256
from tests.harness.images.presto_release import JMX_AGENT_VERSION, PLUGINS, PrestoRelease, presto_release
from tests.harness.images.recipe import digest_of
from tests.harness.images.tree import link_tree
from tests.harness.locks import file_lock
from tests.harness.paths import CACHE_VARIABLE, cache_directory
from tests.harness.progress import step

FOLDER = Path(__file__).parent
RELEASE_CONTAINERFILE = FOLDER / "Containerfile.presto-release"
START_FOLDER = FOLDER / "presto_start"
"""What makes the servers of an image start faster, with the Containerfile that adds it to a release."""


def presto_archive(version: str) -> ImageArchive:
    """Return the image of a Presto release, whether it is in the cache or not.

    Its reference is the public registry's. The archive's name has a hash of what the image is made of.
    """
    release = presto_release(version)
    digest = digest_of((START_FOLDER,), release_reference(release))
    return ImageArchive(reference=release.reference, file=archive_file(f"{release.reference}-{digest}"))


def presto_image(version: str) -> ImageArchive:
    """Return the image of a Presto release, fetched and built first if need be."""
    archive = presto_archive(version)
    if not archive.file.exists():
        with file_lock(cache_directory() / "locks" / "presto-images.lock", "building Presto images"):
            if not archive.file.exists():
                _build(presto_release(version), archive)
    return archive


def release_reference(release: PrestoRelease) -> str:
    """Return the reference, in buildah's store, of the image with a release as it was fetched."""
    digest = digest_of((RELEASE_CONTAINERFILE, JAVA_REQUIREMENTS_FILE), release.sha256, *PLUGINS, JMX_AGENT_VERSION)
    return f"localhost/presto-harness-presto-release:{release.version}-{digest}"


def _build(release: PrestoRelease, archive: ImageArchive) -> None:
    prerequisites.require([*prerequisites.IMAGES, *prerequisites.MAVEN])
    require_free_space(cache_directory(), 8, f"building the image of Presto {release.version}", CACHE_VARIABLE)
    if not buildah.has_image(release_reference(release)):
        _build_release(release)
    with step(f"Presto {release.version}: trial start and class archive (cold: about 1 min)"):
        buildah.build(
            START_FOLDER / "Containerfile",
            START_FOLDER,
            release.reference,
            arguments={"BASE_IMAGE": release_reference(release)},
        )
        buildah.export(release.reference, archive.file)
    forget_former(archive, archive_file(f"{release.reference}*").name)


def _build_release(release: PrestoRelease) -> None:
    base = base_image()
    java = java_runtime()
    agent = _jmx_agent()
    with (
        _server(release) as server,
        step(f"Presto {release.version}: image of the release (cold: about 30 s)"),
        tempfile.TemporaryDirectory(dir=cache_directory(), prefix="presto-image-") as aside,
    ):
        context = Path(aside)
        (context / "utils").mkdir()
        shutil.copy2(agent, context / "utils" / agent.name)
        (context / "utils" / "jmx_prometheus_javaagent.jar").symlink_to(agent.name)
        link_tree(java, context / "java")
        shutil.move(server, context / "presto")
        buildah.build(RELEASE_CONTAINERFILE, context, release_reference(release), arguments={"BASE_IMAGE": base})


@contextmanager
def _server(release: PrestoRelease) -> Iterator[Path]:
    """Yield the unpacked server with what the image needs of it. Nothing of it stays, and nothing of the archive."""
    folder = cache_directory() / f"tmp-{release.version}"
    archive = folder / release.archive_name
    unpacked = folder / "unpacked"
    folder.mkdir(parents=True, exist_ok=True)
    if not archive.exists():
        with step(f"Presto {release.version}: fetching the server archive, 2 GB (cold: 1 to 3 min)"):
            maven_copy(release.coordinates, folder)
    with step(f"Presto {release.version}: checking and unpacking the server archive (cold: about 30 s)"):
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
    yield unpacked
    shutil.rmtree(folder, ignore_errors=True)


def _jmx_agent() -> Path:
    agent = cache_directory() / "jmx" / f"jmx_prometheus_javaagent-{JMX_AGENT_VERSION}.jar"
    if not agent.exists():
        with step(f"Prometheus JMX agent {JMX_AGENT_VERSION}"):
            maven_copy(f"io.prometheus.jmx:jmx_prometheus_javaagent:{JMX_AGENT_VERSION}:jar", agent.parent)
    return agent
