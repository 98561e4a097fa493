"""PostgreSQL from Debian, which makes the metastore's tables at its first start."""

import shutil
from pathlib import Path

from tests.harness.command import run
from tests.harness.images.base import SUITE
from tests.harness.images.data_platform.hive_release import SCHEMA, VERSION, hive_metastore
from tests.harness.images.recipe import Recipe

FOLDER = Path(__file__).parent
START = FOLDER / "start-database.sh"


def _fill(context: Path) -> None:
    shutil.copy2(hive_metastore() / SCHEMA, context / "schema.sql")
    shutil.copy2(START, context)


def _volumes(settings: Path) -> list[str]:
    """Give apt this machine's settings of how packages are fetched, proxies and the like."""
    file = settings / "apt.conf"
    file.write_text(apt_configuration(run(["apt-config", "dump"], timeout=30).stdout))
    return [f"{file}:/etc/apt/apt.conf:ro"]


def apt_configuration(dump: str) -> str:
    """Return those lines of what `apt-config dump` prints that say how packages are fetched."""
    return "".join(f"{line}\n" for line in dump.splitlines() if line.startswith("Acquire::"))


DATABASE = Recipe(
    name="metastore-database",
    version=f"{SUITE}-{VERSION}",
    inputs=(FOLDER / "Containerfile.database", START),
    cold="about 30 s",
    fill=_fill,
    volumes=_volumes,
)
