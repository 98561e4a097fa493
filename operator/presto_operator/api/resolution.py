"""Resolves a spec's references to Secrets and ConfigMaps: to catalogs and environment variables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from presto_operator.api.catalog import CATALOG_NAMES
from presto_operator.api.reference import Reference, SourceData, SourceObject
from presto_operator.api.role import Role
from presto_operator.api.rules import Problem
from presto_operator.api.spec import PrestoClusterSpec
from presto_operator.bounds import MAX_CATALOGS, MAX_SOURCE_BYTES, MAX_SOURCE_LINES, MAX_SOURCES
from presto_operator.objects import enumerated
from presto_operator.presto import (
    CONNECTOR_NAME,
    HIVE_CONNECTOR,
    S3_ACCESS_KEY,
    S3_SECRET_KEY,
    metastore_properties,
    parse_properties,
    s3_properties,
    uses_metastore,
)

_CATALOG_FILE_SUFFIX = ".properties"

RoleField = Literal["coordinator", "workers"]
"""A role, by its field of the spec."""


@dataclass(frozen=True)
class CatalogProperties:
    """All properties of one catalog, whatever they come from."""

    properties: dict[str, str]
    is_secret: bool
    """Whether any of them comes from a Secret, so that they must not be in a ConfigMap."""


class _UnresolvedError(Exception):
    """A reference that can't be resolved."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.problem = Problem(path, message)


def references(spec: PrestoClusterSpec) -> Iterator[Reference]:
    """Every reference of the spec to a Secret or a ConfigMap."""
    for number, source in enumerate(spec.catalogs_from):
        yield source.reference(f"spec.catalogsFrom[{number}]")
    yield from _metastore_secrets(spec).values()
    for name, catalog in spec.catalogs.items():
        if catalog.properties_from is not None:
            yield catalog.properties_from.reference(f"spec.catalogs.{name}.propertiesFrom")
        yield from _secret_properties(spec, name).values()
    for role, servers in _roles(spec).items():
        for _, reference, _ in _variables(servers, role):
            yield reference


def resolved_environment(
    spec: PrestoClusterSpec, sources: SourceData
) -> tuple[dict[RoleField, dict[str, str]], list[Problem]]:
    """For each role, the values that Secrets and ConfigMaps give its variables, by variable name; and the problems."""
    errors: list[Problem] = []
    environment: dict[RoleField, dict[str, str]] = {}
    for role, servers in _roles(spec).items():
        environment[role] = {}
        for name, reference, is_optional in _variables(servers, role):
            try:
                environment[role][name] = _value(reference, sources)
            except _UnresolvedError as error:
                if not is_optional:
                    errors.append(error.problem)
    return environment, errors


def resolved_catalogs(
    spec: PrestoClusterSpec, sources: SourceData
) -> tuple[dict[str, CatalogProperties], list[Problem]]:
    """The catalogs by name, and the problems."""
    if errors := _size_problems(spec, sources):
        return {}, errors
    files: dict[str, CatalogProperties] = {}
    for number, source in enumerate(spec.catalogs_from):
        try:
            files.update(_shared(source.reference(f"spec.catalogsFrom[{number}]"), sources))
        except _UnresolvedError as error:
            errors.append(error.problem)
    names = {*files, *spec.catalogs, *([spec.metastore.catalog] if spec.metastore else [])}
    if len(names) > MAX_CATALOGS:
        return {}, [Problem("spec.catalogsFrom", f"makes {len(names)} catalogs: at most {MAX_CATALOGS} in all")]
    catalogs = {}
    for name in sorted(names):
        try:
            catalogs[name] = _catalog(spec, name, files.get(name), sources)
        except _UnresolvedError as error:
            errors.append(error.problem)
    return catalogs, errors


