"""`jvm`: the JVM of one role."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from presto_operator.api.model import Model, rule, schema
from presto_operator.api.quantity import MemoryQuantity
from presto_operator.presto import HEAP_FLAGS

DEFAULT_HEAP_PERCENT = 75

_heap_flag_rules = tuple(
    rule(
        f"!has(self.extraArgs) || self.extraArgs.all(argument, !argument.startsWith('{flag}'))",
        f"extraArgs must not carry {flag}: set heapPercent or heapSize instead",
    )
    for flag in HEAP_FLAGS
)


class JVM(Model):
    """How much heap the JVM gets and which further arguments it is started with."""

    model_config = schema(
        *_heap_flag_rules,
        rule("!(has(self.heapPercent) && has(self.heapSize))", "set heapPercent or heapSize, not both"),
    )

    heap_percent: int | None = Field(
        default=None,
        strict=True,
        ge=10,
        le=95,
        description=(
            "Largest heap in percent of the container's memory limit, 75 unless told. The rest is for threads, "
            "direct buffers and the JVM itself. Not together with heapSize."
        ),
    )
    heap_size: MemoryQuantity | None = Field(
        default=None,
        description='Largest heap such as "12Gi", less than the memory limit. Not together with heapPercent.',
    )
    extra_args: tuple[Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^-\S.*$")], ...] = Field(
        default=(),
        max_length=64,
        description=(
            'Further JVM arguments, one an item, such as "-XX:G1HeapRegionSize=32M". They come last, so they win over '
            "the operator's own. Heap flags are refused: use heapPercent or heapSize."
        ),
    )

    heap_dump_path: Annotated[str, Field(max_length=256, pattern=r"^/\S*$")] | None = Field(
        default=None,
        description=(
            "Directory for a heap dump when the heap is exhausted; none is written unless told. Presto exits then in "
            'any case, and starts anew. "/var/lib/presto" outlives that start but not the pod; a volume may outlive it.'
        ),
    )

    @model_validator(mode="after")
    def _one_heap_setting(self) -> JVM:
        if self.heap_percent is not None and self.heap_size is not None:
            raise ValueError("set heapPercent or heapSize, not both")
        return self

    @model_validator(mode="after")
    def _no_heap_flags(self) -> JVM:
        for argument in self.extra_args:
            for flag in HEAP_FLAGS:
                if argument.startswith(flag):
                    raise ValueError(
                        f'extraArgs must not carry {flag} ("{argument}"): set heapPercent or heapSize instead'
                    )
        return self
