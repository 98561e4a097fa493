"""What we know of the Hive metastore: its addresses, and whether it answers.

Pure: `presto_operator.polling.metastore_client` asks it.
"""

from presto_operator.metastore.address import (
    MAX_URI_LENGTH,
    URI_PATTERN,
    MetastoreAddress,
    forbidden_kind,
    parse_metastore_uri,
)
from presto_operator.metastore.health import Finding, Outcome, Probe, deciding

__all__ = [
    "MAX_URI_LENGTH",
    "URI_PATTERN",
    "Finding",
    "MetastoreAddress",
    "Outcome",
    "Probe",
    "deciding",
    "forbidden_kind",
    "parse_metastore_uri",
]
