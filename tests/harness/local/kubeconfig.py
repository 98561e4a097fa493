"""Kubeconfig files, with everything inside so that they may be copied elsewhere."""

import base64
from pathlib import Path

import yaml

from tests.harness.local.certificates import Authority, Certificate


def write_kubeconfig(file: Path, *, server: str, authority: Authority, client: Certificate, cluster: str) -> Path:
    """Write a kubeconfig for `client` and return its path. Only the owner may read it."""
    context = f"presto-harness-{cluster}"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "clusters": [
            {
                "name": context,
                "cluster": {
                    "server": server,
                    "certificate-authority-data": _encoded(authority.own.certificate),
                },
            }
        ],
        "users": [
            {
                "name": context,
                "user": {
                    "client-certificate-data": _encoded(client.certificate),
                    "client-key-data": _encoded(client.key),
                },
            }
        ],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(config, sort_keys=False))
    return file


def _encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
