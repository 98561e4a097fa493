"""Memory properties that don't fit into a server's heap."""

from __future__ import annotations

from collections.abc import Mapping

from presto_operator.presto.units import data_size_bytes

_PER_NODE_LIMITS = ("query.max-total-memory-per-node", "query.max-memory-per-node")
_HEADROOM = "memory.heap-headroom-per-node"
_DEFAULT_HEADROOM_SHARE = 0.3
"""As a share of the heap: the default of NodeMemoryConfig."""


def memory_errors(properties: Mapping[str, str], heap_bytes: int) -> list[tuple[str, str]]:
    """Reasons for which a server with this config.properties and this heap would not start: property and message.

    A query's limit per node and the headroom together must fit into the heap
    (LocalMemoryManager.validateHeapHeadroom).
    """
    errors: list[tuple[str, str]] = []
    sizes: dict[str, int] = {}
    for name in (*_PER_NODE_LIMITS, _HEADROOM):
        if name in properties:
            try:
                sizes[name] = data_size_bytes(properties[name])
            except ValueError as error:
                errors.append((name, str(error)))
    headroom = sizes.get(_HEADROOM, int(heap_bytes * _DEFAULT_HEADROOM_SHARE))
    if headroom > heap_bytes:
        errors.append((_HEADROOM, f"{properties[_HEADROOM]} is more than the heap of {_megabytes(heap_bytes)}"))
        return errors
    for name in _PER_NODE_LIMITS:
        if sizes.get(name, 0) + headroom > heap_bytes:
            message = (
                f"{properties[name]} and the headroom of {_megabytes(headroom)} ({_HEADROOM}, by default 30 % of the "
                f"heap) don't fit into the heap of {_megabytes(heap_bytes)}: lower one of them, or raise the heap"
            )
            errors.append((name, message))
            break
    return errors


def _megabytes(size: int) -> str:
    return f"{size // 1024**2}MB"
