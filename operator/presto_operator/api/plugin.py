"""`plugins`: Presto plugins that are added to those of the image."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from presto_operator.api.model import Model, rule, schema

_URL_PATTERN = r"^https?://[^\s/@?#]+/[^\s?#]*\.(tar\.gz|tgz|zip|jar)(\?[^\s#]*)?$"

_ONE_ORIGIN = rule("has(self.image) != has(self.url)", "set either image or url")
_PATH_WITH_IMAGE = rule("has(self.path) == has(self.image)", "path goes with image, and image needs path")
_POLICY_WITH_IMAGE = rule("!has(self.pullPolicy) || has(self.image)", "pullPolicy goes with image")
_CHECKSUM_WITH_URL = rule(
    "has(self.sha256) == has(self.url)", "sha256 goes with url, and url needs sha256: the output of sha256sum"
)


class Plugin(Model):
    """A plugin: a directory of jars, from an OCI image or from a URL."""

    model_config = schema(_ONE_ORIGIN, _PATH_WITH_IMAGE, _POLICY_WITH_IMAGE, _CHECKSUM_WITH_URL)

    name: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")] = (
        Field(
            description=(
                "Name of the plugin, unique in the cluster: its directory below plugin.dir. A plugin of the image that "
                "has the same name is replaced."
            )
        )
    )
    image: Annotated[str, StringConstraints(min_length=1, max_length=512, pattern=r"^\S+$")] | None = Field(
        default=None,
        description=(
            "OCI image that holds the plugin. An init container runs it to copy the plugin out of it, so the image "
            "needs the program cp, and nothing else; of tags that are moved only new pods see the new content."
        ),
    )
    path: Annotated[str, StringConstraints(min_length=1, max_length=512, pattern=r"^/[^\n]*$")] | None = Field(
        default=None, description='Directory in the image that holds the plugin\'s jars, for example "/plugin".'
    )
    pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = Field(
        default=None, description="When a node pulls the image; IfNotPresent unless told."
    )
    url: Annotated[str, StringConstraints(max_length=2048, pattern=_URL_PATTERN)] | None = Field(
        default=None,
        description=(
            "Address of the plugin, http or https, ending in .tar.gz, .tgz, .zip or .jar; every pod fetches it when it "
            "starts. It stands in the pod's spec for everyone to read, so user and password in it are refused."
        ),
    )
    sha256: Annotated[str, StringConstraints(max_length=64, pattern=r"^[0-9a-f]{64}$")] | None = Field(
        default=None, description="SHA-256 checksum of what the address holds, 64 hexadecimal digits in small letters."
    )

    @model_validator(mode="after")
    def _from_one_place(self) -> Plugin:
        for broken, wanted in (
            ((self.image is None) == (self.url is None), _ONE_ORIGIN),
            ((self.path is None) != (self.image is None), _PATH_WITH_IMAGE),
            (self.pull_policy is not None and self.image is None, _POLICY_WITH_IMAGE),
            ((self.sha256 is None) != (self.url is None), _CHECKSUM_WITH_URL),
        ):
            if broken:
                raise ValueError(wanted["message"])
        return self
