"""Kubernetes' strategic merge patch over a pod template.

The Kubernetes client for Python only sends such patches, and no kept Python library was found that applies them; those
that merge JSON know neither merge keys together with removal nor `$patch`. What is here is what the API server does
with a patch, with two differences (docs/adr/0010). The directives that only `kubectl` writes (`$setElementOrder`,
`$deleteFromPrimitiveList`, `$retainKeys`) are refused by our API. And an object with `$patch: delete` is removed, where
the API server would leave an empty one: null, which removes there, doesn't survive a client-side `kubectl apply`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MERGE_KEYS = {
    "containers": "name",
    "env": "name",
    "hostAliases": "ip",
    "imagePullSecrets": "name",
    "initContainers": "name",
    "ports": "containerPort",
    "topologySpreadConstraints": "topologyKey",
    "volumeDevices": "devicePath",
    "volumeMounts": "mountPath",
    "volumes": "name",
}
"""Lists of a pod template whose items are merged one by one, by field name, with the key that tells items apart: the
patchMergeKey of Kubernetes' API reference. All other lists are replaced whole."""

PATCH_DIRECTIVE = "$patch"

_DELETE = "delete"
_REPLACE = "replace"


def strategic_merge(original: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """`original` with `patch` merged into it; neither is changed.

    Objects are merged field by field, and null or an object with `$patch: delete` removes a field. Lists with a merge
    key are merged item by item: an item that is there is patched in its place, one that isn't is appended. Other lists
    are replaced. `$patch: replace` takes what stands beside it instead of what was there.
    """
    merged = {} if patch.get(PATCH_DIRECTIVE) == _REPLACE else dict(original)
    for name, value in patch.items():
        if name == PATCH_DIRECTIVE:
            continue
        if value is None or _is_deletion(value):
            merged.pop(name, None)
        else:
            merged[name] = _merged(name, merged.get(name), value)
    return merged


def _is_deletion(patch: Any) -> bool:
    return isinstance(patch, Mapping) and patch.get(PATCH_DIRECTIVE) == _DELETE


def _merged(name: str, original: Any, patch: Any) -> Any:
    if isinstance(patch, Mapping):
        return strategic_merge(original if isinstance(original, Mapping) else {}, patch)
    if isinstance(patch, list) and name in MERGE_KEYS:
        return _merged_items(original if isinstance(original, list) else [], patch, MERGE_KEYS[name])
    return patch


def _merged_items(original: Sequence[Any], patch: Sequence[Mapping[str, Any]], key: str) -> list[Any]:
    # A directive without a key speaks of the list.
    replaces_list = any(item.get(PATCH_DIRECTIVE) == _REPLACE and key not in item for item in patch)
    merged = [] if replaces_list else list(original)
    for item in patch:
        if key not in item:
            continue
        place = next((index for index, there in enumerate(merged) if there.get(key) == item[key]), None)
        if _is_deletion(item):
            if place is not None:
                del merged[place]
        elif place is None:
            merged.append(strategic_merge({}, item))
        else:
            merged[place] = strategic_merge(merged[place], item)
    return merged
