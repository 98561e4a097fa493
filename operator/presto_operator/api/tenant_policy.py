"""What an administrator allows those who may write PrestoClusters. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from presto_operator.api.rules import Problem, shown
from presto_operator.api.spec import PrestoClusterSpec
from presto_operator.api.sysctls import is_namespaced
from presto_operator.api.tenant_parts import PartKind, tenant_parts


class TenantPolicy(BaseModel):
    """What PrestoClusters may ask for, and whom they admit. Each field is an option of `presto-operator run`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    allow_node_sysctls: bool = Field(
        default=False, description="Allow spec.allowNodeSysctls: kernel parameters of whole nodes, set as root."
    )
    allow_privileged: bool = Field(
        default=False,
        description="Allow privileged containers, capabilities, and containers without seccomp or AppArmor, by which a "
        "pod can take over its node.",
    )
    allow_host_paths: bool = Field(default=False, description="Allow volumes of the node's file system (hostPath).")
    allow_host_namespaces: bool = Field(
        default=False,
        description="Allow the node's network, IPC and processes (hostNetwork, hostIPC, hostPort, hostPID).",
    )
    allow_service_account_tokens: bool = Field(
        default=False,
        description="Allow pods with a token for the Kubernetes API (automountServiceAccountToken, projected tokens).",
    )
    allow_service_account_annotations: bool = Field(
        default=True,
        description="Allow spec.serviceAccount.annotations, by which a cloud gives the cluster's own ServiceAccount an "
        "identity; the cloud decides which ServiceAccounts it trusts.",
    )
    allowed_service_accounts: tuple[str, ...] = Field(
        default=(),
        description="Existing ServiceAccount that spec.serviceAccount.name may name (* and ? are wildcards).",
    )
    allowed_image_registries: tuple[str, ...] = Field(
        default=(),
        description="Registry, with or without the beginning of a repository, of which images may be. All if there is "
        "none.",
    )
    allowed_metastore_hosts: tuple[str, ...] = Field(
        default=(),
        description="Host of metastores outside of the cluster's namespace whose failures are explained to its users "
        "(* and ? are wildcards).",
    )
    operator_namespace: str = Field(
        default="",
        description="Namespace of the operator's own pod, from which the NetworkPolicies of clusters admit it. All "
        "namespaces if there is none.",
    )


STRICT = TenantPolicy()
"""The policy of an operator that is given none."""


def policy_problems(spec: PrestoClusterSpec, policy: TenantPolicy) -> Iterator[Problem]:
    """What the spec asks for and the policy doesn't allow, by field; each names the operator's option."""
    if not policy.allow_node_sysctls and spec.allow_node_sysctls:
        for name in spec.sysctls:
            if not is_namespaced(name):
                yield Problem("allowNodeSysctls", _refusal(f"sysctls.{name}", "allow_node_sysctls"))
    yield from _service_account_problems(spec, policy)
    for part in tenant_parts(spec):
        for check in _CHECKS:
            if part.kind == check.kind and not getattr(policy, check.switch):
                for path in check.find(part.fields):
                    yield Problem(f"{part.path}.{path}", _refusal("this", check.switch))
    yield from _unconfined_by_annotation(spec, policy)
    for path, image in _images(spec):
        if policy.allowed_image_registries and not _is_of_registry(image, policy.allowed_image_registries):
            yield Problem(path, _not_listed(f"the image {shown(image)}", "allowed_image_registries", policy))


def _service_account_problems(spec: PrestoClusterSpec, policy: TenantPolicy) -> Iterator[Problem]:
    name = spec.service_account.name
    if name is not None and not any(fnmatchcase(name, pattern) for pattern in policy.allowed_service_accounts):
        yield Problem(
            "serviceAccount.name", _not_listed(f"the ServiceAccount {name}", "allowed_service_accounts", policy)
        )
    if spec.service_account.annotations and not policy.allow_service_account_annotations:
        yield Problem(
            "serviceAccount.annotations", _refusal("an identity in the cloud", "allow_service_account_annotations")
        )


@dataclass(frozen=True)
class _Check:
    """What of a part of a pod a switch of the policy is about."""

    switch: str
    kind: PartKind
    find: Callable[[Mapping[str, Any]], Iterator[str]]
    """The paths in the part's fields at which it is."""


