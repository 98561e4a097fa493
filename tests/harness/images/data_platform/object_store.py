"""An S3 gateway over a folder."""

import shutil
from pathlib import Path

from tests.harness import binaries
from tests.harness.images.recipe import Recipe

PROGRAM = "versitygw"
FOLDER = Path(__file__).parent
START = FOLDER / "start-object-store.sh"


def _fill(context: Path) -> None:
    shutil.copy2(binaries.program(PROGRAM), context)
    shutil.copy2(START, context)


OBJECT_STORE = Recipe(
    name="object-store",
    version=binaries.program_version(PROGRAM),
    inputs=(FOLDER / "Containerfile.object-store", START),
    cold="about 2 min with the gateway's build",
    fill=_fill,
)
