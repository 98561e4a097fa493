"""`presto-operator render`."""

from __future__ import annotations

from typing import Any, TextIO

import click
import yaml

from presto_operator.api import KIND, InvalidClusterError, SourceData, SourceObject, TenantPolicy, parse_cluster
from presto_operator.cli.policy import policy_options
from presto_operator.cli.yaml import dump
from presto_operator.desired import render_generation
from presto_operator.objects import text_data
from presto_operator.planning import Observation, plan


@click.command()
@click.option(
    "-f",
    "--filename",
    "manifest",
    type=click.File(),
    required=True,
    help="Manifest with one or more PrestoClusters; - reads stdin.",
)
@click.option(
    "-n", "--namespace", help="Namespace of PrestoClusters that have none in the manifest.  [default: default]"
)
@policy_options
def render(manifest: TextIO, namespace: str | None, *, policy: TenantPolicy) -> None:
    """Print the Kubernetes objects that the operator creates for a PrestoCluster. Needs no Kubernetes cluster.

    The objects are those that the operator applies for a new resource, without owner references, which need the uid of
    a real resource. References to ConfigMaps and Secrets are resolved within the manifest; other kinds in it are
    ignored. The options that begin with --allow are those of the operator that the manifest is for.
    """
    try:
        documents = [document for document in yaml.safe_load_all(manifest) if document]
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{manifest.name} is not YAML: {error}") from error
    clusters = [document for document in documents if isinstance(document, dict) and document.get("kind") == KIND]
    if not clusters:
        raise click.ClickException(f"{manifest.name} contains no {KIND}")
    for document in clusters:
        click.echo(dump(_objects(document, namespace, _sources(documents), policy)), nl=False)


def _sources(documents: list[Any]) -> SourceData:
    sources: dict[SourceObject, dict[str, str]] = {}
    for document in documents:
        if isinstance(document, dict) and document.get("kind") in ("ConfigMap", "Secret"):
            name = document.get("metadata", {}).get("name", "")
            sources[SourceObject(document["kind"], name)] = text_data(document)
    return sources


def _objects(
    document: dict[str, Any], namespace: str | None, sources: SourceData, policy: TenantPolicy
) -> list[dict[str, Any]]:
    metadata = document.get("metadata")
    name = metadata.get("name", "") if isinstance(metadata, dict) else ""
    if namespace is not None and isinstance(metadata, dict) and "namespace" not in metadata:
        document = {**document, "metadata": {**metadata, "namespace": namespace}}
    try:
        cluster = parse_cluster(document, sources, policy)
    except InvalidClusterError as invalid:
        lines = "\n".join(f"  {error}" for error in invalid.errors)
        raise click.ClickException(f'{KIND} "{name}" is invalid:\n{lines}') from invalid
    return list(
        plan(
            cluster,
            render_generation(cluster),
            Observation((), (), None),
            serving=None,
            wanted_workers=cluster.spec.workers.replicas,
        ).apply
    )
