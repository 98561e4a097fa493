"""The etc directory of a Presto server: config.properties and node.properties of each role."""

from __future__ import annotations

import re
from collections.abc import Mapping

CONFIG_DIRECTORY = "/etc/presto"
"""Where a pod finds its configuration. The image's own etc directory stays as it is."""

DATA_DIRECTORY = "/var/lib/presto"
"""Presto's data directory: its launcher's links, its logs and, if switched on, its spill files."""

PLUGINS_DIRECTORY = "/var/lib/presto-plugins"
"""Where plugins are that the manifest adds, each in a directory of its own."""

PLUGIN_DIRECTORY_PROPERTY = "plugin.dir"
"""Where Presto looks for plugins, a directory each. Defaults to `plugin` in the installation."""

INTERNAL_JWT_PROPERTY = "internal-communication.jwt.enabled"
"""Whether servers require a token from each other; see `asks_for_internal_token`."""

AUTHENTICATION_PROPERTY = "http-server.authentication.type"
"""How a coordinator authenticates users; only on HTTPS."""

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

UNSUPPORTED_PROPERTIES = ("resource-manager-enabled",)
"""Properties that need servers which the operator doesn't run."""

OWNED_NODE_PROPERTIES = ("node.id", "node.environment", "node.data-dir")
"""Properties of node.properties that follow from the names of cluster and pod. A manifest that sets one is refused."""


def https_port(config: Mapping[str, str]) -> int | None:
    """The HTTPS port of a server with these properties; None if it has none.

    Defaults to 8443 if HTTPS is enabled (airlift's HttpServerConfig).
    """
    if not https_is_enabled(config):
        return None
    port = config.get("http-server.https.port", "8443")
    if not re.fullmatch("[0-9]{1,5}", port):
        return None
    return int(port) if 0 < int(port) < 2**16 and int(port) != HTTP_PORT else None


def https_is_enabled(config: Mapping[str, str]) -> bool:
    """Whether a server with these properties serves HTTPS."""
    return _is_on(config, "http-server.https.enabled")


def node_property_problem(name: str, value: str) -> str | None:
    """Why Presto's launcher can't carry this property of node.properties; None if it can.

    It splits each line at the first "=", removes blanks around both halves, and knows no escapes. Which encoding it
    reads depends on the image.
    """
    if "=" in name or name.startswith("#"):
        return "the name must not contain = or begin with #: Presto's launcher can't read it"
    if not name.isascii() or not value.isascii() or not value.isprintable():
        return "must consist of printable ASCII characters: Presto's launcher knows no others"
    if value != value.strip():
        return "must not begin or end with a blank: Presto's launcher removes it"
    return None


def node_properties_text(properties: Mapping[str, str]) -> str:
    """The text of node.properties, sorted by key. It has no escapes, since Presto's launcher knows none."""
    return "".join(f"{name}={value}\n" for name, value in sorted(properties.items()))


def asks_for_internal_token(config: Mapping[str, str]) -> bool:
    """Whether a server with these properties answers some requests only with a token, which its cluster's servers have.

    On 0.287 a worker then answers 401 to a request for its tasks (`/v1/task`) or its CPU use (`/v1/status`) without
    one. Coordinators, and SHUTTING_DOWN, require none.
    """
    return _is_on(config, INTERNAL_JWT_PROPERTY)


def worker_wait_properties() -> dict[str, str]:
    """With these, a query waits on a coordinator without workers until one joins, instead of failing immediately.

    Measured on 0.287: the query waits in state WAITING_FOR_RESOURCES, and runs once a worker has announced itself.
    """
    return {"query-manager.required-workers": "1", "query-manager.required-workers-max-wait": "10m"}


def coordinator_config(user_properties: Mapping[str, str]) -> dict[str, str]:
    """config.properties of the coordinator.

    It finds itself on its loopback address, so that its file doesn't depend on the cluster's addresses, which are named
    by the hash of that file.
    """
    return {
        **user_properties,
        "coordinator": "true",
        "node-scheduler.include-coordinator": "false",
        "discovery-server.enabled": "true",
        "discovery.uri": f"http://localhost:{HTTP_PORT}",
        # Probes, drains and the operator use HTTP. HTTPS for users is available beside it.
        "http-server.http.enabled": "true",
        "http-server.http.port": str(HTTP_PORT),
    }


def worker_config(
    user_properties: Mapping[str, str], *, discovery_uri: str, shutdown_grace_seconds: int
) -> dict[str, str]:
    """config.properties of a worker that announces itself at `discovery_uri`.

    When it is asked to shut down, it waits for `shutdown_grace_seconds`, finishes its tasks, and waits as long again.
    """
    return {
        **user_properties,
        "coordinator": "false",
        "shutdown.grace-period": f"{shutdown_grace_seconds}s",
        "discovery.uri": discovery_uri,
        # Probes, drains and the operator use HTTP. HTTPS for users is available beside it.
        "http-server.http.enabled": "true",
        "http-server.http.port": str(HTTP_PORT),
    }


def node_config(user_properties: Mapping[str, str], *, cluster_name: str) -> dict[str, str]:
    """node.properties of every server. The node's id, the pod's name, is passed on the command line.

    Presto requires an environment of lowercase letters, digits and underscores that starts with a letter or digit
    (airlift's NodeConfig), so dashes of the cluster's name become underscores.
    """
    return {
        **user_properties,
        "node.environment": re.sub(r"[^a-z0-9]", "_", cluster_name),
        "node.data-dir": DATA_DIRECTORY,
    }


def _is_on(config: Mapping[str, str], name: str) -> bool:
    return config.get(name, "").lower() == "true"
