"""`emptyDirLimits`: how much of its node's disk a server may fill."""

from __future__ import annotations

from pydantic import Field

from presto_operator.api.model import Model
from presto_operator.api.quantity import MemoryQuantity


class EmptyDirLimits(Model):
    """Size limits of the directories on the node's disk that a server writes to.

    The kubelet evicts a pod that exceeds one, so that it doesn't fill the disk of its neighbours.
    """

    data: MemoryQuantity | None = Field(
        default=None,
        description=(
            "Size limit of /var/lib/presto. Default: 10Gi, plus the heap's size if jvm.heapDumpPath is in that "
            "directory."
        ),
    )
    tmp: MemoryQuantity | None = Field(
        default=None,
        description="Size limit of /tmp. Default: 2Gi, plus the heap's size if jvm.heapDumpPath is in that directory.",
    )
    plugins: MemoryQuantity = Field(
        default="5Gi", description="Size limit of the plugins of spec.plugins, with their downloads."
    )
