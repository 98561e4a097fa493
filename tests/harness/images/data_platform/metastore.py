"""The Hive metastore, with the S3 file system and PostgreSQL's driver."""

import shutil
from pathlib import Path

from tests.harness.images.data_platform.hive_release import HADOOP_PROJECT, VERSION, hadoop_jars, hive_metastore
from tests.harness.images.java import JAVA_REQUIREMENTS_FILE, java_runtime
from tests.harness.images.recipe import Recipe
from tests.harness.images.tree import link_tree

FOLDER = Path(__file__).parent
START = FOLDER / "start-metastore.sh"


def _fill(context: Path) -> None:
    # As in the Presto images, so that the layer is the same.
    link_tree(java_runtime(), context / "java")
    link_tree(hadoop_jars(), context / "hadoop")
    link_tree(hive_metastore() / "lib", context / "hive")
    shutil.copy2(START, context)


METASTORE = Recipe(
    name="metastore",
    version=VERSION,
    inputs=(FOLDER / "Containerfile.metastore", START, HADOOP_PROJECT, JAVA_REQUIREMENTS_FILE),
    cold="about 30 s",
    fill=_fill,
)
