"""`metastore`: the Hive metastore that clusters share, and the S3 storage of its tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from presto_operator.api.catalog import CATALOG_NAME, MAX_CATALOG_NAME_LENGTH
from presto_operator.api.field_rules import BLANKS, Matches, Parses
from presto_operator.api.model import Model
from presto_operator.api.model_rules import NotBoth
from presto_operator.api.properties import Properties
from presto_operator.api.reference import KeyReference
from presto_operator.api.rules import CelRule, FieldRule, Problem, cel
from presto_operator.metastore import MAX_URI_LENGTH, URI_PATTERN, MetastoreAddress, parse_metastore_uri

DEFAULT_CATALOG = "hive"

_Endpoint = Annotated[
    str,
    Field(max_length=512),
    Matches(rf"^https?://[^{BLANKS}]+$", 'be an http or https URL, for example "http://s3.data:7070"'),
]
_RoleArn = Annotated[
    str,
    Field(max_length=512),
    Matches(rf"^arn:[^{BLANKS}]+$", 'be the ARN of a role, for example "arn:aws:iam::123456789012:role/presto"'),
]


class S3Credentials(Model):
    """Keys for S3, in Secrets of the cluster's namespace."""

    access_key: KeyReference = Field(description="Secret with the access key id.")
    secret_key: KeyReference = Field(description="Secret with the secret access key.")


class S3(Model):
    """How Presto reaches the tables' files on S3."""

    rules = (NotBoth(("credentials", "iam_role")),)

    endpoint: _Endpoint | None = Field(
        default=None, description='URL of the S3 service, for example "http://s3.data:7070". Default: AWS S3.'
    )
    path_style_access: bool = Field(
        default=False,
        strict=True,
        description="Whether URLs contain the bucket in their path, as most S3 services other than AWS require.",
    )
    credentials: S3Credentials | None = Field(
        default=None,
        description=(
            "Keys from Secrets. Not together with iamRole. Default: what the AWS SDK finds in the pod, which is a web "
            "identity of the ServiceAccount (see serviceAccount.annotations) or the node's role."
        ),
    )
    iam_role: _RoleArn | None = Field(
        default=None,
        description="ARN of a role that Presto assumes. Not together with credentials. Default: no role is assumed.",
    )


@dataclass(frozen=True)
class DifferentMetastores(FieldRule):
    """URIs of different metastores, in the order in which Presto tries them.

    A CEL rule rather than a list of type `set`: the order of a set has no meaning. Two ways to write one address are
    only seen by the operator.
    """

    def cel(self) -> Sequence[CelRule]:
        """One rule."""
        return [cel("self.all(uri, self.exists_one(other, other == uri))", "each URI must be different")]

    def problems(self, value: Sequence[str]) -> Iterator[Problem]:
        """Every URI with the address of an earlier one."""
        addresses = [parse_metastore_uri(uri) for uri in value]
        for index, address in enumerate(addresses):
            if address in addresses[:index]:
                yield Problem(f"[{index}]", f"each URI must be different: {address.uri} is in the list twice")


MetastoreUri = Annotated[str, Field(max_length=MAX_URI_LENGTH), Parses(URI_PATTERN, parse_metastore_uri)]


class Metastore(Model):
    """A Hive metastore outside the cluster, which any number of clusters and other engines share."""

    uris: Annotated[tuple[MetastoreUri, ...], Field(min_length=1, max_length=8), DifferentMetastores()] = Field(
        description=(
            'Its URIs, for example "thrift://hive-metastore.data:9083"; the port defaults to 9083. Presto uses the '
            "first that accepts a connection."
        )
    )
    catalog: Annotated[str, Field(max_length=MAX_CATALOG_NAME_LENGTH), CATALOG_NAME] = Field(
        default=DEFAULT_CATALOG,
        description=(
            "Name of the Hive catalog that is created for the metastore. A catalog of this name in spec.catalogs "
            "overrides single properties of it. Every other catalog whose connector can use a Hive metastore gets its "
            "address too, unless it configures another."
        ),
    )
    properties: Properties = Field(
        default_factory=dict,
        description='More properties of the Hive catalog, for example {"hive.allow-drop-table": "true"}.',
    )
    s3: S3 | None = Field(
        default=None, description="How Presto reaches the tables' files on S3. Default: Presto's own defaults."
    )
    health_check: Literal["Thrift", "Connect", "Disabled"] = Field(
        default="Thrift",
        description=(
            "How the operator checks the metastore for the condition MetastoreAvailable. Thrift: by a call. Connect: "
            "only by a connection, for metastores that require Kerberos or TLS. Disabled: not at all."
        ),
    )

    @property
    def addresses(self) -> tuple[MetastoreAddress, ...]:
        """The parsed URIs."""
        return tuple(parse_metastore_uri(uri) for uri in self.uris)
