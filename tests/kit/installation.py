"""The operator installed as users install it: its image from the Dockerfile, and Helm."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.harness import binaries
from tests.harness.command import run
from tests.harness.images.archive import archive_file
from tests.harness.images.operator import build_image
from tests.harness.interface import Cluster
from tests.harness.progress import cached, step

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "presto-operator"
RELEASE = "presto-operator"
NAMESPACE = "presto-operator"

_IMAGE = "localhost/presto-operator"
_IMAGE_SOURCES = ("Dockerfile", "requirements.txt", "pyproject.toml", "README.md", "LICENSE", "operator")


def install(cluster: Cluster, *settings: str) -> None:
    """Build the operator's image of this checkout, and install it; `settings` are further `--set` of Helm."""
    tag = _image_tag()
    cluster.load_image(_image_archive(tag))
    with step("helm: installing the operator"):
        helm(
            cluster,
            "upgrade",
            "--install",
            RELEASE,
            str(CHART),
            "--create-namespace",
            "--wait",
            "--timeout=3m",
            *(
                f"--set={setting}"
                for setting in (
                    f"image.repository={_IMAGE}",
                    f"image.tag={tag}",
                    "image.pullPolicy=Never",
                    *settings,
                )
            ),
        )


def helm(cluster: Cluster, *arguments: str) -> str:
    """Run Helm in the operator's namespace; what it prints."""
    command: list[str | Path] = [
        binaries.program("helm"),
        f"--kubeconfig={cluster.kubeconfig}",
        f"--namespace={NAMESPACE}",
        *arguments,
    ]
    return run(command, timeout=240).stdout


def _image_tag() -> str:
    """A tag that changes with what goes into the image: a change is rolled out, and nothing is built twice."""
    digest = hashlib.sha256()
    for source in _IMAGE_SOURCES:
        path = ROOT / source
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _image_archive(tag: str) -> Path:
    """The archive of the operator's image of this tag; archives of former tags are deleted."""
    reference = f"{_IMAGE}:{tag}"
    archive = archive_file(reference)
    if archive.exists():
        cached(reference)
        return archive
    for former in archive.parent.glob(archive_file(f"{_IMAGE}:*").name):
        former.unlink()
    return build_image(ROOT / "Dockerfile", reference, context=ROOT).file
