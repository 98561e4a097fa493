"""The certificate authority of a cluster and what it signs, by the openssl program."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.harness.command import run

DAYS = "365"
# A configuration of our own, because the distributions' differ in what they add by themselves.
OPENSSL_CONFIG = """\
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""


@dataclass(frozen=True)
class Certificate:
    """A signed certificate and its key, as files."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, directory: Path) -> None:
        """Name the folder; nothing is made yet."""
        self.directory = directory
        self.own = Certificate(certificate=directory / "ca.crt", key=directory / "ca.key")

    @property
    def service_account_key(self) -> Path:
        """The key that signs service account tokens."""
        return self.directory / "service-account.key"

    @property
    def service_account_public_key(self) -> Path:
        """The key that service account tokens are checked with."""
        return self.directory / "service-account.pub"

    def create(self) -> None:
        """Make the authority's own certificate and the service account key."""
        self.directory.mkdir(parents=True, mode=0o700, exist_ok=True)
        config = self.directory / "openssl.cnf"
        config.write_text(OPENSSL_CONFIG)
        _generate_key(self.own.key)
        _generate_key(self.service_account_key)
        run(
            ["openssl", "pkey", "-in", self.service_account_key, "-pubout", "-out", self.service_account_public_key],
            timeout=30,
        )
        run(
            [
                "openssl",
                "req",
                "-x509",
                "-new",
                "-key",
                self.own.key,
                "-out",
                self.own.certificate,
                "-subj",
                "/CN=presto-harness",
                "-days",
                DAYS,
                "-config",
                config,
                "-extensions",
                "authority",
            ],
            timeout=30,
        )

    def issue(
        self,
        file_name: str,
        *,
        common_name: str,
        organization: str = "",
        alternative_names: Sequence[str] = (),
    ) -> Certificate:
        """Sign a certificate for a client, or, with alternative names (`DNS:...`, `IP:...`), for a server too."""
        issued = Certificate(certificate=self.directory / f"{file_name}.crt", key=self.directory / f"{file_name}.key")
        _generate_key(issued.key)
        subject = (f"/O={organization}" if organization else "") + f"/CN={common_name}"
        request = run(
            ["openssl", "req", "-new", "-key", issued.key, "-subj", subject, "-config", self.directory / "openssl.cnf"],
            timeout=30,
        ).stdout
        extensions = self.directory / f"{file_name}.ext"
        extensions.write_text(_extensions(alternative_names))
        # A drawn serial number needs no file that several openssl at once would fight over.
        serial = f"0x{secrets.token_hex(8)}"
        signing: list[str | Path] = ["openssl", "x509", "-req", "-CA", self.own.certificate, "-CAkey", self.own.key]
        signing += ["-set_serial", serial, "-days", DAYS, "-extfile", extensions, "-out", issued.certificate]
        run(signing, stdin=request, timeout=30)
        return issued


def _generate_key(file: Path) -> None:
    run(
        ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", file],
        timeout=30,
    )


def _extensions(alternative_names: Sequence[str]) -> str:
    usages = "clientAuth, serverAuth" if alternative_names else "clientAuth"
    lines = [
        "basicConstraints = critical, CA:FALSE",
        "keyUsage = critical, digitalSignature",
        f"extendedKeyUsage = {usages}",
        "subjectKeyIdentifier = hash",
        "authorityKeyIdentifier = keyid",
    ]
    if alternative_names:
        lines.append(f"subjectAltName = {', '.join(alternative_names)}")
    return "\n".join(lines) + "\n"
