"""Files that are no manifests, or only almost: `render` says which document and which field, whatever they hold."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from presto_operator.cli import main

_HEAD = "apiVersion: prestooperator.io/v1alpha1\nkind: PrestoCluster\n"
_CLUSTER = f"""{_HEAD}metadata: {{name: adhoc, namespace: analytics}}
spec:
  version: "0.287"
  catalogs:
    mysql:
      properties: {{connector.name: mysql}}
      secretProperties: {{connection-password: {{name: db, key: password}}}}
---
"""


def _render(text: str) -> Result:
    return CliRunner().invoke(main, ["render", "-f", "-"], input=text)


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        ("{kind: Secret, metadata: {name: db}, data: [x]}", 'document 2, Secret "db": data: must be an object'),
        ("{kind: Secret, metadata: null, data: {}}", "metadata: required"),
        ("{kind: Secret, metadata: {name: 7}, data: {}}", "metadata.name: must be text (got 7)"),
        ("{kind: Secret, metadata: {name: db}, data: {password: 7}}", "data[password]: must be text"),
        ("{kind: Secret, metadata: {name: db}, data: {password: '%%%'}}", "data[password]: must be base64"),
        ("{kind: Secret, metadata: {name: db}, data: {1: eA==}}", "data[1]: the key must be text"),
        ("{kind: Secret, metadata: {name: db}, stringData: text}", "stringData: must be an object"),
        ("{kind: Secret, metadata: {name: db, namespace: 7}, data: {}}", "metadata.namespace"),
        (
            "{kind: Secret, metadata: {name: db}, data: {password: /w==}}",
            'the key "password" of Secret "db" is not UTF-8',
        ),
        (
            "{kind: Secret, metadata: {name: db, namespace: other}, stringData: {password: x}}",
            'there is no Secret "db"',
        ),
        ("{kind: Secret, metadata: {name: db}, stringData: {b: x, passwort: y}}", 'has no key "password"'),
        ("{kind: Secret, metadata: {name: db, name: db2}}", 'the name "name" occurs twice'),
        ("[" * 3000, "document 2 is nested too deeply"),
        ("a: !!int x", "document 2 is not YAML"),
        ("a: !!timestamp x", "document 2 is not YAML"),
        ("a: " + "9" * 5000, "document 2 is not YAML"),
        ("a: !!python/object:os.system {}", "document 2 is not YAML"),
    ],
)
def test_a_malformed_document_is_named(secret: str, message: str) -> None:
    result = _render(_CLUSTER + secret)
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert message in result.output
    assert "passwort" not in result.output


def test_a_secret_of_the_same_namespace_is_used() -> None:
    secret = "{apiVersion: v1, kind: Secret, metadata: {name: db, namespace: analytics}, stringData: {password: x}}"
    assert _render(_CLUSTER + secret).exit_code == 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("namespace: 7", "metadata.namespace"),
        ("namespace: [a]", "metadata.namespace"),
        ("namespace: A_b", "metadata.namespace"),
        ("labels: 2026-01-01", None),
    ],
)
def test_metadata_is_checked(line: str, message: str | None) -> None:
    text = f"{_HEAD}metadata:\n  name: a\n  {line}\nspec: {{version: '0.287'}}"
    result = _render(text)
    assert (result.exit_code == 0) is (message is None), result.output
    assert message is None or message in result.output


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("!!set {a, b}", "YAML reads a set here"),
        ("!!binary eA==", "YAML reads binary data here"),
        ("{1: x}", "the name must be a string"),
        (".inf", "must be a finite number"),
        ("&a [*a]", "is nested too deeply"),
        ("[" * 40 + "]" * 40, "is nested too deeply"),
        ("99999999999999999999", "is a number out of range"),
    ],
)
def test_what_is_no_json_is_refused_with_its_field(value: str, message: str) -> None:
    text = f"{_HEAD}metadata: {{name: a}}\nspec: {{version: '0.287', resourceGroups: {{rootGroups: {value}}}}}"
    result = _render(text)
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert "spec.resourceGroups.rootGroups" in result.output
    assert message in result.output


def test_aliases_that_multiply_are_too_large_rather_than_slow() -> None:
    levels = "\n".join(f"  l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12))
    text = f"{_HEAD}metadata: {{name: a}}\nspec:\n  l0: &l0 [x]\n{levels}\n"
    result = _render(text)
    assert "makes the spec larger than" in result.output


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="abk: -[]{}&*!'\"#|>\n\t0129.~%@,", max_size=60))
def test_no_text_ends_in_a_traceback(text: str) -> None:
    result = _render(_CLUSTER + text)
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
