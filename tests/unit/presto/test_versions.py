from __future__ import annotations

import pytest

from presto_operator.presto import java_version, parse_version
from presto_operator.presto.versions import PrestoVersion


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("0.287", PrestoVersion(287)),
        ("0.287.1", PrestoVersion(287, 1)),
        ("0.287.12", PrestoVersion(287, 12)),
        ("0.287-our.2", PrestoVersion(287)),
        ("0.287.1-SNAPSHOT", PrestoVersion(287, 1)),
    ],
)
def test_reads_a_release(text: str, version: PrestoVersion) -> None:
    assert parse_version(text) == version


def test_releases_are_in_order() -> None:
    texts = ["0.287.10", "0.283", "0.287.2", "0.287", "0.300"]
    assert sorted(texts, key=parse_version) == ["0.283", "0.287", "0.287.2", "0.287.10", "0.300"]


@pytest.mark.parametrize(
    "text", ["", "287", "v0.287", "0.28", "0.2870", "1.287", "0.287.", "0.287-", "0.287 ", "0.287\n", "latest"]
)
def test_refuses_what_is_no_release_and_says_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match=r'must be a Presto release, for example "0\.287"'):
        parse_version(text)


@pytest.mark.parametrize(("version", "java"), [("0.283", 11), ("0.294.2", 11), ("0.295", 17), ("0.300-our.1", 17)])
def test_each_release_has_its_java(version: str, java: int) -> None:
    assert java_version(parse_version(version)) == java
