"""Defects that the simulation has found and that are not mended yet. Each is looked away from by name, until it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto


class Known(Enum):
    """A defect that is not mended yet."""

    FORMER_WORKERS = auto()
    """A Deployment of former workers is not created again while the new workers of the same generation can't start:
    the record of the generation is of the new ones."""
    LABEL_OF_DEPLOYMENT = auto()
    """A Deployment that is no longer desired is forgotten once its label was removed: former workers, or a former
    generation, stay for good."""


_unmended = set(Known)


def is_unmended(defect: Known) -> bool:
    """Whether the simulation looks away from a defect."""
    return defect in _unmended


@contextmanager
def looking_at(defect: Known) -> Iterator[None]:
    """Don't look away from this defect, for a test that it is still there."""
    _unmended.discard(defect)
    try:
        yield
    finally:
        _unmended.add(defect)
