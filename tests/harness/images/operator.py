"""Images of our own Dockerfiles, built over the local base instead of the public one."""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.harness.command import run
from tests.harness.images import buildah
from tests.harness.images.archive import ImageArchive
from tests.harness.images.base import base_image
from tests.harness.paths import cache_directory
from tests.harness.progress import step

CERTIFICATES = Path("/etc/ssl/certs")
# Where a build sees the cache, whoever it runs as.
CACHE_INSIDE = "/var/cache/pip"
BUNDLE = CERTIFICATES / "ca-certificates.crt"
# pip's settings that say where packages come from and how to get there; others stay this machine's.
PIP_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "retries")


def build_image(
    dockerfile: Path,
    tag: str,
    *,
    context: Path | None = None,
    arguments: Mapping[str, str] | None = None,
) -> ImageArchive:
    """Build `dockerfile` with its `BASE_IMAGE` argument set to the local base; return the archive to load.

    `RUN pip install` reaches the package index that this machine's pip uses, and finds a cache that is
    kept from build to build.
    """
    base = base_image()
    cache = cache_directory() / "pip"
    cache.mkdir(parents=True, exist_ok=True)
    with (
        step(f"{tag}: building {dockerfile}"),
        tempfile.TemporaryDirectory(dir=cache_directory(), prefix="pip-settings-") as aside,
    ):
        settings = Path(aside) / "pip.conf"
        listed = run([sys.executable, "-m", "pip", "config", "list"], timeout=60).stdout
        settings.write_text(pip_configuration(listed, os.environ, bundle=BUNDLE if BUNDLE.exists() else None))
        volumes = [f"{settings}:/etc/pip.conf:ro", f"{cache}:{CACHE_INSIDE}:rw"]
        if CERTIFICATES.is_dir():
            volumes.append(f"{CERTIFICATES}:{CERTIFICATES}:ro")
        buildah.build(
            dockerfile,
            context or dockerfile.parent,
            tag,
            arguments={"BASE_IMAGE": base, **(arguments or {})},
            volumes=volumes,
            reproducible=False,
        )
        archive = buildah.export(tag)
        buildah.forget_former(tag)
        return archive


def pip_configuration(listed: str, environment: Mapping[str, str], bundle: Path | None) -> str:
    """Return a pip.conf for use inside of a build, out of what `pip config list` prints.

    Environment variables (`PIP_INDEX_URL` and the like) count more, as they do for pip itself.
    """
    found: dict[str, str] = {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        section, _, setting = name.partition(".")
        if section in ("global", "install", "download") and setting in PIP_SETTINGS:
            found[setting] = value.strip("'\"")
    for setting in PIP_SETTINGS:
        value = environment.get("PIP_" + setting.upper().replace("-", "_"), "")
        if value:
            found[setting] = value
    lines = ["[global]", "root-user-action = ignore", "disable-pip-version-check = true", f"cache-dir = {CACHE_INSIDE}"]
    lines += [f"{setting} = {value}" for setting, value in found.items()]
    if bundle is not None:
        lines.append(f"cert = {bundle}")
    return "\n".join(lines) + "\n"
