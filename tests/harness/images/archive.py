"""Image archives in the cache: a reference, and the file that holds it."""

import json
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.harness.errors import HarnessError
from tests.harness.paths import cache_directory

KEPT_SECONDS = 86400.0


@dataclass(frozen=True)
class ImageArchive:
    """A docker archive with one image, its layers not compressed, because that is imported faster."""

    reference: str
    file: Path

    def digest(self) -> str:
        """Return the image's id, `sha256:...`: the hash of its configuration, which names every layer's hash."""
        with tarfile.open(self.file) as archive:
            member = archive.extractfile("manifest.json")
            if member is None:
                raise HarnessError(f"{self.file} is no docker archive")
            return "sha256:" + str(json.load(member)[0]["Config"]).removesuffix(".json").rpartition("/")[2]


def archive_file(reference: str) -> Path:
    """Return where the archive of `reference` is kept."""
    return cache_directory() / "images" / (reference.replace("/", "_").replace(":", "_") + ".tar")


def archive_reference(file: Path) -> str:
    """Return the reference of the image in an archive, the file's name where the archive doesn't say."""
    with tarfile.open(file) as archive:
        names = archive.getnames()
        if "manifest.json" not in names:
            return file.name
        member = archive.extractfile("manifest.json")
        tags = json.load(member)[0].get("RepoTags") if member is not None else None
        return str(tags[0]) if tags else file.name


def forget_former(archive: ImageArchive, pattern: str) -> None:
    """Delete archives of former contents: those whose names match, but not `archive`.

    Young ones stay: a cluster may be made of them.
    """
    for former in archive.file.parent.glob(pattern):
        if former != archive.file and former.stat().st_mtime < time.time() - KEPT_SECONDS:
            former.unlink()
