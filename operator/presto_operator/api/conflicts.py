"""What no field can see by itself: settings that contradict each other, or what the operator owns. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from presto_operator.api.pod_ownership import ownership_problems
from presto_operator.api.role import Role
from presto_operator.api.spec import PrestoClusterSpec
from presto_operator.api.sysctls import NODE_LEVEL_MESSAGE, is_namespaced
from presto_operator.presto import INTERNAL_JWT_PROPERTY, PLUGIN_DIRECTORY_PROPERTY, asks_for_internal_token

Conflict = tuple[str, str]
"""Path of the field from the root, and what is wrong with it."""


def conflicts(spec: PrestoClusterSpec) -> list[Conflict]:
    """All conflicts in `spec`, whose every field is right by itself."""
    found = [*_of_sysctls(spec), *_of_autoscaling(spec)]
    for name, role in (("coordinator", spec.coordinator), ("workers", spec.workers)):
        found += [(f"spec.{name}.{path}", message) for path, message in _of_role(spec, role)]
    return found


def _of_sysctls(spec: PrestoClusterSpec) -> Iterator[Conflict]:
    if spec.allow_node_sysctls:
        return
    for name in spec.sysctls:
        if not is_namespaced(name):
            yield f"spec.sysctls.{name}", NODE_LEVEL_MESSAGE


def _of_autoscaling(spec: PrestoClusterSpec) -> Iterator[Conflict]:
    if spec.autoscaling is None or spec.autoscaling.targets.worker_cpu_percent is None:
        return
    if not asks_for_internal_token(spec.workers.config):
        return
    # Without samples of it no worker would ever leave.
    message = f"with {INTERNAL_JWT_PROPERTY}, workers tell their CPU use to servers of the cluster only"
    yield "spec.autoscaling.targets.workerCPUPercent", f"{message}: set targets.queriesPerWorker alone"


def _of_role(spec: PrestoClusterSpec, role: Role) -> Iterator[Conflict]:
    if spec.plugins and PLUGIN_DIRECTORY_PROPERTY in role.config:
        yield (
            f"config.{PLUGIN_DIRECTORY_PROPERTY}",
            "follows from spec.plugins, which adds to the image's own plugins: remove one of the two",
        )
    if role.pod_overrides is None:
        return
    patch = role.pod_overrides.spec
    for path, message in ownership_problems(patch):
        yield f"podOverrides.spec.{path}", message
    if patch.get("hostNetwork") is True and (names := [name for name in spec.sysctls if name.startswith("net.")]):
        yield (
            "podOverrides.spec.hostNetwork",
            f"a pod in the node's network can't have sysctls of its own: remove it, or spec.sysctls.{names[0]}",
        )
