"""`catalogs` and `catalogsFrom`: the connectors, and where their properties come from."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from presto_operator.api.field_rules import KeysMatch, Matches
from presto_operator.api.model import Model
from presto_operator.api.model_rules import AtLeastOne, Paired
from presto_operator.api.properties import Properties, PropertyName
from presto_operator.api.reference import KeyReference, KeySource
from presto_operator.api.rules import Problem, at_key, cel

_NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
MAX_CATALOG_NAME_LENGTH = 63
_NAME_FORM = (
    f"start with a letter, consist of lowercase letters, digits and underscores, and have at most "
    f"{MAX_CATALOG_NAME_LENGTH} characters"
)

CATALOG_NAME = Matches(_NAME_PATTERN, _NAME_FORM)
CATALOG_NAMES = KeysMatch(_NAME_PATTERN, MAX_CATALOG_NAME_LENGTH, _NAME_FORM)


def _in_both(catalog: Catalog) -> Iterator[Problem]:
    for name in catalog.secret_properties:
        if name in catalog.properties:
            yield Problem(f"secretProperties.{at_key(name)}", "is set in properties too: remove one of the two")


class Catalog(Model):
    """A catalog: a connector and its configuration."""

    rules = (
        AtLeastOne(("properties", "properties_from", "secret_properties")),
        Paired(
            cel(
                "!has(self.secretProperties) || !has(self.properties) || "
                "self.secretProperties.all(name, !(name in self.properties))",
                "a property must not be in both properties and secretProperties",
            ),
            _in_both,
        ),
    )

    properties: Properties = Field(
        default_factory=dict,
        description=(
            'Properties of the catalog. connector.name selects the connector, for example "tpch"; it is required '
            "unless propertiesFrom contains it or spec.metastore creates this catalog."
        ),
    )
    secret_properties: dict[PropertyName, KeyReference] = Field(
        default_factory=dict,
        max_length=64,
        description=(
            "Properties whose values are in Secrets of the cluster's namespace, by property name. They reach Presto "
            "through a Secret of the operator, never through a ConfigMap. A changed value rolls out a new generation."
        ),
    )
    properties_from: KeySource | None = Field(
        default=None,
        description=(
            "A properties file in a ConfigMap or Secret of the cluster's namespace, which several clusters can share. "
            "properties and secretProperties override it. A changed file rolls out a new generation. Default: none."
        ),
    )
