"""Two Presto clusters and Spark on one Hive metastore and one S3, all of them real."""

from __future__ import annotations

import base64
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import prestodb
import pytest

from tests.harness.interface import Cluster
from tests.harness.spark import SparkEngine
from tests.harness.waiting import wait_until
from tests.kit import installation
from tests.kit.data_platform import BUCKET, CREDENTIALS, DataPlatform
from tests.kit.resources import Namespace, Resource, manifest
from tests.kit.sizes import small_server
from tests.kit.sql import PrestoClient
from tests.kit.standing import HTTP_PORT, Shape, Standing

WORKERS = {"adhoc": 1, "apps": 2}
PARTNER = "partner-catalog"
WRONG_KEY = "this-is-not-the-key"
SECRET_KEY = "hive.s3.aws-secret-key"

# What Spark writes, and what any engine has to find: 30,000 orders in three regions.
ORDERS = """
CREATE TABLE sales.orders USING parquet PARTITIONED BY (region) AS
SELECT id AS order_id, id * 10 AS cents, element_at(array('north', 'south', 'west'), CAST(id % 3 AS INT) + 1) AS region
FROM range(30000)
"""
REGIONS = [("north", 10_000, 1_499_850_000), ("south", 10_000, 1_499_950_000), ("west", 10_000, 1_500_050_000)]
BY_REGION = "SELECT region, count(*), sum(cents) FROM {}sales.orders GROUP BY region ORDER BY region"


def cluster_of(name: str, platform: DataPlatform) -> Resource:
    """A cluster on the platform, with a further catalog whose key is in a Secret."""
    further: dict[str, dict[str, Any]] = {
        "adhoc": {"catalogsFrom": [{"secret": PARTNER}]},
        "apps": {
            "catalogs": {
                "tpch": {"properties": {"connector.name": "tpch"}},
                "own": {
                    "properties": further_catalog(platform),
                    "secretProperties": {SECRET_KEY: {"name": CREDENTIALS, "key": "secret-key"}},
                },
            }
        },
    }
    return manifest(
        name,
        coordinator=small_server(),
        workers={"replicas": WORKERS[name], **small_server()},
        metastore=platform.metastore_spec(),
        **further[name],
    )


def further_catalog(platform: DataPlatform) -> dict[str, str]:
    """The properties of a catalog for the same S3, without its key."""
    return {
        "connector.name": "hive-hadoop2",
        "hive.metastore.uri": platform.metastore_uri,
        "hive.s3.endpoint": platform.s3_endpoint,
        "hive.s3.path-style-access": "true",
        "hive.s3.aws-access-key": platform.access_key,
        # A wrong key is to be refused soon.
        "hive.s3.max-client-retries": "1",
        "hive.s3.max-error-retries": "1",
    }


def partner_catalog(platform: DataPlatform, secret_key: str) -> Resource:
    """A Secret with a whole catalog, the key among its properties."""
    properties = {**further_catalog(platform), SECRET_KEY: secret_key}
    text = "".join(f"{key}={value}\n" for key, value in properties.items())
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": PARTNER},
        "stringData": {"partner.properties": text},
    }


def lake_platform(namespace: Namespace) -> DataPlatform:
    """A metastore on PostgreSQL, and S3, on their way up; and the partner's catalog, with a wrong key."""
    platform = DataPlatform(namespace)
    platform.begin()
    namespace.apply(partner_catalog(platform, WRONG_KEY))
    return platform


LAKE = Shape("lake", lambda platform: [cluster_of(name, platform) for name in WORKERS], surroundings=lake_platform)

pytestmark = pytest.mark.standing(LAKE)


@pytest.fixture
def platform(standing: Standing) -> DataPlatform:
    """A metastore on PostgreSQL, and S3."""
    platform = standing.surroundings
    assert isinstance(platform, DataPlatform)
    return platform


@pytest.fixture
def spark(standing: Standing) -> SparkEngine:
    """Spark, which has written the orders."""
    return standing.once(spark_with_orders)


