"""What of a server's pod is the operator's own: the names that nothing else in the pod may have."""

from __future__ import annotations

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

OWNED_VARIABLES = (POD_NAME_VARIABLE,)
"""Environment variables of the container that the start command reads."""

OWNED_DIRECTORIES = (CONFIG_DIRECTORY, DATA_DIRECTORY, PLUGINS_DIRECTORY)
"""Where our own volumes are mounted."""

OWNED_VOLUMES = (CONFIG_VOLUME, DATA_VOLUME, PLUGINS_VOLUME)
OWNED_CONTAINERS = (PRESTO_CONTAINER, NODE_SYSCTLS_CONTAINER)

RESERVED_PREFIX = "presto-"
"""Of names of volumes and containers: for what later releases add."""


def is_owned_volume(name: str) -> bool:
    """Whether a volume of this name is, or may become, the operator's own."""
    return name in OWNED_VOLUMES or name.startswith(RESERVED_PREFIX)


def is_owned_container(name: str) -> bool:
    """Whether a container or an init container of this name is, or may become, the operator's own."""
    return name in OWNED_CONTAINERS or name.startswith((PLUGIN_CONTAINER_PREFIX, RESERVED_PREFIX))


def is_owned_path(path: str) -> bool:
    """Whether a mount at `path` would be in one of our directories, or hide one."""
    if not path.strip("/"):
        return True
    given = _parts(path)
    return any(
        given[: len(own)] == own or own[: len(given)] == given for own in (_parts(one) for one in OWNED_DIRECTORIES)
    )


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]
