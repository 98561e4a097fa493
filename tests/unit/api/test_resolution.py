from __future__ import annotations

from typing import Any

import pytest

from presto_operator.api import InvalidClusterError, PrestoCluster, SourceData, SourceObject, parse_cluster, references
from presto_operator.api.validation import parse_spec
from tests.unit.manifest import manifest

_SECRET = SourceObject("Secret", "s3")
_CONFIG_MAP = SourceObject("ConfigMap", "shared")
_URIS = ["thrift://hive-metastore.data:9083"]
_CREDENTIALS = {"accessKey": {"name": "s3", "key": "id"}, "secretKey": {"name": "s3", "key": "secret"}}


def _cluster(sources: SourceData | None = None, **spec: Any) -> PrestoCluster:
    return parse_cluster(manifest(**spec), sources)


def _errors(sources: SourceData, **spec: Any) -> dict[str, str]:
    with pytest.raises(InvalidClusterError) as caught:
        _cluster(sources, **spec)
    return {error.path: error.message for error in caught.value.errors}


def test_an_inline_catalog_is_no_secret() -> None:
    cluster = _cluster(catalogs={"tpch": {"properties": {"connector.name": "tpch"}}})
    assert cluster.catalogs["tpch"].properties == {"connector.name": "tpch"}
    assert not cluster.catalogs["tpch"].is_secret


def test_a_property_from_a_secret_makes_its_catalog_secret() -> None:
    catalog = {
        "properties": {"connector.name": "mysql"},
        "secretProperties": {"connection-password": {"name": "s3", "key": "secret"}},
    }
    # As `kubectl create secret --from-file` of a file that an editor wrote has it.
    cluster = _cluster({_SECRET: {"secret": "hunter2\n"}}, catalogs={"mysql": catalog})
    assert cluster.catalogs["mysql"].properties == {"connector.name": "mysql", "connection-password": "hunter2"}
    assert cluster.catalogs["mysql"].is_secret


@pytest.mark.parametrize(("kind", "is_secret"), [("configMap", False), ("secret", True)])
def test_the_spec_overrides_a_file(kind: str, is_secret: bool) -> None:  # noqa: FBT001 - a parameter
    source = _SECRET if is_secret else _CONFIG_MAP
    text = "# shared\nconnector.name = hive-hadoop2\nhive.a: 1\nhive.b=2\n"
    catalog = {"properties": {"hive.b": "3"}, "propertiesFrom": {kind: {"name": source.name, "key": "hive"}}}
    cluster = _cluster({source: {"hive": text}}, catalogs={"hive": catalog})
    assert cluster.catalogs["hive"].properties == {"connector.name": "hive-hadoop2", "hive.a": "1", "hive.b": "3"}
    assert cluster.catalogs["hive"].is_secret is is_secret


def test_shared_catalogs_are_those_of_all_sources_and_later_ones_win() -> None:
    sources: SourceData = {
        _CONFIG_MAP: {"tpch.properties": "connector.name=tpch", "jmx.properties": "connector.name=jmx\na=1"},
        _SECRET: {"jmx.properties": "connector.name=jmx\na=2"},
    }
    cluster = _cluster(
        sources,
        catalogsFrom=[{"configMap": "shared"}, {"secret": "s3"}],
        catalogs={"tpch": {"properties": {"connector.name": "tpch", "tpch.splits-per-node": "2"}}},
    )
    assert cluster.catalogs["tpch"].properties == {"connector.name": "tpch", "tpch.splits-per-node": "2"}
    assert not cluster.catalogs["tpch"].is_secret
    assert cluster.catalogs["jmx"].properties["a"] == "2"
    assert cluster.catalogs["jmx"].is_secret


