"""Kernel parameters: those of the pod in its security context, those of the node by a privileged init container."""

from __future__ import annotations

from typing import Any

from presto_operator.api import NODE_SYSCTLS_CONTAINER, PrestoCluster, is_namespaced

# Presto's image need not have the program sysctl. The value is read back, because the kernel takes some values and
# makes others of them. A parameter that has its value already is not written.
NODE_SYSCTLS_SCRIPT_TEXT = """\
# node-sysctls DIRECTORY NAME=VALUE...: DIRECTORY is /proc/sys
directory=$1
shift

fail() {
  echo "presto-operator: spec.sysctls.$name: $*" >&2
  exit 1
}

# words VALUE: as single blanks part it
words() {
  set -f
  echo $1
}

for setting in "$@"; do
  name=${setting%%=*} value=${setting#*=}
  file=$directory/$(echo "$name" | tr . /)
  [ -f "$file" ] || fail "this node's kernel has no such parameter"
  old=$(cat "$file" 2>/dev/null)
  [ "$(words "$old")" = "$(words "$value")" ] && continue
  { printf '%s' "$value" >"$file"; } 2>/dev/null || fail "this node refuses the value $value; it stays $(words "$old")"
  new=$(cat "$file")
  [ "$(words "$new")" = "$(words "$value")" ] || fail "set to $value, but this node has $(words "$new")"
  echo "presto-operator: spec.sysctls.$name: was $(words "$old"), is $(words "$new")"
done
"""

_PROC_SYS = "/proc/sys"


def pod_sysctls(cluster: PrestoCluster) -> list[dict[str, str]]:
    """The kernel parameters that a pod has for itself, as its securityContext has them."""
    return [
        {"name": name, "value": value} for name, value in sorted(cluster.spec.sysctls.items()) if is_namespaced(name)
    ]


def node_sysctls_container(cluster: PrestoCluster) -> dict[str, Any] | None:
    """The init container that sets the kernel parameters of the node, without its resources; None: there are none."""
    settings = [f"{name}={value}" for name, value in sorted(cluster.spec.sysctls.items()) if not is_namespaced(name)]
    if not settings:
        return None
    return {
        "name": NODE_SYSCTLS_CONTAINER,
        "image": cluster.spec.image_reference,
        "imagePullPolicy": cluster.spec.image.pull_policy,
        "command": ["/bin/sh", "-c", NODE_SYSCTLS_SCRIPT_TEXT, "node-sysctls"],
        "args": [_PROC_SYS, *settings],
        # /proc/sys is read-only for all others. Only root may write it, whatever user the image has.
        "securityContext": {"privileged": True, "runAsUser": 0, "runAsGroup": 0, "runAsNonRoot": False},
    }
