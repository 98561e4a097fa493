"""What the cache must have for the demo and the tests to start at once."""

from pathlib import Path
from typing import get_args

import pytest

from tests.harness import binaries
from tests.harness.images.presto import presto_archive
from tests.harness.paths import CACHE_VARIABLE
from tests.parts.provisions import PROVISIONS, User, are_cached


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    return tmp_path


def make(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def make_programs(*names: str) -> None:
    make(*(folder.target(each) for folder in binaries.FOLDERS for each in folder.programs if each.name in names))


@pytest.mark.parametrize("user", get_args(User))
def test_an_empty_cache_lacks_something_for_everybody(user: User) -> None:
    assert not are_cached(user, "local")
    assert not are_cached(user, "kind")


def test_fake_nodes_need_programs_only() -> None:
    make_programs(*PROVISIONS["api"].local_programs, "kubectl")
    assert not are_cached("api", "local")
    make_programs("kwok")
    assert are_cached("api", "local")


def test_the_demo_needs_a_presto_image_and_no_data_platform() -> None:
    make_programs(*PROVISIONS["demo"].local_programs, *PROVISIONS["demo"].programs)
    assert not are_cached("demo", "local")
    make(presto_archive("0.287").file)
    assert are_cached("demo", "local")
    assert not are_cached("e2e", "local")


def test_with_docker_kind_brings_kubernetes_and_the_registry_brings_presto() -> None:
    make_programs("kind", "kubectl", "helm")
    assert are_cached("demo", "kind")
    assert not are_cached("demo", "local")
