"""The names in a server's pod that belong to the operator, so that nothing else in the pod may have them."""

from __future__ import annotations

from presto_operator.api.field_rules import NotReserved, OutsideOf
from presto_operator.presto import CONFIG_DIRECTORY, DATA_DIRECTORY, PLUGINS_DIRECTORY

PRESTO_CONTAINER = "presto"
CONFIG_VOLUME = "config"
DATA_VOLUME = "data"
PLUGINS_VOLUME = "plugins"
NODE_SYSCTLS_CONTAINER = "node-sysctls"
PLUGIN_CONTAINER_PREFIX = "plugin-"
POD_NAME_VARIABLE = "POD_NAME"
HTTP_PORT_NAME = "http"
SERVER_SCRIPT = "server.sh"
"""In Presto's configuration directory: the script that starts a server, answers its probe and drains it."""

USERS_FILE = "passwd"
"""There, too: the /etc/passwd of servers that run as a user whom their image may not know."""
TMP_VOLUME = "presto-tmp"

_RESERVED_PREFIX = "presto-"
"""For volumes and containers that later releases may add."""


def _not_reserved(names: tuple[str, ...], prefixes: tuple[str, ...]) -> NotReserved:
    starts = " or ".join(f'"{prefix}"' for prefix in prefixes)
    message = f"{', '.join(names)} and names that start with {starts} are reserved for the operator"
    return NotReserved(names, f"{message}: choose another name", prefixes)


VARIABLE_NAMES = NotReserved((POD_NAME_VARIABLE,), f"{POD_NAME_VARIABLE} is set by the operator: remove it")
"""Environment variables: the start command reads this one."""

VOLUME_NAMES = _not_reserved((CONFIG_VOLUME, DATA_VOLUME, PLUGINS_VOLUME), (_RESERVED_PREFIX,))
CONTAINER_NAMES = _not_reserved((PRESTO_CONTAINER, NODE_SYSCTLS_CONTAINER), (PLUGIN_CONTAINER_PREFIX, _RESERVED_PREFIX))
MOUNT_PATHS = OutsideOf((CONFIG_DIRECTORY, DATA_DIRECTORY, PLUGINS_DIRECTORY))
"""Mount paths: the operator mounts its own volumes at these."""
