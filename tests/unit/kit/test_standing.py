"""Which standing clusters there are, and when. That they are whole, and how they are put back, tests/e2e shows."""

from __future__ import annotations

from typing import cast

import pytest

from tests.harness.errors import WaitedInVainError
from tests.harness.interface import Cluster
from tests.kit.resources import Namespace
from tests.kit.standing import Shape, Standing, StandingClusters, shape

FIRST, SECOND, THIRD, FOURTH = (shape(name) for name in ("first", "second", "third", "fourth"))


class Played:
    """A standing cluster without any part."""

    def __init__(self, shape: Shape, name: str) -> None:
        self.shape = shape
        self.namespace = Namespace(cast(Cluster, None), name)
        self.is_up = False
        self.is_there = True
        self.is_broken = False
        self.put_backs = 0

    def wait_until_whole(self) -> None:
        if self.is_broken:
            raise WaitedInVainError("in vain")
        self.is_up = True

    def is_settled(self) -> bool:
        return self.is_up

    def exists(self) -> bool:
        return self.is_there

    def put_back(self) -> None:
        self.put_backs += 1
        self.wait_until_whole()

    def take_away(self) -> None:
        self.is_there = False

    def describe(self) -> str:
        return "as it is"


class Stage:
    """The standing clusters of a run, and all that there have been."""

    def __init__(self, *uses: Shape | None) -> None:
        self.all: list[Played] = []
        self.clusters = StandingClusters(uses, self._stand)

    def _stand(self, shape: Shape, name: str) -> Standing:
        self.all.append(Played(shape, name))
        return cast(Standing, self.all[-1])

    def use(self, test: int) -> Played:
        return cast(Played, self.clusters.use(test))

    def leave(self, test: int, standing: Played, *, is_reusable: bool = True) -> None:
        self.clusters.leave(test, cast(Standing, standing), is_reusable=is_reusable)

    def names(self) -> list[str]:
        return [each.namespace.name for each in self.all if each.is_there]


def test_tests_of_one_shape_share_a_cluster_that_is_put_back_in_between_and_taken_away_at_the_end() -> None:
    stage = Stage(FIRST, None, FIRST)

    shared = stage.use(0)
    stage.leave(0, shared)
    assert shared.put_backs == 1
    assert stage.use(2) is shared
    stage.leave(2, shared)

    assert shared.put_backs == 1
    assert stage.names() == []
    assert len(stage.all) == 1


def test_a_cluster_that_is_not_to_be_used_again_or_is_gone_gets_replaced() -> None:
    stage = Stage(FIRST, FIRST, FIRST)

    failed = stage.use(0)
    stage.leave(0, failed, is_reusable=False)
    deleted = stage.use(1)
    deleted.is_there = False
    stage.leave(1, deleted)

    assert stage.use(2) not in (failed, deleted)
    assert (failed.put_backs, deleted.put_backs) == (0, 0)


def test_a_cluster_that_can_not_be_put_back_is_an_error_and_gets_replaced() -> None:
    stage = Stage(FIRST, FIRST)
    broken = stage.use(0)
    broken.is_broken = True

    with pytest.raises(WaitedInVainError):
        stage.leave(0, broken)

    assert stage.use(1) is not broken
    assert not broken.is_there


def test_a_cluster_that_broke_meanwhile_is_an_error_and_gets_replaced() -> None:
    stage = Stage(FIRST, FIRST, FIRST)
    broken = stage.use(0)
    stage.leave(0, broken)
    broken.is_broken = True

    with pytest.raises(WaitedInVainError):
        stage.use(1)

    assert stage.use(2) is not broken


def test_the_next_shapes_come_up_meanwhile_one_after_the_other() -> None:
    stage = Stage(FIRST, FIRST, FIRST, FIRST, SECOND, THIRD, FOURTH)

    stage.use(0)
    assert stage.names() == ["first-1", "second-2"]
    stage.use(1)
    assert stage.names() == ["first-1", "second-2"]
    stage.all[1].is_up = True
    stage.use(2)
    assert stage.names() == ["first-1", "second-2", "third-3"]
    stage.all[2].is_up = True
    stage.use(3)
    assert stage.names() == ["first-1", "second-2", "third-3"]


def test_what_still_stands_is_taken_away_at_the_end() -> None:
    stage = Stage(FIRST, SECOND)
    stage.use(0)

    stage.clusters.close()

    assert stage.names() == []
