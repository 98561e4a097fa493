from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from presto_operator.polling.short_strings import MOST_STRING_BYTES, ShortStrings

texts = st.text(max_size=8) | st.text(st.sampled_from('"\\\\\\n\u00e9x'), min_size=200, max_size=400)
values = st.recursive(
    st.none() | st.integers() | texts,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=8), children, max_size=4),
    max_leaves=10,
)


@given(value=values, is_ascii=st.booleans(), sizes=st.lists(st.integers(min_value=1, max_value=300), min_size=1))
def test_long_strings_become_empty_and_nothing_else_changes(value: Any, sizes: list[int], *, is_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii).encode("utf-8", "replace")
    filtered, strings, position = bytearray(), ShortStrings(), 0
    while position < len(text):
        size = sizes[position % len(sizes)]
        filtered += strings.feed(text[position : position + size])
        position += size
    assert json.loads(filtered) == _shortened(json.loads(text), is_ascii=is_ascii)


def _shortened(value: Any, *, is_ascii: bool) -> Any:
    if isinstance(value, str):
        body = json.dumps(value, ensure_ascii=is_ascii).encode()[1:-1]
        return value if len(body) <= MOST_STRING_BYTES else ""
    if isinstance(value, list):
        return [_shortened(item, is_ascii=is_ascii) for item in value]
    if isinstance(value, dict):
        return {key: _shortened(item, is_ascii=is_ascii) for key, item in value.items()}
    return value
