"""What is readable to many tells nothing of secrets."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from presto_operator.api import PrestoCluster, SourceObject, parse_cluster
from presto_operator.desired import render_generation
from tests.unit.manifest import manifest

_GUESSES = ("hunter2", "sunshine2019", "secret")


def _cluster(password: str, key: bytes) -> PrestoCluster:
    reference = {"name": "db", "key": "password"}
    body = manifest(
        catalogs={
            "db": {"properties": {"connector.name": "mysql"}, "secretProperties": {"connection-password": reference}}
        },
        workers={"env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": reference}}]},
    )
    return replace(parse_cluster(body, {SourceObject("Secret", "db"): {"password": password}}), hash_key=key)


def _visible(password: str, key: bytes) -> str:
    """All objects but Secrets' data, as text."""
    generation = render_generation(_cluster(password, key))
    objects = [
        {name: part for name, part in obj.items() if obj["kind"] != "Secret" or name != "data"}
        for obj in generation.objects({"workers": 1})
    ]
    return json.dumps(objects, sort_keys=True)


def test_no_secret_is_in_any_other_object() -> None:
    assert "hunter2" not in _visible("hunter2", b"key")


def test_what_is_visible_depends_on_a_key_that_is_not() -> None:
    assert _visible("hunter2", b"one") != _visible("hunter2", b"other")
    assert _visible("hunter2", b"one") != _visible("sunshine2019", b"one")
    assert _visible("hunter2", b"one") == _visible("hunter2", b"one")


def test_guesses_are_not_confirmed_by_hashes_without_the_key() -> None:
    visible = _visible("hunter2", b"a key that nobody knows")
    for guess in _GUESSES:
        guessed = _visible(guess, b"")
        environment = json.dumps([manifest()["metadata"]["uid"], {"DB_PASSWORD": guess}], separators=(",", ":"))
        assert hashlib.sha256(environment.encode()).hexdigest()[:8] not in visible
        assert guessed != visible
