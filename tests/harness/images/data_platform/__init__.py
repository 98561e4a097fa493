"""Images of what Presto works with: a Hive metastore, its database, and an S3 gateway over a folder."""

from tests.harness.images.archive import ImageArchive
from tests.harness.images.data_platform.database import DATABASE
from tests.harness.images.data_platform.metastore import METASTORE
from tests.harness.images.data_platform.object_store import OBJECT_STORE

__all__ = ["DATABASE", "METASTORE", "OBJECT_STORE", "data_platform_images"]


def data_platform_images(provider: str) -> tuple[ImageArchive, ...]:
    """Return the images for clusters of a provider, built first if need be."""
    return (METASTORE.image(provider), DATABASE.image(provider), OBJECT_STORE.image(provider))
