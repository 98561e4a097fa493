"""An archive without the layers that its receiver has: most of an image is the base that all images share."""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG_TYPE = "application/vnd.docker.container.image.v1+json"
# Not compressed, as in the archive; the digest of such a layer is its diff id.
LAYER_TYPE = "application/vnd.docker.image.rootfs.diff.tar"


def write_partial_archive(archive: Path, target: Path, is_present: Callable[[str], bool]) -> bool:
    """Write `archive` as an OCI layout that leaves out the layers whose digest, in hex, is present.

    Return whether that was done: it can't be when the archive isn't docker's, has several images, or has
    compressed layers. `target` is then not written, and the archive has to be used whole.
    """
    with tarfile.open(archive) as source:
        if "manifest.json" not in source.getnames():
            return False
        listed = json.loads(_read(source, "manifest.json"))
        if len(listed) != 1 or not listed[0].get("RepoTags"):
            return False
        config = _read(source, listed[0]["Config"])
        digests = [diff_id.removeprefix("sha256:") for diff_id in json.loads(config)["rootfs"]["diff_ids"]]
        members = [source.getmember(name) for name in listed[0]["Layers"]]
        # A layer that is named for its diff id is not compressed.
        if len(digests) != len(members) or any(
            digest not in member.name or not member.isfile() for digest, member in zip(digests, members, strict=True)
        ):
            return False
        layers = [_descriptor(LAYER_TYPE, digest, member.size) for digest, member in zip(digests, members, strict=True)]
        manifest = _encoded(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST_TYPE,
                "config": _descriptor(CONFIG_TYPE, _digest(config), len(config)),
                "layers": layers,
            }
        )
        with tarfile.open(target, "w") as partial:
            _add(partial, "oci-layout", _encoded({"imageLayoutVersion": "1.0.0"}))
            _add(partial, "index.json", _encoded(_index(manifest, listed[0]["RepoTags"][0])))
            _add(partial, f"blobs/sha256/{_digest(manifest)}", manifest)
            _add(partial, f"blobs/sha256/{_digest(config)}", config)
            for digest, member in zip(digests, members, strict=True):
                if not is_present(digest):
                    header = tarfile.TarInfo(f"blobs/sha256/{digest}")
                    header.size = member.size
                    partial.addfile(header, source.extractfile(member))
    return True


def _index(manifest: bytes, reference: str) -> dict[str, Any]:
    descriptor = _descriptor(MANIFEST_TYPE, _digest(manifest), len(manifest))
    descriptor["annotations"] = {"io.containerd.image.name": _with_registry(reference)}
    return {"schemaVersion": 2, "manifests": [descriptor]}


def _with_registry(reference: str) -> str:
    """Return the reference in full, the way that containerd and kubelet look it up."""
    first, separator, _ = reference.partition("/")
    if separator and ("." in first or ":" in first or first == "localhost"):
        return reference
    return f"docker.io/{reference}" if separator else f"docker.io/library/{reference}"


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": size}


def _read(source: tarfile.TarFile, name: str) -> bytes:
    member = source.extractfile(name)
    assert member is not None
    return member.read()


def _add(partial: tarfile.TarFile, name: str, content: bytes) -> None:
    header = tarfile.TarInfo(name)
    header.size = len(content)
    partial.addfile(header, io.BytesIO(content))


def _encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
