"""A file of YAML documents, as `kubectl apply` would take it: PrestoClusters, Secrets and ConfigMaps."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

import yaml

from presto_operator.api import API_VERSION, KIND, SourceData, SourceObject
from presto_operator.objects import text_data

_DNS_LABEL_LENGTH = 63


class ManifestError(Exception):
    """The file can't be read; the message says which of its documents is wrong, and how."""


@dataclass(frozen=True)
class Document:
    """One document of the file."""

    number: int
    """Its place in the file, from 1 on."""
    body: Mapping[str, Any]

    @property
    def label(self) -> str:
        """How messages name it."""
        return f'document {self.number}, {self.body.get("kind")} "{self.name}"'

    @property
    def name(self) -> str:
        """The object's name; empty if it has none."""
        metadata = self.body.get("metadata")
        name = metadata.get("name") if isinstance(metadata, Mapping) else None
        return name if isinstance(name, str) else ""

    @property
    def namespace(self) -> str | None:
        """The object's namespace; None if it says none."""
        namespace = self.body["metadata"].get("namespace")
        return namespace if isinstance(namespace, str) else None


@dataclass(frozen=True)
class Manifest:
    """What a file contains that matters for rendering."""

    clusters: tuple[Document, ...]
    sources: tuple[Document, ...]
    """Secrets and ConfigMaps."""

    def sources_of(self, namespace: str) -> SourceData:
        """The data of the Secrets and ConfigMaps of a namespace; those without one belong to every namespace.

        Raises:
            ManifestError: one of them is malformed.
        """
        return {
            SourceObject(document.body["kind"], document.name): _source_data(document)
            for document in self.sources
            if _checked_source(document).namespace in (None, namespace)
        }


def read_manifest(file: TextIO) -> Manifest:
    """The PrestoClusters, Secrets and ConfigMaps in a file; other kinds are ignored.

    Raises:
        ManifestError: the file isn't YAML, or contains no PrestoCluster.
    """
    documents = [
        Document(number, body)
        for number, body in enumerate(_documents(file), start=1)
        if isinstance(body, Mapping) and isinstance(body.get("kind"), str)
    ]
    clusters = tuple(document for document in documents if document.body["kind"] == KIND)
    if not clusters:
        raise ManifestError(f"contains no {KIND}")
    core = (None, "v1")
    sources = tuple(
        document
        for document in documents
        if document.body["kind"] in ("Secret", "ConfigMap") and document.body.get("apiVersion") in core
    )
    return Manifest(clusters, sources)


def identity_errors(body: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a PrestoCluster outside of its name and its spec, each with its field."""
    version = body.get("apiVersion")
    if version != API_VERSION:
        yield f"apiVersion: must be {API_VERSION} (got {_shown(version)})"
    metadata = body.get("metadata")
    namespace = metadata.get("namespace") if isinstance(metadata, Mapping) else None
    if namespace is not None and not _is_dns_label(namespace):
        yield (
            f"metadata.namespace: must be text of lowercase letters, digits and dashes, at most {_DNS_LABEL_LENGTH} "
            f"characters (got {_shown(namespace)})"
        )


class _Loader(yaml.SafeLoader):
    """YAML that holds nothing but JSON's types: dates stay text, as for kubectl, and no name may occur twice."""

    # Without timestamps, which kubectl reads as text, too.
    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own way to change them
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        """The mapping, if no key of it occurs twice."""
        seen: dict[Any, yaml.Node] = {}
        for key, _ in node.value:
            name = (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else id(key)
            if name in seen:
                problem = f'the name "{key.value}" occurs twice in one object'
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            if key.tag != "tag:yaml.org,2002:merge":
                seen[name] = key
        return super().construct_mapping(node, deep=deep)


_CONSTRUCTOR_ERRORS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What PyYAML raises for a scalar that isn't what its tag says, such as `!!int x`, and for nesting without end."""


def _documents(file: TextIO) -> Iterator[Any]:
    number = 1
    try:
        for document in yaml.load_all(file, _Loader):
            yield document
            number += 1
    except yaml.YAMLError as error:
        raise ManifestError(f"document {number} is not YAML: {error}") from error
    except UnicodeDecodeError as error:
        raise ManifestError(f"is not YAML: {error}") from error
    except RecursionError as error:
        raise ManifestError(f"document {number} is nested too deeply") from error
    except _CONSTRUCTOR_ERRORS as error:
        raise ManifestError(f"document {number} is not YAML: {error}") from error


def _checked_source(document: Document) -> Document:
    """The document, if it is the Secret or ConfigMap that its kind says."""
    if errors := list(_source_errors(document.body)):
        raise ManifestError(f"{document.label}: {'; '.join(errors)}")
    return document


def _source_errors(body: Mapping[str, Any]) -> Iterator[str]:
    metadata = body.get("metadata")
    if not isinstance(metadata, Mapping):
        yield "metadata: required: an object with the name"
    elif not isinstance(metadata.get("name"), str) or not metadata["name"]:
        yield f"metadata.name: must be text (got {_shown(metadata.get('name'))})"
    elif metadata.get("namespace") is not None and not _is_dns_label(metadata["namespace"]):
        yield f"metadata.namespace: must be the name of a namespace (got {_shown(metadata['namespace'])})"
    fields = ("data", "stringData") if body["kind"] == "Secret" else ("data",)
    for field in fields:
        data = body.get(field)
        if data is not None and not isinstance(data, Mapping):
            yield f"{field}: must be an object of texts by key"
        for key, value in data.items() if isinstance(data, Mapping) else ():
            if not isinstance(key, str):
                yield f"{field}[{_shown(key)}]: the key must be text: put it in quotes"
            elif value is not None and not isinstance(value, str):
                yield f"{field}[{key}]: must be text: put it in quotes"
            elif value is not None and field == "data" and body["kind"] == "Secret" and not _is_base64(value):
                yield f"{field}[{key}]: must be base64; write plain text into stringData instead"


def _source_data(document: Document) -> dict[str, str]:
    # Kubernetes drops null, as if the key weren't there; in a Secret it leaves an empty value.
    fields = {
        field: {key: value or "" for key, value in (document.body.get(field) or {}).items()}
        for field in ("data", "stringData")
    }
    return text_data({**document.body, **fields})


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _is_dns_label(text: object) -> bool:
    if not isinstance(text, str) or not 0 < len(text) <= _DNS_LABEL_LENGTH:
        return False
    characters = set("abcdefghijklmnopqrstuvwxyz0123456789-")
    return set(text) <= characters and not text.startswith("-") and not text.endswith("-")


def _shown(value: object) -> str:
    return (
        f'"{value[:_DNS_LABEL_LENGTH]}"'
        if isinstance(value, str)
        else type(value).__name__
        if isinstance(value, Mapping | list)
        else str(value)[:_DNS_LABEL_LENGTH]
    )
