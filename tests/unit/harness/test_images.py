"""Archives, templates, and the settings of image builds."""

import hashlib
import io
import json
import os
import tarfile
import time
from pathlib import Path

import pytest

from tests.harness import HarnessError
from tests.harness.images.archive import KEPT_SECONDS, ImageArchive, archive_reference, forget_former
from tests.harness.images.base import find_mirror
from tests.harness.images.buildah import former_references
from tests.harness.images.operator import pip_configuration
from tests.harness.images.partial_archive import write_partial_archive
from tests.harness.images.presto import release_reference
from tests.harness.images.presto_release import RELEASES, PrestoRelease, presto_release
from tests.harness.images.recipe import digest_of
from tests.harness.local.image_template import clone_template, template_key

LAYERS = (b"base layer", b"own layer")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    config = json.dumps({"rootfs": {"diff_ids": [f"sha256:{_digest(layer)}" for layer in LAYERS]}}).encode()
    manifest = [
        {
            "Config": f"{_digest(config)}.json",
            "RepoTags": ["prestodb/presto:1"],
            "Layers": [f"{_digest(layer)}.tar" for layer in LAYERS],
        }
    ]
    contents = {f"{_digest(layer)}.tar": layer for layer in LAYERS}
    contents |= {f"{_digest(config)}.json": config, "manifest.json": json.dumps(manifest).encode()}
    file = tmp_path / "image.tar"
    with tarfile.open(file, "w") as writer:
        for name, content in contents.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            writer.addfile(header, io.BytesIO(content))
    return file


def test_an_archive_knows_its_image(archive: Path) -> None:
    assert archive_reference(archive) == "prestodb/presto:1"
    assert ImageArchive("prestodb/presto:1", archive).digest().startswith("sha256:")


def test_a_partial_archive_leaves_out_what_is_there(archive: Path, tmp_path: Path) -> None:
    target = tmp_path / "partial.tar"
    assert write_partial_archive(archive, target, lambda digest: digest == _digest(LAYERS[0]))
    with tarfile.open(target) as partial:
        blobs = {name.rpartition("/")[2] for name in partial.getnames() if name.startswith("blobs/")}
        index_file = partial.extractfile("index.json")
        assert index_file is not None
        index = json.load(index_file)
        manifest_digest = index["manifests"][0]["digest"].removeprefix("sha256:")
        manifest_file = partial.extractfile(f"blobs/sha256/{manifest_digest}")
        assert manifest_file is not None
        manifest = json.load(manifest_file)
    assert _digest(LAYERS[1]) in blobs
    assert _digest(LAYERS[0]) not in blobs
    # The receiver has it, so the manifest must still name it.
    assert [layer["digest"] for layer in manifest["layers"]] == [f"sha256:{_digest(layer)}" for layer in LAYERS]
    assert index["manifests"][0]["annotations"] == {"io.containerd.image.name": "docker.io/prestodb/presto:1"}


def test_what_is_no_docker_archive_is_left_whole(tmp_path: Path) -> None:
    other = tmp_path / "oci.tar"
    with tarfile.open(other, "w") as writer:
        writer.addfile(tarfile.TarInfo("oci-layout"))
    target = tmp_path / "partial.tar"
    assert not write_partial_archive(other, target, lambda _: False)
    assert not target.exists()


def test_a_template_is_known_by_its_images_in_any_order() -> None:
    assert template_key(["a", "b"]) == template_key(["b", "a"])
    assert template_key(["a"]) != template_key(["a", "b"])