def _catalog(
    spec: PrestoClusterSpec, name: str, shared: CatalogProperties | None, sources: SourceData
) -> CatalogProperties:
    """One catalog: its own entry in the spec overrides what it shares with others."""
    properties = dict(shared.properties) if shared else {}
    is_secret = shared is not None and shared.is_secret
    catalog = spec.catalogs.get(name)
    if catalog is not None:
        if catalog.properties_from is not None:
            reference = catalog.properties_from.reference(f"spec.catalogs.{name}.propertiesFrom")
            properties.update(_parsed(_value(reference, sources), reference.path))
            is_secret |= reference.source.kind == "Secret"
        properties.update(catalog.properties)
        for key, reference in _secret_properties(spec, name).items():
            properties[key] = _value(reference, sources)
            is_secret = True
    if spec.metastore is not None and name == spec.metastore.catalog:
        properties = {CONNECTOR_NAME: HIVE_CONNECTOR, **spec.metastore.properties, **properties}
    if CONNECTOR_NAME not in properties:
        raise _UnresolvedError(
            f"spec.catalogs.{name}", f"{CONNECTOR_NAME} is missing from its properties: it selects the connector"
        )
    if spec.metastore is not None and uses_metastore(properties):
        secrets = _metastore_secrets(spec)
        properties = {
            **_from_metastore(spec),
            **{key: _value(reference, sources) for key, reference in secrets.items()},
            **properties,
        }
        is_secret |= bool(secrets)
    return CatalogProperties(properties, is_secret)


def _from_metastore(spec: PrestoClusterSpec) -> dict[str, str]:
    assert spec.metastore is not None
    properties = metastore_properties([address.uri for address in spec.metastore.addresses])
    s3 = spec.metastore.s3
    if s3 is not None:
        properties.update(s3_properties(endpoint=s3.endpoint, is_path_style=s3.path_style_access, iam_role=s3.iam_role))
    return properties


def _metastore_secrets(spec: PrestoClusterSpec) -> dict[str, Reference]:
    if spec.metastore is None or spec.metastore.s3 is None or spec.metastore.s3.credentials is None:
        return {}
    credentials = spec.metastore.s3.credentials
    path = "spec.metastore.s3.credentials"
    return {
        S3_ACCESS_KEY: Reference(
            f"{path}.accessKey", SourceObject("Secret", credentials.access_key.name), credentials.access_key.key
        ),
        S3_SECRET_KEY: Reference(
            f"{path}.secretKey", SourceObject("Secret", credentials.secret_key.name), credentials.secret_key.key
        ),
    }


def _secret_properties(spec: PrestoClusterSpec, catalog: str) -> dict[str, Reference]:
    return {
        key: Reference(
            f"spec.catalogs.{catalog}.secretProperties[{key}]", SourceObject("Secret", reference.name), reference.key
        )
        for key, reference in spec.catalogs[catalog].secret_properties.items()
    }


def _roles(spec: PrestoClusterSpec) -> dict[RoleField, Role]:
    return {"coordinator": spec.coordinator, "workers": spec.workers}


def _variables(role: Role, path: RoleField) -> Iterator[tuple[str, Reference, bool]]:
    """Variables from Secrets and ConfigMaps: name, reference, and whether it is optional."""
    for number, variable in enumerate(role.env):
        if variable.value_from is None:
            continue
        place = f"spec.{path}.env[{number}].valueFrom"
        if secret := variable.value_from.secret_key_ref:
            source = SourceObject("Secret", secret.name)
            yield variable.name, Reference(f"{place}.secretKeyRef", source, secret.key), bool(secret.optional)
        if config_map := variable.value_from.config_map_key_ref:
            source = SourceObject("ConfigMap", config_map.name)
            yield (
                variable.name,
                Reference(f"{place}.configMapKeyRef", source, config_map.key),
                bool(config_map.optional),
            )


