"""What we know of Presto itself: its releases, its configuration files, its JVM and its HTTP API.

Pure: `presto_operator.polling` asks the servers.
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
from presto_operator.presto.cluster import CLUSTER_QUESTION
from presto_operator.presto.config_properties import is_unknown, property_problem, refers_to_environment
from presto_operator.presto.configuration import (
    AUTHENTICATION_PROPERTY,
    CONFIG_DIRECTORY,
    DATA_DIRECTORY,
    HTTP_PORT,
    INTERNAL_JWT_PROPERTY,
    OWNED_NODE_PROPERTIES,
    OWNED_PROPERTIES,
    PLUGIN_DIRECTORY_PROPERTY,
    PLUGINS_DIRECTORY,
    UNSUPPORTED_PROPERTIES,
    asks_for_internal_token,
    coordinator_config,
    https_is_enabled,
    https_port,
    node_config,
    node_properties_text,
    node_property_problem,
    worker_config,
    worker_wait_properties,
)
from presto_operator.presto.cpu import CPU_QUESTION
from presto_operator.presto.drain_record import (
    DrainRecord,
    DrainState,
    RemainingTasks,
    drain_record_text,
    parse_drain_record,
)
from presto_operator.presto.errors import PrestoAnswerTooLargeError, PrestoNotFoundError, PrestoUnavailableError
from presto_operator.presto.java_regex import java_regex_error
from presto_operator.presto.jvm import HEAP_FLAGS, OPTION_VARIABLES, argument_problem, collector_problem, jvm_config
from presto_operator.presto.last_words import last_words
from presto_operator.presto.load import (
    QUERY_STATES_QUESTION,
    ClusterLoad,
    FullGroup,
    group_question,
    query_load,
    queued_roots,
)
from presto_operator.presto.memory import memory_errors
from presto_operator.presto.properties import parse_properties, render_properties
from presto_operator.presto.queries import QUERIES_QUESTION, QueryActivity, QueryAnswer
from presto_operator.presto.query_retry import (
    coordinator_retry_properties,
    query_retry_warnings,
    worker_retry_properties,
)
from presto_operator.presto.question import Question
from presto_operator.presto.resource_group_errors import resource_group_errors
from presto_operator.presto.resource_groups import (
    RESOURCE_GROUPS_FILE,
    RESOURCE_GROUPS_PROPERTIES,
    memory_limit_is_share,
    resource_groups_json,
    resource_groups_properties,
)
from presto_operator.presto.secret_names import holds_a_password, names_a_secret
from presto_operator.presto.server import Server, server_of
from presto_operator.presto.session_properties import (
    SESSION_RULES_FILE,
    SESSION_RULES_PROPERTIES,
    session_rules_json,
    session_rules_properties,
)
from presto_operator.presto.tasks import TASKS_QUESTION
from presto_operator.presto.versions import (
    VERSION_PATTERN,
    JavaVersion,
    PrestoVersion,
    java_version,
    parse_version,
    runs_on,
)

__all__ = [
    "AUTHENTICATION_PROPERTY",
    "CLUSTER_QUESTION",
    "CONFIG_DIRECTORY",
    "CONNECTOR_NAME",
    "CPU_QUESTION",
    "DATA_DIRECTORY",
    "HEAP_FLAGS",
    "HIVE_CONNECTOR",
    "HTTP_PORT",
    "INTERNAL_JWT_PROPERTY",
    "OPTION_VARIABLES",
    "OWNED_NODE_PROPERTIES",
    "OWNED_PROPERTIES",
    "PLUGINS_DIRECTORY",
    "PLUGIN_DIRECTORY_PROPERTY",
    "QUERIES_QUESTION",
    "QUERY_STATES_QUESTION",
    "RESOURCE_GROUPS_FILE",
    "RESOURCE_GROUPS_PROPERTIES",
    "S3_ACCESS_KEY",
    "S3_SECRET_KEY",
    "SESSION_RULES_FILE",
    "SESSION_RULES_PROPERTIES",
    "TASKS_QUESTION",
    "UNSUPPORTED_PROPERTIES",
    "VERSION_PATTERN",
    "ClusterLoad",
    "DrainRecord",
    "DrainState",
    "FullGroup",
    "JavaVersion",
    "PrestoAnswerTooLargeError",
    "PrestoNotFoundError",
    "PrestoUnavailableError",
    "PrestoVersion",
    "QueryActivity",
    "QueryAnswer",
    "Question",
    "RemainingTasks",
    "Server",
    "argument_problem",
    "asks_for_internal_token",
    "collector_problem",
    "coordinator_config",
    "coordinator_retry_properties",
    "drain_record_text",
    "group_question",
    "holds_a_password",
    "https_is_enabled",
    "https_port",
    "is_unknown",
    "java_regex_error",
    "java_version",
    "jvm_config",
    "last_words",
    "memory_errors",
    "memory_limit_is_share",
    "metastore_properties",
    "names_a_secret",
    "node_config",
    "node_properties_text",
    "node_property_problem",
    "parse_drain_record",
    "parse_properties",
    "parse_version",
    "property_problem",
    "query_load",
    "query_retry_warnings",
    "queued_roots",
    "refers_to_environment",
    "render_properties",
    "resource_group_errors",
    "resource_groups_json",
    "resource_groups_properties",
    "runs_on",
    "s3_properties",
    "server_of",
    "session_rules_json",
    "session_rules_properties",
    "uses_metastore",
    "worker_config",
    "worker_retry_properties",
    "worker_wait_properties",
]
