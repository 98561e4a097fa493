"""Every rule of the API says the same to the API server and to the operator."""

from __future__ import annotations

import itertools
import json
import typing
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from annotated_types import Ge, Le
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.alias_generators import to_snake
from pydantic.fields import FieldInfo

from presto_operator.api import InvalidClusterError, PrestoClusterSpec, crd
from presto_operator.api.duration import Between
from presto_operator.api.field_rules import KeyedBy, Parses, UniqueBy
from presto_operator.api.model import Model
from presto_operator.api.model_rules import (
    AtLeastOne,
    ExactlyOne,
    InOrder,
    Needs,
    NotBoth,
    OperatorOnly,
    Paired,
    wire_name,
)
from presto_operator.api.rules import FieldRule, ModelRule, UncheckedAtApply, with_cel
from presto_operator.api.validation import parse_spec
from tests.api.test_bad_input import REFUSED_AT_APPLY
from tests.unit.api.api_server import nodes, refusals
from tests.unit.api.rule_edges import edges, random_values
from tests.unit.manifest import manifest


def _models(model: type[BaseModel], path: str = "spec") -> Iterator[tuple[str, type[BaseModel]]]:
    """Every model inside of a model, with the path of the field that it is the type of."""
    yield path, model
    for name, field in model.model_fields.items():
        for inner in _parts(field.annotation):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from _models(inner, f"{path}.{field.alias or name}")


def _parts(annotation: Any) -> Iterator[Any]:
    """What a type consists of, with the annotations of its parts."""
    yield annotation
    for inner in typing.get_args(annotation):
        yield from _parts(inner)


def _field_rules() -> dict[str, FieldRule]:
    found: dict[str, FieldRule] = {}
    for path, model in _models(PrestoClusterSpec):
        for name, field in model.model_fields.items():
            for part in (*field.metadata, *_parts(field.annotation)):
                if isinstance(part, FieldRule) and part not in found.values():
                    found[f"{path}.{field.alias or name}-{type(part).__name__}"] = part
    return found


def _model_rules() -> dict[str, tuple[type[BaseModel], ModelRule]]:
    found: dict[str, tuple[type[BaseModel], ModelRule]] = {}
    for path, model in _models(PrestoClusterSpec):
        assert issubclass(model, Model)
        for rule in model.rules:
            if (model, rule) not in found.values():
                found[f"{path}-{type(rule).__name__}-{len(found)}"] = (model, rule)
    return found


def _root() -> dict[str, Any]:
    """The schema of a PrestoCluster, in which the API server has a schema of its own for metadata."""
    root = crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    metadata = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {**root, "properties": {**root["properties"], "metadata": metadata}}


_ROOT = _root()
_FIELD_RULES = {name: rule for name, rule in _field_rules().items() if not isinstance(rule, UncheckedAtApply)}
_MODEL_RULES = {name: pair for name, pair in _model_rules().items() if not isinstance(pair[1], OperatorOnly | Paired)}
_PAIRED = {name: pair[1] for name, pair in _model_rules().items() if isinstance(pair[1], Paired)}


def test_all_rules_are_found() -> None:
    # A guard against a walk that misses some. Equal rules, such as two fields with the same bounds, are tested once.
    assert sum(isinstance(rule, Between) for rule in _FIELD_RULES.values()) == 4
    assert len(_FIELD_RULES) == 53
    assert len(_MODEL_RULES) == 19
    assert len(_PAIRED) == 14


@pytest.mark.parametrize("rule", _FIELD_RULES.values(), ids=_FIELD_RULES.keys())
def test_schema_and_model_agree_on_a_field(rule: FieldRule) -> None:
    schema = with_cel(rule.keywords(), rule.cel())
    verdicts = {_verdict(rule, schema, value) for value in edges(rule)}
    # What else a pattern allows is drawn below.
    assert verdicts == {True, False} or (random_values(rule) is not None and False in verdicts)


@settings(deadline=None, max_examples=50)
@given(st.data())
@pytest.mark.parametrize("name", [name for name, rule in _FIELD_RULES.items() if random_values(rule) is not None])
def test_schema_and_model_agree_on_any_text(name: str, data: st.DataObject) -> None:
    rule = _FIELD_RULES[name]
    values = random_values(rule)
    assert values is not None
    _verdict(rule, with_cel(rule.keywords(), rule.cel()), data.draw(values))


def _verdict(rule: FieldRule, schema: dict[str, Any], value: Any) -> bool:
    """Whether the operator allows a value, once it is certain that the API server agrees."""
    is_refused = list(rule.problems(_as_models(rule, value))) != []
    is_refused_at_apply = refusals(schema, value) != []
    if isinstance(rule, Parses):
        assert is_refused or not is_refused_at_apply, value
    else:
        assert is_refused_at_apply == is_refused, value
    return not is_refused


