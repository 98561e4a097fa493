"""The specs that users apply in a simulation: good ones, and ones that can't start or aren't valid."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Literal

from tests.unit.fake_kubernetes import copied

Spec = dict[str, Any]
Edit = Callable[[Spec, Random], str]
"""Changes a spec in place; returns what it did, in words."""

Defect = Literal["invalid", "coordinator", "workers"]

BAD_FLAG = "-XX:+NoSuchFlag"
BAD_TAG = "no-such-tag"
MISSING_ACCOUNT = "no-such-account"
EXISTING_ACCOUNT = "of-the-team"
"""A ServiceAccount that the users have made themselves."""
MISSING_SECRET = "no-such-secret"
DRAIN_TIMEOUT_SECONDS = 120

BASE: Spec = {
    "version": "0.287",
    "coordinator": {"drainTimeout": f"{DRAIN_TIMEOUT_SECONDS}s"},
    "workers": {
        "replicas": 3,
        "drain": {"timeout": "60s", "gracePeriod": "10s"},
        "placement": {"unschedulableAfter": "60s", "reclaimPenalty": "60s"},
        "pools": [{"name": "r5"}, {"name": "r6"}],
    },
}
"""Three workers in two pools, with short times, so that a course sees them end."""


def defect_of(spec: Spec) -> Defect | None:
    """What keeps a spec from serving; None if it can serve."""
    if any("secretProperties" in catalog for catalog in spec.get("catalogs", {}).values()) or _has_wrong_pool(spec):
        return "invalid"
    is_bad_pod = (
        spec.get("image", {}).get("tag") == BAD_TAG
        or spec.get("serviceAccount", {}).get("name") == MISSING_ACCOUNT
        or BAD_FLAG in _flags(spec, "coordinator")
    )
    if is_bad_pod:
        return "coordinator"
    return "workers" if BAD_FLAG in _flags(spec, "workers") else None


def _has_wrong_pool(spec: Spec) -> bool:
    return any(pool.get("minReplicas", 0) > pool.get("maxReplicas", 1000) for pool in spec["workers"]["pools"])


def _flags(spec: Spec, role: str) -> list[str]:
    flags: list[str] = spec[role].get("jvm", {}).get("extraArgs", [])
    return flags


def _version(spec: Spec, chance: Random) -> str:
    spec["version"] = chance.choice(["0.286", "0.287", "0.288"])
    return f"version {spec['version']}"


def _replicas(spec: Spec, chance: Random) -> str:
    spec["workers"]["replicas"] = chance.choice([0, 1, 2, 3, 4, 5])
    return f"{spec['workers']['replicas']} workers"


def _flag(spec: Spec, chance: Random) -> str:
    role = chance.choice(["coordinator", "workers"])
    flag = chance.choice(["-Da=b", "-Da=c"])
    spec[role]["jvm"] = {"extraArgs": [flag]}
    return f"{role}' JVM flag {flag}"


def _bad_flag(spec: Spec, chance: Random) -> str:
    role = chance.choice(["coordinator", "workers"])
    spec[role]["jvm"] = {"extraArgs": [BAD_FLAG]}
    return f"{role}' JVM flag that does not exist"


def _bad_image(spec: Spec, _: Random) -> str:
    spec["image"] = {"tag": BAD_TAG}
    return "an image that does not exist"


def _account(spec: Spec, chance: Random) -> str:
    name = chance.choice([MISSING_ACCOUNT, EXISTING_ACCOUNT, None])
    spec["serviceAccount"] = {"name": name} if name else {}
    return f"ServiceAccount {name or 'of its own'}"


def _https(spec: Spec, chance: Random) -> str:
    port = chance.choice([None, "8443", "9443"])
    config = {"http-server.https.enabled": "true", "http-server.https.port": port} if port else {}
    spec["coordinator"]["config"] = config
    return f"HTTPS port {port}"


def _surge(spec: Spec, chance: Random) -> str:
    spec["workers"]["rollout"] = {"maxSurge": chance.choice([1, 2, "50%"])}
    return f"maxSurge {spec['workers']['rollout']['maxSurge']}"


def _pool(spec: Spec, chance: Random) -> str:
    pools = spec["workers"]["pools"]
    names = {pool["name"] for pool in pools}
    if len(pools) > 1 and chance.random() < 0.5:
        return f"without pool {pools.pop(chance.randrange(len(pools)))['name']}"
    free = [name for name in ("r5", "r6", "r7") if name not in names]
    if not free:
        return "the same pools"
    pools.append({"name": chance.choice(free)})
    return f"pool {pools[-1]['name']}"


def _pool_bounds(spec: Spec, chance: Random) -> str:
    pool = chance.choice(spec["workers"]["pools"])
    pool["minReplicas"], pool["maxReplicas"] = chance.choice([(0, 5), (1, 5), (2, 5)])
    return f"pool {pool['name']} with {pool['minReplicas']} to {pool['maxReplicas']} workers"


def _wrong_pool(spec: Spec, chance: Random) -> str:
    pool = chance.choice(spec["workers"]["pools"])
    pool["minReplicas"], pool["maxReplicas"] = 3, 1
    return f"pool {pool['name']} with at least 3 and at most 1 workers"


def _missing_secret(spec: Spec, _: Random) -> str:
    spec["catalogs"] = {
        "mysql": {
            "properties": {"connector.name": "mysql"},
            "secretProperties": {"connection-password": {"name": MISSING_SECRET, "key": "password"}},
        }
    }
    return "a catalog with a Secret that does not exist"


def _catalog(spec: Spec, chance: Random) -> str:
    spec["catalogs"] = {chance.choice(["tpch", "tpcds"]): {"properties": {"connector.name": "tpch"}}}
    return f"catalog {next(iter(spec['catalogs']))}"


GOOD_EDITS: tuple[Edit, ...] = (
    _version,
    _replicas,
    _replicas,
    _flag,
    _flag,
    _https,
    _surge,
    _pool,
    _pool_bounds,
    _catalog,
)
BAD_EDITS: tuple[Edit, ...] = (_bad_flag, _bad_flag, _bad_image, _account, _account, _wrong_pool, _missing_secret)


def edited(spec: Spec, chance: Random) -> tuple[Spec, str]:
    """A spec with one change, and the change in words."""
    changed = copied(spec)
    edit = chance.choice(GOOD_EDITS if chance.random() < 0.5 else BAD_EDITS)
    return changed, edit(changed, chance)
