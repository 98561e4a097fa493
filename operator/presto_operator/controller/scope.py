"""The namespaces that an operator manages."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Scope:
    """The namespaces whose PrestoClusters an operator manages."""

    namespaces: tuple[str, ...] = ()
    """All if empty."""
    excluded: tuple[str, ...] = ()
    """Namespaces that are ignored all the same; `*` and `?` are wildcards."""

    def includes(self, namespace: str) -> bool:
        """Whether this namespace, one of `namespaces`, is not excluded."""
        return not any(fnmatchcase(namespace, pattern) for pattern in self.excluded)


EVERYWHERE = Scope()
