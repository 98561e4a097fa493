"""The commands for people: `python -m tests.harness --help`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click

from tests.harness.choice import Choice, provider_for
from tests.harness.errors import HarnessError
from tests.harness.images import buildah
from tests.harness.images.operator import build_image
from tests.harness.images.presto import presto_image
from tests.harness.interface import Cluster
from tests.harness.kind.provider import KindProvider
from tests.harness.kind.state import state_file
from tests.harness.presto_start import PLAIN_OPTIONS, measure_starts
from tests.harness.spec import DEFAULT_PRESTO_VERSIONS, ClusterSpec, NodeSpec, Taint, numbered_nodes
from tests.harness.status_table import print_status

Command = Callable[..., Any]


class _Commands(click.Group):
    """Turn what the harness raises into a message and exit code 1, without a stack trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except HarnessError as error:
            raise click.ClickException(str(error)) from error


def _name_option(command: Command) -> Command:
    return click.option("--name", default="default", show_default=True, help="The cluster's name.")(command)


def _presto_option(command: Command) -> Command:
    return click.option(
        "--presto",
        "presto_versions",
        multiple=True,
        default=DEFAULT_PRESTO_VERSIONS,
        show_default=True,
        help="A Presto release whose image every node has from the start. May be given several times.",
    )(command)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Run real Kubernetes clusters with real nodes on this machine, by kind or without Docker."""


@main.command()
@_name_option
@click.option("--nodes", default=1, show_default=True, type=click.IntRange(0, 100), help="How many nodes.")
@click.option("--provider", "choice", default="auto", show_default=True, type=click.Choice(get_args(Choice)))
@_presto_option
@click.option(
    "--image",
    "images",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An image archive that every node has from the start. May be given several times.",
)
def up(name: str, nodes: int, choice: Choice, presto_versions: tuple[str, ...], images: tuple[Path, ...]) -> None:
    """Bring a cluster up. One that is up and just like that is left as it is."""
    spec = ClusterSpec(name=name, nodes=numbered_nodes(nodes), presto_versions=presto_versions, images=images)
    cluster = provider_for(choice).up(spec)
    click.echo(f"export KUBECONFIG={cluster.kubeconfig}")


@main.command()
@_name_option
def down(name: str) -> None:
    """Take a cluster away, with everything that it left, even after a crash."""
    if state_file(name).exists():
        KindProvider().down(name)
    else:
        provider_for("local").down(name)


@main.command()
@_name_option
def status(name: str) -> None:
    """Print what runs, which nodes there are, and what was loaded."""
    print_status(_cluster(name).status())


@main.command()
@_name_option
def kubeconfig(name: str) -> None:
    """Print the path of the cluster's kubeconfig."""
    click.echo(_cluster(name).kubeconfig)


@main.group()
def node() -> None:
    """Add, kill, remove and taint nodes."""


@node.command("add")
@_name_option
@click.argument("node_name")
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE")
@click.option("--taint", "taints", multiple=True, metavar="KEY=VALUE:EFFECT")
@click.option("--allow-sysctl", "sysctls", multiple=True, metavar="PATTERN", help="An unsafe sysctl to allow.")
def add_node(
    name: str, node_name: str, labels: tuple[str, ...], taints: tuple[str, ...], sysctls: tuple[str, ...]
) -> None:
    """Join a node; return once it is Ready."""
    _cluster(name).add_node(
        NodeSpec(
            name=node_name,
            labels=dict(_label(text) for text in labels),
            taints=tuple(Taint.parse(text) for text in taints),
            allowed_unsafe_sysctls=sysctls,
        )
    )


@node.command("kill")
@_name_option
@click.argument("node_name")
def kill_node(name: str, node_name: str) -> None:
    """Take a node away without notice; its Node object stays and turns NotReady."""
    _cluster(name).kill_node(node_name)


@node.command("remove")
@_name_option
@click.argument("node_name")
def remove_node(name: str, node_name: str) -> None:
    """Take a node away and delete its Node object."""
    _cluster(name).remove_node(node_name)


