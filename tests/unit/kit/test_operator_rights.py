"""Reading an audit log: what was refused, and which rights were used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness.local.audit import audit_log_file, audit_options
from tests.harness.spec import ClusterSpec
from tests.kit.operator_rights import OperatorAccount, forbidden, requests, unused

_RULES = [
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "delete"]},
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["create", "patch"]},
    {"apiGroups": ["prestooperator.io"], "resources": ["prestoclusters/finalizers"], "verbs": ["update"]},
]
_ACCOUNT = OperatorAccount(
    "test",
    (
        {"kind": "ServiceAccount", "metadata": {"name": "operator"}},
        {"kind": "ClusterRole", "metadata": {"name": "operator"}, "rules": _RULES},
    ),
)
_PODS, _DEPLOYMENTS = {"resource": "pods"}, {"resource": "deployments", "apiGroup": "apps"}


def _log(
    tmp_path: Path,
    *events: tuple[str, dict[str, Any], int],
    user: str = _ACCOUNT.user,
    decision: str = "allow",
) -> Path:
    log = tmp_path / "audit.log"
    lines = [
        {
            "user": {"username": user},
            "verb": verb,
            "objectRef": obj,
            "responseStatus": {"code": code},
            "annotations": {"authorization.k8s.io/decision": decision},
        }
        for verb, obj, code in events
    ]
    log.write_text("".join(f"{json.dumps(line)}\n" for line in [*lines, {"verb": "get", "requestURI": "/api"}]))
    return log


def test_a_right_is_unused_until_a_request_needs_it(tmp_path: Path) -> None:
    assert unused(_ACCOUNT, requests(_log(tmp_path, ("list", _PODS, 200), ("patch", _DEPLOYMENTS, 200)))) == {
        ("", "pods", "delete"),
        ("apps", "deployments", "create"),
    }


def test_an_apply_that_creates_needs_two_rights(tmp_path: Path) -> None:
    found = requests(_log(tmp_path, ("patch", _DEPLOYMENTS, 201)))
    assert ("apps", "deployments", "create") not in unused(_ACCOUNT, found)


@pytest.mark.parametrize("sub", ["", "status"])
def test_requests_of_others_and_of_subresources_use_no_right(tmp_path: Path, sub: str) -> None:
    user = "somebody" if not sub else _ACCOUNT.user
    log = _log(tmp_path, ("list", {**_PODS, **({"subresource": sub} if sub else {})}, 200), user=user)
    assert ("", "pods", "list") in unused(_ACCOUNT, requests(log))


def test_what_is_forbidden_is_named(tmp_path: Path) -> None:
    secret = {"resource": "secrets", "namespace": "data", "name": "s3"}
    found = requests(_log(tmp_path, ("get", secret, 403), decision="forbid"))
    assert forbidden(found, {_ACCOUNT.user}) == ["('', 'secrets', 'get') of data/s3"]
    assert forbidden(found, {"somebody"}) == []


def test_a_namespace_that_is_being_deleted_forbids_nothing_for_want_of_a_right(tmp_path: Path) -> None:
    event = {"resource": "events", "namespace": "gone", "name": "a"}
    assert forbidden(requests(_log(tmp_path, ("create", event, 403))), {_ACCOUNT.user}) == []


def test_only_the_audited_users_are_logged(tmp_path: Path) -> None:
    assert audit_options(tmp_path, ClusterSpec()) == []
    options = audit_options(tmp_path, ClusterSpec(audited_users=("a", "b")))
    assert options[1] == f"--audit-log-path={audit_log_file(tmp_path)}"
    policy = json.loads(Path(options[0].partition("=")[2]).read_text())
    assert policy["rules"] == [{"level": "Metadata", "users": ["a", "b"]}, {"level": "None"}]
