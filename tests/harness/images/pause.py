"""The image that holds a pod's namespaces: a static program and nothing else."""

from pathlib import Path

from tests.harness import binaries
from tests.harness.images import buildah
from tests.harness.images.archive import ImageArchive, archive_file

PAUSE_REFERENCE = "localhost/presto-harness-pause:1"
CONTAINERFILE = Path(__file__).parent / "Containerfile.pause"


def pause_image() -> ImageArchive:
    """Return the pause image, built first if need be."""
    program = binaries.pause_program()
    file = archive_file(PAUSE_REFERENCE)
    if file.exists() and file.stat().st_mtime >= program.stat().st_mtime:
        return ImageArchive(reference=PAUSE_REFERENCE, file=file)
    buildah.build(CONTAINERFILE, program.parent, PAUSE_REFERENCE)
    return buildah.export(PAUSE_REFERENCE)