@node.command("taint")
@_name_option
@click.option("--remove", is_flag=True, help="Take the taint away instead.")
@click.argument("node_name")
@click.argument("taint", metavar="KEY=VALUE:EFFECT")
def taint_node(name: str, *, remove: bool, node_name: str, taint: str) -> None:
    """Give a node a taint."""
    cluster = _cluster(name)
    change = cluster.untaint_node if remove else cluster.taint_node
    change(node_name, Taint.parse(taint))


@node.command("fake")
@_name_option
@click.option("--count", default=10, show_default=True, type=click.IntRange(1, 1000))
@click.option("--prefix", default="fake", show_default=True)
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE")
def fake_nodes(name: str, count: int, prefix: str, labels: tuple[str, ...]) -> None:
    """Add nodes that exist in name only, played by kwok."""
    names = _cluster(name).kwok_nodes(count, dict(_label(text) for text in labels), prefix=prefix)
    click.echo(f"{len(names)} fake nodes are Ready: {names[0]} to {names[-1]}")


@main.command("load-image")
@_name_option
@click.argument("archive", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load_image(name: str, archive: Path) -> None:
    """Put an image archive (docker or OCI) on every node, present and future."""
    _cluster(name).load_image(archive)


@main.command("build-image")
@click.argument("dockerfile", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tag", required=True, help="The image's reference.")
@click.option(
    "--context", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Default: the Dockerfile's folder."
)
@click.option("--build-arg", "arguments", multiple=True, metavar="KEY=VALUE")
def build_image_command(dockerfile: Path, tag: str, context: Path | None, arguments: tuple[str, ...]) -> None:
    """Build a Dockerfile over the local base image (its argument BASE_IMAGE); print the archive's path."""
    archive = build_image(dockerfile, tag, context=context, arguments=dict(_label(text) for text in arguments))
    click.echo(archive.file)


@main.command("presto-image")
@click.argument("version")
def presto_image_command(version: str) -> None:
    """Build the image of a Presto release; print the archive's path."""
    click.echo(presto_image(version).file)


@main.command("presto-start")
@click.option("--presto", "version", default=DEFAULT_PRESTO_VERSIONS[0], show_default=True)
@click.option("--count", default=1, show_default=True, type=click.IntRange(1, 10), help="Servers at the same time.")
@click.option("--plain", is_flag=True, help="Without class archive and with both compilers, as the release comes.")
@click.option("--jvm-option", "jvm_options", multiple=True, help="One more argument of jvm.config.")
@click.option("--logs", default="build", show_default=True, type=click.Path(file_okay=False, path_type=Path))
def presto_start(version: str, count: int, jvm_options: tuple[str, ...], logs: Path, *, plain: bool) -> None:
    """Measure how long servers of a Presto image take to start on this machine, without a cluster."""
    options = (*(PLAIN_OPTIONS if plain else ()), *jvm_options)
    starts = measure_starts(version, count, options, logs.resolve())
    for start in starts:
        archive = "classes from the archive" if start.shares_classes else "classes from the jars"
        click.echo(
            f"Presto {version}, {count} at once: {start.seconds:.1f} s, {start.cpu_seconds:.1f} s of CPU, "
            f"{start.memory_bytes / 2**20:.0f} MiB, {archive}"
        )


@main.command("clean-builds")
def clean_builds() -> None:
    """Delete buildah's store: layers and the base image, made anew when needed. Finished archives stay."""
    buildah.remove_store()


def _cluster(name: str) -> Cluster:
    provider = KindProvider() if state_file(name).exists() else provider_for("local")
    cluster = provider.find(name)
    if cluster is None:
        raise HarnessError(
            f"there is no cluster {name} that is up: {Path(sys.executable).name} -m tests.harness up --name {name}"
        )
    return cluster


def _label(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not key or not separator:
        raise HarnessError(f"{text!r} is not KEY=VALUE")
    return key, value
