"""Address plans: clear of each other, and of what the machine already uses."""

from ipaddress import IPv4Network
from itertools import combinations

import pytest

from tests.harness import HarnessError
from tests.harness.local.addresses import CANDIDATES, MAX_NODES, Addresses, free_node_number, free_octet


def test_the_ranges_of_a_cluster_do_not_overlap() -> None:
    plan = Addresses(180)
    ranges = [plan.nodes, IPv4Network(f"{plan.host}/30", strict=False), plan.services, plan.pods]
    assert not any(one.overlaps(other) for one, other in combinations(ranges, 2))
    assert all(each.subnet_of(plan.network) for each in ranges)


def test_every_node_has_room() -> None:
    plan = Addresses(180)
    for number in (1, MAX_NODES):
        assert plan.node(number) in plan.nodes
        assert plan.node(number) != plan.gateway
        assert plan.node_pods(number).subnet_of(plan.pods)


def test_a_range_that_is_given_or_routed_is_passed_over() -> None:
    first, second, third = CANDIDATES[:3]
    assert free_octet([first], [IPv4Network(f"10.{second}.7.0/24")]) == third


def test_a_machine_that_routes_all_of_10_is_told_so() -> None:
    with pytest.raises(HarnessError, match="take a cluster down"):
        free_octet([], [IPv4Network("10.0.0.0/8")])


def test_the_number_of_a_node_that_left_is_given_again() -> None:
    assert free_node_number([1, 3]) == 2


def test_a_cluster_has_an_end() -> None:
    with pytest.raises(HarnessError, match="has room for"):
        free_node_number(range(1, MAX_NODES + 1))