@contextmanager
def spark_with_orders(standing: Standing) -> Iterator[SparkEngine]:
    """Spark on the platform of a standing cluster, once it has written the orders."""
    platform: DataPlatform = standing.surroundings
    platform.wait()
    with tempfile.TemporaryDirectory() as directory, platform.spark(Path(directory) / "spark.log") as spark:
        spark.sql(f"CREATE DATABASE sales LOCATION 's3a://{BUCKET}/sales'")
        spark.sql(ORDERS)
        # Presto keeps one client of S3 for each beginning of an address, whatever the catalog: not s3a again.
        spark.sql(f"CREATE DATABASE exchange LOCATION 's3://{BUCKET}/exchange'")
        spark.sql("CREATE TABLE exchange.rates USING parquet AS SELECT 'EUR' AS currency, 1.25D AS dollars")
        yield spark


@pytest.fixture
def clients(cluster: Cluster, presto: Namespace, spark: SparkEngine) -> Iterator[dict[str, PrestoClient]]:
    """A client of each cluster, once Spark has written the orders."""
    with ExitStack() as reached:
        yield {
            name: PrestoClient(reached.enter_context(cluster.reach_service(presto.name, name, HTTP_PORT)))
            for name in WORKERS
        }


@pytest.mark.page("metastore")
@pytest.mark.promise("any-presto")
def test_both_clusters_read_what_spark_wrote(spark: SparkEngine, clients: dict[str, PrestoClient]) -> None:
    assert spark.sql(BY_REGION.format("")) == REGIONS
    for client in clients.values():
        assert client.query(BY_REGION.format("hive.")).rows == REGIONS
        assert client.query('SELECT region FROM hive.sales."orders$partitions" ORDER BY region').rows == [
            ("north",),
            ("south",),
            ("west",),
        ]


def test_what_spark_adds_is_there_at_once(spark: SparkEngine, clients: dict[str, PrestoClient]) -> None:
    spark.sql("INSERT INTO sales.orders PARTITION (region = 'east') VALUES (1000001, 7), (1000002, 8)")

    for client in clients.values():
        answer = client.query("SELECT count(*), sum(cents) FROM hive.sales.orders WHERE region = 'east'")
        assert answer.rows == [(2, 15)]


def test_what_one_cluster_creates_the_other_and_spark_read(
    spark: SparkEngine, clients: dict[str, PrestoClient]
) -> None:
    source = "SELECT custkey, acctbal, nationkey FROM tpch.tiny.customer WHERE nationkey < 5"
    created = clients["adhoc"].query(
        f"CREATE TABLE hive.sales.customers WITH (format = 'ORC', partitioned_by = ARRAY['nationkey']) AS {source}"
    )
    question = "SELECT nationkey, count(*), sum(custkey) FROM {} GROUP BY nationkey ORDER BY nationkey"

    expected = clients["adhoc"].query(question.format(f"({source})")).rows
    assert len(expected) == 5
    assert created.rows == [(sum(count for _, count, _ in expected),)]
    assert clients["apps"].query(question.format("hive.sales.customers")).rows == expected
    assert spark.sql(question.format("sales.customers")) == expected


@pytest.mark.page("catalogs")
def test_a_catalog_has_the_key_of_its_secret_and_shows_it_nowhere(
    cluster: Cluster, presto: Namespace, platform: DataPlatform, clients: dict[str, PrestoClient]
) -> None:
    question = "SELECT currency, dollars FROM {}.exchange.rates"

    assert clients["apps"].query(question.format("own")).rows == [("EUR", 1.25)]
    with pytest.raises(prestodb.exceptions.PrestoQueryError, match="403"):
        clients["adhoc"].query(question.format("partner"))
    for secret in (WRONG_KEY, platform.secret_key):
        assert places_of(cluster, presto, secret) == []


