"""`spec` of a PrestoCluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator

from presto_operator.api.autoscaling import Autoscaling
from presto_operator.api.catalog import CATALOG_NAMES, Catalog
from presto_operator.api.coordinator import Coordinator
from presto_operator.api.field_rules import KeyedBy, Matches
from presto_operator.api.image import Image
from presto_operator.api.metastore import Metastore
from presto_operator.api.model import FreeForm, Model, nested
from presto_operator.api.network_policy import NetworkPolicy
from presto_operator.api.plugin import Plugin
from presto_operator.api.pod_security import PodSecurity
from presto_operator.api.reference import ObjectSource
from presto_operator.api.rules import Problem, UncheckedAtApply, raise_problems
from presto_operator.api.service_account import ServiceAccount
from presto_operator.api.session_rule import SessionPropertyRule
from presto_operator.api.spec_rules import (
    CATALOGS_HAVE_CONNECTORS,
    CPU_USE_IS_READABLE,
    INTERNAL_TRAFFIC_IS_HTTP,
    JAVA_RUNS_THE_RELEASE,
    NETWORK_SYSCTLS_HAVE_A_NETWORK,
    NOBODY_IS_ROOT,
    NODE_SYSCTLS_ARE_ALLOWED,
    NODE_SYSCTLS_ARE_PRIVILEGED,
    OVERRIDES_KEEP_PLACEMENT,
    PASSWORDS_NEED_HTTPS,
    plugin_directory_rule,
    unnamed_connectors,
)
from presto_operator.api.sysctls import Sysctls
from presto_operator.api.workers import Workers
from presto_operator.presto import VERSION_PATTERN, JavaVersion, java_version, parse_version, resource_group_errors

_Version = Annotated[
    str,
    Field(max_length=32),
    Matches(VERSION_PATTERN, 'be a Presto release in quotes, for example "0.287"'),
]


class QueryRetry(Model):
    """Presto's own retry of queries that lost a worker before their first row was sent to the client."""

    enabled: bool | None = Field(
        default=None,
        strict=True,
        description=(
            "Whether Presto runs a query again, up to three times, if it lost a worker before its client received the "
            "first row. A change rolls out a new generation. A role's config overrides the properties that this sets. "
            "Default: true if any pool has capacityType Spot, else false."
        ),
    )


@dataclass(frozen=True)
class AreResourceGroups(UncheckedAtApply):
    """Resource groups that Presto would start with. They nest, so the CRD can't describe them."""

    def problems(self, value: Mapping[str, Any]) -> Iterator[Problem]:
        """What Presto would refuse."""
        yield from (Problem(*error) for error in resource_group_errors(value))


class PrestoClusterSpec(Model):
    """The desired state of the cluster. Only users write it; the operator never does."""

    rules = (
        CATALOGS_HAVE_CONNECTORS,
        NODE_SYSCTLS_ARE_ALLOWED,
        NODE_SYSCTLS_ARE_PRIVILEGED,
        NOBODY_IS_ROOT,
        plugin_directory_rule("coordinator"),
        plugin_directory_rule("workers"),
        CPU_USE_IS_READABLE,
        NETWORK_SYSCTLS_HAVE_A_NETWORK,
        JAVA_RUNS_THE_RELEASE,
        PASSWORDS_NEED_HTTPS,
        INTERNAL_TRAFFIC_IS_HTTP,
        OVERRIDES_KEEP_PLACEMENT,
    )

    version: _Version = Field(description='Presto release in quotes, for example "0.287".')
    image: Image = nested(Image, "The Presto image.")
    coordinator: Coordinator = nested(Coordinator, "The coordinator.")
    workers: Workers = nested(Workers, "The workers.")
    autoscaling: Autoscaling | None = Field(
        default=None,
        description="Scales the workers with the load. Default: no autoscaling; workers.replicas applies.",
    )
    metastore: Metastore | None = Field(
        default=None,
        description="The Hive metastore that this cluster shares with others, and the S3 storage of its tables. "
        "Default: none.",
    )
    catalogs: Annotated[dict[str, Catalog], Field(max_length=64), CATALOG_NAMES] = Field(
        default_factory=dict,
        description="Catalogs by name, for example {tpch: {properties: {connector.name: tpch}}}.",
    )
    catalogs_from: tuple[ObjectSource, ...] = Field(
        default=(),
        max_length=16,
        description=(
            "ConfigMaps and Secrets of the cluster's namespace that contain catalogs, for several clusters to "
            "share. Each key, such as hive.properties, is a catalog. catalogs overrides them; later sources "
            "override earlier ones. A change rolls out a new generation."
        ),
    )
    service_account: ServiceAccount = nested(ServiceAccount, "The identity of the cluster's pods.")
    network_policy: NetworkPolicy = nested(NetworkPolicy, "Who reaches the servers over the network.")
    pod_security: PodSecurity = nested(PodSecurity, "What the pods may do on their nodes, and as which user.")
    resource_groups: Annotated[FreeForm, AreResourceGroups()] = Field(
        default_factory=dict,
        description=(
            "Presto's resource groups, as in its resource-groups.json: rootGroups, selectors and cpuQuotaPeriod. "
            "Default: Presto's own."
        ),
    )
    session_property_rules: tuple[SessionPropertyRule, ...] = Field(
        default=(),
        max_length=64,
        description=(
            "Defaults of session properties for queries by user, source, type, client tags or resource group. If "
            "several rules set a property, the last one applies."
        ),
    )
    query_retry: QueryRetry = Field(
        default_factory=QueryRetry, description="Presto's own retry of queries that lost a worker."
    )
    plugins: Annotated[tuple[Plugin, ...], Field(max_length=32), KeyedBy("name")] = Field(
        default=(), description="Presto plugins on every server, in addition to the image's own."
    )
    sysctls: Sysctls = Field(
        default_factory=dict,
        description=(
            'Kernel parameters, for example {"net.ipv4.tcp_keepalive_time": "60"}. Those of which each pod has its own '
            "(kernel.shm*, kernel.msg*, kernel.sem, fs.mqueue.*, net.*) become part of the pods' securityContext; "
            "the kubelet must allow those that aren't safe with --allowed-unsafe-sysctls. All others belong to the "
            "node and need allowNodeSysctls."
        ),
    )
    allow_node_sysctls: bool = Field(
        default=False,
        strict=True,
        description=(
            "Whether sysctls may change kernel parameters of whole nodes. A privileged init container sets them, so "
            "podSecurity.profile must be Privileged. They apply to everything that runs on the node, and stay after "
            "the pod is gone."
        ),
    )

    @field_validator("catalogs", mode="after")
    @classmethod
    def _connectors_are_named(cls, catalogs: dict[str, Catalog], info: ValidationInfo) -> dict[str, Catalog]:
        # One of `rules`, which run only once all fields are right. Here it is reported together with other errors.
        raise_problems(unnamed_connectors(catalogs, info.data.get("metastore")))
        return catalogs

    @property
    def java(self) -> JavaVersion:
        """The Java that the servers run on."""
        return self.image.java_version or java_version(parse_version(self.version))

    @property
    def retries_queries(self) -> bool:
        """Whether Presto runs queries again that lost a worker."""
        if self.query_retry.enabled is not None:
            return self.query_retry.enabled
        return self.has_spot_workers

    @property
    def has_spot_workers(self) -> bool:
        """Whether any pool consists of spot nodes, which may disappear at short notice."""
        return any(pool.capacity_type == "Spot" for pool in self.workers.pools)

    @property
    def image_reference(self) -> str:
        """The image that every server runs."""
        return self.image.reference(self.version)
