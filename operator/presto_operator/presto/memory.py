"""Memory properties that don't fit into a server's heap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from presto_operator.presto.config_properties import refers_to_environment
from presto_operator.presto.units import data_size_bytes

_USER = "query.max-memory-per-node"
_TOTAL = "query.max-total-memory-per-node"
_HEADROOM = "memory.heap-headroom-per-node"
_DEFAULT_HEADROOM_SHARE = 0.3
"""As a share of the heap: the default of NodeMemoryConfig."""

_DEFAULT_USER_SHARE = 0.1
_TOTAL_OF_USER = 2
"""The total limit defaults to twice the user limit (NodeMemoryConfig.getMaxQueryTotalMemoryPerNode of 0.287)."""


def memory_errors(properties: Mapping[str, str], heap_bytes: int) -> list[tuple[str, str]]:
    """Reasons for which a server with this config.properties and this heap would not start: property and message.

    A query's total limit per node and the headroom together must fit into the heap, and its user limit must not exceed
    its total limit (LocalMemoryManager.validateHeapHeadroom of 0.287). What Presto takes from the environment isn't
    known, so nothing that depends on it is checked.
    """
    names = (_USER, _TOTAL, _HEADROOM)
    if any(refers_to_environment(properties.get(name, "")) for name in names):
        return []
    errors: list[tuple[str, str]] = []
    sizes: dict[str, int] = {}
    for name in names:
        if name in properties:
            try:
                sizes[name] = data_size_bytes(properties[name])
            except ValueError as error:
                errors.append((name, str(error)))
    return errors or list(_misfits(properties, sizes, heap_bytes))


def _misfits(properties: Mapping[str, str], sizes: Mapping[str, int], heap: int) -> Iterator[tuple[str, str]]:
    headroom = sizes.get(_HEADROOM, int(heap * _DEFAULT_HEADROOM_SHARE))
    if headroom > heap:
        yield _HEADROOM, f"{properties[_HEADROOM]} is more than the heap of {_megabytes(heap)}"
        return
    user = sizes.get(_USER, int(heap * _DEFAULT_USER_SHARE))
    total = sizes.get(_TOTAL, _TOTAL_OF_USER * user)
    if user > total:
        place = _USER if _USER in sizes else _TOTAL
        yield place, f"{_USER} ({_megabytes(user)}) must not be greater than {_TOTAL} ({_megabytes(total)})"
    if total + headroom > heap:
        yield _too_large(properties, total, headroom, heap)


def _too_large(properties: Mapping[str, str], total: int, headroom: int, heap: int) -> tuple[str, str]:
    place = next((name for name in (_TOTAL, _USER) if name in properties), _HEADROOM)
    # A default is said too: the property that is set may look small enough.
    is_default = place == _USER
    limit = f"a limit of {_megabytes(total)} ({_TOTAL}, by default twice {_USER})" if is_default else properties[place]
    return place, (
        f"{limit} and the headroom of {_megabytes(headroom)} ({_HEADROOM}, by default 30 % of the heap) don't fit into "
        f"the heap of {_megabytes(heap)}: {f'set {_TOTAL}, ' if is_default else ''}lower one of them, or raise the heap"
    )


def _megabytes(size: int) -> str:
    return f"{size // 1024**2}MB"
