"""ConfigMaps: immutable and named by their content, so that a roll-out is a new name and a roll-back an old one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from presto_operator.api import PrestoCluster, Role
from presto_operator.desired.names import ROLE_LABEL, RoleName
from presto_operator.desired.object import KubernetesObject, child, content_hash
from presto_operator.desired.server_script import SERVER_SCRIPT, SERVER_SCRIPT_TEXT
from presto_operator.presto import jvm_config, node_config, render_properties


@dataclass(frozen=True)
class ServerFiles:
    """The ConfigMaps that make up one server's etc directory."""

    role: KubernetesObject
    catalogs: KubernetesObject


def role_config_map(
    cluster: PrestoCluster, role: Role, role_name: RoleName, config_properties: Mapping[str, str]
) -> KubernetesObject:
    """What one role finds in its etc directory, but for the catalogs."""
    return _immutable(
        cluster,
        f"{cluster.name}-{role_name}",
        {
            "config.properties": render_properties(config_properties),
            "jvm.config": jvm_config(heap_bytes=role.heap_bytes, extra_arguments=role.jvm.extra_args),
            "node.properties": render_properties(node_config(cluster.name)),
            SERVER_SCRIPT: SERVER_SCRIPT_TEXT,
        },
        {ROLE_LABEL: role_name},
    )


def catalogs_config_map(cluster: PrestoCluster) -> KubernetesObject:
    """The catalogs, a properties file each: the same for all servers."""
    return _immutable(
        cluster,
        f"{cluster.name}-catalogs",
        {
            f"{name}.properties": render_properties(catalog.properties)
            for name, catalog in cluster.spec.catalogs.items()
        },
        {},
    )


def _immutable(
    cluster: PrestoCluster, prefix: str, data: dict[str, str], labels: Mapping[str, str]
) -> KubernetesObject:
    return child(cluster, "v1", "ConfigMap", f"{prefix}-{content_hash(data)}", labels=labels, immutable=True, data=data)
