"""The parts of a generation, by which a roll-out says what changed.

A part is named as a path: `image`, `catalog/hive`, `coordinator/etc/jvm.config`, `workers/resources`, `pool/r5`. Its
hash changes when that part of the rendered pods changes. Every Deployment carries the parts of its own pods as an
annotation; it isn't on the pod template, so it changes no pod. Hashes of secrets are made with a key of the cluster,
since a reader of the annotation could find the secret by trying: that of the catalogs, which is in their Secret's name,
and that of its environment, which a pod carries.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from presto_operator.api import CONFIG_VOLUME, Pool, PrestoCluster, Role, duration_seconds
from presto_operator.desired.config_map import ServerFiles
from presto_operator.desired.names import ENVIRONMENT_ANNOTATION, PARTS_ANNOTATION
from presto_operator.desired.node_placement import PLACEMENT_FIELDS
from presto_operator.desired.object import content_hash
from presto_operator.objects import GENERATION_LABEL, POOL_LABEL, KubernetesObject

Parts = Mapping[str, str]
"""Short hashes by part."""


@dataclass(frozen=True)
class Pod:
    """A pod as it is rendered."""

    template: dict[str, Any]
    """The whole of it."""
    placement: dict[str, Any]
    """Those fields of its spec that say on which nodes it may run, before the role's podOverrides."""


_POD_TEMPLATE = "podTemplate"
"""A role's whole pod template: the part that changes with everything that has no part of its own."""

_SPOKEN = {"podTemplate": "pod template", "envValues": "env values", "catalogSecrets": "secrets of the catalogs"}
"""The words for parts that aren't named after a field of the spec or a file."""

_SECRET = "secret"  # noqa: S105 - in place of a hash
"""In place of the hash of a catalog that holds secrets: it tells only that there is one."""


def coordinator_parts(cluster: PrestoCluster, files: ServerFiles, pod: Pod) -> Parts:
    """The parts of the coordinator's pod, with those that all servers share."""
    return {
        **_shared_parts(cluster, files),
        **_role_parts("coordinator", cluster.spec.coordinator, files, pod.template),
        "coordinator/placement": content_hash(pod.placement),
    }


def worker_parts(cluster: PrestoCluster, pool: Pool, files: ServerFiles, pod: Pod) -> Parts:
    """The parts of the pods of one pool's workers."""
    workers = cluster.spec.workers
    drain = [duration_seconds(workers.drain.timeout), duration_seconds(workers.drain.grace_period)]
    return {
        **_role_parts("workers", workers, files, pod.template),
        **_hashed({"workers/drain": drain}),
        f"pool/{pool.name}": content_hash(pod.placement),
    }


def parts_annotation(parts: Parts) -> dict[str, str]:
    """The annotation of a Deployment that holds its parts."""
    return {PARTS_ANNOTATION: json.dumps(parts, sort_keys=True, separators=(",", ":"))}


def parts_of(deployment: KubernetesObject) -> Parts:
    """The parts in a live Deployment's annotation; empty if it has none that can be read."""
    try:
        parts = json.loads(deployment["metadata"].get("annotations", {})[PARTS_ANNOTATION])
    except (KeyError, ValueError):
        return {}
    return {str(part): str(value) for part, value in parts.items()} if isinstance(parts, dict) else {}


def changed_parts(old: Parts, new: Parts) -> list[str]:
    """What differs between two servers, in words: "the workers' jvm.config", "the catalog hive (added)".

    Empty if nothing differs, or if nothing is known of one of them.
    """
    if not old or not new:
        return []
    changed = [part for part in sorted({*old, *new}) if old.get(part) != new.get(part)]
    # The pod template changes with other parts, too. It is named only if it is all that changed.
    named = [part for part in changed if not part.endswith(f"/{_POD_TEMPLATE}")]
    return [_in_words(part, is_old=part in old, is_new=part in new) for part in named or changed]


