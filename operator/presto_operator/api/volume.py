"""`volumes`: directories that the servers find besides their own, spill and scratch space above all."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from presto_operator.api.free_form import FreeForm
from presto_operator.api.model import Model, rule, schema
from presto_operator.api.owned import OWNED_DIRECTORIES, OWNED_VOLUMES, RESERVED_PREFIX, is_owned_path, is_owned_volume

_NAME_RULE = rule(
    f"!(self.name in {list(OWNED_VOLUMES)}) && !self.name.startsWith('{RESERVED_PREFIX}')",
    f'{", ".join(OWNED_VOLUMES)} and names that begin with "{RESERVED_PREFIX}" are the operator\'s: '
    "choose another name",
)
_PATH_MESSAGE = (
    f"mountPath must not be, hold or lie in {', '.join(OWNED_DIRECTORIES)}, which are the operator's: choose another "
    'directory, for example "/spill"'
)
_PATH_RULE = rule(
    " && ".join(
        f"!(self.mountPath + '/').startsWith('{owned}/') && !'{owned}/'.startsWith(self.mountPath + '/')"
        for owned in OWNED_DIRECTORIES
    )
    + " && self.mountPath != '/'",
    _PATH_MESSAGE,
)


class Volume(Model):
    """A volume of the pod, and where the server finds it."""

    model_config = schema(_NAME_RULE, _PATH_RULE)

    name: Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")] = (
        Field(description="Name of the volume; init containers can mount it by that name.")
    )
    mount_path: Annotated[str, StringConstraints(max_length=512, pattern=r"^/[^:]*$")] = Field(
        description=(
            "Directory of the server's container in which it is mounted. The operator's own directories are refused: "
            f"{', '.join(OWNED_DIRECTORIES)}."
        )
    )
    read_only: bool | None = Field(default=None, strict=True, description="Whether the server may only read it.")
    sub_path: Annotated[str, StringConstraints(max_length=512)] | None = Field(
        default=None, description="Directory of the volume that is mounted, rather than all of it."
    )
    source: Annotated[FreeForm, Field(min_length=1, max_length=1)] = Field(
        description=(
            "What the volume is: exactly one volume source as in a pod, for example "
            '{"hostPath": {"path": "/mnt/nvme0", "type": "Directory"}} or {"emptyDir": {"sizeLimit": "100Gi"}}.'
        )
    )

    @model_validator(mode="after")
    def _not_the_operators(self) -> Volume:
        if is_owned_volume(self.name):
            raise ValueError(_NAME_RULE["message"])
        if is_owned_path(self.mount_path):
            raise ValueError(_PATH_MESSAGE)
        return self
