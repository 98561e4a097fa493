"""Images that are a Containerfile of the harness and some files: built once for each content of the two."""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.harness import prerequisites
from tests.harness.disk import require_free_space
from tests.harness.images import buildah, docker
from tests.harness.images.archive import ImageArchive, archive_file, forget_former
from tests.harness.images.base import base_image
from tests.harness.locks import file_lock
from tests.harness.paths import CACHE_VARIABLE, cache_directory
from tests.harness.progress import step


@dataclass(frozen=True)
class Recipe:
    """How an image is made.

    `inputs` are the files and folders of this checkout that it is made of, the Containerfile first. What else
    goes in is pinned by `version`. `fill` puts what the Containerfile copies into a folder. `volumes` are mounted
    while its commands run, except by Docker. `cold` says what to expect of an empty cache on two cores.
    """

    name: str
    version: str
    inputs: tuple[Path, ...]
    cold: str
    fill: Callable[[Path], None]
    volumes: Callable[[Path], list[str]] = lambda _: []

    @property
    def reference(self) -> str:
        """The image's reference: another one whenever what it is made of changes."""
        return f"{self._repository}:{self.version}-{digest_of(self.inputs)}"

    @property
    def _repository(self) -> str:
        return f"localhost/presto-harness-{self.name}"

    @property
    def archive(self) -> ImageArchive:
        """The image, whether it is in the cache or not."""
        return ImageArchive(reference=self.reference, file=archive_file(self.reference))

    def image(self, provider: str) -> ImageArchive:
        """Return the image for clusters of a provider, built first if need be.

        Old archives of former contents are deleted then.
        """
        archive = self.archive
        if not archive.file.exists():
            with file_lock(cache_directory() / "locks" / f"image-{self.name}.lock", f"building {self._repository}"):
                if not archive.file.exists():
                    self._build(archive, provider)
        return archive

    def _build(self, archive: ImageArchive, provider: str) -> None:
        require_free_space(cache_directory(), 3, f"building {self.reference}", CACHE_VARIABLE)
        if provider != "kind":
            prerequisites.require(prerequisites.IMAGES)
            # Its time is its own, not the image's.
            base_image()
        with (
            step(f"{self.reference}: image (cold: {self.cold})"),
            tempfile.TemporaryDirectory(dir=cache_directory(), prefix=f"image-{self.name}-") as aside,
        ):
            context, settings = Path(aside) / "context", Path(aside) / "settings"
            context.mkdir()
            settings.mkdir()
            self.fill(context)
            forget_former(archive, archive_file(f"{self._repository}:*").name)
            if provider == "kind":
                docker.build(self.inputs[0], context, archive, arguments={"BASE_IMAGE": docker.PUBLIC_BASE})
                return
            buildah.build(
                self.inputs[0],
                context,
                self.reference,
                arguments={"BASE_IMAGE": base_image()},
                volumes=self.volumes(settings),
            )
            buildah.export(self.reference)
            buildah.forget_former(self.reference)


def digest_of(inputs: tuple[Path, ...], *words: str) -> str:
    """Return a short hash of words, files and folders: of contents, and of names from each input down."""
    digest = hashlib.sha256("".join(f"{word}\n" for word in words).encode())
    for source in inputs:
        for file in sorted(source.rglob("*")) if source.is_dir() else [source]:
            if file.is_file() and file.suffix != ".pyc":
                content = file.read_bytes()
                digest.update(f"{file.relative_to(source.parent)} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:12]
