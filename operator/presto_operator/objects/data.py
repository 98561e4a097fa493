"""What ConfigMaps and Secrets hold."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any


def text_data(obj: Mapping[str, Any]) -> dict[str, str]:
    """The texts that a ConfigMap or a Secret holds, by key.

    In a Secret's value that is no text, such as a keystore, bytes that are no UTF-8 become lone surrogates, which can't
    be encoded: it may lie beside values that are used, but can't be used itself. `stringData` overrides `data`, as in
    the API server.
    """
    data: Mapping[str, str] = obj.get("data") or {}
    if obj["kind"] == "Secret":
        data = {key: base64.b64decode(value).decode(errors="surrogateescape") for key, value in data.items()}
    return {**data, **(obj.get("stringData") or {})}