def _as_models(rule: FieldRule, value: Any) -> Any:
    """`value` as the rule gets it: objects are models by then."""
    if isinstance(rule, KeyedBy | UniqueBy):
        return [SimpleNamespace(**{to_snake(name): field for name, field in item.items()}) for item in value]
    return value


def _numbers() -> dict[str, tuple[FieldInfo, int, int]]:
    found = {}
    for path, model in _models(PrestoClusterSpec):
        for name, field in model.model_fields.items():
            bounds = {type(part): part for part in (*field.metadata, *_parts(field.annotation))}
            if Ge in bounds:
                found[f"{path}.{field.alias or name}"] = (field, bounds[Ge].ge, bounds[Le].le)
    return found


@pytest.mark.parametrize(("field", "least", "most"), _numbers().values(), ids=_numbers().keys())
def test_schema_and_model_agree_on_a_number(field: FieldInfo, least: int, most: int) -> None:
    schemas = [
        found
        for _, node in nodes(_ROOT)
        for name, found in node.get("properties", {}).items()
        if name == field.alias and found.get("minimum") == least
    ]
    assert schemas
    annotation: Any = Annotated[field.annotation, *field.metadata]
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    for number in (least - 1, least, least + 1, most - 1, most, most + 1):
        is_right = least <= number <= most
        assert _accepts(adapter, number) is is_right
        assert all((refusals(schema, number) == []) is is_right for schema in schemas)


def _accepts(adapter: TypeAdapter[Any], value: Any) -> bool:
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(("model", "rule"), _MODEL_RULES.values(), ids=_MODEL_RULES.keys())
def test_schema_and_model_agree_on_fields_of_an_object(model: type[BaseModel], rule: ModelRule) -> None:
    schema = with_cel({}, rule.cel(model))
    verdicts = set()
    for fields in _combinations(model, rule):
        wire = {wire_name(model, name): value for name, value in fields.items() if value is not None}
        refused = list(rule.problems(model.model_construct(**fields))) != []
        verdicts.add(refused)
        assert (refusals(schema, wire) != []) == refused, wire
    assert verdicts == {True, False}


def _combinations(model: type[BaseModel], rule: ModelRule) -> Iterator[dict[str, Any]]:
    """Every combination of fields that are not set, empty, or set."""
    match rule:
        case InOrder(low, high):
            names, values = (low, high), {low: [1, 2, 3], high: [1, 2, 3]}
        case ExactlyOne(names) | AtLeastOne(names) | NotBoth(names):
            values = {name: _samples(model, name) for name in names}
        case Needs(field, other):
            names, values = (field, other), {name: _samples(model, name) for name in (field, other)}
        case _:
            raise AssertionError(f"no edges are known of {rule}")
    for chosen in itertools.product(*([None, *values[name]] for name in names)):
        yield dict(zip(names, chosen, strict=True))


def _samples(model: type[BaseModel], name: str) -> list[Any]:
    default = model.model_fields[name].get_default(call_default_factory=True, validated_data={})
    return [{}, {"a": "b"}] if default == {} else ["x"]


_PLUGIN = {"name": "udfs", "image": "registry/udfs:3", "path": "/plugin"}
_SCHEDULE = {"name": "office", "start": "0 8 * * *", "end": "0 9 * * *"}
_SECRET_KEY = {"name": "s3", "key": "secret"}
_FROM_FILE = {"propertiesFrom": {"secret": _SECRET_KEY}}


def _with_resources(requests: dict[str, Any], limits: dict[str, Any]) -> dict[str, Any]:
    return {"workers": {"resources": {"requests": requests, "limits": limits}}}


def _with_schedule(**fields: Any) -> dict[str, Any]:
    return {"autoscaling": {"maxReplicas": 8, "schedules": [{**_SCHEDULE, **fields}]}}


