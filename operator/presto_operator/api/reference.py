"""What a spec refers to: keys of Secrets and ConfigMaps in the cluster's namespace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pydantic import Field

from presto_operator.api.model import Model
from presto_operator.api.model_rules import ExactlyOne
from presto_operator.api.names import DataKey, ObjectName


class KeyReference(Model):
    """One key of a Secret or a ConfigMap."""

    name: ObjectName = Field(description="Name of the object, in the cluster's namespace.")
    key: DataKey = Field(description="Key of the object's data.")


class SourceObject(NamedTuple):
    """A Secret or a ConfigMap in the cluster's namespace."""

    kind: Literal["Secret", "ConfigMap"]
    name: str

    def __str__(self) -> str:
        return f'{self.kind} "{self.name}"'


SourceData = Mapping[SourceObject, Mapping[str, str] | None]
"""The decoded data of each object that a spec refers to; None if the object doesn't exist."""


@dataclass(frozen=True)
class Reference:
    """One place in a spec that refers to an object."""

    path: str
    """The field, as in `spec.catalogs.hive.secretProperties[hive.s3.aws-secret-key]`."""
    source: SourceObject
    key: str | None = None
    """The key that is needed; None if all of the data is."""


class KeySource(Model):
    """A key of a ConfigMap or of a Secret."""

    rules = (ExactlyOne(("config_map", "secret")),)

    config_map: KeyReference | None = Field(default=None, description="A key of a ConfigMap.")
    secret: KeyReference | None = Field(default=None, description="A key of a Secret.")

    def reference(self, path: str) -> Reference:
        """The reference that a field of this type at `path` makes."""
        if self.secret is not None:
            return Reference(f"{path}.secret", SourceObject("Secret", self.secret.name), self.secret.key)
        assert self.config_map is not None
        return Reference(f"{path}.configMap", SourceObject("ConfigMap", self.config_map.name), self.config_map.key)


class ObjectSource(Model):
    """A whole ConfigMap or Secret."""

    rules = (ExactlyOne(("config_map", "secret")),)

    config_map: ObjectName | None = Field(default=None, description="Name of a ConfigMap.")
    secret: ObjectName | None = Field(default=None, description="Name of a Secret.")

    def reference(self, path: str) -> Reference:
        """The reference that a field of this type at `path` makes."""
        if self.secret is not None:
            return Reference(f"{path}.secret", SourceObject("Secret", self.secret))
        assert self.config_map is not None
        return Reference(f"{path}.configMap", SourceObject("ConfigMap", self.config_map))
