"""What we know of Presto itself: its releases, its configuration files, its JVM and its HTTP API.

Everything here but `presto_operator.polling.presto_client` is pure.
"""

from presto_operator.presto.catalogs import (
    CONNECTOR_NAME,
    HIVE_CONNECTOR,
    S3_ACCESS_KEY,
    S3_SECRET_KEY,
    metastore_properties,
    s3_properties,
    uses_metastore,
)
from presto_operator.presto.configuration import (
    CONFIG_DIRECTORY,
    HTTP_PORT,
    INTERNAL_JWT_PROPERTY,
    OWNED_NODE_PROPERTIES,
    OWNED_PROPERTIES,
    PLUGIN_DIRECTORY_PROPERTY,
    asks_for_internal_token,
    coordinator_config,
    https_port,
    node_config,
    worker_config,
    worker_wait_properties,
)
from presto_operator.presto.drain_record import (
    DrainRecord,
    DrainState,
    RemainingTasks,
    drain_record_text,
    parse_drain_record,
)
from presto_operator.presto.jvm import HEAP_FLAGS, jvm_config
from presto_operator.presto.memory import memory_errors
from presto_operator.presto.properties import parse_properties, render_properties
from presto_operator.presto.query_retry import (
    coordinator_retry_properties,
    query_retry_warnings,
    worker_retry_properties,
)
from presto_operator.presto.resource_groups import (
    RESOURCE_GROUPS_FILE,
    RESOURCE_GROUPS_PROPERTIES,
    resource_group_errors,
    resource_groups_json,
    resource_groups_properties,
)
from presto_operator.presto.session_properties import (
    SESSION_RULES_FILE,
    SESSION_RULES_PROPERTIES,
    session_rules_json,
    session_rules_properties,
)
from presto_operator.presto.versions import VERSION_PATTERN, JavaVersion, PrestoVersion, java_version, parse_version

__all__ = [
    "CONFIG_DIRECTORY",
    "CONNECTOR_NAME",
    "HEAP_FLAGS",
    "HIVE_CONNECTOR",
    "HTTP_PORT",
    "INTERNAL_JWT_PROPERTY",
    "OWNED_NODE_PROPERTIES",
    "OWNED_PROPERTIES",
    "PLUGIN_DIRECTORY_PROPERTY",
    "RESOURCE_GROUPS_FILE",
    "RESOURCE_GROUPS_PROPERTIES",
    "S3_ACCESS_KEY",
    "S3_SECRET_KEY",
    "SESSION_RULES_FILE",
    "SESSION_RULES_PROPERTIES",
    "VERSION_PATTERN",
    "DrainRecord",
    "DrainState",
    "JavaVersion",
    "PrestoVersion",
    "RemainingTasks",
    "asks_for_internal_token",
    "coordinator_config",
    "coordinator_retry_properties",
    "drain_record_text",
    "https_port",
    "java_version",
    "jvm_config",
    "memory_errors",
    "metastore_properties",
    "node_config",
    "parse_drain_record",
    "parse_properties",
    "parse_version",
    "query_retry_warnings",
    "render_properties",
    "resource_group_errors",
    "resource_groups_json",
    "resource_groups_properties",
    "s3_properties",
    "session_rules_json",
    "session_rules_properties",
    "uses_metastore",
    "worker_config",
    "worker_retry_properties",
    "worker_wait_properties",
]
