"""`jvm`: the JVM of one role."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from presto_operator.api.field_rules import BLANKS, Matches, NotReserved
from presto_operator.api.model import Model
from presto_operator.api.model_rules import NotBoth
from presto_operator.api.quantity import MemoryQuantity
from presto_operator.presto import HEAP_FLAGS

DEFAULT_HEAP_PERCENT = 75

_Argument = Annotated[
    str,
    Field(max_length=1024),
    Matches(
        rf"^-[^{BLANKS}][^\t\n\v\f\r]*$",
        'be one JVM argument on one line that starts with a dash, for example "-XX:G1HeapRegionSize=32M"',
    ),
    NotReserved(
        (), f"must not set the heap ({', '.join(HEAP_FLAGS)}): set jvm.heapPercent or jvm.heapSize instead", HEAP_FLAGS
    ),
]


class JVM(Model):
    """The heap of a server's JVM, and more arguments for it."""

    rules = (NotBoth(("heap_percent", "heap_size")),)

    heap_percent: int | None = Field(
        default=None,
        strict=True,
        ge=10,
        le=95,
        description=(
            "Maximum heap in percent of the container's memory limit. The rest is for threads, direct buffers and the "
            f"JVM itself. Not together with heapSize. Default: {DEFAULT_HEAP_PERCENT}."
        ),
    )
    heap_size: MemoryQuantity | None = Field(
        default=None,
        description=(
            'Maximum heap, for example "12Gi"; less than the memory limit. Not together with heapPercent. '
            "Default: heapPercent of the memory limit."
        ),
    )
    extra_args: tuple[_Argument, ...] = Field(
        default=(),
        max_length=64,
        description=(
            'More JVM arguments, one per item, for example "-XX:G1HeapRegionSize=32M". They override the operator\'s '
            "own. Arguments that set the heap are refused: use heapPercent or heapSize."
        ),
    )
    heap_dump_path: (
        Annotated[
            str,
            Field(max_length=256),
            Matches(rf"^/[^{BLANKS}]*$", 'be an absolute path without blanks, for example "/var/lib/presto"'),
        ]
        | None
    ) = Field(
        default=None,
        description=(
            "Directory for a heap dump when the heap is exhausted; Presto exits and is restarted in any case. "
            'A dump in "/var/lib/presto" survives this restart but not the pod; to keep it longer, use a volume. '
            "Default: no heap dump."
        ),
    )