_AT_EDGES: list[tuple[bool, dict[str, Any]]] = [
    # jvm.heapSize and resources.limits.memory
    *(
        (is_right, {role: {"jvm": {"heapSize": heap}, **resources}})
        for role in ("coordinator", "workers")
        for resources in ({}, {"resources": {"limits": {"memory": "4096Mi"}}})
        for heap, is_right in (("4095Mi", True), ("4Gi", False), ("4097Mi", False))
    ),
    # resources.limits.memory
    (True, _with_resources({}, {"memory": "4Gi"})),
    (False, _with_resources({}, {"cpu": "4"})),
    # requests and limits
    (True, _with_resources({"memory": "4095Mi"}, {"memory": "4Gi"})),
    (True, _with_resources({"memory": "4096Mi"}, {"memory": "4Gi"})),
    (False, _with_resources({"memory": "4097Mi"}, {"memory": "4Gi"})),
    (True, _with_resources({"cpu": 2}, {"memory": "4Gi", "cpu": "2000m"})),
    (False, _with_resources({"cpu": "2001m"}, {"memory": "4Gi", "cpu": 2})),
    (True, _with_resources({"cpu": 9}, {"memory": "4Gi"})),
    # a catalog's properties and secretProperties
    (True, {"catalogs": {"a": {**_FROM_FILE, "properties": {"x": "1"}, "secretProperties": {"y": _SECRET_KEY}}}}),
    (False, {"catalogs": {"a": {**_FROM_FILE, "properties": {"x": "1"}, "secretProperties": {"x": _SECRET_KEY}}}}),
    # connectors
    (True, {"catalogs": {"a": {"properties": {"connector.name": "tpch"}}}}),
    (True, {"catalogs": {"a": _FROM_FILE}}),
    (False, {"catalogs": {"a": {"properties": {"connector": "tpch"}}}}),
    (False, {"catalogs": {"a": {"secretProperties": {"connector.name": _SECRET_KEY}}}}),
    (True, {"catalogs": {"hive": {"properties": {"a": "b"}}}, "metastore": {"uris": ["thrift://hive"]}}),
    (False, {"catalogs": {"lake": {"properties": {"a": "b"}}}, "metastore": {"uris": ["thrift://hive"]}}),
    # sysctls
    *(
        (
            is_right or (is_allowed and profile == "Privileged"),
            {"sysctls": {name: "1"}, "allowNodeSysctls": is_allowed, "podSecurity": {"profile": profile}},
        )
        for is_allowed in (False, True)
        for profile in ("Restricted", "Baseline", "Privileged")
        for name, is_right in (
            ("kernel.shm_rmid_forced", True),
            ("kernel.shmmax", True),
            ("kernel.sh", False),
            ("kernel.msgmax", True),
            ("kernel.sem", True),
            ("kernel.sem_next_id", False),
            ("fs.mqueue.msg_max", True),
            ("fs.mqueues", False),
            ("net.core.somaxconn", True),
            ("network.core", False),
        )
    ),
    (False, {"sysctls": {"vm.swappiness": "1"}, "allowNodeSysctls": True}),
    # podSecurity.runAsUser and podSecurity.profile
    *(
        (user > 0 or profile != "Restricted", {"podSecurity": {"runAsUser": user, "profile": profile}})
        for profile in ("Restricted", "Baseline", "Privileged")
        for user in (0, 1)
    ),
    (False, {"podSecurity": {"runAsUser": 0}}),
    # plugins and plugin.dir
    *(
        (not plugins, {"plugins": plugins, role: {"config": {"plugin.dir": "/plugins"}}})
        for role in ("coordinator", "workers")
        for plugins in ([], [_PLUGIN])
    ),
    (True, {"plugins": [_PLUGIN], "workers": {"config": {"plugin.directory": "/plugins"}}}),
    # bounds of schedules and of autoscaling
    *(
        (number <= 8, _with_schedule(**{field: number}))
        for field in ("minReplicas", "maxReplicas")
        for number in (7, 8, 9)
    ),
    # start and end of a schedule
    (True, _with_schedule(minReplicas=1, end="1 8 * * *")),
    (False, _with_schedule(minReplicas=1, end="0 8 * * *")),
    (False, _with_schedule(minReplicas=1, end="0  8 *   * *")),
]


@pytest.mark.parametrize(("is_right", "spec"), _AT_EDGES, ids=lambda value: json.dumps(value)[:80])
def test_schema_and_model_agree_on_distant_fields(is_right: bool, spec: dict[str, Any]) -> None:  # noqa: FBT001 - a parameter
    body = manifest(**spec)
    assert (refusals(_ROOT, body) == []) is is_right
    assert _is_valid(body) is is_right


def test_every_rule_of_distant_fields_is_tried_at_its_edges() -> None:
    told = "\n".join(message for _, spec in _AT_EDGES for message in refusals(_ROOT, manifest(**spec)))
    for rule in _PAIRED.values():
        assert rule.rule["message"] in told


@pytest.mark.parametrize(
    ("name", "is_right"),
    [("a", True), ("a" * 38, True), ("a" * 39, False), ("a-1", True), ("1a", False), ("a-", False), ("a.b", False)],
)
def test_schema_and_model_agree_on_the_name_of_a_cluster(name: str, is_right: bool) -> None:  # noqa: FBT001 - a parameter
    body = manifest(name=name)
    assert (refusals(_ROOT, body) == []) is is_right
    assert _is_valid(body) is is_right


@pytest.mark.parametrize("case", REFUSED_AT_APPLY)
def test_what_is_refused_at_apply_is_refused_by_the_operator_too(case: str) -> None:
    body = {**manifest(), "spec": REFUSED_AT_APPLY[case][0]}
    assert refusals(_ROOT, body)
    assert not _is_valid(body)


def _is_valid(body: dict[str, Any]) -> bool:
    try:
        parse_spec(body)
    except InvalidClusterError:
        return False
    return True
