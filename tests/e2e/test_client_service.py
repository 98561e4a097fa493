"""The client Service is deleted, or edited by hand, while a change is pending that never gets ready: what serves stays.

Clients that reach the coordinator without the client Service notice nothing. While that Service doesn't exist, or leads
to a coordinator that can't start, nobody can connect by its name; what counts then is that it is right within seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy

import pytest

from tests.e2e.shapes import NAME, PLAIN, PLAIN_MANIFEST
from tests.harness.waiting import wait_until
from tests.kit.load import Tally, steady_load
from tests.kit.pods import staying, uids
from tests.kit.questions import JOIN, SHORT
from tests.kit.resources import CLUSTER_LABEL, Namespace, Resource
from tests.kit.sql import PrestoClient
from tests.kit.standing import HTTP_PORT

GENERATION_LABEL = "prestooperator.io/generation"
LOAD = [SHORT, SHORT, SHORT, JOIN]


def with_a_misspelt_flag() -> Resource:
    """The cluster with a flag for its coordinator's JVM that doesn't exist: a generation that never gets ready."""
    changed = deepcopy(PLAIN_MANIFEST)
    changed["spec"]["coordinator"]["jvm"]["extraArgs"] += ["-XX:+UseG2GC"]
    return changed


@pytest.fixture
def direct_client(presto: Namespace) -> Iterator[PrestoClient]:
    """A client that doesn't use the client Service, but that of the coordinator which serves."""
    (coordinator,) = presto.pods(NAME, "coordinator")
    service = f"{NAME}-coordinator-{generation_of(coordinator['metadata']['labels'])}"
    with presto.cluster.reach_service(presto.name, service, HTTP_PORT) as base_url:
        yield PrestoClient(base_url)


@pytest.mark.standing(PLAIN)
@pytest.mark.long("a generation that can't start, and three ways to break the client Service beside it: 2 minutes")
def test_a_client_service_that_is_deleted_or_edited_leads_to_the_generation_that_served(
    presto: Namespace, client: PrestoClient, direct_client: PrestoClient
) -> None:
    serving = generation_of(selector(presto))
    before = uids(presto.pods(NAME))

    with steady_load(direct_client, LOAD, clients=1) as tally:
        presto.apply(with_a_misspelt_flag())
        condition = presto.wait_for_condition(NAME, "Degraded", "True", timeout=180)
        assert "Unrecognized VM option 'UseG2GC'" in condition["message"]

        # The Service leads to the coordinator throughout, so its clients lose nothing either.
        with steady_load(client, [SHORT], clients=1) as by_service:
            patch_service(presto, {"metadata": {"labels": {CLUSTER_LABEL: None}}})
            wait_until(lambda: CLUSTER_LABEL in labels(presto), timeout=30, what="the Service's label")
            check_that_it_serves(presto, serving, before, tally)

            patch_service(presto, {"spec": {"selector": {GENERATION_LABEL: None}}})
            wait_until(lambda: GENERATION_LABEL in selector(presto), timeout=30, what="the Service's selector")
            check_that_it_serves(presto, serving, before, tally)

        patch_service(presto, {"spec": {"selector": {GENERATION_LABEL: wanted(presto)}}})
        wait_until(lambda: generation_of(selector(presto)) == serving, timeout=30, what="the Service's selector")
        check_that_it_serves(presto, serving, before, tally)

        presto.kubectl("delete", "service", NAME)
        wait_until(lambda: has_service(presto), timeout=30, what="another Service")
        check_that_it_serves(presto, serving, before, tally)

        presto.apply(PLAIN_MANIFEST)
        presto.wait_for_condition(NAME, "Degraded", "False", timeout=60)
        presto.wait_until_settled(NAME, timeout=60)
        check_that_it_serves(presto, serving, before, tally)

    assert dict(tally.failures) == {}
    assert dict(by_service.failures) == {}
    assert by_service.right >= 1
    assert uids(staying(presto.pods(NAME))) == before


def check_that_it_serves(presto: Namespace, serving: str, pods: set[str], tally: Tally) -> None:
    """Check that the generation is there and whole, that the client Service leads to it, and that answers come."""
    right = tally.right
    assert generation_of(selector(presto)) == serving
    assert labels(presto)[CLUSTER_LABEL] == NAME
    with presto.cluster.reach_service(presto.name, NAME, HTTP_PORT) as base_url:
        wait_until(lambda: answers(PrestoClient(base_url)), timeout=30, what="an answer by the client Service")
    wait_until(lambda: tally.right >= right + 2, timeout=120, what="answers of the coordinator")
    assert pods <= uids(staying(presto.pods(NAME)))
    assert generation_of(selector(presto)) == serving
    presto.wait_for_condition(NAME, "Ready", "True", timeout=30)


def answers(client: PrestoClient) -> bool:
    """Whether a query by this client is answered right. Until the nodes route to a new Service, it can't connect."""
    with steady_load(client, [SHORT], clients=1) as tally:
        wait_until(lambda: tally.total >= 1, timeout=60, what="an answer")
    assert all(map(is_connection_error, tally.failures)), dict(tally.failures)
    return tally.right >= 1


def is_connection_error(failure: str) -> bool:
    """Whether the client couldn't reach any server, rather than being refused by one."""
    return failure in ("ConnectionError", "ConnectTimeout")


def generation_of(labels: Resource) -> str:
    """The generation in labels, or in a selector."""
    return str(labels[GENERATION_LABEL])


def wanted(presto: Namespace) -> str:
    """The generation that the spec asks for: the newest coordinator's."""
    newest = max(presto.pods(NAME, "coordinator"), key=lambda pod: str(pod["metadata"]["creationTimestamp"]))
    return generation_of(newest["metadata"]["labels"])


def selector(presto: Namespace) -> Resource:
    """The selector of the client Service."""
    found: Resource = presto.get("services", NAME)["spec"]["selector"]
    return found


def labels(presto: Namespace) -> Resource:
    """The labels of the client Service."""
    found: Resource = presto.get("services", NAME)["metadata"].get("labels", {})
    return found


def has_service(presto: Namespace) -> bool:
    """Whether there is a client Service."""
    return NAME in {each["metadata"]["name"] for each in presto.objects("services")}


def patch_service(presto: Namespace, patch: Resource) -> None:
    """Edit the client Service by hand."""
    presto.kubectl("patch", f"service/{NAME}", "--type=merge", f"--patch={json.dumps(patch)}")
