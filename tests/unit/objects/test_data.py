from __future__ import annotations

import base64

import pytest

from presto_operator.objects import text_data


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def test_a_config_map_holds_texts() -> None:
    assert text_data({"kind": "ConfigMap", "data": {"key": "value"}}) == {"key": "value"}


def test_a_secret_is_decoded() -> None:
    assert text_data({"kind": "Secret", "data": {"key": _encoded("päss".encode())}}) == {"key": "päss"}


def test_a_secret_may_hold_something_that_is_no_text() -> None:
    held = text_data({"kind": "Secret", "data": {"keystore": _encoded(b"\xfe\xed"), "key": _encoded(b"value")}})
    assert held["key"] == "value"
    with pytest.raises(UnicodeEncodeError):
        held["keystore"].encode()


def test_the_texts_of_a_manifest_override_what_is_encoded() -> None:
    data = {"key": _encoded(b"old"), "other": _encoded(b"kept")}
    assert text_data({"kind": "Secret", "data": data, "stringData": {"key": "new"}}) == {"key": "new", "other": "kept"}


def test_an_object_without_data_holds_nothing() -> None:
    assert text_data({"kind": "ConfigMap"}) == {}
    assert text_data({"kind": "Secret", "data": None}) == {}
