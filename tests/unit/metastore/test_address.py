from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presto_operator.metastore import URI_PATTERN, MetastoreAddress, parse_metastore_uri


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("thrift://hive-metastore.data:9083", MetastoreAddress("hive-metastore.data", 9083)),
        ("thrift://hive", MetastoreAddress("hive", 9083)),
        ("thrift://hive:1/", MetastoreAddress("hive", 1)),
        ("thrift://10.0.0.7:65535", MetastoreAddress("10.0.0.7", 65535)),
        ("thrift://[fd00::7]:9084", MetastoreAddress("fd00::7", 9084)),
        ("thrift://[fd00::7]", MetastoreAddress("fd00::7", 9083)),
    ],
)
def test_reads_a_uri(uri: str, address: MetastoreAddress) -> None:
    assert parse_metastore_uri(uri) == address


@pytest.mark.parametrize(
    ("uri", "right"),
    [
        ("", "must start with thrift://"),
        ("hive-metastore.data:9083", "must start with thrift://"),
        ("http://hive:9083", "must start with thrift://"),
        ("Thrift://hive:9083", "must start with thrift://"),
        ("thrift://", "a host name or an IP address"),
        ("thrift://:9083", "a host name or an IP address"),
        ("thrift://hive:port", "a host name or an IP address"),
        ("thrift://hive:9083/default", "a host name or an IP address"),
        ("thrift://hive_metastore:9083", "a host name or an IP address"),
        ("thrift://user@hive:9083", "a host name or an IP address"),
        ("thrift://hive:9083\n", "a host name or an IP address"),
        ("thrift://a:9083,thrift://b:9083", "write each URI as an item of its own"),
        ("thrift://hive:0", "the port must be from 1 to 65535"),
        ("thrift://hive:65536", "the port must be from 1 to 65535"),
        ("thrift://[fd00:::7]:9083", "is not an IPv6 address"),
        ("thrift://10.0.0.256", "is not an IP address"),
        ("thrift://hive..data", "a host name must have at most 253 characters"),
        (f"thrift://{'a' * 64}.data", "1 to 63 between its dots"),
        ("thrift://" + "a." * 127 + "aa", "a host name must have at most 253 characters"),
    ],
)
def test_a_bad_uri_is_refused_with_what_is_right(uri: str, right: str) -> None:
    with pytest.raises(ValueError, match=re.escape(right)) as caught:
        parse_metastore_uri(uri)
    assert str(caught.value).endswith(f'(got "{uri}")')


@given(st.from_regex(URI_PATTERN, fullmatch=True, alphabet=st.characters(codec="ascii")))
def test_what_is_read_can_be_written_and_read_again(uri: str) -> None:
    try:
        address = parse_metastore_uri(uri)
    except ValueError:
        return
    assert parse_metastore_uri(address.uri) == address
    assert address.uri == f"thrift://{address}"


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("hive", "hive.analytics.svc"),
        ("hive.data", "hive.data"),
        ("hive.data.svc.cluster.local", "hive.data.svc.cluster.local"),
        ("10.0.0.7", "10.0.0.7"),
        ("fd00::7", "fd00::7"),
        ("localhost", "localhost"),
    ],
)
def test_a_name_without_a_dot_is_one_of_the_clusters_namespace(host: str, name: str) -> None:
    assert MetastoreAddress(host, 9084).seen_from("analytics") == MetastoreAddress(name, 9084)