def _shared(reference: Reference, sources: SourceData) -> Iterator[tuple[str, CatalogProperties]]:
    """The catalogs in a ConfigMap or Secret: one for each key, such as `hive.properties`."""
    data = _data(reference, sources)
    if not data:
        raise _UnresolvedError(
            reference.path,
            f"{reference.source} has no keys: each catalog is a key such as hive.properties. Remove it from the list "
            "if its catalogs are to go",
        )
    for key in sorted(data):
        text = _text(data, key, reference)
        name = key.removesuffix(_CATALOG_FILE_SUFFIX)
        if name == key or not CATALOG_NAMES.fits(name):
            # The keys of a Secret are for those who may read Secrets.
            which = "a key" if reference.source.kind == "Secret" else f'the key "{key}"'
            raise _UnresolvedError(
                reference.path,
                f"{reference.source} has {which}, which is not a catalog file: name it as the "
                f'catalog (lowercase letters, digits and underscores) with "{_CATALOG_FILE_SUFFIX}" at the end',
            )
        place = f"{reference.path}[{key}]"
        properties = _parsed(text, place)
        if CONNECTOR_NAME not in properties:
            raise _UnresolvedError(place, f"{CONNECTOR_NAME} is required: it selects the connector")
        yield name, CatalogProperties(properties, reference.source.kind == "Secret")


def _data(reference: Reference, sources: SourceData) -> Mapping[str, str]:
    data = sources.get(reference.source)
    if data is None:
        raise _UnresolvedError(reference.path, f"there is no {reference.source} in the cluster's namespace")
    return data


def _value(reference: Reference, sources: SourceData) -> str:
    data = _data(reference, sources)
    assert reference.key is not None
    if reference.key not in data:
        # Not everyone who may read PrestoClusters may know what is in a Secret, not even the names of its keys.
        has = f"; it has {enumerated(sorted(data)) or 'none'}" if reference.source.kind == "ConfigMap" else ""
        raise _UnresolvedError(reference.path, f'{reference.source} has no key "{reference.key}"{has}')
    # Secrets are often created from files, whose last line break is not part of a password.
    return _text(data, reference.key, reference).rstrip("\r\n")


def _text(data: Mapping[str, str], key: str, reference: Reference) -> str:
    """The text at a key, if it is one: `text_data` marks bytes that aren't UTF-8."""
    try:
        data[key].encode()
    except UnicodeEncodeError:
        message = f'the key "{key}" of {reference.source} is not UTF-8 text'
        # Without its cause, which quotes the value.
        raise _UnresolvedError(reference.path, message) from None
    return data[key]


def _parsed(text: str, path: str) -> dict[str, str]:
    try:
        return parse_properties(text)
    except ValueError as error:
        # Without the parser's message, which quotes the text: it may be secret.
        raise _UnresolvedError(path, "must be a Java properties file") from error


def source_problems(found: Iterable[Reference]) -> list[Problem]:
    """What is wrong with the number of a spec's references, before any of them is read."""
    number = len({reference.source for reference in found})
    if number <= MAX_SOURCES:
        return []
    return [
        Problem(
            "spec",
            f"refers to {number} different Secrets and ConfigMaps, at most {MAX_SOURCES}: put several keys into one "
            "Secret, and several catalogs into one ConfigMap (catalogsFrom)",
        )
    ]


def _size_problems(spec: PrestoClusterSpec, sources: SourceData) -> list[Problem]:
    """Properties files that are too large together, or too many: found before any of them is parsed."""
    files = [
        (reference.path, text)
        for reference in references(spec)
        if reference.path.startswith("spec.catalogs")
        for key, text in (sources.get(reference.source) or {}).items()
        if reference.key in (None, key)
    ]
    size = lines = 0
    for path, text in files:
        size, lines = size + len(text), lines + 1 + text.count("\n") + text.count("\r")
        if size > MAX_SOURCE_BYTES or lines > MAX_SOURCE_LINES:
            message = (
                f"makes the properties files that the spec refers to too large: at most {MAX_SOURCE_BYTES // 1024} KiB "
                f"and {MAX_SOURCE_LINES} lines in all"
            )
            return [Problem(path, message)]
    return []
