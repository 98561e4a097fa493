"""Buildah with a store of the harness's own, in a way that needs neither a daemon nor a user namespace."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.harness import prerequisites
from tests.harness.command import run
from tests.harness.images.archive import ImageArchive, archive_file
from tests.harness.paths import cache_directory

BUILD_SECONDS = 1800.0
# The images' time stamps: a constant, so that the same input gives the same layer.
TIMESTAMP = "1700000000"
# Of a build's processes: buildah's own default is too few for a Presto to start.
OPEN_FILES = 8192


# Buildah else makes folders for networks below /etc, whether it needs one or not.
CONFIGURATION = """\
[network]
network_config_dir = "{store}/networks"
"""


def _buildah() -> list[str | Path]:
    prerequisites.require(prerequisites.IMAGES)
    store = cache_directory() / "buildah"
    store.mkdir(parents=True, exist_ok=True)
    configuration = store / "containers.conf"
    configuration.write_text(CONFIGURATION.format(store=store))
    return [
        "env",
        f"CONTAINERS_CONF={configuration}",
        "buildah",
        "--root",
        str(store / "root"),
        "--runroot",
        str(store / "run"),
        "--storage-driver",
        "overlay",
    ]


def has_image(reference: str) -> bool:
    """Tell whether the store has this image."""
    return run([*_buildah(), "inspect", "--type", "image", reference], timeout=60, check=False).returncode == 0


def build(
    containerfile: Path,
    context: Path,
    reference: str,
    *,
    arguments: Mapping[str, str] | None = None,
    volumes: Sequence[str] = (),
    reproducible: bool = True,
) -> None:
    """Build `reference` into the store. Only local base images are used; nothing is pulled.

    `volumes` are mounted while RUN commands run, as buildah's own option has them. With `reproducible`
    every time stamp is a constant.
    """
    command = [*_buildah(), "build", "--isolation", "chroot", "--network", "host", "--pull-never", "--layers"]
    command += ["--force-rm", "--format", "docker", "--quiet", "--ulimit", f"nofile={OPEN_FILES}:{OPEN_FILES}"]
    if reproducible:
        command += ["--timestamp", TIMESTAMP]
    for key, value in (arguments or {}).items():
        command += ["--build-arg", f"{key}={value}"]
    for volume in volumes:
        command += ["--volume", volume]
    run(
        [*command, "--tag", reference, "--file", containerfile, context],
        timeout=BUILD_SECONDS,
        hint=f"the failing line is in {containerfile}",
    )


def import_folder(folder: Path, reference: str) -> None:
    """Make an image of one layer out of a root file system."""
    containerfile = folder.with_suffix(".containerfile")
    containerfile.write_text('FROM scratch\nCOPY . /\nCMD ["/bin/bash"]\n')
    build(containerfile, folder, reference)
    containerfile.unlink()


def export(reference: str, file: Path | None = None) -> ImageArchive:
    """Write an image of the store to its archive in the cache, `file` or the one that is named for the reference."""
    archive = ImageArchive(reference=reference, file=file or archive_file(reference))
    archive.file.parent.mkdir(parents=True, exist_ok=True)
    aside = archive.file.with_suffix(".new")
    aside.unlink(missing_ok=True)
    run([*_buildah(), "push", "--quiet", reference, f"docker-archive:{aside}:{reference}"], timeout=BUILD_SECONDS)
    aside.replace(archive.file)
    return archive


def forget_former(reference: str) -> None:
    """Delete the images of the same repository that have another tag, with the layers that no other image has."""
    listed = run([*_buildah(), "images", "--format", "{{.Name}}:{{.Tag}}"], timeout=60).stdout.split()
    former = former_references(reference, listed)
    if former:
        # One that a build works with at this moment stays, until the next time.
        run([*_buildah(), "rmi", *former], timeout=120, check=False)


def former_references(reference: str, listed: Sequence[str]) -> list[str]:
    """Return those of `listed` that are of the same repository as `reference` but have another tag."""
    repository, _, _ = reference.rpartition(":")
    return [each for each in listed if each.rpartition(":")[0] == repository and each != reference]


@contextmanager
def mounted(reference: str) -> Iterator[Path]:
    """Yield the root folder of a new container of an image of the store; it is deleted afterwards."""
    container = run([*_buildah(), "from", "--pull-never", reference], timeout=60).stdout.strip()
    try:
        yield Path(run([*_buildah(), "mount", container], timeout=60).stdout.strip())
    finally:
        run([*_buildah(), "rm", container], timeout=60)


def remove_store() -> None:
    """Delete the store, images and intermediate layers alike."""
    run([*_buildah(), "rm", "--all"], timeout=120, check=False)
    shutil.rmtree(cache_directory() / "buildah", ignore_errors=True)
