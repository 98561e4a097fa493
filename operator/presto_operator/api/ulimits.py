"""`ulimits`: resource limits of the server's process."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from presto_operator.api.model import Model

UNLIMITED = "unlimited"
MINIMUM_OPEN_FILES = 4096
"""With less Presto refuses to start (its PrestoSystemRequirements)."""

_MAXIMUM = 2**53  # what a JSON number holds exactly; the kernel's own bounds are lower

Limit = Annotated[
    Annotated[int, Field(strict=True, ge=0, le=_MAXIMUM)] | Literal["unlimited"],
    WithJsonSchema(
        {
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "x-kubernetes-int-or-string": True,
            "minimum": 0,
            "maximum": _MAXIMUM,
            "pattern": f"^{UNLIMITED}$",
            "maxLength": len(UNLIMITED),
        }
    ),
]
"""A limit: a whole number, or "unlimited"."""

OpenFiles = Annotated[
    int,
    Field(strict=True, ge=MINIMUM_OPEN_FILES, le=_MAXIMUM),
]


class Ulimits(Model):
    """Resource limits, soft and hard, that the start command sets. What is left out is as the node gives it.

    A pod can lower its limits, and raise a soft one up to the hard one; more than that only the node can give.
    """

    nofile: OpenFiles | None = Field(
        default=None,
        description=f"Open files and sockets. Presto refuses to start with less than {MINIMUM_OPEN_FILES}.",
    )
    nproc: Limit | None = Field(
        default=None, description='Processes and threads of the server\'s user on the node, or "unlimited".'
    )
    core: Limit | None = Field(default=None, description='Size of a core dump in bytes, 0 for none, or "unlimited".')
    memlock: Limit | None = Field(
        default=None, description='Memory that may be locked, in bytes, or "unlimited"; large pages need it.'
    )
    stack: Limit | None = Field(
        default=None,
        description='Stack of the main thread in bytes, or "unlimited"; those of Java threads are set by -Xss.',
    )

    @property
    def given(self) -> dict[str, int | str]:
        """The limits that are set, by name."""
        return dict(self.model_dump(exclude_none=True))