def test_a_metastore_makes_the_hive_catalog() -> None:
    s3 = {"endpoint": "http://s3.data:7070", "pathStyleAccess": True, "credentials": _CREDENTIALS}
    cluster = _cluster(
        {_SECRET: {"id": "AKIA", "secret": "hunter2"}},
        metastore={"uris": [*_URIS, "thrift://other:9083"], "properties": {"hive.allow-drop-table": "true"}, "s3": s3},
    )
    assert cluster.catalogs["hive"].properties == {
        "connector.name": "hive-hadoop2",
        "hive.metastore.uri": "thrift://hive-metastore.data:9083,thrift://other:9083",
        "hive.allow-drop-table": "true",
        "hive.s3.endpoint": "http://s3.data:7070",
        "hive.s3.ssl.enabled": "false",
        "hive.s3.path-style-access": "true",
        "hive.s3.aws-access-key": "AKIA",
        "hive.s3.aws-secret-key": "hunter2",
    }
    assert cluster.catalogs["hive"].is_secret


def test_without_keys_nothing_of_the_metastore_is_secret() -> None:
    cluster = _cluster(metastore={"uris": _URIS, "s3": {"iamRole": "arn:aws:iam::1:role/presto"}})
    assert cluster.catalogs["hive"].properties["hive.s3.iam-role"] == "arn:aws:iam::1:role/presto"
    assert "hive.s3.ssl.enabled" not in cluster.catalogs["hive"].properties
    assert not cluster.catalogs["hive"].is_secret


def test_what_a_manifest_says_of_the_hive_catalog_goes_on_top() -> None:
    catalogs = {"lake": {"properties": {"hive.metastore-timeout": "30s"}}}
    cluster = _cluster(metastore={"uris": _URIS, "catalog": "lake"}, catalogs=catalogs)
    assert set(cluster.catalogs) == {"lake"}
    assert cluster.catalogs["lake"].properties == {
        "connector.name": "hive-hadoop2",
        "hive.metastore.uri": _URIS[0],
        "hive.metastore-timeout": "30s",
    }


def test_other_catalogs_that_can_use_the_metastore_do_unless_they_name_another() -> None:
    catalogs = {
        "ice": {"properties": {"connector.name": "iceberg"}},
        "rest": {"properties": {"connector.name": "iceberg", "iceberg.catalog.type": "rest"}},
        "glue": {"properties": {"connector.name": "hive-hadoop2", "hive.metastore": "glue"}},
        "old": {"properties": {"connector.name": "hive-hadoop2", "hive.metastore.uri": "thrift://old:9083"}},
        "tpch": {"properties": {"connector.name": "tpch"}},
    }
    cluster = _cluster(metastore={"uris": _URIS}, catalogs=catalogs)
    uris = {name: catalog.properties.get("hive.metastore.uri") for name, catalog in cluster.catalogs.items()}
    assert uris == {
        "hive": _URIS[0],
        "ice": _URIS[0],
        "rest": None,
        "glue": None,
        "old": "thrift://old:9083",
        "tpch": None,
    }


def test_all_references_are_found() -> None:
    spec = parse_spec(
        manifest(
            catalogs={
                "a": {"propertiesFrom": {"configMap": {"name": "shared", "key": "a"}}},
                "b": {
                    "properties": {"connector.name": "mysql"},
                    "secretProperties": {"connection-password": {"name": "s3", "key": "secret"}},
                },
            },
            catalogsFrom=[{"secret": "more"}],
            metastore={"uris": _URIS, "s3": {"credentials": _CREDENTIALS}},
        )
    )
    assert {(found.path, found.source, found.key) for found in references(spec)} == {
        ("spec.catalogs.a.propertiesFrom.configMap", _CONFIG_MAP, "a"),
        ("spec.catalogs.b.secretProperties[connection-password]", _SECRET, "secret"),
        ("spec.catalogsFrom[0].secret", SourceObject("Secret", "more"), None),
        ("spec.metastore.s3.credentials.accessKey", _SECRET, "id"),
        ("spec.metastore.s3.credentials.secretKey", _SECRET, "secret"),
    }


