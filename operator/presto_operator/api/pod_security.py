"""`podSecurity`: the user of the servers, and the Pod Security Standard that their pods satisfy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from presto_operator.api.model import Model
from presto_operator.api.model_rules import Paired
from presto_operator.api.rules import Problem, cel

DEFAULT_USER = 1000
"""Of user and group. No image needs to know it: the pods bring an /etc/passwd that has it."""

_MAX_ID = 2**31 - 1
"""As the API server has it for user ids."""

_NOT_ROOT = "runAsUser must not be 0 (root) with profile Restricted: set profile to Baseline if the image needs root"


def _root(security: PodSecurity) -> Iterator[Problem]:
    if security.is_restricted and security.run_as_user == 0:
        yield Problem("", _NOT_ROOT)


class PodSecurity(Model):
    """What the pods may do on their nodes."""

    rules = (
        Paired(
            cel(
                "!has(self.runAsUser) || self.runAsUser != 0 || (has(self.profile) && self.profile != 'Restricted')",
                _NOT_ROOT,
            ),
            _root,
        ),
    )

    profile: Literal["Restricted", "Baseline", "Privileged"] = Field(
        default="Restricted",
        description=(
            "The Pod Security Standard of the pods. Restricted: they run as runAsUser, not as root, with a read-only "
            "root file system. Baseline: for images that need root or write to their own file system; they run as the "
            "image's own user. Privileged: like Baseline, and the node's sysctls can be set."
        ),
    )
    run_as_user: int | None = Field(
        default=None,
        strict=True,
        ge=0,
        le=_MAX_ID,
        description=(
            "Numeric id of the user of all containers that don't name another one. Default: "
            f"{DEFAULT_USER} with profile Restricted, else the image's own user."
        ),
    )
    run_as_group: int | None = Field(
        default=None,
        strict=True,
        ge=0,
        le=_MAX_ID,
        description=(
            "Numeric id of the group of all containers, and of the volumes (fsGroup). Default: "
            f"{DEFAULT_USER} with profile Restricted, else the image's own group."
        ),
    )
    read_only_root_filesystem: bool | None = Field(
        default=None,
        strict=True,
        description=(
            "Whether the servers can write only to volumes: to their data directory and to /tmp. Default: true with "
            "profile Restricted, else false."
        ),
    )

    @property
    def is_restricted(self) -> bool:
        """Whether the pods satisfy the Pod Security Standard `restricted`."""
        return self.profile == "Restricted"

    @property
    def user(self) -> int | None:
        """The user of the containers; None if it is the image's own."""
        return DEFAULT_USER if self.run_as_user is None and self.is_restricted else self.run_as_user

    @property
    def group(self) -> int | None:
        """The group of the containers and volumes; None if it is the image's own."""
        return DEFAULT_USER if self.run_as_group is None and self.is_restricted else self.run_as_group

    @property
    def has_read_only_root(self) -> bool:
        """Whether the servers' root file system is read-only."""
        chosen = self.read_only_root_filesystem
        return self.is_restricted if chosen is None else chosen
