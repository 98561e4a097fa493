"""Rules between distant fields of the spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from presto_operator.api.catalog import Catalog
from presto_operator.api.metastore import Metastore
from presto_operator.api.model_rules import OperatorOnly, Paired
from presto_operator.api.rules import Problem, at_key, cel
from presto_operator.api.sysctls import IS_NAMESPACED_CEL, is_namespaced
from presto_operator.api.tenant_parts import tenant_parts
from presto_operator.presto import (
    CONNECTOR_NAME,
    INTERNAL_JWT_PROPERTY,
    PLUGIN_DIRECTORY_PROPERTY,
    asks_for_internal_token,
    https_is_enabled,
    java_version,
    parse_version,
    runs_on,
)

if TYPE_CHECKING:
    from presto_operator.api.spec import PrestoClusterSpec

_NO_CONNECTOR = f"{CONNECTOR_NAME} is required: it selects the connector"


def unnamed_connectors(catalogs: Mapping[str, Catalog], metastore: Metastore | None) -> Iterator[Problem]:
    """Catalogs whose connector is neither in their properties nor follows from the metastore."""
    for name, catalog in catalogs.items():
        is_of_metastore = metastore is not None and metastore.catalog == name
        if not (catalog.properties_from or CONNECTOR_NAME in catalog.properties or is_of_metastore):
            yield Problem(f"{at_key(name)}.properties", _NO_CONNECTOR)


def _unnamed_connectors(spec: PrestoClusterSpec) -> Iterator[Problem]:
    for path, message in unnamed_connectors(spec.catalogs, spec.metastore):
        yield Problem(f"catalogs.{path}", message)


CATALOGS_HAVE_CONNECTORS = Paired(
    cel(
        "!has(self.catalogs) || self.catalogs.all(name, has(self.catalogs[name].propertiesFrom) || "
        f"(has(self.catalogs[name].properties) && '{CONNECTOR_NAME}' in self.catalogs[name].properties) || "
        "(has(self.metastore) && self.metastore.catalog == name))",
        f"{CONNECTOR_NAME} is required in a catalog's properties: it selects the connector",
        field="catalogs",
    ),
    _unnamed_connectors,
)

_OF_THE_NODE = (
    "belongs to the whole node, not to a pod: set allowNodeSysctls: true to let a privileged init container set it on "
    "every node that runs a server of the cluster, or set it when the node is created"
)


def _sysctls_of_the_node(spec: PrestoClusterSpec) -> Iterator[Problem]:
    if spec.allow_node_sysctls:
        return
    for name in spec.sysctls:
        if not is_namespaced(name):
            yield Problem(f"sysctls.{at_key(name)}", _OF_THE_NODE)


NODE_SYSCTLS_ARE_ALLOWED = Paired(
    cel(
        "(has(self.allowNodeSysctls) && self.allowNodeSysctls) || !has(self.sysctls) || "
        f"self.sysctls.all(name, {IS_NAMESPACED_CEL})",
        f"sysctls: a parameter outside kernel.shm*, kernel.msg*, kernel.sem, fs.mqueue.* and net.* {_OF_THE_NODE}",
        message_expression=f"'sysctls.' + self.sysctls.filter(name, !{IS_NAMESPACED_CEL})[0] + ' {_OF_THE_NODE}'",
    ),
    _sysctls_of_the_node,
)


_IS_PRIVILEGED_CEL = (
    "(has(self.podSecurity) && has(self.podSecurity.profile) && self.podSecurity.profile == 'Privileged')"
)
_NEEDS_PRIVILEGED = (
    "must be Privileged for sysctls of the node, which a privileged init container sets: set it, in a namespace whose "
    "Pod Security level allows that, or set the parameter when the node is created"
)


def _sysctls_without_privileges(spec: PrestoClusterSpec) -> Iterator[Problem]:
    if not spec.allow_node_sysctls or spec.pod_security.profile == "Privileged":
        return
    if not all(is_namespaced(name) for name in spec.sysctls):
        yield Problem("podSecurity.profile", _NEEDS_PRIVILEGED)


NODE_SYSCTLS_ARE_PRIVILEGED = Paired(
    cel(
        "!(has(self.allowNodeSysctls) && self.allowNodeSysctls) || !has(self.sysctls) || "
        f"self.sysctls.all(name, {IS_NAMESPACED_CEL}) || {_IS_PRIVILEGED_CEL}",
        f"podSecurity.profile {_NEEDS_PRIVILEGED}",
    ),
    _sysctls_without_privileges,
)


def _root_in_restricted_pods(spec: PrestoClusterSpec) -> Iterator[Problem]:
    """Containers of the user's that are root: the kubelet doesn't start them where the pod says runAsNonRoot."""
    if not spec.pod_security.is_restricted:
        return
    for part in tenant_parts(spec):
        context = part.fields.get("securityContext")
        if isinstance(context, Mapping):
            path = f"{part.path}.securityContext"
            if context.get("runAsUser") == 0:
                yield Problem(f"{path}.runAsUser", _ROOT)
            if context.get("runAsNonRoot") is False:
                yield Problem(f"{path}.runAsNonRoot", _ROOT)


_ROOT = "root isn't allowed with podSecurity.profile Restricted: set the profile to Baseline, or choose another user"

NOBODY_IS_ROOT = OperatorOnly(_root_in_restricted_pods)


def plugin_directory_rule(role: Literal["coordinator", "workers"]) -> Paired:
    """The operator sets the plugin directory where there are plugins, so the role's config must not."""
    message = "is set by the operator if spec.plugins is set: remove one of the two"

    def find(spec: PrestoClusterSpec) -> Iterator[Problem]:
        config = spec.coordinator.config if role == "coordinator" else spec.workers.config
        if spec.plugins and PLUGIN_DIRECTORY_PROPERTY in config:
            yield Problem(f"{role}.config.{PLUGIN_DIRECTORY_PROPERTY}", message)

    return Paired(
        cel(
            f"!has(self.plugins) || self.plugins.size() == 0 || !has(self.{role}) || !has(self.{role}.config) || "
            f"!('{PLUGIN_DIRECTORY_PROPERTY}' in self.{role}.config)",
            f"{role}.config: {PLUGIN_DIRECTORY_PROPERTY} {message}",
        ),
        find,
    )


