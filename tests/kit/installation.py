"""The operator installed as users install it: its image from the Dockerfile, and Helm."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from tests.harness import binaries
from tests.harness.command import run
from tests.harness.images import docker
from tests.harness.images.archive import ImageArchive, archive_file
from tests.harness.images.operator import build_image
from tests.harness.interface import Cluster
from tests.harness.progress import cached, step
from tests.kit.operator_process import metric_sum
from tests.kit.pods import is_ready, name_of, staying

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "presto-operator"
RELEASE = "presto-operator"
NAMESPACE = "presto-operator"

_IMAGE = "localhost/presto-operator"
IMAGE_SOURCES = (
    "Dockerfile",
    "requirements.txt",
    "requirements-build.txt",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "operator",
)
"""What the image is built from; the last one is a directory."""


def operator_image(provider: str) -> ImageArchive:
    """The operator's image of this checkout, built unless it is in the cache; archives of former ones are deleted."""
    reference = f"{_IMAGE}:{image_tag()}"
    archive = ImageArchive(reference, archive_file(reference))
    if archive.file.exists():
        cached(reference)
        return archive
    for former in archive.file.parent.glob(archive_file(f"{_IMAGE}:*").name):
        former.unlink()
    if provider == "kind":
        with step(f"{archive.reference}: docker build"):
            docker.build(ROOT / "Dockerfile", ROOT, archive)
        return archive
    return build_image(ROOT / "Dockerfile", reference, context=ROOT)


def install(cluster: Cluster, image: ImageArchive, *settings: str) -> None:
    """Install the operator with an image that the nodes have; `settings` are further `--set` of Helm."""
    repository, _, tag = image.reference.rpartition(":")
    values = (f"image.repository={repository}", f"image.tag={tag}", "image.pullPolicy=Never", *settings)
    with step("helm: installing the operator"):
        helm(
            cluster,
            "upgrade",
            "--install",
            RELEASE,
            str(CHART),
            "--create-namespace",
            "--wait",
            "--timeout=2m",
            *(f"--set={value}" for value in values),
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


def operator_pod(cluster: Cluster) -> str:
    """The name of the operator's pod, if it is ready and not on its way out; else empty."""
    output = cluster.kubectl("--namespace", NAMESPACE, "get", "pods", "--output=json").stdout
    serving = [pod for pod in staying(json.loads(output)["items"]) if is_ready(pod)]
    return name_of(serving[0]) if serving else ""


def operator_metric(cluster: Cluster, name: str, labels: Mapping[str, str]) -> float:
    """The sum of the samples of one of the operator's metrics that carry these labels; 0 if there is none."""
    path = f"/api/v1/namespaces/{NAMESPACE}/pods/{operator_pod(cluster)}:8081/proxy/metrics"
    return metric_sum(cluster.kubectl("get", f"--raw={path}").stdout, name, **labels)


def image_tag(root: Path = ROOT) -> str:
    """A tag that changes with what goes into the image: a change is rolled out, and nothing is built twice."""
    digest = hashlib.sha256()
    for source in IMAGE_SOURCES:
        path = root / source
        for file in sorted(filter(_is_source, path.rglob("*"))) if path.is_dir() else [path]:
            digest.update(str(file.relative_to(root)).encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _is_source(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts
