"""The etc directory of a Presto server: config.properties and node.properties of each role."""

from __future__ import annotations

import re
from collections.abc import Mapping

CONFIG_DIRECTORY = "/etc/presto"
"""Where a pod finds its configuration: outside the image's own etc, which stays as the image has it."""

DATA_DIRECTORY = "/var/lib/presto"
"""Presto's data directory: its launcher's links, its logs and, if switched on, its spill files."""

PLUGINS_DIRECTORY = "/var/lib/presto-plugins"
"""Where plugins that a manifest adds are, each in a directory of its own."""

PLUGIN_DIRECTORY_PROPERTY = "plugin.dir"
"""Where Presto looks for plugins, a directory each; plugin below the installation unless set."""

INTERNAL_JWT_PROPERTY = "internal-communication.jwt.enabled"
"""Whether servers ask each other for a token; see `asks_for_internal_token`."""

HTTP_PORT = 8080

OWNED_PROPERTIES = (
    "coordinator",
    "discovery-server.enabled",
    "discovery.uri",
    "http-server.http.enabled",
    "http-server.http.port",
    "node-scheduler.include-coordinator",
    "shutdown.grace-period",
)
"""Properties of config.properties that follow from the cluster's shape. A manifest that sets one is refused."""

OWNED_NODE_PROPERTIES = ("node.id", "node.environment", "node.data-dir")
"""Properties of node.properties that follow from the names of the cluster and the pod; a manifest must not set them."""


def https_port(config: Mapping[str, str]) -> int | None:
    """The port on which a server with these properties answers HTTPS, too; None: it doesn't, or has no port for it.

    Without http-server.https.port it is 8443 (airlift's HttpServerConfig).
    """
    if not _is_on(config, "http-server.https.enabled"):
        return None
    port = config.get("http-server.https.port", "8443")
    if not re.fullmatch("[0-9]{1,5}", port):
        return None
    return int(port) if 0 < int(port) < 2**16 and int(port) != HTTP_PORT else None


def asks_for_internal_token(config: Mapping[str, str]) -> bool:
    """Whether a server with these properties tells some things only to servers of its cluster, by their token.

    On 0.287 a worker then answers 401 to whoever asks for its tasks (`/v1/task`) or its CPU use (`/v1/status`) without
    one; coordinators, and SHUTTING_DOWN, need none.
    """
    return _is_on(config, INTERNAL_JWT_PROPERTY)


def worker_wait_properties() -> dict[str, str]:
    """With these, a coordinator without workers keeps a query waiting until one joins, rather than fail it at once.

    Measured on 0.287: the query waits in state WAITING_FOR_RESOURCES, and runs when a worker has announced itself.
    """
    return {"query-manager.required-workers": "1", "query-manager.required-workers-max-wait": "10m"}


def coordinator_config(user_properties: Mapping[str, str]) -> dict[str, str]:
    """config.properties of the coordinator.

    It finds itself on its own loopback address: its file is then the same whatever the cluster's addresses
    are, and its hash can name them.
    """
    return {
        **user_properties,
        "coordinator": "true",
        "node-scheduler.include-coordinator": "false",
        "discovery-server.enabled": "true",
        "discovery.uri": f"http://localhost:{HTTP_PORT}",
        # Probes, drains and the operator speak HTTP; HTTPS for users can be had beside it.
        "http-server.http.enabled": "true",
        "http-server.http.port": str(HTTP_PORT),
    }


def worker_config(
    user_properties: Mapping[str, str], *, discovery_uri: str, shutdown_grace_seconds: int
) -> dict[str, str]:
    """config.properties of a worker that announces itself at `discovery_uri`.

    Told to shut down, it waits for `shutdown_grace_seconds`, finishes its tasks, and waits as long again.
    """
    return {
        **user_properties,
        "coordinator": "false",
        "shutdown.grace-period": f"{shutdown_grace_seconds}s",
        "discovery.uri": discovery_uri,
        # Probes, drains and the operator speak HTTP; HTTPS for users can be had beside it.
        "http-server.http.enabled": "true",
        "http-server.http.port": str(HTTP_PORT),
    }


def node_config(user_properties: Mapping[str, str], *, cluster_name: str) -> dict[str, str]:
    """node.properties of every server; the node's id, its pod's name, is given on the command line.

    Presto wants an environment of small letters, digits and underscores that starts with a letter or digit
    (airlift's NodeConfig), so a cluster's dashes become underscores.
    """
    return {
        **user_properties,
        "node.environment": re.sub(r"[^a-z0-9]", "_", cluster_name),
        "node.data-dir": DATA_DIRECTORY,
    }


def _is_on(config: Mapping[str, str], name: str) -> bool:
    return config.get(name, "").lower() == "true"