def _unreadable_cpu_use(spec: PrestoClusterSpec) -> Iterator[Problem]:
    if spec.autoscaling is None or spec.autoscaling.targets.worker_cpu_percent is None:
        return
    if not asks_for_internal_token(spec.workers.config):
        return
    # Without samples of it no worker would ever be removed.
    yield Problem(
        "autoscaling.targets.workerCPUPercent",
        f"can't be used with {INTERNAL_JWT_PROPERTY}, because workers then report their CPU use only to servers of "
        "the cluster: set only targets.queriesPerWorker",
    )


CPU_USE_IS_READABLE = OperatorOnly(_unreadable_cpu_use)


def _network_sysctls_on_the_host(spec: PrestoClusterSpec) -> Iterator[Problem]:
    networked = [name for name in spec.sysctls if name.startswith("net.")]
    for field, role in (("coordinator", spec.coordinator), ("workers", spec.workers)):
        if networked and role.pod_overrides is not None and role.pod_overrides.spec.get("hostNetwork") is True:
            yield Problem(
                f"{field}.podOverrides.spec.hostNetwork",
                "can't be used with network sysctls, because a pod in the node's network has none of its own: remove "
                f"it, or spec.sysctls.{networked[0]}",
            )


NETWORK_SYSCTLS_HAVE_A_NETWORK = OperatorOnly(_network_sysctls_on_the_host)


def _wrong_java(spec: PrestoClusterSpec) -> Iterator[Problem]:
    given, version = spec.image.java_version, parse_version(spec.version)
    # A build of one's own, with a suffix, may be made for another Java.
    if given is None or "-" in spec.version or runs_on(version, given):
        return
    needed = java_version(version)
    yield Problem(
        "image.javaVersion", f"Presto {spec.version} doesn't start on Java {given}: use an image with Java {needed}"
    )


JAVA_RUNS_THE_RELEASE = OperatorOnly(_wrong_java)

_AUTHENTICATION = "http-server.authentication.type"


def _passwords_without_https(spec: PrestoClusterSpec) -> Iterator[Problem]:
    config = spec.coordinator.config
    if config.get(_AUTHENTICATION, "").strip() and not https_is_enabled(config):
        yield Problem(
            f"coordinator.config.{_AUTHENTICATION}",
            "needs HTTPS: without it Presto asks nobody who he is. Set http-server.https.enabled and a keystore",
        )


PASSWORDS_NEED_HTTPS = OperatorOnly(_passwords_without_https)

_INTERNAL_HTTPS = "internal-communication.https.required"


def _internal_https(spec: PrestoClusterSpec) -> Iterator[Problem]:
    for field, role in (("coordinator", spec.coordinator), ("workers", spec.workers)):
        if role.config.get(_INTERNAL_HTTPS, "").lower() == "true":
            yield Problem(
                f"{field}.config.{_INTERNAL_HTTPS}",
                "is not supported: servers find each other by HTTP inside of the cluster. Remove it; a service mesh or "
                "a network plugin with encryption can protect that traffic",
            )


INTERNAL_TRAFFIC_IS_HTTP = OperatorOnly(_internal_https)

_REQUIRED_AFFINITY = "requiredDuringSchedulingIgnoredDuringExecution"


def _lost_placement(spec: PrestoClusterSpec) -> Iterator[Problem]:
    """Overrides replace lists as a whole, and with them what a pool's own fields say."""
    placed = any(pool.capacity_type != "Any" or pool.instance_types or pool.zones for pool in spec.workers.pools)
    coordinator_is_placed = spec.coordinator.capacity_type != "Any"
    for field, role, is_placed, instead in (
        ("coordinator", spec.coordinator, coordinator_is_placed, "coordinator"),
        ("workers", spec.workers, placed, "workers.pools[]"),
    ):
        patch = role.pod_overrides.spec if role.pod_overrides is not None and is_placed else {}
        affinity = patch.get("affinity")
        node_affinity = affinity.get("nodeAffinity") if isinstance(affinity, Mapping) else None
        here = f"{field}.podOverrides.spec"
        if isinstance(node_affinity, Mapping) and _REQUIRED_AFFINITY in node_affinity:
            yield Problem(
                f"{here}.affinity.nodeAffinity.{_REQUIRED_AFFINITY}",
                f"would replace what capacityType, instanceTypes and zones require: set {instead}.nodeSelector",
            )
        if "tolerations" in patch:
            yield Problem(
                f"{here}.tolerations",
                f"would replace the tolerations that capacityType implies: set {instead}.tolerations",
            )


OVERRIDES_KEEP_PLACEMENT = OperatorOnly(_lost_placement)
