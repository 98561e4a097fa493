"""`image`: the Presto image, and the form of references to images."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from presto_operator.api.field_rules import Matches
from presto_operator.api.model import Model
from presto_operator.api.names import ObjectName

_HOST = r"([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?"
_PATH = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = rf"({_HOST}/)?{_PATH}(/{_PATH})*"
_TAG = r"[A-Za-z0-9_][-A-Za-z0-9_.]*"
_DIGEST = "sha256:[0-9a-f]{64}"
"""The grammar of references (github.com/distribution/reference)."""

ImageReference = Annotated[
    str,
    Field(min_length=1, max_length=512),
    Matches(
        rf"^{_REPOSITORY}(:{_TAG})?(@{_DIGEST})?$",
        'be an image with at most one tag and one digest, for example "registry.example.com/tools:3"',
    ),
]
"""A whole reference: repository, tag, digest."""

_Repository = Annotated[
    str,
    Field(min_length=1, max_length=256),
    Matches(
        rf"^{_REPOSITORY}$",
        'be a repository without tag and digest, for example "prestodb/presto": set image.tag or image.digest',
    ),
]
_Tag = Annotated[
    str,
    Field(min_length=1, max_length=128),
    Matches(rf"^{_TAG}$", "be a tag: letters, digits, underscores, dots and dashes, not a dot or a dash first"),
]
_Digest = Annotated[
    str,
    Field(max_length=71),
    Matches(f"^{_DIGEST}$", "be sha256: and 64 lowercase hexadecimal digits"),
]


class Image(Model):
    """The Presto image."""

    repository: _Repository = Field(
        default="prestodb/presto",
        description=(
            "Image repository, without a tag. Any image works that contains a Presto distribution, a JVM and a shell."
        ),
    )
    tag: _Tag | None = Field(
        default=None, description="Image tag. Default: the same as spec.version; none if digest is set."
    )
    digest: _Digest | None = Field(
        default=None,
        description=(
            'Digest of the image, for example "sha256:0123...". A node then runs exactly this image, whatever the tag '
            "names by then. spec.version must still be the image's release. Default: none."
        ),
    )
    pull_policy: Literal["Always", "IfNotPresent", "Never"] = Field(
        default="IfNotPresent", description="When a node pulls the image."
    )
    java_version: Literal[8, 11, 17] | None = Field(
        default=None,
        description=(
            "Major version of the Java in the image. It determines the JVM's default arguments. "
            "Default: 17 for Presto 0.295 and later, else 11."
        ),
    )
    pull_secrets: tuple[ObjectName, ...] = Field(
        default=(), max_length=8, description="Names of image pull Secrets in the cluster's namespace."
    )

    def reference(self, version: str) -> str:
        """What nodes pull for this release of Presto."""
        tag = self.tag or (None if self.digest else version)
        return f"{self.repository}{f':{tag}' if tag else ''}{f'@{self.digest}' if self.digest else ''}"
