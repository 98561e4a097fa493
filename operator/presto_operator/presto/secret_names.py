"""Names of properties and environment variables whose values are secrets.

From the properties of 0.287 that its classes or its documentation call passwords, keys, secrets or tokens, such as
`connection-password`, `hive.s3.aws-secret-key`, `http-server.https.keystore.key`,
`internal-communication.shared-secret`, `bigquery.credentials-key`, `hive.azure.wasb-access-key`.
"""

from __future__ import annotations

import re

_SECRET = re.compile(
    r"(?i)(?:^|[-._])(?:password|passwd|passphrase|secret|secrets|token|credential|credentials)(?:[-._]|$)"
    r"|(?:access|secret|private|account|api|storage|credentials|encryption)[-._]?key$"
    r"|(?:key|trust)[-._]?store[-._](?:key|password)$"
    r"|sas[-._]?token$"
)
_NO_SECRET = re.compile(
    r"(?i)(?:file|path|dir|directory|enabled|type|location|provider|class|principal|url|uri|header|name|issuer|audience|"
    r"timeout|ttl|age|interval|length|size|expiration|cache|authenticator)$"
)
"""How names end that only say where a secret is, or something else about it."""

_URL_WITH_PASSWORD = re.compile(r"(?i)://[^/@\s]*:[^/@\s]+@|[?&;](?:password|pwd|secret|token|sig|signature)=")


def names_a_secret(name: str) -> bool:
    """Whether the value of a property or an environment variable of this name is a secret."""
    return _SECRET.search(name) is not None and _NO_SECRET.search(name) is None


def holds_a_password(value: str) -> bool:
    """Whether `value` is a URL with a password in it."""
    return _URL_WITH_PASSWORD.search(value) is not None
