"""The key of a cluster's hashes: made once, kept, and never another's."""

from __future__ import annotations

import asyncio
import base64

import pytest

from presto_operator.controller.hash_keys import HashKeys
from presto_operator.kube import SECRET, ApiError, ClusterKey
from presto_operator.objects import KubernetesObject
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.manifest import UID, manifest

_KEY = ClusterKey("analytics", "adhoc")


def _key_of(api: FakeKubernetes, body: KubernetesObject | None = None) -> bytes:
    """What an operator that has just started gets."""
    return asyncio.run(HashKeys(api).of(_KEY, body or manifest()))


def _secret(api: FakeKubernetes) -> KubernetesObject:
    secret = asyncio.run(api.get(SECRET, "analytics", "adhoc-hash-key"))
    assert secret is not None
    return secret


def test_a_key_is_made_once_and_survives_a_restart() -> None:
    api = FakeKubernetes()
    made = _key_of(api)
    assert len(made) == 32
    assert _key_of(api) == made


def test_the_secret_is_the_clusters_and_not_watched() -> None:
    api = FakeKubernetes()
    made = _key_of(api)
    secret = _secret(api)
    assert secret["metadata"]["ownerReferences"][0]["uid"] == UID
    assert "prestooperator.io/cluster" not in secret["metadata"]["labels"]
    assert base64.b64decode(secret["data"]["key"]) == made


def test_clusters_have_different_keys() -> None:
    assert _key_of(FakeKubernetes()) != _key_of(FakeKubernetes())


def test_a_secret_of_something_else_is_not_used() -> None:
    api = FakeKubernetes()
    _key_of(api)
    with pytest.raises(ApiError, match="belongs to something else"):
        _key_of(api, manifest(uid="5b0f3c0e-0000-4000-8000-000000000002"))


def test_a_secret_without_a_key_is_not_used() -> None:
    api = FakeKubernetes()
    _key_of(api)
    api.edit("Secret", "adhoc-hash-key", lambda obj: obj.update(data={"key": "eA=="}))
    with pytest.raises(ApiError, match="holds no key"):
        _key_of(api)