@pytest.mark.long("half a minute without a metastore, twice, for a condition")
@pytest.mark.parametrize(
    ("fault", "repair", "reason"),
    [
        (DataPlatform.kill_metastore, DataPlatform.start_metastore, "Unreachable"),
        (DataPlatform.freeze_metastore, DataPlatform.thaw_metastore, "NotAnswering"),
    ],
    ids=["killed", "hanging"],
)
def test_a_metastore_that_is_gone_is_a_condition_and_no_restart(
    presto: Namespace,
    platform: DataPlatform,
    clients: dict[str, PrestoClient],
    fault: Callable[[DataPlatform], None],
    repair: Callable[[DataPlatform], None],
    reason: str,
) -> None:
    for name in WORKERS:
        presto.wait_for_condition(name, "MetastoreAvailable", "True", timeout=30)
    before = {name: incarnations(presto, name) for name in WORKERS}

    fault(platform)
    gone = time.monotonic()
    try:
        for name in WORKERS:
            condition = presto.wait_for_condition(name, "MetastoreAvailable", "False", timeout=30)
            assert condition["reason"] == reason
            assert presto.condition(name, "Ready")["status"] == "True"
        assert time.monotonic() - gone < 30
        for client in clients.values():
            assert client.query("SELECT count(*) FROM tpch.tiny.orders").rows == [(15_000,)]
    finally:
        repair(platform)
    for name in WORKERS:
        presto.wait_for_condition(name, "MetastoreAvailable", "True", timeout=30)

    for name, client in clients.items():
        assert client.query("SELECT count(*) FROM hive.sales.orders WHERE region = 'south'").rows == [(10_000,)]
        assert incarnations(presto, name) == before[name]


# The Secret keeps its value.
@pytest.mark.standing(LAKE, reusable=False)
@pytest.mark.long("a second generation, for a Secret's new value")
def test_a_changed_secret_rolls_what_uses_it_and_is_seen_nowhere(
    cluster: Cluster, presto: Namespace, platform: DataPlatform, clients: dict[str, PrestoClient]
) -> None:
    question = "SELECT currency, dollars FROM partner.exchange.rates"
    with pytest.raises(prestodb.exceptions.PrestoQueryError, match="403"):
        clients["adhoc"].query(question)
    before = {name: incarnations(presto, name) for name in WORKERS}

    presto.apply(partner_catalog(platform, platform.secret_key))
    presto.wait_for_condition("adhoc", "Progressing", "True", timeout=60)
    presto.wait_until_settled("adhoc", timeout=300)

    wait_until(lambda: clients["adhoc"].active_workers() == 1, timeout=60, what="the worker of the new generation")
    assert clients["adhoc"].query(question).rows == [("EUR", 1.25)]
    assert incarnations(presto, "apps") == before["apps"], "it does not use that Secret"
    assert not set(incarnations(presto, "adhoc")) & set(before["adhoc"])
    for secret in (WRONG_KEY, platform.secret_key):
        assert places_of(cluster, presto, secret) == []


def incarnations(presto: Namespace, name: str) -> dict[str, list[int]]:
    """The pods of a cluster by uid, with how often each of their containers was restarted."""
    return {
        pod["metadata"]["uid"]: [status["restartCount"] for status in pod["status"]["containerStatuses"]]
        for pod in presto.pods(name)
        if "deletionTimestamp" not in pod["metadata"]
    }


def places_of(cluster: Cluster, presto: Namespace, secret: str) -> list[str]:
    """Where a secret can be read without a right to read Secrets, plain or in base64."""
    texts = {
        kind: json.dumps(presto.objects(kind))
        for kind in ("configmaps", "events", "prestoclusters", "deployments", "replicasets", "pods")
    }
    log = cluster.kubectl("--namespace", installation.NAMESPACE, "logs", "deployment/presto-operator").stdout
    texts["the operator's log"] = log
    assert all(text not in ("", "[]") for text in texts.values()), "there is to be something to search"
    forms = (secret, base64.b64encode(secret.encode()).decode())
    return [place for place, text in texts.items() if any(form in text for form in forms)]
