"""Plugins that the manifest adds: an init container each, which puts the plugin where the start command finds it."""

from __future__ import annotations

from typing import Any

from presto_operator.api import PLUGIN_CONTAINER_PREFIX, PLUGINS_VOLUME, Plugin, PrestoCluster
from presto_operator.desired.script import literal, script
from presto_operator.presto import PLUGINS_DIRECTORY

PLUGIN_SCRIPT_TEXT = script("fetch-plugin.sh")
"""Fetches a plugin from a URL."""


def plugin_container(cluster: PrestoCluster, plugin: Plugin, env: list[dict[str, Any]]) -> dict[str, Any]:
    """The init container that installs one plugin, without its resources and security context.

    Args:
        cluster: the cluster.
        plugin: the plugin.
        env: the environment of the servers, which may name a proxy.
    """
    directory = f"{PLUGINS_DIRECTORY}/{plugin.name}"
    if plugin.image is not None:
        source: dict[str, Any] = {
            "image": plugin.image,
            "imagePullPolicy": plugin.pull_policy or "IfNotPresent",
            # "/." copies the directory's contents, so that a second run, after a restart of the node, nests nothing.
            "command": ["cp", "-R", "-L", literal(f"{plugin.path}/."), directory],
        }
    else:
        source = {
            "image": cluster.spec.image_reference,
            "imagePullPolicy": cluster.spec.image.pull_policy,
            "command": ["/bin/sh", "-c", PLUGIN_SCRIPT_TEXT, "fetch-plugin"],
            "args": [plugin.name, _url(str(plugin.url)), str(plugin.sha256), directory],
            "env": env,
        }
    return {
        "name": f"{PLUGIN_CONTAINER_PREFIX}{plugin.name}",
        **source,
        "volumeMounts": [{"name": PLUGINS_VOLUME, "mountPath": PLUGINS_DIRECTORY}],
    }


def _url(url: str) -> str:
    """A plugin's URL as an argument: only after the question mark, Kubernetes puts in the values of variables."""
    path, mark, query = url.partition("?")
    return literal(path) + mark + query
