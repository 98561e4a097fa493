"""What a spec refers to: keys of Secrets and ConfigMaps in the cluster's namespace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, StringConstraints, model_validator

from presto_operator.api.model import Model, rule, schema

ObjectName = Annotated[
    str, StringConstraints(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
]
DataKey = Annotated[str, StringConstraints(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")]


class KeyReference(Model):
    """One key of a Secret or a ConfigMap."""

    name: ObjectName = Field(description="Name of the object, in the cluster's namespace.")
    key: DataKey = Field(description="Key of its data.")


class SourceObject(NamedTuple):
    """A Secret or a ConfigMap in the cluster's namespace."""

    kind: Literal["Secret", "ConfigMap"]
    name: str

    def __str__(self) -> str:
        return f'{self.kind} "{self.name}"'


SourceData = Mapping[SourceObject, Mapping[str, str] | None]
"""The data of each object that a spec refers to, decoded; None: there is no such object."""


@dataclass(frozen=True)
class Reference:
    """One place in a spec that refers to an object."""

    path: str
    """Where, as in `spec.catalogs.hive.secretProperties[hive.s3.aws-secret-key]`."""
    source: SourceObject
    key: str | None = None
    """The key that is needed; None: all of its data."""


_ONE_SOURCE_RULE = rule("has(self.configMap) != has(self.secret)", "set configMap or secret, and only one of them")


class KeySource(Model):
    """A key of a ConfigMap or of a Secret."""

    model_config = schema(_ONE_SOURCE_RULE)

    config_map: KeyReference | None = Field(default=None, description="Key of a ConfigMap.")
    secret: KeyReference | None = Field(default=None, description="Key of a Secret.")

    def reference(self, path: str) -> Reference:
        """What this refers to, as a field at `path`."""
        if self.secret is not None:
            return Reference(f"{path}.secret", SourceObject("Secret", self.secret.name), self.secret.key)
        assert self.config_map is not None
        return Reference(f"{path}.configMap", SourceObject("ConfigMap", self.config_map.name), self.config_map.key)

    @model_validator(mode="after")
    def _one_source(self) -> KeySource:
        _require_one(self.config_map, self.secret)
        return self


class ObjectSource(Model):
    """A whole ConfigMap or Secret."""

    model_config = schema(_ONE_SOURCE_RULE)

    config_map: ObjectName | None = Field(default=None, description="Name of a ConfigMap.")
    secret: ObjectName | None = Field(default=None, description="Name of a Secret.")

    def reference(self, path: str) -> Reference:
        """What this refers to, as a field at `path`."""
        if self.secret is not None:
            return Reference(f"{path}.secret", SourceObject("Secret", self.secret))
        assert self.config_map is not None
        return Reference(f"{path}.configMap", SourceObject("ConfigMap", self.config_map))

    @model_validator(mode="after")
    def _one_source(self) -> ObjectSource:
        _require_one(self.config_map, self.secret)
        return self


def _require_one(config_map: object, secret: object) -> None:
    if (config_map is None) == (secret is None):
        raise ValueError(_ONE_SOURCE_RULE["message"])
