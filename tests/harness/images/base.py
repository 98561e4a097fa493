"""The base of every image: Debian with Python, bootstrapped from the mirror that this machine's apt uses."""

import os
import shutil
import tempfile
from pathlib import Path

from tests.harness import prerequisites
from tests.harness.command import run
from tests.harness.disk import require_free_space
from tests.harness.errors import HarnessError
from tests.harness.images import buildah
from tests.harness.locks import file_lock
from tests.harness.paths import CACHE_VARIABLE, cache_directory
from tests.harness.progress import step

SUITE = "bookworm"
BASE_REFERENCE = f"localhost/presto-operator-base:{SUITE}"
# What `python:3.11-slim` has and a Dockerfile of ours may use; the certificates are for pip.
PACKAGES = ("ca-certificates", "python3", "python3-pip", "python3-venv")
# What changes from one bootstrap to the next, or is of no use in an image.
REMOVED = (
    "var/cache/apt",
    "var/lib/apt/lists",
    "var/cache/ldconfig/aux-cache",
    "var/log",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    # Debian's pip refuses to install outside of a virtual environment; the official Python image doesn't.
    "usr/lib/python3.11/EXTERNALLY-MANAGED",
    "dev",
)


def base_image() -> str:
    """Return the base image's reference, in buildah's store; bootstrapped first if need be."""
    if not buildah.has_image(BASE_REFERENCE):
        with file_lock(cache_directory() / "locks" / "base-image.lock", "building the base image"):
            if not buildah.has_image(BASE_REFERENCE):
                _bootstrap()
    return BASE_REFERENCE


def debian_mirror() -> str:
    """Return the mirror that this machine's apt takes the suite from. Raises HarnessError when it has none."""
    targets = run(
        [
            "apt-get",
            "indextargets",
            "--format",
            "$(REPO_URI) $(RELEASE) $(CODENAME) $(COMPONENT)",
            "Created-By: Packages",
        ],
        timeout=30,
    ).stdout
    mirror = find_mirror(targets)
    if mirror is None:
        raise HarnessError(f"apt on this machine has no source for Debian {SUITE} main: add one to build the images")
    return mirror


def find_mirror(targets: str) -> str | None:
    """Return the mirror of the suite out of what apt-get indextargets says: mirror, release, code name, component."""
    for line in targets.splitlines():
        uri, *names, component = line.split()
        if SUITE in names and component == "main":
            return uri
    return None


def _bootstrap() -> None:
    prerequisites.require(prerequisites.IMAGES)
    if os.geteuid() != 0:
        raise HarnessError("debootstrap needs root: run this as root, or use the kind provider")
    require_free_space(cache_directory(), 2, "the base image", CACHE_VARIABLE)
    with (
        step(f"base image: Debian {SUITE} by debootstrap (cold: about 1 min)"),
        tempfile.TemporaryDirectory(dir=cache_directory(), prefix="bootstrap-") as aside,
    ):
        root = Path(aside) / "root"
        run(
            ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, root, debian_mirror()],
            timeout=1200,
            hint=f"debootstrap's own log is {root}/debootstrap/debootstrap.log while it runs",
        )
        for name in REMOVED:
            path = root / name
            if path.is_dir():
                shutil.rmtree(path)
                path.mkdir()
            else:
                path.unlink(missing_ok=True)
        (root / "usr/bin/python").symlink_to("python3")
        buildah.import_folder(root, BASE_REFERENCE)
