"""The security contexts of a server's pod and of its containers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from presto_operator.api import PodSecurity, PrestoClusterSpec, Role
from presto_operator.presto import DATA_DIRECTORY

TMP_DIRECTORY = "/tmp"  # noqa: S108 - the pod's own


_WITHOUT_PRIVILEGES = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def pod_security_context(security: PodSecurity) -> dict[str, Any]:
    """The pod's securityContext, without its kernel parameters."""
    ids = {"runAsUser": security.user, "runAsGroup": security.group, "fsGroup": security.group}
    context: dict[str, Any] = {name: number for name, number in ids.items() if number is not None}
    if security.group is not None:
        # A volume that has its group already isn't walked through at each start.
        context["fsGroupChangePolicy"] = "OnRootMismatch"
    if security.is_restricted:
        context |= {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    return context


def server_security_context(security: PodSecurity) -> dict[str, Any]:
    """The securityContext of a container that the operator defines."""
    context = {**_WITHOUT_PRIVILEGES, "seccompProfile": {"type": "RuntimeDefault"}}
    return {**context, "readOnlyRootFilesystem": True} if security.has_read_only_root else context


def restricted(container: Mapping[str, Any], security: PodSecurity) -> dict[str, Any]:
    """A container of the user's with what the profile requires of each container and this one doesn't set."""
    own = container.get("securityContext") or {}
    if not security.is_restricted or not isinstance(own, Mapping):
        # The API server says what is wrong with one that is no object.
        return dict(container)
    return {**container, "securityContext": {**_WITHOUT_PRIVILEGES, **own}}


def pod_security_warnings(spec: PrestoClusterSpec) -> list[str]:
    """What servers with a read-only root file system can't write, with the path of its field."""
    if not spec.pod_security.has_read_only_root:
        return []
    roles = {"coordinator": spec.coordinator, "workers": spec.workers}
    return [
        f"spec.{name}.jvm.heapDumpPath: no dump can be written there, as it is in no volume and the root file system "
        f"is read-only: choose {DATA_DIRECTORY}, or a volume"
        for name, role in roles.items()
        if role.jvm.heap_dump_path is not None and not _is_writable(role, role.jvm.heap_dump_path)
    ]


def _is_writable(role: Role, path: str) -> bool:
    """Whether a path is in a volume of the server's that it may write to."""
    patches = role.pod_overrides.spec.get("containers") if role.pod_overrides is not None else None
    if patches:
        # It may mount anything.
        return True
    volumes = [DATA_DIRECTORY, TMP_DIRECTORY, *(each.mount_path for each in role.volumes if not each.read_only)]
    return any(f"{path}/".startswith(f"{volume.rstrip('/')}/") for volume in volumes)


def passwd_text(user: int, group: int, home: str) -> str:
    """An /etc/passwd with this user, root and nobody."""
    return (
        "root:x:0:0:root:/root:/bin/sh\n"
        f"presto:x:{user}:{group}:presto:{home}:/bin/sh\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"
    )