def test_what_is_not_there_is_named_with_the_field_that_wants_it() -> None:
    errors = _errors(
        {_SECRET: {"user": "x"}, _CONFIG_MAP: None},
        catalogs={
            "a": {"propertiesFrom": {"configMap": {"name": "shared", "key": "a"}}},
            "b": {
                "properties": {"connector.name": "mysql"},
                "secretProperties": {"connection-password": {"name": "s3", "key": "secret"}},
            },
        },
    )
    assert errors == {
        "spec.catalogs.a.propertiesFrom.configMap": 'there is no ConfigMap "shared" in the cluster\'s namespace',
        "spec.catalogs.b.secretProperties[connection-password]": 'Secret "s3" has no key "secret"',
    }


def test_a_file_without_a_connector_is_refused() -> None:
    catalogs = {"a": {"propertiesFrom": {"configMap": {"name": "shared", "key": "a"}}}}
    assert _errors({_CONFIG_MAP: {"a": "b=c"}}, catalogs=catalogs) == {
        "spec.catalogs.a": "connector.name is missing from its properties: it selects the connector"
    }
    errors = _errors({_CONFIG_MAP: {"a.properties": "b=c"}}, catalogsFrom=[{"configMap": "shared"}])
    assert list(errors) == ["spec.catalogsFrom[0].configMap[a.properties]"]


@pytest.mark.parametrize("key", ["README.md", "Hive.properties", ".properties", "a-b.properties"])
def test_a_key_that_is_no_catalog_is_refused(key: str) -> None:
    errors = _errors({_CONFIG_MAP: {key: "connector.name=tpch"}}, catalogsFrom=[{"configMap": "shared"}])
    assert f'the key "{key}", which is not a catalog file' in errors["spec.catalogsFrom[0].configMap"]


def test_an_error_about_a_secret_quotes_nothing_of_it() -> None:
    catalogs = {"a": {"propertiesFrom": {"secret": {"name": "s3", "key": "a"}}}}
    (message,) = _errors({_SECRET: {"a": "password=hunter2\\uZZZZ"}}, catalogs=catalogs).values()
    assert message == "must be a Java properties file"


def _with_variable(**key: Any) -> dict[str, Any]:
    variable = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s3", "key": "secret", **key}}}
    return {"workers": {"env": [{"name": "PLAIN", "value": "x"}, variable]}}


def test_variables_get_what_secrets_and_config_maps_hold() -> None:
    cluster = _cluster({_SECRET: {"secret": "hunter2"}}, **_with_variable())
    assert cluster.environment == {"coordinator": {}, "workers": {"PASSWORD": "hunter2"}}
    (found,) = references(cluster.spec)
    assert (found.path, found.source) == ("spec.workers.env[1].valueFrom.secretKeyRef", _SECRET)


def test_a_variable_whose_secret_is_not_there_is_named_unless_it_is_optional() -> None:
    assert list(_errors({_SECRET: {}}, **_with_variable())) == ["spec.workers.env[1].valueFrom.secretKeyRef"]
    assert _cluster({_SECRET: None}, **_with_variable(optional=True)).environment["workers"] == {}


def test_the_keys_of_a_secret_are_not_told() -> None:
    catalogs = {"a": {"propertiesFrom": {"secret": {"name": "s3", "key": "a"}}}}
    (message,) = _errors({_SECRET: {"root-password": "x"}}, catalogs=catalogs).values()
    assert "root-password" not in message
    (message,) = _errors({_SECRET: {"root-password": "x"}}, catalogsFrom=[{"secret": "s3"}]).values()
    assert "root-password" not in message
    told = {"a": {"propertiesFrom": {"configMap": {"name": "shared", "key": "a"}}}}
    (message,) = _errors({_CONFIG_MAP: {"b": "x"}}, catalogs=told).values()
    assert "it has b" in message
