"""A Presto plugin with a function of our own, built from source as a team would: an image, and an archive to fetch."""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import tarfile
import tempfile
import zipfile
from pathlib import Path

from tests.harness import prerequisites
from tests.harness.command import run
from tests.harness.images.maven import maven_copy_dependencies
from tests.harness.images.recipe import Recipe, digest_of
from tests.harness.locks import file_lock
from tests.harness.paths import cache_directory
from tests.harness.progress import step
from tests.kit.resources import Resource

FUNCTION = "where_am_i"
"""A function of a bigint, any, that returns the name of the host on which it was called."""
IMAGE_PATH = "/plugin"
"""The folder of the plugin's jars in its image."""

_SOURCE = Path(__file__).with_name("plugin_source")
_ARCHIVE = "our-functions.tar.gz"
_SERVER = "plugin-server"
_SERVICES = {"com.facebook.presto.spi.Plugin": "prestooperator.udf.WhereAmIPlugin"}
# The first moment that a zip file can tell.
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def plugin_archive() -> Path:
    """The plugin as a .tar.gz with a folder of its jar in it, compiled first if need be."""
    folder = cache_directory() / f"plugin-{digest_of((_SOURCE,))}"
    with file_lock(cache_directory() / "locks" / "plugin.lock", "building the plugin"):
        if not folder.is_dir():
            prerequisites.require(prerequisites.JAVA_COMPILER)
            with (
                step("the plugin: compiling against presto-spi (cold: about 15 s)"),
                tempfile.TemporaryDirectory(dir=cache_directory(), prefix="plugin-") as aside,
            ):
                built = Path(aside) / "built"
                built.mkdir()
                (built / _ARCHIVE).write_bytes(
                    packed_file("our-functions/our-functions.jar", jar_of(_compiled(Path(aside))))
                )
                built.replace(folder)
    return folder / _ARCHIVE


def plugin_sha256() -> str:
    """The archive's SHA-256."""
    return hashlib.sha256(plugin_archive().read_bytes()).hexdigest()


def _fill(context: Path) -> None:
    (context / "served").mkdir()
    shutil.copy2(plugin_archive(), context / "served")
    with tarfile.open(plugin_archive()) as archive:
        archive.extractall(context, filter="data")
    (context / "our-functions").rename(context / "plugin")


PLUGIN = Recipe(
    name="plugin",
    version="1",
    inputs=(_SOURCE / "Containerfile", _SOURCE),
    cold="about 20 s",
    fill=_fill,
)


def plugin_server(namespace: str) -> tuple[str, list[Resource]]:
    """A web server of the archive for a namespace: the archive's URL, and the objects that make it."""
    labels = {"app": _SERVER}
    container = {
        "name": "server",
        "image": PLUGIN.reference,
        "imagePullPolicy": "Never",
        "readinessProbe": {"httpGet": {"path": f"/{_ARCHIVE}", "port": 8080}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
    }
    pod = {"terminationGracePeriodSeconds": 1, "containers": [container]}
    deployment: Resource = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": _SERVER},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
    service: Resource = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": _SERVER},
        "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    return f"http://{_SERVER}.{namespace}/{_ARCHIVE}", [deployment, service]


def _compiled(aside: Path) -> Path:
    jars, classes = aside / "jars", aside / "classes"
    maven_copy_dependencies(_SOURCE / "pom.xml", jars)
    classes.mkdir()
    sources = sorted(_SOURCE.rglob("*.java"))
    # 8: for whichever Java the image has.
    run(
        ["javac", "--release", "8", "-Xlint:-options", "-proc:none", "-cp", f"{jars}/*", "-d", classes, *sources],
        timeout=120,
    )
    return classes


def jar_of(classes: Path) -> bytes:
    """A jar that is the same each time."""
    contents = {str(file.relative_to(classes)): file.read_bytes() for file in classes.rglob("*.class")}
    contents |= {f"META-INF/services/{name}": content.encode() for name, content in _SERVICES.items()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as jar:
        for name, content in sorted(contents.items()):
            jar.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), content)
    return packed.getvalue()


def packed_file(name: str, content: bytes) -> bytes:
    """A .tar.gz of one file that is the same each time."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        header = tarfile.TarInfo(name)
        header.size = len(content)
        archive.addfile(header, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)