_HARMLESS_CAPABILITIES = (
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP"),
    *("SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
)
"""Those that the Pod Security Standard `baseline` allows to add."""

_SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
"""Those that the Pod Security Standard `baseline` allows."""


def _privileges(fields: Mapping[str, Any]) -> Iterator[str]:
    """What the Pod Security Standard `baseline` forbids in a securityContext, of a pod or of a container."""
    context = fields.get("securityContext")
    if not isinstance(context, Mapping):
        return
    if context.get("privileged") not in (None, False):
        yield "securityContext.privileged"
    if context.get("procMount") not in (None, "Default"):
        yield "securityContext.procMount"
    capabilities = context.get("capabilities")
    added = capabilities.get("add") if isinstance(capabilities, Mapping) else None
    if added and not (isinstance(added, list) and all(each in _HARMLESS_CAPABILITIES for each in added)):
        yield "securityContext.capabilities.add"
    yield from _weakened_confinement(context)


def _weakened_confinement(context: Mapping[str, Any]) -> Iterator[str]:
    for profile in ("seccompProfile", "appArmorProfile"):
        chosen = context.get(profile)
        if isinstance(chosen, Mapping) and chosen.get("type") == "Unconfined":
            yield f"securityContext.{profile}.type"
    labels = context.get("seLinuxOptions")
    if isinstance(labels, Mapping):
        if labels.get("type", "") not in _SELINUX_TYPES:
            yield "securityContext.seLinuxOptions.type"
        yield from (f"securityContext.seLinuxOptions.{name}" for name in ("user", "role") if labels.get(name))
    windows = context.get("windowsOptions")
    if isinstance(windows, Mapping) and windows.get("hostProcess") not in (None, False):
        yield "securityContext.windowsOptions.hostProcess"


_APPARMOR_PREFIX = "container.apparmor.security.beta.kubernetes.io/"
"""Of annotations of pods, which Kubernetes still takes for appArmorProfile."""


def _unconfined_by_annotation(spec: PrestoClusterSpec, policy: TenantPolicy) -> Iterator[Problem]:
    for name, role in (("coordinator", spec.coordinator), ("workers", spec.workers)):
        metadata = role.pod_overrides.metadata if role.pod_overrides is not None else None
        if metadata is None or policy.allow_privileged:
            continue
        for annotation, profile in metadata.annotations.items():
            if annotation.startswith(_APPARMOR_PREFIX) and profile == "unconfined":
                path = f"{name}.podOverrides.metadata.annotations.{annotation}"
                yield Problem(path, _refusal("this", "allow_privileged"))


def _set(*names: str) -> Callable[[Mapping[str, Any]], Iterator[str]]:
    """Finds those of the fields that are neither absent nor false."""

    def find(fields: Mapping[str, Any]) -> Iterator[str]:
        yield from (name for name in names if fields.get(name) not in (None, False))

    return find


def _host_ports(fields: Mapping[str, Any]) -> Iterator[str]:
    ports = fields.get("ports")
    for index, port in enumerate(ports if isinstance(ports, list) else []):
        if isinstance(port, Mapping) and port.get("hostPort") not in (None, 0):
            yield f"ports[{index}].hostPort"


def _projected_tokens(fields: Mapping[str, Any]) -> Iterator[str]:
    projected = fields.get("projected")
    sources = projected.get("sources") if isinstance(projected, Mapping) else None
    for index, source in enumerate(sources if isinstance(sources, list) else []):
        if isinstance(source, Mapping) and source.get("serviceAccountToken") is not None:
            yield f"projected.sources[{index}].serviceAccountToken"


_CHECKS = (
    _Check("allow_privileged", "pod", _privileges),
    _Check("allow_privileged", "container", _privileges),
    # A FlexVolume is mounted by a program of the node, as root.
    _Check("allow_host_paths", "volume", _set("hostPath", "flexVolume")),
    _Check("allow_host_namespaces", "pod", _set("hostNetwork", "hostIPC", "hostPID")),
    _Check("allow_host_namespaces", "container", _host_ports),
    _Check("allow_service_account_tokens", "pod", _set("automountServiceAccountToken")),
    _Check("allow_service_account_tokens", "volume", _projected_tokens),
)


def _images(spec: PrestoClusterSpec) -> Iterator[tuple[str, Any]]:
    yield "image.repository", spec.image.repository
    for index, plugin in enumerate(spec.plugins):
        if plugin.image is not None:
            yield f"plugins[{index}].image", plugin.image
    for part in tenant_parts(spec):
        if part.kind == "container" and part.fields.get("image") is not None:
            yield f"{part.path}.image", part.fields["image"]
        elif part.kind == "volume" and isinstance(part.fields.get("image"), Mapping):
            yield f"{part.path}.image.reference", part.fields["image"].get("reference")


def _is_of_registry(image: object, registries: tuple[str, ...]) -> bool:
    """Whether an image is of one of these registries, or of one of these parts of a registry."""
    if not isinstance(image, str):
        return False
    repository = _with_registry(image.partition("@")[0], is_image=True)
    return any(
        f"{repository}/".startswith(f"{_with_registry(each.rstrip('/'), is_image=False)}/") for each in registries
    )


def _with_registry(name: str, *, is_image: bool) -> str:
    """The full name of an image, without its tag, or of a part of a registry: as container runtimes complete it.

    The first part is a registry if it has a dot or a colon, or is localhost. An image's last part is never one.
    """
    first, slash, rest = name.partition("/")
    may_be_registry = bool(slash) or not is_image
    if may_be_registry and ("." in first or ":" in first or first == "localhost"):
        registry = "docker.io" if first == "index.docker.io" else first
    else:
        registry, rest = "docker.io", name if slash or not is_image else f"library/{name}"
    path, slash, last = rest.rpartition("/")
    return f"{registry}/{path}{slash}{last.partition(':')[0]}".rstrip("/")


def _option(field: str) -> str:
    return f"--{field.replace('_', '-')}"


def _refusal(what: str, switch: str) -> str:
    return f"{what} isn't allowed by this operator: remove it, or ask its administrator for {_option(switch)}"


def _not_listed(what: str, field: str, policy: TenantPolicy) -> str:
    allowed = ", ".join(getattr(policy, field)) or "none"
    return f"{what} isn't one that this operator allows with {_option(field)} ({allowed}): choose another one"
