"""A package's face is its `__init__`: what other packages use, and nothing else. Tests may look behind it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

_CHECKOUT = Path(__file__).parents[2]
_ROOT = _CHECKOUT / "operator" / "presto_operator"
_PACKAGES = sorted(path.parent.name for path in _ROOT.glob("*/__init__.py"))


@dataclass(frozen=True)
class _Import:
    """A name of one of the packages, imported by code outside of it."""

    file: str
    package: str
    name: str
    is_deep: bool
    """Whether it is imported from a module of the package."""


@cache
def _imports() -> frozenset[_Import]:
    return frozenset(_all_imports())


def _all_imports() -> Iterator[_Import]:
    for path in (*_ROOT.rglob("*.py"), *_CHECKOUT.joinpath("bench").rglob("*.py")):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert not any(alias.name.startswith("presto_operator.") for alias in node.names), path
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("presto_operator"):
                yield from _imported_by(path, tree, node)


def _imported_by(path: Path, tree: ast.Module, node: ast.ImportFrom) -> Iterator[_Import]:
    _, *inside = (node.module or "").split(".")
    file = str(path.relative_to(_CHECKOUT))
    if not inside:
        for package in {alias.name for alias in node.names} & set(_PACKAGES):
            for name in _attributes(tree, package):
                yield _Import(file, package, name, is_deep=False)
    elif inside[0] in _PACKAGES and _ROOT / inside[0] not in path.parents:
        for alias in node.names:
            yield _Import(file, inside[0], alias.name, is_deep=len(inside) > 1)


def _attributes(tree: ast.Module, name: str) -> set[str]:
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    }


def _exported(package: str) -> set[str]:
    tree = ast.parse((_ROOT / package / "__init__.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def test_packages_import_from_each_others_faces_only() -> None:
    deep = {f"{item.file} imports {item.name} from a module of {item.package}" for item in _imports() if item.is_deep}
    assert deep == set()


@pytest.mark.parametrize("package", _PACKAGES)
def test_a_face_exports_what_others_use_and_nothing_else(package: str) -> None:
    used = {item.name for item in _imports() if item.package == package}
    assert _exported(package) == used
