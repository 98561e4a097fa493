"""`ulimits`: resource limits of the server's process."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from presto_operator.api.field_rules import NumberOrText
from presto_operator.api.model import Model

_LEAST_OPEN_FILES = 4096
"""Presto refuses to start with less (PrestoSystemRequirements)."""

_MAXIMUM = 2**53
"""The largest integer that JSON numbers hold exactly; the kernel's own bounds are lower."""

Limit = Annotated[
    int | str,
    NumberOrText(0, _MAXIMUM, "^unlimited$", len("unlimited"), 'be a whole number of at least 0, or "unlimited"'),
]

OpenFiles = Annotated[int, Field(strict=True, ge=_LEAST_OPEN_FILES, le=_MAXIMUM)]


class Ulimits(Model):
    """Soft and hard resource limits, which the start command sets. Limits that are not set stay as the node has them.

    A pod can lower its limits, and raise a soft limit up to the hard one; only the node can give it more.
    """

    nofile: OpenFiles | None = Field(
        default=None,
        description=(
            f"Open files and sockets; Presto refuses to start with less than {_LEAST_OPEN_FILES}. "
            "Default: the node's limit."
        ),
    )
    nproc: Limit | None = Field(
        default=None,
        description=(
            "Processes and threads of the server's user on the node, or \"unlimited\". Default: the node's limit."
        ),
    )
    core: Limit | None = Field(
        default=None,
        description='Size of a core dump in bytes, 0 for none, or "unlimited". Default: the node\'s limit.',
    )
    memlock: Limit | None = Field(
        default=None,
        description=(
            'Memory that may be locked, in bytes, or "unlimited"; large pages need it. Default: the node\'s limit.'
        ),
    )
    stack: Limit | None = Field(
        default=None,
        description=(
            'Stack of the main thread in bytes, or "unlimited"; -Xss sets the stacks of Java threads. '
            "Default: the node's limit."
        ),
    )

    @property
    def given(self) -> dict[str, int | str]:
        """The limits that are set, by name."""
        return dict(self.model_dump(exclude_none=True))