def _shared_parts(cluster: PrestoCluster, files: ServerFiles) -> Parts:
    spec = cluster.spec
    return {
        **_hashed(
            {
                "version": spec.version,
                "image": [spec.image_reference, spec.image.pull_policy, spec.image.pull_secrets],
                "serviceAccount": _dumped(spec.service_account),
                "podSecurity": _dumped(spec.pod_security),
                "sysctls": spec.sysctls,
                **{f"plugin/{plugin.name}": _dumped(plugin) for plugin in spec.plugins},
            }
        ),
        **_catalog_parts(cluster, files),
    }


def _catalog_parts(cluster: PrestoCluster, files: ServerFiles) -> Parts:
    parts = {
        f"catalog/{name}": _SECRET if catalog.is_secret else content_hash(catalog.properties)
        for name, catalog in cluster.catalogs.items()
    }
    if files.secret_catalogs is not None:
        parts["catalogSecrets"] = files.secret_catalogs["metadata"]["name"].rpartition("-")[2]
    return parts


def _role_parts(prefix: str, role: Role, files: ServerFiles, template: Mapping[str, Any]) -> Parts:
    fields = {
        "resources": [role.resources.requests, role.resources.limits],
        "env": _all_dumped(role.env),
        "ulimits": role.ulimits.given,
        "volumes": _all_dumped(role.volumes),
        "emptyDirLimits": _dumped(role.empty_dir_limits),
        "initContainers": _all_dumped(role.init_containers),
        "podOverrides": {name: patch for name, patch in _dumped(role.pod_overrides).items() if patch},
        _POD_TEMPLATE: _common(template),
    }
    texts = {f"etc/{name}": text for name, text in files.role["data"].items()}
    texts["etc/config.properties"] = _without_discovery(files.role["data"]["config.properties"])
    parts = {f"{prefix}/{name}": part for name, part in _hashed({**fields, **texts}).items()}
    environment = template["metadata"].get("annotations", {}).get(ENVIRONMENT_ANNOTATION)
    return {**parts, **({f"{prefix}/envValues": environment} if environment else {})}


def _dumped(model: BaseModel | None) -> dict[str, Any]:
    """What the manifest sets, without defaults: a field that a release of the operator adds must not change a hash."""
    return model.model_dump(mode="json", exclude_defaults=True) if model is not None else {}


def _all_dumped(models: Iterable[BaseModel]) -> list[dict[str, Any]]:
    return [_dumped(model) for model in models]


def _hashed(contents: Mapping[str, Any]) -> Parts:
    """The hashes of the contents that aren't empty."""
    return {name: content_hash(content) for name, content in contents.items() if content}


def _without_discovery(text: str) -> str:
    # It names the generation, so it always differs between two generations.
    return "\n".join(line for line in text.splitlines() if not line.startswith("discovery.uri="))


def _common(template: Mapping[str, Any]) -> dict[str, Any]:
    """The template without what differs between generations or pools: that has parts of its own."""
    metadata, spec = template["metadata"], template["spec"]
    labels = {name: value for name, value in metadata["labels"].items() if name not in (GENERATION_LABEL, POOL_LABEL)}
    fields = {name: value for name, value in spec.items() if name not in PLACEMENT_FIELDS}
    volumes = [volume for volume in spec["volumes"] if volume["name"] != CONFIG_VOLUME]
    return {"metadata": {**metadata, "labels": labels}, "spec": {**fields, "volumes": volumes}}


def _in_words(part: str, *, is_old: bool, is_new: bool) -> str:
    kind, separator, name = part.partition("/")
    owner = {"coordinator": "the coordinator's", "workers": "the workers'"}.get(kind, f"the {_SPOKEN.get(kind, kind)}")
    words = f"{owner} {_SPOKEN.get(name, name.removeprefix('etc/'))}" if separator else owner
    if is_old and is_new:
        return words
    return f"{words} ({'added' if is_new else 'removed'})"
