"""Which generation serves, whatever was deleted or edited."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from presto_operator.objects import KubernetesObject
from presto_operator.planning.observation import Observation
from presto_operator.planning.serving import service_accounts_in_use, serving_generation
from tests.unit.live import joined, observation, planned
from tests.unit.manifest import cluster

NOTHING = Observation((), (), None)
_OLD = planned(cluster(workers={"replicas": 2}), NOTHING)
_NEW = planned(cluster(version="0.288", workers={"replicas": 2}), NOTHING)
_LABEL = "prestooperator.io/generation"


def _seen(*, service: Callable[[KubernetesObject], Any] | None = None, **of_new: Any) -> Observation:
    """The old generation serves, and the new one comes up; `service` edits the client Service."""
    both = joined(observation(_OLD.apply), observation(_NEW.apply, **of_new))
    children = [copy.deepcopy(obj) for obj in both.children]
    if service is not None:
        service(next(obj for obj in children if (obj["kind"], obj["metadata"]["name"]) == ("Service", "adhoc")))
    return replace(both, children=tuple(children))


def _without_service(seen: Observation) -> Observation:
    children = [obj for obj in seen.children if (obj["kind"], obj["metadata"]["name"]) != ("Service", "adhoc")]
    return replace(seen, children=tuple(children))


def _serving(seen: Observation, remembered: str | None = None) -> str | None:
    found = serving_generation(seen, "adhoc", remembered)
    return found.name if found is not None else None


def test_the_service_says_which() -> None:
    found = serving_generation(_seen(), "adhoc", None)
    assert found is not None
    assert (found.name, found.is_guess) == (_OLD.wanted_generation, False)
    assert found.coordinator["metadata"]["labels"][_LABEL] == _OLD.wanted_generation
    assert {obj["metadata"]["labels"][_LABEL] for obj in found.workers} == {_OLD.wanted_generation}


def test_nothing_serves_before_there_is_a_coordinator() -> None:
    assert serving_generation(NOTHING, "adhoc", "cafe0001") is None


def test_without_the_service_status_says_which() -> None:
    seen = _without_service(_seen())
    assert _serving(seen, _OLD.wanted_generation) == _OLD.wanted_generation
    assert _serving(seen, _NEW.wanted_generation) == _NEW.wanted_generation


@pytest.mark.parametrize("remembered", [None, "gone0001"])
def test_without_either_it_is_the_oldest_that_is_able_to_serve(remembered: str | None) -> None:
    def dated(obj: KubernetesObject) -> KubernetesObject:
        is_old = obj["metadata"].get("labels", {}).get(_LABEL) == _OLD.wanted_generation
        obj = copy.deepcopy(obj)
        obj["metadata"]["creationTimestamp"] = f"2026-01-0{1 if is_old else 2}T00:00:00Z"
        return obj

    seen = _without_service(_seen())
    found = serving_generation(replace(seen, children=tuple(map(dated, seen.children))), "adhoc", remembered)
    assert found is not None
    assert (found.name, found.is_guess) == (_OLD.wanted_generation, True)


@pytest.mark.parametrize(
    "edit",
    [
        lambda service: service["spec"]["selector"].pop(_LABEL),
        lambda service: service["spec"]["selector"].update({_LABEL: "none0001"}),
        lambda service: service["spec"].pop("selector"),
        lambda service: service["spec"].update(selector=None),
    ],
)
def test_a_selector_that_selects_nothing_is_ignored(edit: Callable[[KubernetesObject], Any]) -> None:
    assert _serving(_seen(service=edit), _OLD.wanted_generation) == _OLD.wanted_generation


@pytest.mark.parametrize("of_new", [{"is_coordinator_ready": False}, {"ready_workers": 0}])
def test_a_selector_that_was_pointed_at_what_cannot_serve_is_ignored(of_new: dict[str, Any]) -> None:
    def point(service: KubernetesObject) -> None:
        service["spec"]["selector"][_LABEL] = _NEW.wanted_generation

    assert _serving(_seen(service=point, **of_new), _OLD.wanted_generation) == _OLD.wanted_generation
    # The operator itself selects one that is complete, and may be stopped before it has written status.
    assert _serving(_seen(service=point), _OLD.wanted_generation) == _NEW.wanted_generation


def test_a_coordinator_that_is_not_ready_for_a_while_goes_on_serving() -> None:
    seen = joined(observation(_OLD.apply, is_coordinator_ready=False), observation(_NEW.apply))
    assert _serving(seen, _OLD.wanted_generation) == _OLD.wanted_generation


def test_a_service_account_is_in_use_while_anything_names_it() -> None:
    assert service_accounts_in_use(observation(_OLD.apply)) == {"adhoc-presto"}
    other = planned(cluster(serviceAccount={"name": "other"}), NOTHING)
    assert service_accounts_in_use(joined(observation(_OLD.apply), observation(other.apply))) == {
        "adhoc-presto",
        "other",
    }


def test_its_https_port_is_its_own() -> None:
    config = {"http-server.https.enabled": "true", "http-server.https.port": "8444"}
    old = planned(cluster(coordinator={"config": config}), NOTHING)
    found = serving_generation(observation(old.apply), "adhoc", None)
    assert found is not None
    assert found.https_port == 8444
    plain = serving_generation(observation(_OLD.apply), "adhoc", None)
    assert plain is not None
    assert plain.https_port is None
