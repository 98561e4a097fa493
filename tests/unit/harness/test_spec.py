"""What a test may ask for, and what it is refused."""

import pytest

from tests.harness import ClusterSpec, HarnessError, NodeSpec, Taint, numbered_nodes


@pytest.mark.parametrize("text", ["dedicated=presto:NoSchedule", "spot:NoExecute", "a.b/c=:PreferNoSchedule"])
def test_a_taint_is_read_as_kubectl_writes_it(text: str) -> None:
    assert str(Taint.parse(text)) == text.replace("=:", ":")


@pytest.mark.parametrize("text", ["", "key", "key=value", "key=value:Sometimes", ":NoSchedule"])
def test_what_is_no_taint_is_refused(text: str) -> None:
    with pytest.raises(HarnessError, match="is not a taint"):
        Taint.parse(text)


def test_a_taint_without_value_has_none_in_its_manifest() -> None:
    assert Taint.parse("spot:NoExecute").manifest() == {"key": "spot", "effect": "NoExecute"}


@pytest.mark.parametrize("name", ["", "Node", "a_b", "-a", "a-", "a" * 41])
def test_a_node_needs_a_host_name(name: str) -> None:
    with pytest.raises(HarnessError, match="can't name a node"):
        NodeSpec(name=name)


def test_two_nodes_of_one_name_are_refused() -> None:
    with pytest.raises(HarnessError, match="same name"):
        ClusterSpec(nodes=(*numbered_nodes(2), NodeSpec("node-1")))
