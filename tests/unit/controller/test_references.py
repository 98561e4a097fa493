"""The reconcile loop and what specs refer to."""

from __future__ import annotations

import base64

import pytest

from presto_operator.kube import ApiError
from tests.unit.controller.world import World
from tests.unit.manifest import manifest

_CATALOGS = {
    "mysql": {
        "properties": {"connector.name": "mysql"},
        "secretProperties": {"connection-password": {"name": "db", "key": "password"}},
    }
}


def _put_secret(world: World, **values: str) -> None:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    world.api.write(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "analytics"}, "data": data}
    )


@pytest.fixture
def world() -> World:
    """A settled world with a catalog whose password is in a Secret."""
    prepared = World(manifest(catalogs=_CATALOGS))
    _put_secret(prepared, password="hunter2")
    prepared.settle()
    assert prepared.status["phase"] == "Running"
    return prepared


def _pass_later(world: World) -> None:
    """A pass after which what is known of a Secret is too old, and one that reads it anew."""
    world.reconcile()
    world.reconcile()


def _generation(world: World) -> str:
    serving: str = world.status["coordinator"]["generation"]
    return serving


def test_a_changed_secret_makes_a_new_generation(world: World) -> None:
    before = _generation(world)
    _put_secret(world, password="other")
    _pass_later(world)
    assert world.condition("Progressing")["reason"] == "NewGeneration"
    world.settle()
    assert _generation(world) != before
    assert world.status["phase"] == "Running"


def test_a_secret_that_is_written_again_as_it_was_changes_nothing(world: World) -> None:
    before = world.children()
    _put_secret(world, password="hunter2", other="x")
    _pass_later(world)
    after = world.children()
    identity = ("Secret", "analytics", "db")
    before.pop(identity)
    after.pop(identity)
    assert after == before


def test_a_secret_that_goes_is_named_and_what_runs_is_left_alone(world: World) -> None:
    world.api.objects.pop(("Secret", "analytics", "db"))
    before = world.children()
    _pass_later(world)
    valid = world.condition("Valid")
    assert (valid["status"], valid["reason"]) == ("False", "SpecRejected")
    assert valid["message"].startswith(
        'spec.catalogs.mysql.secretProperties[connection-password]: there is no Secret "db"'
    )
    assert world.children() == before
    assert world.condition("Ready")["status"] == "True"


def test_a_secret_that_cannot_be_read_changes_nothing_and_is_told(world: World) -> None:
    before = world.children()
    world.api.refused_kinds["Secret"] = ApiError(403, 'secrets "db" is forbidden')
    world.reconcile()
    with pytest.raises(ApiError, match="can't be read"):
        world.reconcile()
    assert world.children() == before
    degraded = world.condition("Degraded")
    assert (degraded["status"], degraded["reason"]) == ("True", "ApplyFailed")
    assert 'secrets "db" is forbidden' in degraded["message"]


def test_no_event_and_no_status_tells_a_secret(world: World) -> None:
    _put_secret(world, password="other")
    _pass_later(world)
    world.settle()
    told = str(world.api.events) + str(world.status)
    assert "hunter2" not in told
    assert "other" not in told


def _copies(world: World) -> set[str]:
    return {name for name in world.api.names("Secret") if name.startswith("adhoc-catalogs-")}


def test_a_copy_of_a_secret_goes_once_no_generation_uses_it(world: World) -> None:
    (first,) = _copies(world)
    _put_secret(world, password="other")
    _pass_later(world)
    (second,) = _copies(world) - {first}
    assert _copies(world) == {first, second}  # the first still serves
    world.settle()
    assert _copies(world) == {second}


def test_after_a_restart_a_copy_of_a_secret_is_found_by_what_mounts_it(world: World) -> None:
    (first,) = _copies(world)
    _put_secret(world, password="other")
    _pass_later(world)
    world.restart()
    world.settle()
    assert len(_copies(world)) == 1
    assert first not in _copies(world)


def test_a_copy_goes_before_the_deployments_whose_templates_name_it(world: World) -> None:
    (first,) = _copies(world)
    _put_secret(world, password="other")
    deleted: list[tuple[str, str]] = []
    _pass_later(world)
    for _ in range(5):
        world.roll_out()
        world.reconcile()
        deleted += [(kind, name) for verb, kind, name in world.api.requests if verb == "delete"]
    assert deleted[0] == ("Secret", first)
    assert "Deployment" in {kind for kind, _ in deleted}


def test_a_copy_that_somebody_deletes_is_made_again(world: World) -> None:
    (copy,) = _copies(world)
    del world.api.objects["Secret", "analytics", copy]
    _pass_later(world)
    assert _copies(world) == {copy}


def test_a_secret_of_somebody_else_is_left_alone_whatever_its_name_is(world: World) -> None:
    foreign = "adhoc-catalogs-00000000"
    world.api.write({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": foreign, "namespace": "analytics"}})
    (name, *_) = sorted(world.api.names("Deployment"))
    volume = {"name": "other", "projected": {"sources": [{"secret": {"name": foreign}}]}}
    world.edit("Deployment", name, lambda obj: obj["spec"]["template"]["spec"]["volumes"].append(volume))
    world.set_spec(version="0.288")
    world.settle()
    assert foreign in _copies(world)


def test_a_spec_that_is_known_to_be_invalid_stays_so_while_its_secret_cannot_be_read(world: World) -> None:
    world.api.objects.pop(("Secret", "analytics", "db"))
    _pass_later(world)
    before = world.condition("Valid")
    assert before["status"] == "False"

    world.api.refused_kinds["Secret"] = ApiError(503, "etcd leader changed")
    with pytest.raises(ApiError, match="can't be read"):
        world.reconcile(after_seconds=20)

    assert world.condition("Valid") == before
    assert world.news("SpecAccepted") == []
    world.api.refused_kinds.clear()
    world.reconcile(after_seconds=20)
    assert world.condition("Valid") == before
