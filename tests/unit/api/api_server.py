"""What the API server says of a value, by a schema of the CRD: schema keywords, types of lists, and CEL.

The real one judges the whole CRD in `tests/api/test_bad_input.py`. This one is quick enough to try every edge of every
rule: the keywords are jsonschema's, and CEL is Google's own evaluator.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_strings
from jsonschema import Draft4Validator, ValidationError, validators
from kubernetes.utils.quantity import parse_quantity


def refusals(schema: dict[str, Any], value: Any) -> list[str]:
    """Why the API server refuses `value`: a message for each reason, with the path where it is known."""
    stored = with_defaults(schema, copy.deepcopy(value))
    errors = [_told(error) for error in _Structure(schema).iter_errors(stored)]
    # As the API server does: CEL speaks of values that have the right form.
    return errors or [_told(error) for error in _Rules(schema).iter_errors(stored)]


def with_defaults(schema: dict[str, Any], value: Any) -> Any:
    """What the API server stores for `value`."""
    if isinstance(value, dict):
        value = {name: item for name, item in value.items() if item is not None}
        for name, child in schema.get("properties", {}).items():
            if name not in value and child.get("default") is not None:
                value[name] = copy.deepcopy(child["default"])
        for name in value:
            child = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if child is not None:
                value[name] = with_defaults(child, value[name])
    if isinstance(value, list):
        return [with_defaults(schema.get("items", {}), item) for item in value]
    return value


def nodes(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema in a schema, with the path of the field that it is for."""
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            yield from nodes(node[key], f"{path}[]" if key == "items" else f"{path}.*")


def holds(expression: str, value: Any) -> bool:
    """Whether a CEL rule holds for `value`; a rule that can't be evaluated doesn't."""
    return _compiled(expression).eval(data={"self": value}).value() is True


def _told(error: ValidationError) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
    return f"{path.removeprefix('.')}: {error.message}"


def _pattern(_: Any, pattern: str, value: Any, __: dict[str, Any]) -> Iterator[ValidationError]:
    # CEL's regular expressions are RE2, as are the API server's.
    if isinstance(value, str) and not _matches().eval(data={"self": value, "pattern": pattern}).value():
        yield ValidationError(f"should match {pattern!r}")


def _known(_: Any, properties: dict[str, Any], value: Any, schema: dict[str, Any]) -> Iterator[ValidationError]:
    if not isinstance(value, dict) or schema.get("x-kubernetes-preserve-unknown-fields"):
        return
    for name in value:
        if name not in properties and "additionalProperties" not in schema:
            yield ValidationError(f'unknown field "{name}"')


def _properties(
    validator: Any, properties: dict[str, Any], value: Any, schema: dict[str, Any]
) -> Iterator[ValidationError]:
    yield from Draft4Validator.VALIDATORS["properties"](validator, properties, value, schema)
    yield from _known(validator, properties, value, schema)


def _list_type(_: Any, kind: str, value: Any, schema: dict[str, Any]) -> Iterator[ValidationError]:
    if not isinstance(value, list):
        return
    keys = schema.get("x-kubernetes-list-map-keys", [])
    items = [tuple(item.get(key) for key in keys) if kind == "map" else item for item in value]
    for index, item in enumerate(items):
        if item in items[:index]:
            yield ValidationError(f"[{index}]: Duplicate value: {item!r}")


def _validations(_: Any, rules: Any, value: Any, __: Any) -> Iterator[ValidationError]:
    for rule in rules:
        if not holds(rule["rule"], value):
            yield ValidationError(rule["message"])


_Structure = validators.extend(  # type: ignore[no-untyped-call]
    Draft4Validator, {"pattern": _pattern, "properties": _properties, "x-kubernetes-list-type": _list_type}
)
_Rules = validators.create(
    Draft4Validator.META_SCHEMA,
    {
        **{name: Draft4Validator.VALIDATORS[name] for name in ("properties", "items", "additionalProperties")},
        "x-kubernetes-validations": _validations,
    },
)


@cache
def _compiled(expression: str) -> Any:
    return _environment().compile(expression)


@lru_cache(maxsize=1)
def _matches() -> Any:
    variables = {"self": cel.Type.STRING, "pattern": cel.Type.STRING}
    return cel.NewEnv(variables=variables).compile("self.matches(pattern)")


@lru_cache(maxsize=1)
def _environment() -> Any:
    """CEL as the API server has it: with the string extension, and Kubernetes' quantities."""
    text, truth, number = cel.Type.STRING, cel.Type.BOOL, cel.Type.INT
    # A quantity stays its text here: the evaluator takes no type of ours.
    functions = [
        cel.FunctionDecl(
            "quantity", [cel.Overload("quantity", text, [text], is_member=False, impl=lambda quantity: quantity)]
        ),
        cel.FunctionDecl("isLessThan", [cel.Overload("is_less", truth, [text, text], is_member=True, impl=_is_less)]),
        cel.FunctionDecl("compareTo", [cel.Overload("compare", number, [text, text], is_member=True, impl=_compare)]),
    ]
    return cel.NewEnv(variables={"self": cel.Type.DYN}, extensions=[ext_strings.ExtStrings()], functions=functions)


def _is_less(one: str, other: str) -> bool:
    return _compare(one, other) < 0


def _compare(one: str, other: str) -> int:
    difference = parse_quantity(one) - parse_quantity(other)  # type: ignore[no-untyped-call]
    return int(difference > 0) - int(difference < 0)
