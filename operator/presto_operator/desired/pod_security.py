"""The security contexts of a server's pod and of its containers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from presto_operator.api import PodSecurity


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


_WITHOUT_PRIVILEGES = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def passwd_text(user: int, group: int, home: str) -> str:
    """An /etc/passwd with this user, root and nobody."""
    return (
        "root:x:0:0:root:/root:/bin/sh\n"
        f"presto:x:{user}:{group}:presto:{home}:/bin/sh\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"
    )
