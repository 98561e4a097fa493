"""What clusters are made of, in as little time as it takes when the cache is empty."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.harness import binaries
from tests.harness.images.archive import ImageArchive
from tests.harness.images.presto import presto_image


def provide(programs: Sequence[str], presto_versions: Sequence[str]) -> list[ImageArchive]:
    """Build programs and images of Presto releases that aren't in the cache; return the images.

    Programs keep the processors busy and Presto the network, so the two go on beside each other.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="images") as beside:
        images = beside.submit(lambda: [presto_image(version) for version in presto_versions])
        binaries.programs(programs)
        return images.result()
