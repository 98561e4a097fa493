"""`plugins`: Presto plugins in addition to those of the image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from presto_operator.api.field_rules import BLANKS, Matches
from presto_operator.api.image import ImageReference
from presto_operator.api.model import Model
from presto_operator.api.model_rules import ExactlyOne, Needs
from presto_operator.api.names import DNS_LABEL
from presto_operator.api.rules import Problem, UncheckedAtApply

_CREDENTIALS = re.compile(
    r"(?i)[?&](?:X-Amz-(?:Signature|Credential|Security-Token)|X-Goog-(?:Signature|Credential)|AWSAccessKeyId|Signature|"
    r"sig|token|access_token|auth|key|api_key|password|secret)=(?!\$\()"
)
"""Parameters of URLs that are signed in advance by S3, Google and Azure, and of those that carry a key."""


@dataclass(frozen=True)
class HasNoCredentials(UncheckedAtApply):
    """A URL that may be seen by everyone who may see the pod. Variables hold what must not be seen."""

    def problems(self, value: str) -> Iterator[Problem]:
        """Credentials in the URL, or a variable where messages would show it."""
        if _CREDENTIALS.search(value):
            yield Problem(
                "",
                "must not contain credentials: everyone who may see the pod sees them. Write $(NAME) after the "
                "question "
                "mark, and take that variable from a Secret with env",
            )
        if "$(" in value.partition("?")[0]:
            yield Problem(
                "", "must not contain a variable before the question mark: messages show that part of the URL"
            )


_Url = Annotated[
    str,
    Field(max_length=2048),
    Matches(
        rf"^https?://[^{BLANKS}/@?#]+/[^{BLANKS}?#]*\.(tar\.gz|tgz|zip|jar)(\?[^{BLANKS}#]*)?$",
        "be an http or https URL that ends in .tar.gz, .tgz, .zip or .jar, without user and password",
    ),
    HasNoCredentials(),
]


class Plugin(Model):
    """A plugin: a directory of jars, from an OCI image or from a URL."""

    rules = (
        ExactlyOne(("image", "url")),
        Needs("path", "image"),
        Needs("image", "path"),
        Needs("pull_policy", "image"),
        Needs("sha256", "url"),
        Needs("url", "sha256"),
    )

    name: Annotated[str, Field(max_length=40), DNS_LABEL] = Field(
        description=(
            "Name of the plugin and of its directory, unique in the cluster. It replaces a plugin of the image that "
            "has the same name."
        )
    )
    image: ImageReference | None = Field(
        default=None,
        description=(
            "OCI image that contains the plugin. An init container runs it to copy the plugin, so the image needs "
            "the program cp. If a tag is moved, only new pods get the new content."
        ),
    )
    path: Annotated[str, Field(max_length=512), Matches(r"^/[^\n]*$", "be an absolute path")] | None = Field(
        default=None,
        description='Directory of the image with the plugin\'s jars, for example "/plugin". Needed with image.',
    )
    pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = Field(
        default=None, description="When a node pulls the image. Default: IfNotPresent."
    )
    url: _Url | None = Field(
        default=None,
        description=(
            "URL of the plugin, http or https, that ends in .tar.gz, .tgz, .zip or .jar. Every pod downloads it when "
            "it starts. It is visible in the pod's spec, so a user and password in it are refused."
        ),
    )
    sha256: (
        Annotated[
            str,
            Field(max_length=64),
            Matches(r"^[0-9a-f]{64}$", "be 64 lowercase hexadecimal digits: the output of sha256sum"),
        ]
        | None
    ) = Field(
        default=None,
        description="SHA-256 checksum of the download, 64 lowercase hexadecimal digits. Needed with url.",
    )
