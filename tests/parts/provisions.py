"""What the demo and each part of the tests need in the cache, and how it gets there in the least time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.harness import binaries, prerequisites
from tests.harness.images.archive import ImageArchive
from tests.harness.images.data_platform import DATABASE, METASTORE, OBJECT_STORE
from tests.harness.images.pause import pause_image
from tests.harness.images.presto import presto_archive, presto_image
from tests.harness.images.recipe import Recipe
from tests.harness.local import control_plane
from tests.harness.local.cluster import NODE_PROGRAMS
from tests.harness.local.image_template import image_template
from tests.harness.prerequisites import Prerequisite
from tests.harness.spark import spark_folder, spark_packages
from tests.kit.installation import operator_image
from tests.kit.plugin import PLUGIN

User = Literal["api", "demo", "e2e"]
"""Who needs it."""


@dataclass(frozen=True)
class Provisions:
    """What one user needs. Nodes unpack the images of `recipes` in this order, after Presto's."""

    programs: tuple[str, ...]
    local_programs: tuple[str, ...] = ()
    """Those that only the local provider runs."""
    presto_versions: tuple[str, ...] = ()
    recipes: tuple[Recipe, ...] = ()
    has_operator: bool = False
    has_spark: bool = False


PROVISIONS: dict[User, Provisions] = {
    "api": Provisions(programs=("kubectl", "kwok"), local_programs=control_plane.COMPONENTS),
    "demo": Provisions(
        programs=("kubectl", "helm"),
        local_programs=(*control_plane.COMPONENTS, *NODE_PROGRAMS),
        presto_versions=("0.287",),
        has_operator=True,
    ),
    "e2e": Provisions(
        programs=("kubectl", "helm"),
        local_programs=(*control_plane.COMPONENTS, *NODE_PROGRAMS),
        presto_versions=("0.283", "0.287"),
        recipes=(METASTORE, DATABASE, OBJECT_STORE, PLUGIN),
        has_operator=True,
        has_spark=True,
    ),
}


def are_cached(user: User, provider: str) -> bool:
    """Tell whether the cache has all that takes minutes to make; the operator's image changes with its code."""
    provisions = PROVISIONS[user]
    return binaries.are_cached(_programs(provisions, provider)) and all(
        path.exists() for path in _expected_files(provisions, provider)
    )


def provide(users: Sequence[User], provider: str) -> None:
    """Build and download what is missing for `users`, what the first needs first.

    Go's compiler keeps the processors busy, images the network and the disk, so the two go on beside each other.
    """
    wanted = [PROVISIONS[user] for user in users]
    for each in wanted:
        prerequisites.require(_prerequisites(each, provider))
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="images") as beside:
        images = beside.submit(_provide_images, wanted, provider)
        for each in wanted:
            binaries.programs(_programs(each, provider))
        images.result()


def _prerequisites(provisions: Provisions, provider: str) -> list[Prerequisite]:
    """What has to be installed: all of it is asked for at once, and before anything is built."""
    needed = [*prerequisites.NODES, *prerequisites.IMAGES] if provider == "local" else []
    if not binaries.are_cached(_programs(provisions, provider)):
        needed += prerequisites.GO
    if not all(path.exists() for path in _expected_files(provisions, provider)):
        needed += prerequisites.MAVEN
        needed += prerequisites.JAVA_COMPILER if PLUGIN in provisions.recipes else ()
    return needed


def _expected_files(provisions: Provisions, provider: str) -> list[Path]:
    # kind's nodes get Presto from the public registry.
    presto = provisions.presto_versions if provider == "local" else ()
    spark = [spark_folder()] if provisions.has_spark else []
    archives = [*map(presto_archive, presto), *(recipe.archive for recipe in provisions.recipes)]
    return [*(archive.file for archive in archives), *spark]


def _programs(provisions: Provisions, provider: str) -> tuple[str, ...]:
    if provider == "kind":
        return ("kind", *provisions.programs)
    return (*provisions.local_programs, *provisions.programs)


def _provide_images(wanted: Sequence[Provisions], provider: str) -> None:
    for provisions in wanted:
        archives = list(_images(provisions, provider))
        if provisions.has_spark:
            spark_packages()
        if archives and provider == "local":
            image_template([pause_image(), *archives])


def _images(provisions: Provisions, provider: str) -> Iterator[ImageArchive]:
    """What changes most comes last: nodes unpack only what is after the first that changed."""
    if provider == "local":
        yield from map(presto_image, provisions.presto_versions)
    yield from (recipe.image(provider) for recipe in provisions.recipes)
    if provisions.has_operator:
        yield operator_image(provider)
