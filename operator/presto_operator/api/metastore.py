"""`metastore`: the Hive metastore that clusters share, and the S3 on which its tables are."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from presto_operator.api.catalog import CATALOG_NAME_PATTERN, CatalogName
from presto_operator.api.model import Model, rule, schema
from presto_operator.api.properties import Properties
from presto_operator.api.reference import KeyReference
from presto_operator.metastore import MAX_URI_LENGTH, URI_PATTERN, MetastoreAddress, parse_metastore_uri

DEFAULT_CATALOG = "hive"


class S3Credentials(Model):
    """Keys of S3, in Secrets of the cluster's namespace."""

    access_key: KeyReference = Field(description="Where the access key id is.")
    secret_key: KeyReference = Field(description="Where the secret access key is.")


class S3(Model):
    """How tables' files are reached on S3."""

    model_config = schema(
        rule("!(has(self.credentials) && has(self.iamRole))", "set credentials or iamRole, not both"),
    )

    endpoint: Annotated[str, StringConstraints(max_length=512, pattern=r"^https?://[^\s]+$")] | None = Field(
        default=None, description='URL of an S3 that is not AWS\' own, such as "http://s3.data:7070".'
    )
    path_style_access: bool = Field(
        default=False,
        strict=True,
        description="Whether buckets are in the path of URLs, as most S3s that are not AWS' own want it.",
    )
    credentials: S3Credentials | None = Field(
        default=None,
        description=(
            "Keys from Secrets. Left out, Presto takes what the AWS SDK finds in the pod: a web identity of the "
            "ServiceAccount (see serviceAccount.annotations), or the node's role."
        ),
    )
    iam_role: Annotated[str, StringConstraints(max_length=512, pattern=r"^arn:\S+$")] | None = Field(
        default=None, description="ARN of a role that Presto assumes. Not together with credentials."
    )

    @model_validator(mode="after")
    def _one_identity(self) -> S3:
        if self.credentials is not None and self.iam_role is not None:
            raise ValueError("set credentials or iamRole, not both")
        return self


_UNIQUE_RULE = rule("self.all(uri, self.exists_one(other, other == uri))", "a URI must not be there twice")


def _a_metastore_uri(uri: str) -> str:
    parse_metastore_uri(uri)
    return uri


def _unique(uris: tuple[str, ...]) -> tuple[str, ...]:
    addresses = [parse_metastore_uri(uri) for uri in uris]
    if twice := next((address for address in addresses if addresses.count(address) > 1), None):
        raise ValueError(f"{_UNIQUE_RULE['message']}: {twice.uri}")
    return uris


MetastoreUri = Annotated[
    str,
    StringConstraints(max_length=MAX_URI_LENGTH),
    AfterValidator(_a_metastore_uri),
    Field(json_schema_extra={"pattern": URI_PATTERN}),
]


class Metastore(Model):
    """A Hive metastore outside of the cluster, which any number of clusters and other engines share."""

    uris: Annotated[
        tuple[MetastoreUri, ...],
        Field(min_length=1, max_length=8, json_schema_extra={"x-kubernetes-validations": [_UNIQUE_RULE]}),
        AfterValidator(_unique),
    ] = Field(
        description=(
            'Where it listens, for example "thrift://hive-metastore.data:9083"; the port is 9083 unless told. '
            "Of several, Presto uses the first that takes its connection."
        )
    )
    catalog: CatalogName = Field(
        default=DEFAULT_CATALOG,
        description=(
            "Name of the Hive catalog that it makes. What spec.catalogs says of a catalog of this name goes on top. "
            "Every other catalog of a connector that can use a Hive metastore gets its address, too, unless it names "
            "another."
        ),
        json_schema_extra={"pattern": CATALOG_NAME_PATTERN},
    )
    properties: Properties = Field(
        default_factory=dict,
        description='More properties of the Hive catalog, for example {"hive.allow-drop-table": "true"}.',
    )
    s3: S3 | None = Field(default=None, description="How tables' files are reached on S3.")
    health_check: Literal["Thrift", "Connect", "Disabled"] = Field(
        default="Thrift",
        description=(
            "How the operator finds out whether the metastore answers, for the condition MetastoreAvailable: by a call "
            "(Thrift), by a connection only (Connect; where a call would need Kerberos or TLS), or not at all "
            "(Disabled)."
        ),
    )

    @property
    def addresses(self) -> tuple[MetastoreAddress, ...]:
        """The URIs, read."""
        return tuple(parse_metastore_uri(uri) for uri in self.uris)
