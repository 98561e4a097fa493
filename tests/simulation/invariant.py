"""What a simulation fails with."""

from __future__ import annotations


class InvariantError(AssertionError):
    """An invariant doesn't hold."""

    def __init__(self, invariant: str, what: str) -> None:
        super().__init__(f"{invariant}: {what}")
        self.invariant = invariant
        """The short name of the invariant, as in README.md."""
