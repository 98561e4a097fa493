"""A PrestoCluster, validated and with its references resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from presto_operator.api.resolution import CatalogProperties, RoleField
from presto_operator.api.spec import PrestoClusterSpec


@dataclass(frozen=True)
class PrestoCluster:
    """A valid PrestoCluster: its identity, its spec, and what the spec refers to."""

    namespace: str
    name: str
    uid: str
    spec: PrestoClusterSpec
    catalogs: Mapping[str, CatalogProperties] = field(default_factory=dict)
    """All catalogs by name, whatever their properties come from."""
    environment: Mapping[RoleField, Mapping[str, str]] = field(default_factory=dict)
    """For each role, the values of the environment variables that come from Secrets and ConfigMaps."""
    explained_metastores: tuple[str, ...] = ("*",)
    """Hosts outside of its namespace for which its users are told why they can't be used; with wildcards."""
    operator_namespace: str = ""
    """The namespace of the operator's own pod; empty if it isn't known."""
    hash_key: bytes = field(default=b"", repr=False)
    """The key for hashes of what is secret; empty for a cluster that was read from a file, or has no secrets."""

    @property
    def uses_secrets(self) -> bool:
        """Whether anything of it comes from a Secret, or may: variables that come from ConfigMaps count, too."""
        return any(self.environment.values()) or any(catalog.is_secret for catalog in self.catalogs.values())
