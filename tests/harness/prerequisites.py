"""The programs of the operating system that the harness needs: installed by apt where it may, else named."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.harness.command import run
from tests.harness.errors import HarnessError
from tests.harness.locks import file_lock
from tests.harness.paths import cache_directory
from tests.harness.progress import step

SYSTEM_PATHS = "/usr/local/sbin:/usr/sbin:/sbin"
CNI_DIRECTORIES = (Path("/usr/lib/cni"), Path("/opt/cni/bin"), Path("/usr/libexec/cni"))


@dataclass(frozen=True)
class Prerequisite:
    """A program, and the Debian package that has it; no package means that apt can't give what is needed."""

    program: str
    package: str | None
    reason: str


NODES = (
    Prerequisite("etcd", "etcd-server", "the API server's store"),
    Prerequisite("containerd", "containerd", "runs the containers of a node"),
    Prerequisite("runc", "runc", "runs the containers of a node"),
    Prerequisite("ptp", "containernetworking-plugins", "the network of pods (a CNI plugin)"),
    Prerequisite("iptables", "iptables", "Services by kube-proxy"),
    Prerequisite("conntrack", "conntrack", "Services by kube-proxy"),
    Prerequisite("ipset", "ipset", "Services by kube-proxy"),
    Prerequisite("ip", "iproute2", "the network of nodes"),
    Prerequisite("nsenter", "util-linux", "the namespaces of nodes"),
    Prerequisite("unshare", "util-linux", "the namespaces of nodes"),
    Prerequisite("mount", "mount", "the namespaces of nodes"),
    Prerequisite("openssl", "openssl", "certificates"),
)
IMAGES = (
    Prerequisite("buildah", "buildah", "builds images without a Docker engine"),
    Prerequisite("debootstrap", "debootstrap", "the base of the images"),
    Prerequisite("tar", "tar", "unpacks what was fetched"),
)
GO = (Prerequisite("go", None, "builds Kubernetes; version 1.25 or newer, from the Go project or your distribution"),)
MAVEN = (Prerequisite("mvn", "maven", "fetches the Presto server archives and Java libraries"),)
JAVA_COMPILER = (Prerequisite("javac", "default-jdk-headless", "builds a Presto plugin"),)


def find_program(name: str) -> Path | None:
    """Return where a program is, CNI plugins and the system folders that a user's PATH may lack included."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SYSTEM_PATHS}")
    if found:
        return Path(found)
    return next((folder / name for folder in CNI_DIRECTORIES if (folder / name).exists()), None)


def cni_directory() -> Path:
    """Return the folder of the CNI plugins."""
    plugin = find_program("ptp")
    if plugin is None:
        raise HarnessError("the CNI plugins are not installed (Debian: containernetworking-plugins)")
    return plugin.parent


def missing_prerequisites(
    wanted: Sequence[Prerequisite], find: Callable[[str], Path | None] = find_program
) -> list[Prerequisite]:
    """Return those of `wanted` that this machine lacks."""
    return [prerequisite for prerequisite in wanted if find(prerequisite.program) is None]


def explain_missing(missing: Sequence[Prerequisite]) -> str:
    """Return one message that names all that is missing."""
    lines = [
        f"  {each.program}: {each.reason}" + (f" (Debian package {each.package})" if each.package else "")
        for each in missing
    ]
    return "this machine lacks programs that the harness needs; please install them:\n" + "\n".join(lines)


def require(wanted: Sequence[Prerequisite]) -> None:
    """Install what is missing of `wanted`, on Debian as root; else raise HarnessError naming all of it."""
    if not missing_prerequisites(wanted):
        return
    # Two of apt at once fail.
    with file_lock(cache_directory() / "locks" / "apt.lock", "installing by apt"):
        missing = missing_prerequisites(wanted)
        if missing:
            _install(missing)
    still_missing = missing_prerequisites(wanted)
    if still_missing:
        raise HarnessError(explain_missing(still_missing))


def _install(missing: Sequence[Prerequisite]) -> None:
    packages = sorted({each.package for each in missing if each.package})
    can_install = os.geteuid() == 0 and Path("/etc/debian_version").exists() and shutil.which("apt-get")
    if not can_install or any(each.package is None for each in missing):
        raise HarnessError(explain_missing(missing))
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with step(f"installing {' '.join(packages)} by apt"), _no_service_starts():
        run(["apt-get", "update"], timeout=600, environment=environment)
        run(
            ["apt-get", "install", "--yes", "--no-install-recommends", *packages],
            timeout=1800,
            environment=environment,
        )


class _no_service_starts:  # noqa: N801  # reads as a phrase where it is used
    """Keep the packages from starting an etcd or a containerd of their own on this machine."""

    file = Path("/usr/sbin/policy-rc.d")

    def __enter__(self) -> None:
        self.ours = not self.file.exists()
        if self.ours:
            self.file.write_text("#!/bin/sh\nexit 101\n")
            self.file.chmod(0o755)

    def __exit__(self, *_: object) -> None:
        if self.ours:
            self.file.unlink(missing_ok=True)
