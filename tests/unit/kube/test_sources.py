from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime, timedelta

import pytest

from presto_operator.api import SourceData, SourceObject
from presto_operator.bounds import MAX_SOURCES, SOURCE_READ_SECONDS, SOURCE_READS_AT_ONCE
from presto_operator.kube import ApiError, SourceReader
from presto_operator.kube.kind import Kind
from presto_operator.objects import KubernetesObject
from presto_operator.settings import DEFAULTS
from tests.unit import virtual_time
from tests.unit.fake_kubernetes import FakeKubernetes

_SECRET = SourceObject("Secret", "s3")


class _Api(FakeKubernetes):
    """Counts what is read, and can refuse it."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.refusal: ApiError | None = None

    async def get(self, kind: Kind, namespace: str | None, name: str) -> KubernetesObject | None:
        self.reads += 1
        if self.refusal is not None:
            raise self.refusal
        return await super().get(kind, namespace, name)


class _Reading:
    def __init__(self) -> None:
        self.api = _Api()
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.reader = SourceReader(self.api, lambda: self.now, DEFAULTS.reference_interval)

    def read(self, *sources: SourceObject, namespace: str = "analytics", after_seconds: int = 0) -> SourceData:
        self.now += timedelta(seconds=after_seconds)
        return asyncio.run(self.reader.read(namespace, sources))

    def write(self, value: str) -> None:
        data = {"secret": base64.b64encode(value.encode()).decode()}
        self.api.write(
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s3", "namespace": "analytics"}, "data": data}
        )


@pytest.fixture
def reading() -> _Reading:
    """A reader, and the API server that it reads."""
    return _Reading()


def test_secrets_are_decoded_and_config_maps_are_as_they_are(reading: _Reading) -> None:
    reading.write("hunter2")
    config_map = {"kind": "ConfigMap", "metadata": {"name": "shared", "namespace": "analytics"}, "data": {"a": "b"}}
    reading.api.write(config_map)
    source = SourceObject("ConfigMap", "shared")
    assert reading.read(_SECRET, source) == {_SECRET: {"secret": "hunter2"}, source: {"a": "b"}}


def test_what_is_not_there_is_none_and_empty_is_empty(reading: _Reading) -> None:
    reading.api.write({"kind": "ConfigMap", "metadata": {"name": "empty", "namespace": "analytics"}})
    empty = SourceObject("ConfigMap", "empty")
    assert reading.read(_SECRET, empty) == {_SECRET: None, empty: {}}


def test_an_object_is_read_once_in_a_while_however_often_it_is_asked_for(reading: _Reading) -> None:
    reading.write("old")
    for _ in range(5):
        reading.read(_SECRET, _SECRET, after_seconds=2)
    assert reading.api.reads == 1


def test_a_change_is_seen_within_seconds(reading: _Reading) -> None:
    reading.write("old")
    reading.read(_SECRET)
    reading.write("new")
    assert reading.read(_SECRET, after_seconds=16) == {_SECRET: {"secret": "new"}}


def test_namespaces_are_kept_apart(reading: _Reading) -> None:
    reading.write("old")
    assert reading.read(_SECRET) != {_SECRET: None}
    assert reading.read(_SECRET, namespace="elsewhere") == {_SECRET: None}


class _SlowApi(_Api):
    """Answers after a while, and counts how many requests wait at the same time."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.waiting = self.most_waiting = 0

    async def get(self, kind: Kind, namespace: str | None, name: str) -> KubernetesObject | None:
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        await asyncio.sleep(self.seconds)
        self.waiting -= 1
        return await super().get(kind, namespace, name)


def _read_slowly(api: _SlowApi, number: int) -> SourceData:
    reader = SourceReader(api, lambda: datetime(2026, 1, 1, tzinfo=UTC), DEFAULTS.reference_interval)
    return virtual_time.run(reader.read("analytics", [SourceObject("Secret", f"s{index}") for index in range(number)]))


def test_several_objects_are_read_at_the_same_time_but_not_all_at_once() -> None:
    api = _SlowApi(1)
    assert len(_read_slowly(api, MAX_SOURCES)) == MAX_SOURCES
    assert 1 < api.most_waiting <= SOURCE_READS_AT_ONCE


def test_objects_that_take_too_long_are_given_up() -> None:
    with pytest.raises(ApiError, match=f"not all were read within {SOURCE_READ_SECONDS} s"):
        _read_slowly(_SlowApi(15), MAX_SOURCES)


def test_a_refusal_is_no_absence(reading: _Reading) -> None:
    reading.api.refusal = ApiError(403, "forbidden")
    with pytest.raises(ApiError, match="forbidden"):
        reading.read(_SECRET)


def test_what_is_no_text_breaks_nothing(reading: _Reading) -> None:
    reading.write("x")
    reading.api.edit("Secret", "s3", lambda obj: obj["data"].update(keystore=base64.b64encode(b"\xff\x00").decode()))
    found = reading.read(_SECRET)[_SECRET]
    assert found is not None
    assert found["secret"] == "x"