def test_a_clone_shares_layers_and_owns_its_databases(tmp_path: Path) -> None:
    template = tmp_path / "template"
    layer = Path("snapshotter/snapshots/1/fs/lib/presto.jar")
    # A layer may have a file of that name too; that one is no database of containerd's.
    in_layer = Path("snapshotter/snapshots/1/fs/metadata.db")
    databases = [Path("snapshotter/metadata.db"), Path("metadata/meta.db")]
    for file in (layer, in_layer, *databases):
        (template / file).parent.mkdir(parents=True, exist_ok=True)
        (template / file).write_text(str(file))
    clone = tmp_path / "nodes" / "node-1" / "containerd"
    clone_template(template, clone)
    assert (clone / layer).samefile(template / layer)
    assert (clone / in_layer).samefile(template / in_layer)
    for database in databases:
        assert (clone / database).read_text() == str(database)
        assert not (clone / database).samefile(template / database)


def test_the_mirror_is_the_one_of_apt() -> None:
    targets = (
        "http://mirror.test/debian/ bookworm-updates bookworm-updates main\n"
        "http://mirror.test/debian/ stable bookworm contrib\n"
        "http://mirror.test/debian/ stable bookworm main\n"
    )
    assert find_mirror(targets) == "http://mirror.test/debian/"
    assert find_mirror("http://mirror.test/ubuntu/ noble noble main\n") is None


def test_a_build_gets_the_index_of_this_machine_and_no_more() -> None:
    listed = "global.index-url='http://index.test/simple'\nglobal.target='elsewhere'\ninstall.no-binary=':all:'"
    settings = pip_configuration(listed, {"PIP_TIMEOUT": "90", "PIP_FIND_LINKS": "wheels"}, Path("bundle.crt"))
    lines = settings.splitlines()
    assert "index-url = http://index.test/simple" in lines
    assert "timeout = 90" in lines
    assert "cert = bundle.crt" in lines
    assert not any("target" in line or "binary" in line or "wheels" in line for line in lines)


def test_images_are_called_as_in_the_registry() -> None:
    assert [release.reference for release in RELEASES.values()] == [
        "docker.io/prestodb/presto:0.287",
        "docker.io/prestodb/presto:0.283",
    ]


def test_a_release_that_can_not_be_had_is_refused_with_those_that_can() -> None:
    with pytest.raises(HarnessError, match=r"0\.287, 0\.283"):
        presto_release("0.290")


def test_a_hash_of_contents_changes_with_any_file_and_any_word(tmp_path: Path) -> None:
    (tmp_path / "Containerfile").write_text("FROM scratch")
    before = digest_of((tmp_path,), "0.287")
    assert digest_of((tmp_path,), "0.287") == before
    assert digest_of((tmp_path,), "0.283") != before
    (tmp_path / "java").write_text("exec java")
    assert digest_of((tmp_path,), "0.287") != before


def test_what_python_compiles_beside_a_source_changes_no_hash(tmp_path: Path) -> None:
    (tmp_path / "share_classes.py").write_text("pass")
    before = digest_of((tmp_path,))
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "share_classes.cpython-311.pyc").write_bytes(b"compiled")
    assert digest_of((tmp_path,)) == before


def test_another_server_archive_is_another_image_of_the_release() -> None:
    release = RELEASES["0.287"]
    assert release_reference(release) == release_reference(release)
    assert release_reference(PrestoRelease(release.version, "0" * 64)) != release_reference(release)


def test_old_archives_of_former_contents_are_deleted_and_young_ones_stay(tmp_path: Path) -> None:
    names = ("presto_0.287-new.tar", "presto_0.287-old.tar", "presto_0.287-young.tar", "presto_0.283-old.tar")
    files = {name: tmp_path / name for name in names}
    for name, file in files.items():
        file.write_text(name)
        if "young" not in name:
            age = time.time() - KEPT_SECONDS - 60
            os.utime(file, (age, age))
    forget_former(ImageArchive("presto:0.287", files["presto_0.287-new.tar"]), "presto_0.287*")
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(set(names) - {"presto_0.287-old.tar"})


def test_former_images_are_those_of_the_same_repository_with_another_tag() -> None:
    listed = ["localhost/operator:new", "localhost/operator:old", "localhost/operator-base:old", "<none>:<none>"]
    assert former_references("localhost/operator:new", listed) == ["localhost/operator:old"]
