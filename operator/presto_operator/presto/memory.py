"""How Presto divides a server's heap, as far as a server refuses to start over it."""

from __future__ import annotations

import re
from collections.abc import Mapping

_UNITS = {unit: 1024**power for power, unit in enumerate(("B", "kB", "MB", "GB", "TB", "PB"))}
_DATA_SIZE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*$")

_PER_NODE_LIMITS = ("query.max-total-memory-per-node", "query.max-memory-per-node")
_HEADROOM = "memory.heap-headroom-per-node"
_DEFAULT_HEADROOM_SHARE = 0.3
"""Of the heap: NodeMemoryConfig's default."""


def data_size_bytes(text: str) -> int:
    """The bytes in one of Presto's data sizes (airlift's DataSize): `300MB`, `1.5GB`; its units are powers of 1024.

    Raises:
        ValueError: `text` is none.
    """
    match = _DATA_SIZE.match(text)
    if match is None or match[2] not in _UNITS:
        raise ValueError(f'"{text}" is not a data size; write for example "300MB" (units: {", ".join(_UNITS)})')
    return int(float(match[1]) * _UNITS[match[2]])


def memory_errors(properties: Mapping[str, str], heap_bytes: int) -> list[str]:
    """What a server with this config.properties and this heap would refuse to start over, each naming its property.

    Presto wants a query's limit per node and the headroom together to fit into the heap
    (LocalMemoryManager.validateHeapHeadroom).
    """
    errors: list[str] = []
    sizes: dict[str, int] = {}
    for name in (*_PER_NODE_LIMITS, _HEADROOM):
        if name in properties:
            try:
                sizes[name] = data_size_bytes(properties[name])
            except ValueError as error:
                errors.append(f"config.{name}: {error}")
    headroom = sizes.get(_HEADROOM, int(heap_bytes * _DEFAULT_HEADROOM_SHARE))
    if headroom > heap_bytes:
        errors.append(f"config.{_HEADROOM}: {properties[_HEADROOM]} is more than the heap of {_megabytes(heap_bytes)}")
        return errors
    for name in _PER_NODE_LIMITS:
        if sizes.get(name, 0) + headroom > heap_bytes:
            errors.append(
                f"config.{name}: {properties[name]} and the headroom of {_megabytes(headroom)} "
                f"({_HEADROOM}, 30 % of the heap unless set) don't fit into the heap of {_megabytes(heap_bytes)}"
            )
            break
    return errors


def _megabytes(size: int) -> str:
    return f"{size // 1024**2}MB"
