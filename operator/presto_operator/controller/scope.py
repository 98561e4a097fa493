"""What an operator manages: in which namespaces, and what the clusters there may ask for."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from presto_operator.api import STRICT, TenantPolicy


@dataclass(frozen=True)
class Scope:
    """The PrestoClusters that an operator manages."""

    namespaces: tuple[str, ...] = ()
    """All if empty."""
    excluded: tuple[str, ...] = ()
    """Namespaces that are ignored all the same; `*` and `?` are wildcards."""
    policy: TenantPolicy = STRICT

    def includes(self, namespace: str) -> bool:
        """Whether this namespace, one of `namespaces`, is not excluded."""
        return not any(fnmatchcase(namespace, pattern) for pattern in self.excluded)


EVERYWHERE = Scope()
