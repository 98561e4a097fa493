"""The audit log of an API server: who asked for what, and whether it was allowed."""

import json
from pathlib import Path

from tests.harness.spec import ClusterSpec


def audit_log_file(directory: Path) -> Path:
    """Return the file that the API server of a cluster logs to, a JSON object a line."""
    return directory / "audit.log"


def audit_options(directory: Path, spec: ClusterSpec) -> list[str]:
    """Return the API server's options that log the requests of the spec's audited users; none without such users."""
    if not spec.audited_users:
        return []
    policy = directory / "audit-policy.json"
    policy.write_text(json.dumps(_policy(spec)))
    return [f"--audit-policy-file={policy}", f"--audit-log-path={audit_log_file(directory)}"]


def _policy(spec: ClusterSpec) -> dict[str, object]:
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        # A watch is logged when it starts, and again when it ends.
        "omitStages": ["RequestReceived"],
        "rules": [{"level": "Metadata", "users": list(spec.audited_users)}, {"level": "None"}],
    }
