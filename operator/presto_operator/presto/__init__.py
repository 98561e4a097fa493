"""What we know of Presto itself: its releases, its configuration files, its JVM and its HTTP API.

Everything here but `presto_operator.presto.client` is pure.
"""

from presto_operator.presto.configuration import (
    CONFIG_DIRECTORY,
    HTTP_PORT,
    OWNED_PROPERTIES,
    coordinator_config,
    node_config,
    worker_config,
)
from presto_operator.presto.jvm import HEAP_FLAGS, jvm_config
from presto_operator.presto.memory import memory_errors
from presto_operator.presto.properties import render_properties
from presto_operator.presto.versions import VERSION_PATTERN, PrestoVersion, parse_version

__all__ = [
    "CONFIG_DIRECTORY",
    "HEAP_FLAGS",
    "HTTP_PORT",
    "OWNED_PROPERTIES",
    "VERSION_PATTERN",
    "PrestoVersion",
    "coordinator_config",
    "jvm_config",
    "memory_errors",
    "node_config",
    "parse_version",
    "render_properties",
    "worker_config",
]
