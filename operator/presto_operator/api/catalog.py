"""`catalogs` and `catalogsFrom`: the connectors, and where their properties come from."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from presto_operator.api.model import Model, rule, schema
from presto_operator.api.properties import Properties, PropertyName
from presto_operator.api.reference import KeyReference, KeySource

CATALOG_NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
MAX_CATALOG_NAME_LENGTH = 63
CatalogName = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_CATALOG_NAME_LENGTH, pattern=CATALOG_NAME_PATTERN)
]


class Catalog(Model):
    """A catalog: a connector and how it is configured."""

    model_config = schema(
        rule(
            "!has(self.secretProperties) || !has(self.properties) || "
            "self.secretProperties.all(name, !(name in self.properties))",
            "a property must not be in properties and in secretProperties",
        ),
        rule(
            "has(self.properties) || has(self.propertiesFrom) || has(self.secretProperties)",
            "set properties, propertiesFrom or secretProperties",
        ),
    )

    properties: Properties = Field(
        default_factory=dict,
        description=(
            'Properties of the catalog; connector.name names the connector, for example "tpch". It is required unless '
            "propertiesFrom has it, or spec.metastore makes this catalog."
        ),
    )
    secret_properties: dict[PropertyName, KeyReference] = Field(
        default_factory=dict,
        max_length=64,
        description=(
            "Properties whose values are in Secrets of the cluster's namespace, by the property's name. Presto reads "
            "them from a Secret of the operator's, and never from a ConfigMap. A changed value rolls the cluster."
        ),
    )
    properties_from: KeySource | None = Field(
        default=None,
        description=(
            "A properties file in a ConfigMap or Secret of the cluster's namespace, which several clusters may share. "
            "What properties and secretProperties say goes before it. A changed file rolls the cluster."
        ),
    )

    @model_validator(mode="after")
    def _said_once(self) -> Catalog:
        for name in self.secret_properties:
            if name in self.properties:
                raise ValueError(f'"{name}" must not be in properties and in secretProperties')
        if not (self.properties or self.secret_properties or self.properties_from):
            raise ValueError("set properties, propertiesFrom or secretProperties")
        return self
