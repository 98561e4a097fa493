"""`volumes`: more directories for the servers, above all for spill and scratch space."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from presto_operator.api.field_rules import Matches
from presto_operator.api.model import FreeForm, Model
from presto_operator.api.names import DnsLabel
from presto_operator.api.owned import MOUNT_PATHS, VOLUME_NAMES

_MountPath = Annotated[
    str,
    Field(max_length=512),
    Matches(r"^/[^:]*$", 'be an absolute path without colons, for example "/spill"'),
    MOUNT_PATHS,
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
    source: Annotated[FreeForm, Field(min_length=1, max_length=1)] = Field(
        description=(
            "Exactly one volume source, as in a pod, for example "
            '{"hostPath": {"path": "/mnt/nvme0", "type": "Directory"}} or {"emptyDir": {"sizeLimit": "100Gi"}}.'
        )
    )
