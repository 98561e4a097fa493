"""`spec` of a PrestoCluster."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from presto_operator.api.model import Model, nested, rule, schema
from presto_operator.api.role import Coordinator, PropertyName, PropertyValue
from presto_operator.api.workers import Workers
from presto_operator.presto import VERSION_PATTERN, parse_version


class Image(Model):
    """Where the Presto image comes from."""

    repository: str = Field(
        default="prestodb/presto",
        min_length=1,
        max_length=256,
        description="Image repository, without a tag. Any image with a Presto distribution, a JVM and a shell will do.",
    )
    tag: str | None = Field(
        default=None,
        min_length=1,
        max_length=128,
        description="Image tag; the cluster's version unless told.",
    )
    pull_policy: Literal["Always", "IfNotPresent", "Never"] = Field(
        default="IfNotPresent", description="When a node pulls the image."
    )
    pull_secrets: tuple[Annotated[str, StringConstraints(max_length=253)], ...] = Field(
        default=(), max_length=8, description="Names of image pull Secrets in the cluster's namespace."
    )


def _a_release(version: str) -> str:
    parse_version(version)
    return version


def _with_connector_name(properties: dict[str, str]) -> dict[str, str]:
    if "connector.name" not in properties:
        raise ValueError("connector.name is required: it names the connector")
    return properties


class Catalog(Model):
    """A catalog: a connector and how it is configured."""

    properties: Annotated[
        dict[PropertyName, PropertyValue],
        Field(
            max_length=256,
            json_schema_extra={
                "x-kubernetes-validations": [
                    rule("'connector.name' in self", "connector.name is required: it names the connector")
                ]
            },
        ),
        AfterValidator(_with_connector_name),
    ] = Field(description='Properties of the catalog; connector.name is required, for example "tpch".')


CATALOG_NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
CatalogName = Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=CATALOG_NAME_PATTERN)]


class PrestoClusterSpec(Model):
    """What the cluster shall be. Written by users only: the operator never changes it."""

    model_config = schema(
        rule(
            "!has(self.catalogs) || "
            f"self.catalogs.all(name, name.matches('{CATALOG_NAME_PATTERN}') && name.size() <= 63)",
            "catalogs: a name must start with a letter and hold only small letters, digits and underscores",
        )
    )

    version: Annotated[
        str,
        StringConstraints(max_length=32),
        AfterValidator(_a_release),
        Field(json_schema_extra={"pattern": VERSION_PATTERN}),
    ] = Field(description='Presto release, quoted, for example "0.287".')
    image: Image = nested(Image, "The Presto image.")
    coordinator: Coordinator = nested(Coordinator, "The coordinator.")
    workers: Workers = nested(Workers, "The workers.")
    catalogs: dict[CatalogName, Catalog] = Field(
        default_factory=dict,
        max_length=64,
        description="Catalogs by name, for example {tpch: {properties: {connector.name: tpch}}}.",
    )

    @property
    def image_reference(self) -> str:
        """The image that every server runs."""
        return f"{self.image.repository}:{self.image.tag or self.version}"
