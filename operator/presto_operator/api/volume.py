"""`volumes`: more directories for the servers, above all for spill and scratch space."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from presto_operator.api.field_rules import Matches
from presto_operator.api.model import FreeForm, Model
from presto_operator.api.names import DnsLabel
from presto_operator.api.owned import MOUNT_PATHS, VOLUME_NAMES
from presto_operator.api.rules import Problem, UncheckedAtApply, at_key, shown

_SOURCES = [
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "hostPath",
    "image",
    "iscsi",
    "nfs",
    "persistentVolumeClaim",
    "photonPersistentDisk",
    "portworxVolume",
    "projected",
    "quobyte",
    "rbd",
    "scaleIO",
    "secret",
    "storageos",
    "vsphereVolume",
]
"""The fields of VolumeSource in Kubernetes' API."""


@dataclass(frozen=True)
class IsVolumeSource(UncheckedAtApply):
    """A volume source of a pod."""

    def problems(self, value: Mapping[str, object]) -> Iterator[Problem]:
        """A field that is none, or holds no object."""
        for name, source in value.items():
            if name not in _SOURCES:
                yield Problem(
                    at_key(name),
                    "is no volume source: use for example emptyDir, hostPath, secret, configMap or ephemeral",
                )
            elif not isinstance(source, Mapping):
                yield Problem(at_key(name), f"must be an object (got {shown(source)})")


@dataclass(frozen=True)
class IsPlainPath(UncheckedAtApply):
    """A path as it is, without detours through other directories."""

    def problems(self, value: str) -> Iterator[Problem]:
        """A path with `.` or `..` in it: what it overlaps would depend on where it leads."""
        if {".", ".."} & set(value.split("/")):
            yield Problem("", f"must not contain . or .. as a directory (got {shown(value)})")


_MountPath = Annotated[
    str,
    Field(max_length=512),
    Matches(r"^/[^:]*$", 'be an absolute path without colons, for example "/spill"'),
    MOUNT_PATHS,
    IsPlainPath(),
]


class Volume(Model):
    """A volume of the pod, and where the server finds it."""

    name: Annotated[DnsLabel, VOLUME_NAMES] = Field(
        description="Name of the volume, by which init containers can mount it."
    )
    mount_path: _MountPath = Field(
        description=(
            "Directory at which the volume is mounted in the server's container. Must not overlap with the operator's "
            f"directories {', '.join(MOUNT_PATHS.directories)}."
        )
    )
    read_only: bool | None = Field(
        default=None, strict=True, description="Whether the server can only read the volume. Default: false."
    )
    sub_path: Annotated[str, Field(max_length=512)] | None = Field(
        default=None, description="Directory of the volume to mount. Default: the whole volume."
    )
    source: Annotated[FreeForm, Field(min_length=1, max_length=1), IsVolumeSource()] = Field(
        description=(
            "Exactly one volume source, as in a pod, for example "
            '{"hostPath": {"path": "/mnt/nvme0", "type": "Directory"}} or {"emptyDir": {"sizeLimit": "100Gi"}}.'
        )
    )
