"""Catalogs that read and write tables of a Hive metastore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

HIVE_CONNECTOR = "hive-hadoop2"
"""The Hive connector's name: the only one since Presto dropped older Hadoop releases."""

METASTORE_CONNECTORS = (HIVE_CONNECTOR, "delta", "hudi", "iceberg")
"""Connectors that find their tables by `hive.metastore.uri`, and their files by `hive.s3.*`."""

CONNECTOR_NAME = "connector.name"

_SPELLED_OUT = {"hive.metastore": "thrift", "iceberg.catalog.type": "hive"}
"""Properties that select the kind of metastore, and the value that selects a Hive metastore: the default of both.

Another value means AWS Glue, files, or another catalog of tables. Presto ignores the case."""

_OWN_METASTORE = "hive.metastore.uri"
"""By this, a catalog uses another Hive metastore."""


def metastore_properties(uris: Sequence[str]) -> dict[str, str]:
    """What a catalog needs to find its tables in a metastore; Presto uses the first of the addresses that answers."""
    return {"hive.metastore.uri": ",".join(uris)}


def s3_properties(*, endpoint: str | None, is_path_style: bool, iam_role: str | None) -> dict[str, str]:
    """What a catalog needs to find its files on S3, without credentials.

    Without keys and role, Presto uses what the AWS SDK finds in the pod: a web identity token (IRSA), the node's role,
    or environment variables.

    Args:
        endpoint: URL of an S3 service other than AWS; None for AWS.
        is_path_style: whether the bucket is in the URL's path rather than in the host name.
        iam_role: ARN of a role to assume, if any.
    """
    properties = {}
    if endpoint is not None:
        properties["hive.s3.endpoint"] = endpoint
        properties["hive.s3.ssl.enabled"] = "false" if endpoint.startswith("http://") else "true"
    if is_path_style:
        properties["hive.s3.path-style-access"] = "true"
    if iam_role is not None:
        properties["hive.s3.iam-role"] = iam_role
    return properties


S3_ACCESS_KEY = "hive.s3.aws-access-key"
S3_SECRET_KEY = "hive.s3.aws-secret-key"  # noqa: S105 - a property's name


def uses_metastore(properties: Mapping[str, str]) -> bool:
    """Whether a catalog with these properties uses the cluster's metastore: its connector can, and no other is set."""
    return (
        properties.get(CONNECTOR_NAME) in METASTORE_CONNECTORS
        and _OWN_METASTORE not in properties
        and all(properties.get(name, default).lower() == default for name, default in _SPELLED_OUT.items())
    )
