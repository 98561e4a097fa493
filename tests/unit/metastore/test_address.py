from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presto_operator.metastore import URI_PATTERN, MetastoreAddress, forbidden_kind, parse_metastore_uri


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


_FORBIDDEN = {
    "localhost": "loopback",
    "LocalHost.": "loopback",
    "metastore.localhost": "loopback",
    "127.0.0.1": "loopback",
    "127.8.8.8": "loopback",
    "::1": "loopback",
    "0:0:0:0:0:0:0:1": "loopback",
    "::ffff:127.0.0.1": "loopback",
    "::ffff:7f00:1": "loopback",
    "64:ff9b::127.0.0.1": "loopback",
    "2002:7f00:1::": "loopback",
    "169.254.169.254": "link-local",
    "::ffff:169.254.169.254": "link-local",
    "64:ff9b::169.254.169.254": "link-local",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "0.0.0.0": "unspecified",
    "0.1.2.3": "unspecified",
    "::": "unspecified",
    "224.0.0.1": "multicast",
    "ff02::1": "multicast",
    "255.255.255.255": "broadcast",
    "fd00:ec2::254": "metadata service",
    "168.63.129.16": "metadata service",
    "::ffff:100.100.100.200": "metadata service",
}


@pytest.mark.parametrize(("host", "kind"), _FORBIDDEN.items())
def test_an_address_of_the_machine_itself_is_forbidden(host: str, kind: str) -> None:
    assert kind in forbidden_kind(host)


@pytest.mark.parametrize(
    "host", ["hive", "localhost.data.svc", "10.0.0.7", "192.168.1.1", "fd00::7", "2001:db8::1", "8.8.8.8"]
)
def test_an_address_of_another_machine_is_not(host: str) -> None:
    assert forbidden_kind(host) == ""


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "[::1]", "169.254.169.254", "[::ffff:169.254.169.254]", "0.0.0.0", "224.0.0.1"]
)
def test_a_uri_with_such_an_address_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="must not be a"):
        parse_metastore_uri(f"thrift://{host}:9083")


@pytest.mark.parametrize(
    ("host", "is_in"),
    [
        ("hive", True),
        ("hive.analytics.svc", True),
        ("hive.analytics.svc.cluster.local", True),
        ("Hive.analytics.SVC.", True),
        ("hive.data.svc", False),
        ("hive.analytics", False),
        ("hive.analytics.com", False),
        ("analytics.svc", False),
        ("10.0.0.7", False),
    ],
)
def test_a_host_of_the_clusters_namespace_is_a_service_there(host: str, *, is_in: bool) -> None:
    assert MetastoreAddress(host).seen_from("analytics").is_in("analytics") == is_in
