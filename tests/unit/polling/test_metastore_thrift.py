"""Whatever a server answers, it is a finding in plain words, or more of it is wanted, in bounds."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from presto_operator.metastore import Outcome
from presto_operator.polling.metastore_thrift import IncompleteError, thrift_finding

_MOST_BYTES = 512 * 1024
_REPLY = b"\x80\x01\x00\x02\x00\x00\x00\x0cget_database\x00\x00\x00\x00"
_EXCEPTION = b"\x80\x01\x00\x03\x00\x00\x00\x0cget_database\x00\x00\x00\x00"

_META_EXCEPTION = _REPLY + b"\x0c\x00\x02\x0b\x00\x01"

beginnings = st.sampled_from([b"", b"\x80", b"\x80\x01\x00\x02", _REPLY, _EXCEPTION, _META_EXCEPTION])
lengths = st.integers(min_value=-(2**31), max_value=2**31 - 1).map(lambda length: struct.pack("!i", length))


@given(beginning=beginnings, length=st.just(b"") | lengths, rest=st.binary(max_size=300))
def test_any_answer_is_a_finding_or_more_of_it_is_wanted(beginning: bytes, length: bytes, rest: bytes) -> None:
    answer = beginning + length + rest
    try:
        finding = thrift_finding(answer)
    except IncompleteError as incomplete:
        assert len(answer) < incomplete.wanted_bytes <= _MOST_BYTES  # noqa: PT017 - both outcomes are right
        return
    assert isinstance(finding.outcome, Outcome)
    assert finding.detail.isprintable()
    assert len(finding.detail) < 400


def test_a_message_without_a_bound_is_no_metastore() -> None:
    answer = _META_EXCEPTION + struct.pack("!i", 2**31 - 1)
    assert thrift_finding(answer).outcome is Outcome.NOT_A_METASTORE
