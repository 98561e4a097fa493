"""Containers beside a worker's server that Kubernetes may stop before the server has drained."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from presto_operator.api import PRESTO_CONTAINER, Drain, PodMetadata, PrestoClusterSpec, duration_seconds
from presto_operator.objects import PATCH_DIRECTIVE

_PATH = "spec.workers.podOverrides"
_SLEEP = re.compile(r"(?:\S*sh -c )?\S*\bsleep (\d+)s?")

_ISTIO_INJECT, _ISTIO_NATIVE = "sidecar.istio.io/inject", "sidecar.istio.io/nativeSidecar"
_LINKERD_INJECT = "linkerd.io/inject"
_LINKERD_NATIVE = tuple(f"config.{stage}.linkerd.io/proxy-enable-native-sidecar" for stage in ("beta", "alpha"))
_LINKERD_WAIT = "config.alpha.linkerd.io/proxy-wait-before-exit-seconds"


def drain_warnings(spec: PrestoClusterSpec) -> list[str]:
    """What of the workers' pods may end before a drain does, each with the path of its field and what to do."""
    overrides = spec.workers.pod_overrides
    if overrides is None:
        return []
    seconds = drain_seconds(spec.workers.drain)
    return [
        *_container_warnings(overrides.spec, seconds),
        *(_mesh_warnings(overrides.metadata, seconds) if overrides.metadata else ()),
    ]


def drain_seconds(drain: Drain) -> int:
    """How many seconds a drain may take: Presto waits its grace period before and after it finishes its tasks."""
    return duration_seconds(drain.timeout) + 2 * duration_seconds(drain.grace_period)


def _container_warnings(pod_spec: Mapping[str, Any], seconds: int) -> Iterator[str]:
    containers = pod_spec.get("containers")
    for container in containers if isinstance(containers, list) else ():
        name = container.get("name")
        if name in (None, PRESTO_CONTAINER) or container.get(PATCH_DIRECTIVE) == "delete":
            continue
        hook = _pre_stop(container)
        lasts = _sleep_seconds(hook) if hook else 0
        if lasts is None or lasts >= seconds:
            continue
        path = f"{_PATH}.spec.containers[{name}]"
        if hook:
            ends = f"{path}.lifecycle.preStop: it lasts {lasts} s, but a drain takes up to {seconds} s"
        else:
            ends = f"{path}: without a preStop hook it is stopped at once; the server drains for up to {seconds} s"
        yield (
            f"{ends}. If queries need it, make it an init container with restartPolicy: Always, which is stopped after "
            "the server, or give it a preStop hook that lasts as long"
        )


def _pre_stop(container: Mapping[str, Any]) -> Mapping[str, Any]:
    lifecycle = container.get("lifecycle")
    hook = lifecycle.get("preStop") if isinstance(lifecycle, Mapping) else None
    return hook if isinstance(hook, Mapping) else {}


def _sleep_seconds(hook: Mapping[str, Any]) -> int | None:
    """How long a preStop hook lasts if all that it does is sleep; None if it does something else."""
    sleep, execute = hook.get("sleep"), hook.get("exec")
    if isinstance(sleep, Mapping) and isinstance(sleep.get("seconds"), int):
        return int(sleep["seconds"])
    command = execute.get("command") if isinstance(execute, Mapping) else None
    words = " ".join(map(str, command)) if isinstance(command, list) else ""
    found = _SLEEP.fullmatch(words.strip())
    return int(found[1]) if found else None


def _mesh_warnings(metadata: PodMetadata, seconds: int) -> Iterator[str]:
    """Sidecars that a service mesh adds to the pod because of its labels and annotations."""
    given = {**metadata.labels, **metadata.annotations}
    if given.get(_ISTIO_INJECT) == "true" and given.get(_ISTIO_NATIVE) != "true":
        yield _mesh_warning(_ISTIO_INJECT, "Istio", f'annotation {_ISTIO_NATIVE}: "true"', seconds)
    wait = given.get(_LINKERD_WAIT, "")
    is_native = any(given.get(name) == "true" for name in _LINKERD_NATIVE)
    is_late = wait.isdecimal() and int(wait) >= seconds
    if given.get(_LINKERD_INJECT) in ("enabled", "ingress") and not is_native and not is_late:
        yield _mesh_warning(_LINKERD_INJECT, "Linkerd", f'annotation {_LINKERD_NATIVE[0]}: "true"', seconds)


def _mesh_warning(name: str, mesh: str, remedy: str, seconds: int) -> str:
    return (
        f"{_PATH}.metadata[{name}]: {mesh}'s proxy may be stopped before the server, which then has no network while "
        f"it drains for up to {seconds} s. Add the {remedy}, with which the proxy is stopped after the server"
    )
