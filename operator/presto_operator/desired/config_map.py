"""The servers' files: ConfigMaps and Secrets, immutable and named by their content, so that a roll-out uses a new name
and a roll-back an old one."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from presto_operator.api import SERVER_SCRIPT, USERS_FILE, PrestoCluster, Role
from presto_operator.desired.object import child, content_hash, secret_hash
from presto_operator.desired.pod_security import passwd_text
from presto_operator.desired.server_script import SERVER_SCRIPT_TEXT
from presto_operator.objects import ROLE_LABEL, KubernetesObject, RoleName
from presto_operator.presto import (
    CONFIG_DIRECTORY,
    DATA_DIRECTORY,
    RESOURCE_GROUPS_FILE,
    RESOURCE_GROUPS_PROPERTIES,
    SESSION_RULES_FILE,
    SESSION_RULES_PROPERTIES,
    jvm_config,
    node_config,
    node_properties_text,
    render_properties,
    resource_groups_json,
    resource_groups_properties,
    session_rules_json,
    session_rules_properties,
)


@dataclass(frozen=True)
class ServerFiles:
    """The objects that make up one server's etc directory."""

    role: KubernetesObject
    catalogs: KubernetesObject
    secret_catalogs: KubernetesObject | None
    """A Secret with the catalogs that hold anything secret; None if there are none."""


def role_config_map(
    cluster: PrestoCluster,
    role: Role,
    role_name: RoleName,
    config_properties: Mapping[str, str],
    more_files: Mapping[str, str] | None = None,
) -> KubernetesObject:
    """The files of a role's etc directory, without the catalogs."""
    files = {
        "config.properties": render_properties(config_properties),
        "jvm.config": jvm_config(
            heap_bytes=role.heap_bytes,
            java=cluster.spec.java,
            extra_arguments=role.jvm.extra_args,
            heap_dump_path=role.jvm.heap_dump_path,
        ),
        "node.properties": node_properties_text(node_config(role.node_properties, cluster_name=cluster.name)),
        SERVER_SCRIPT: SERVER_SCRIPT_TEXT,
        **(more_files or {}),
        **role.config_files,
    }
    if user := cluster.spec.pod_security.user:
        files[USERS_FILE] = passwd_text(user, cluster.spec.pod_security.group or user, DATA_DIRECTORY)
    if role.log_levels:
        files["log.properties"] = render_properties(role.log_levels)
    return _config_map(cluster, f"{cluster.name}-{role_name}", files, {ROLE_LABEL: role_name})


def query_policy_files(cluster: PrestoCluster) -> dict[str, str]:
    """Files that only the coordinator has: resource groups and session property rules."""
    files = {}
    if cluster.spec.resource_groups:
        files[RESOURCE_GROUPS_PROPERTIES] = render_properties(resource_groups_properties(CONFIG_DIRECTORY))
        files[RESOURCE_GROUPS_FILE] = resource_groups_json(cluster.spec.resource_groups)
    if cluster.spec.session_property_rules:
        files[SESSION_RULES_PROPERTIES] = render_properties(session_rules_properties(CONFIG_DIRECTORY))
        files[SESSION_RULES_FILE] = session_rules_json(
            [
                rule.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True, mode="json")
                for rule in cluster.spec.session_property_rules
            ]
        )
    return files


def catalogs_config_map(cluster: PrestoCluster) -> KubernetesObject:
    """The catalogs without secrets, a properties file each, for all servers."""
    return _config_map(cluster, f"{cluster.name}-catalogs", _catalog_files(cluster, secret=False), {})


def catalogs_secret(cluster: PrestoCluster) -> KubernetesObject | None:
    """The catalogs in which anything is secret; None if there are none.

    It is a copy of what the users' Secrets hold, so that a server which restarts, perhaps on another node, reads the
    same as the others of its generation even if the users' Secrets have changed since.
    """
    files = _catalog_files(cluster, secret=True)
    if not files:
        return None
    data = {name: base64.b64encode(text.encode()).decode() for name, text in files.items()}
    name = f"{cluster.name}-catalogs-{secret_hash(cluster, data)}"
    return child(cluster, "v1", "Secret", name, immutable=True, type="Opaque", data=data)


def _catalog_files(cluster: PrestoCluster, *, secret: bool) -> dict[str, str]:
    return {
        f"{name}.properties": render_properties(catalog.properties)
        for name, catalog in cluster.catalogs.items()
        if catalog.is_secret is secret
    }


def _config_map(
    cluster: PrestoCluster, prefix: str, data: dict[str, str], labels: Mapping[str, str]
) -> KubernetesObject:
    return child(cluster, "v1", "ConfigMap", f"{prefix}-{content_hash(data)}", labels=labels, immutable=True, data=data)
