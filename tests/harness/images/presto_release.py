"""The Presto releases that can be had, and what of them goes into an image."""

from dataclasses import dataclass

from tests.harness.errors import HarnessError

PLUGINS = (
    "blackhole",
    "hive-hadoop2",
    "jmx",
    "memory",
    "password-authenticators",
    "resource-group-managers",
    "session-property-managers",
    "tpch",
)
JMX_AGENT_VERSION = "0.20.0"


def presto_reference(version: str) -> str:
    """Return the reference of a Presto image, the same in the public registry and here."""
    return f"docker.io/prestodb/presto:{version}"


@dataclass(frozen=True)
class PrestoRelease:
    """A release whose server archive is in Maven's central repository, with the archive's SHA-256."""

    version: str
    sha256: str

    @property
    def reference(self) -> str:
        """The image reference, the same that the public registry has."""
        return presto_reference(self.version)

    @property
    def coordinates(self) -> str:
        """The server archive as Maven names it."""
        return f"com.facebook.presto:presto-server:{self.version}:tar.gz"

    @property
    def archive_name(self) -> str:
        """The server archive's file name."""
        return f"presto-server-{self.version}.tar.gz"

    def archive_members(self) -> list[str]:
        """Return the paths in the server archive that go into the image."""
        top = f"presto-server-{self.version}"
        return [f"{top}/bin", f"{top}/lib", *(f"{top}/plugin/{plugin}" for plugin in PLUGINS)]


RELEASES = {
    release.version: release
    for release in (
        PrestoRelease("0.287", "c16ef78d56820a16fec6918a439b26121a78eb3cc50fdcd7bee93a1211347f8f"),
        PrestoRelease("0.283", "516ae8f47193e3726327f7a7400b0e165956a5e2f1d6ec610fe5ec113accd85c"),
    )
}


def presto_release(version: str) -> PrestoRelease:
    """Return a release by its version. Raises HarnessError for one that can't be had."""
    if version not in RELEASES:
        raise HarnessError(f"no image can be built of Presto {version}; of these it can: {', '.join(RELEASES)}")
    return RELEASES[version]
