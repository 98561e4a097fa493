"""Passwords over HTTPS for users, and tokens among servers: the operator sees the load, scales and drains all the same.

With the cluster of docs/authentication.md.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.harness.command import run
from tests.harness.interface import Cluster
from tests.harness.waiting import wait_until
from tests.kit.documentation import manifests
from tests.kit.installation import operator_metric
from tests.kit.pods import is_ready, leaving, name_of
from tests.kit.questions import DISTINCT
from tests.kit.resources import Namespace, Resource
from tests.kit.sizes import small_server
from tests.kit.standing import Shape

NAME = "guarded"
USER, PASSWORD = "anna", "correct horse"


def guarded_cluster() -> Resource:
    """The page's cluster, of one worker a query."""
    (resource,) = [each for each in manifests("authentication") if each["kind"] == "PrestoCluster"]
    spec: Resource = resource["spec"]
    for role in ("coordinator", "workers"):
        small = small_server()
        spec[role] = {**small, **spec[role], "config": {**small["config"], **spec[role]["config"]}}
    spec["workers"]["drain"] = {"timeout": "5m", "gracePeriod": "10s"}
    spec["autoscaling"] = {
        "minReplicas": 1,
        "maxReplicas": 2,
        "targets": {"queriesPerWorker": "1"},
        "behavior": {
            "scaleUp": {"stabilizationWindowSeconds": 0},
            "scaleDown": {"stabilizationWindowSeconds": 15},
        },
    }
    return resource


def front_door(namespace: Namespace) -> None:
    """The Secrets that it needs: keystore and passwords."""
    with tempfile.TemporaryDirectory() as directory:
        files = [f"--from-file={file}" for file in (_keystore(Path(directory)), _password_file(Path(directory)))]
        namespace.kubectl("create", "secret", "generic", "front-door", *files)
    (words,) = [each["stringData"] for each in manifests("authentication") if each["kind"] == "Secret"]
    literals = [f"--from-literal={key}={value}" for key, value in words.items()]
    namespace.kubectl("create", "secret", "generic", "guarded", *literals)


pytestmark = [
    pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning"),
    pytest.mark.standing(Shape("guarded", lambda _: [guarded_cluster()], surroundings=front_door)),
]


class Client:
    """A user who comes by HTTPS."""

    def __init__(self, base_url: str) -> None:
        self._statement = f"{base_url}/v1/statement"

    def ask(self, sql: str, *, password: str | None = PASSWORD) -> requests.Response:
        """The answer to the first request of a query."""
        with _session(password) as session:
            return session.post(self._statement, data=sql, timeout=30)

    def rows(self, sql: str) -> list[list[Any]]:
        """All rows of a query.

        Raises:
            AssertionError: it failed.
        """
        found: list[list[Any]] = []
        page = self.ask(sql).json()
        with _session(PASSWORD) as session:
            while True:
                assert "error" not in page, page["error"]
                found += page.get("data", [])
                if "nextUri" not in page:
                    return found
                time.sleep(0.05)
                page = session.get(page["nextUri"], timeout=30).json()


def _session(password: str | None) -> requests.Session:
    session = requests.Session()
    # The certificate is the test's own, and of another name than the address; the machine's settings are for others.
    session.trust_env = False
    session.verify = False
    session.headers["X-Presto-User"] = USER
    if password is not None:
        session.auth = (USER, password)
    return session


@pytest.fixture
def client(cluster: Cluster, presto: Namespace) -> Iterator[Client]:
    """Its user."""
    with cluster.reach_service(presto.name, NAME, 8443) as base_url:
        yield Client(base_url.replace("http://", "https://"))


@pytest.mark.page("authentication")
@pytest.mark.parametrize("password", [None, "wrong"])
def test_who_has_no_password_is_turned_away(client: Client, password: str | None) -> None:
    assert client.ask("SELECT 1", password=password).status_code == 401


@pytest.mark.page("authentication", "autoscaling", "draining")
@pytest.mark.promise("hands-off", "scale-down")
def test_workers_follow_the_queries_and_drain(cluster: Cluster, presto: Namespace, client: Client) -> None:
    wait_until(lambda: workers(presto) == 1, timeout=120, what="one worker")
    over = threading.Event()

    def keep_asking() -> list[list[list[Any]]]:
        answers = []
        while not over.is_set():
            answers.append(client.rows(DISTINCT.sql))
        return answers

    with ThreadPoolExecutor(2) as executor:
        users = [executor.submit(keep_asking) for _ in range(2)]
        try:
            wait_until(lambda: workers(presto) == 2, timeout=240, what="two workers for two queries")
            assert presto.condition(NAME, "AutoscalingActive")["status"] == "True"
        finally:
            over.set()
    for user in users:
        assert user.result()
        assert all(rows == [[1_500_000]] for rows in user.result())
    assert_decision_is_told(cluster, presto, "ScaledUp", to=2)

    wait_until(lambda: going(presto), timeout=120, what="a worker to leave")
    (name,) = going(presto)
    wait_until(
        lambda: "draining: finishing the tasks" in presto.kubectl("logs", name, "--tail=200"),
        timeout=30,
        what="the worker to take SHUTTING_DOWN",
    )
    wait_until(lambda: workers(presto) == 1, timeout=120, what="one worker")
    assert_decision_is_told(cluster, presto, "ScaledDown", to=1)


def assert_decision_is_told(cluster: Cluster, presto: Namespace, event: str, *, to: int) -> None:
    """The newest decision is to be found in status, in an Event and in a metric, with its reason in words."""
    decision = presto.presto_cluster(NAME)["status"]["autoscaling"]["decisions"][0]
    assert decision["toReplicas"] == to
    assert decision["message"]
    assert any(decision["message"] in message for reason, message in presto.events(NAME) if reason == event)
    labels = {"namespace": presto.name, "cluster": NAME, "reason": decision["reason"]}
    assert operator_metric(cluster, "presto_operator_autoscaling_decisions_total", labels) >= 1


def workers(presto: Namespace) -> int:
    """Workers that are ready, or on their way out."""
    return sum(is_ready(pod) for pod in presto.pods(NAME, "worker"))


def going(presto: Namespace) -> list[str]:
    """Workers on their way out."""
    return [name_of(pod) for pod in leaving(presto.pods(NAME, "worker"))]


def _keystore(directory: Path) -> Path:
    key, certificate, keystore = (directory / name for name in ("key.pem", "cert.pem", "keystore.p12"))
    new = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", f"/CN={NAME}")
    run([*new, "-keyout", key, "-out", certificate], timeout=60)
    export = ("openssl", "pkcs12", "-export", "-in", certificate, "-inkey", key)
    run([*export, "-passout", "pass:front-door", "-out", keystore], timeout=60)
    return keystore


def _password_file(directory: Path) -> Path:
    """PBKDF2 as Presto's file authenticator has it: iterations, salt and hash, in hexadecimal digits."""
    salt, iterations = b"salt of the test", 1000
    hashed = hashlib.pbkdf2_hmac("sha1", PASSWORD.encode(), salt, iterations, 32)
    file = directory / "password.db"
    file.write_text(f"{USER}:{iterations}:{salt.hex()}:{hashed.hex()}\n")
    return file
