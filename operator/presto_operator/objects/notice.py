"""News about a cluster, before it becomes an Event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Notice:
    """Something that happened to a cluster and that its owner may want to know."""

    type: Literal["Normal", "Warning"]
    reason: str
    """One word in CamelCase."""
    message: str
