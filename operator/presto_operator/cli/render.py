"""`presto-operator render`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TextIO

import click

from presto_operator.api import InvalidClusterError, TenantPolicy, parse_cluster
from presto_operator.cli.manifest import Document, Manifest, ManifestError, identity_errors, read_manifest
from presto_operator.cli.policy import policy_options
from presto_operator.cli.yaml import dump
from presto_operator.desired import cluster_warnings, render_generation
from presto_operator.objects import KubernetesObject
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
        content = read_manifest(manifest)
        rendered = [_objects(document, content, namespace, policy) for document in content.clusters]
    except ManifestError as error:
        raise click.ClickException(f"{manifest.name}: {error}") from error
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{manifest.name} is not YAML: {error}") from error
    for document, (objects, warnings) in zip(content.clusters, rendered, strict=True):
        for warning in warnings:
            click.echo(f"Warning: {document.label}: {warning}", err=True)
        click.echo(dump(objects), nl=False)


def _objects(
    document: Document, content: Manifest, namespace: str | None, policy: TenantPolicy
) -> tuple[list[KubernetesObject], list[str]]:
    """The objects of one cluster, and the warnings about it.

    Raises:
        ManifestError: it is invalid.
    """
    body = _with_namespace(document.body, namespace)
    errors = list(identity_errors(body))
    try:
        namespace_of_cluster = str((body.get("metadata") or {}).get("namespace") or "default") if not errors else ""
        cluster = parse_cluster(body, content.sources_of(namespace_of_cluster) if not errors else {}, policy)
    except InvalidClusterError as invalid:
        errors += [str(error) for error in invalid.errors]
    if errors:
        lines = "\n".join(f"  {error}" for error in errors)
        raise ManifestError(f"{document.label} is invalid:\n{lines}")
    decided = plan(
        cluster,
        render_generation(cluster),
        Observation((), (), None),
        serving=None,
        wanted_workers=cluster.spec.workers.replicas,
    )
    return list(decided.apply), cluster_warnings(cluster)


def _with_namespace(body: Mapping[str, Any], namespace: str | None) -> Mapping[str, Any]:
    metadata = body.get("metadata")
    if namespace is None or not isinstance(metadata, Mapping) or metadata.get("namespace") is not None:
        return body
    return {**body, "metadata": {**metadata, "namespace": namespace}}
