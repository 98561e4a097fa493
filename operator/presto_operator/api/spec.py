"""`spec` of a PrestoCluster."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator, model_validator

from presto_operator.api.autoscaling import Autoscaling
from presto_operator.api.catalog import (
    CATALOG_NAME_PATTERN,
    MAX_CATALOG_NAME_LENGTH,
    Catalog,
    CatalogName,
)
from presto_operator.api.metastore import Metastore
from presto_operator.api.model import BY_NAME, Model, first_duplicate, nested, problem_inside, rule, schema
from presto_operator.api.plugin import Plugin
from presto_operator.api.query_retry import QueryRetry
from presto_operator.api.reference import ObjectSource
from presto_operator.api.role import Coordinator
from presto_operator.api.service_account import ServiceAccount
from presto_operator.api.session_rule import SessionPropertyRule
from presto_operator.api.sysctls import OPT_IN_RULE, Sysctls
from presto_operator.api.workers import Workers
from presto_operator.presto import (
    CONNECTOR_NAME,
    PLUGIN_DIRECTORY_PROPERTY,
    VERSION_PATTERN,
    JavaVersion,
    java_version,
    parse_version,
    resource_group_errors,
)


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
    java_version: Literal[8, 11, 17] | None = Field(
        default=None,
        description=(
            "Major release of the Java in the image, which decides the JVM's default arguments; what the Presto "
            "release comes with unless told: 17 from 0.295 on, 11 before."
        ),
    )
    pull_secrets: tuple[Annotated[str, StringConstraints(max_length=253)], ...] = Field(
        default=(), max_length=8, description="Names of image pull Secrets in the cluster's namespace."
    )


def _a_release(version: str) -> str:
    parse_version(version)
    return version


def _checked_resource_groups(groups: dict[str, Any]) -> dict[str, Any]:
    errors = resource_group_errors(groups)
    if errors:
        raise ValueError("; ".join(errors))
    return groups


class PrestoClusterSpec(Model):
    """What the cluster shall be. Written by users only: the operator never changes it."""

    model_config = schema(
        rule(
            "!has(self.catalogs) || "
            f"self.catalogs.all(name, name.matches('{CATALOG_NAME_PATTERN}') && "
            f"name.size() <= {MAX_CATALOG_NAME_LENGTH})",
            "a name must start with a letter and hold only small letters, digits and underscores",
            field="catalogs",
        ),
        rule(
            "!has(self.catalogs) || self.catalogs.all(name, has(self.catalogs[name].propertiesFrom) || "
            f"(has(self.catalogs[name].properties) && '{CONNECTOR_NAME}' in self.catalogs[name].properties) || "
            "(has(self.metastore) && self.metastore.catalog == name))",
            f"{CONNECTOR_NAME} is required in a catalog's properties: it names the connector",
            field="catalogs",
        ),
        OPT_IN_RULE,
        *(
            rule(
                f"!has(self.plugins) || self.plugins.size() == 0 || !has(self.{role}) || !has(self.{role}.config) || "
                f"!('{PLUGIN_DIRECTORY_PROPERTY}' in self.{role}.config)",
                f"{role}.config: {PLUGIN_DIRECTORY_PROPERTY} follows from plugins, which adds to the image's own: "
                "remove one of the two",
            )
            for role in ("coordinator", "workers")
        ),
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
    autoscaling: Autoscaling | None = Field(
        default=None,
        description="How many workers there shall be by what there is to do; else workers.replicas rules.",
    )
    metastore: Metastore | None = Field(
        default=None, description="The Hive metastore that this cluster shares with others, and its S3."
    )
    catalogs: dict[CatalogName, Catalog] = Field(
        default_factory=dict,
        max_length=64,
        description="Catalogs by name, for example {tpch: {properties: {connector.name: tpch}}}.",
    )
    catalogs_from: tuple[ObjectSource, ...] = Field(
        default=(),
        max_length=16,
        description=(
            "ConfigMaps and Secrets of the cluster's namespace that hold catalogs, so that several clusters share "
            "them: each key such as hive.properties is a catalog. What catalogs says of one goes before it, later "
            "sources go before earlier ones. A changed file rolls the cluster."
        ),
    )
    service_account: ServiceAccount = nested(ServiceAccount, "The identity of the cluster's pods.")
    resource_groups: Annotated[
        dict[str, Any],
        AfterValidator(_checked_resource_groups),
        Field(json_schema_extra={"x-kubernetes-preserve-unknown-fields": True}),
    ] = Field(
        default_factory=dict,
        description=(
            "Presto's resource groups, as in its own resource-groups.json: rootGroups, selectors and cpuQuotaPeriod. "
            "Without them, Presto's defaults hold."
        ),
    )
    session_property_rules: tuple[SessionPropertyRule, ...] = Field(
        default=(),
        max_length=64,
        description="Defaults of session properties for queries by user, source, type, tags or resource group.",
    )

    query_retry: QueryRetry = Field(
        default_factory=QueryRetry, description="Presto's own retry of queries that lost a worker."
    )
    plugins: tuple[Plugin, ...] = Field(
        default=(),
        max_length=32,
        description="Presto plugins that are added to the image's own on every server.",
        json_schema_extra=BY_NAME,
    )
    sysctls: Sysctls = Field(
        default_factory=dict,
        description=(
            'Kernel parameters, for example {"net.ipv4.tcp_keepalive_time": "60"}. Those that a pod has for itself '
            "(kernel.shm*, kernel.msg*, kernel.sem, fs.mqueue.*, net.*) become part of the pods' securityContext; "
            "beyond the few that Kubernetes holds safe, the kubelet must allow them by --allowed-unsafe-sysctls. All "
            "others are the node's and need allowNodeSysctls."
        ),
    )
    allow_node_sysctls: bool = Field(
        default=False,
        strict=True,
        description=(
            "Whether sysctls may change kernel parameters of whole nodes. A privileged init container sets them; they "
            "hold for all that runs on the node, and outlive the pod."
        ),
    )

    @field_validator("catalogs", mode="after")
    @classmethod
    def _connectors_are_named(cls, catalogs: dict[str, Catalog], info: ValidationInfo) -> dict[str, Catalog]:
        metastore = info.data.get("metastore")
        for name, catalog in catalogs.items():
            is_of_metastore = metastore is not None and metastore.catalog == name
            if not (catalog.properties_from or CONNECTOR_NAME in catalog.properties or is_of_metastore):
                raise problem_inside(f"{name}.properties", f"{CONNECTOR_NAME} is required: it names the connector")
        return catalogs

    @model_validator(mode="after")
    def _plugin_names_are_unique(self) -> PrestoClusterSpec:
        if name := first_duplicate([plugin.name for plugin in self.plugins]):
            raise problem_inside("plugins", f'two of them are named "{name}": each needs a name of its own')
        return self

    @property
    def java(self) -> JavaVersion:
        """The Java that the servers run on."""
        return self.image.java_version or java_version(parse_version(self.version))

    @property
    def retries_queries(self) -> bool:
        """Whether Presto shall run queries again that lost a worker."""
        if self.query_retry.enabled is not None:
            return self.query_retry.enabled
        return self.has_spot_workers

    @property
    def has_spot_workers(self) -> bool:
        """Whether any pool is said to be of spot nodes, which may vanish."""
        return any(pool.capacity_type == "Spot" for pool in self.workers.pools)

    @property
    def image_reference(self) -> str:
        """The image that every server runs."""
        return f"{self.image.repository}:{self.image.tag or self.version}"
