"""The programs of Kubernetes and its neighbours, built from Go modules into the cache, once a version."""

import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.harness import prerequisites
from tests.harness.command import run
from tests.harness.disk import require_free_space
from tests.harness.errors import HarnessError
from tests.harness.locks import file_lock
from tests.harness.paths import CACHE_VARIABLE, cache_directory
from tests.harness.progress import cached, step

SOURCES = Path(__file__).parent / "go"
BUILD_SECONDS = 3600.0


@dataclass(frozen=True)
class GoModule:
    """A folder below `go/` that pins a module, and the programs built from it.

    `packages` are paths below the module. `version_variables` are set to the pinned version.
    `cold` says what to expect of an empty cache on two cores.
    """

    folder: str
    module: str
    packages: tuple[str, ...]
    cold: str
    version_variables: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    def version(self) -> str:
        """Return the version that go.mod pins."""
        text = (SOURCES / self.folder / "go.mod").read_text()
        pinned = re.search(rf"^\s*(?:require\s+)?{re.escape(self.module)} (v\S+)", text, re.MULTILINE)
        if pinned is None:
            raise HarnessError(f"go/{self.folder}/go.mod doesn't require {self.module}")
        return pinned[1]

    def linker_flags(self) -> str:
        """Return what the linker is told: no symbol tables, and the version to report."""
        variables = [f"-X {variable}={self.version()}" for variable in self.version_variables]
        return " ".join(["-s", "-w", *variables, *self.flags])


_KUBERNETES_VERSION = "k8s.io/component-base/version."
MODULES = (
    GoModule(
        folder="kubernetes",
        module="k8s.io/kubernetes",
        packages=tuple(
            f"cmd/{program}"
            for program in (
                "kube-apiserver",
                "kube-controller-manager",
                "kube-scheduler",
                "kube-proxy",
                "kubelet",
                "kubectl",
            )
        ),
        cold="about 10 min",
        version_variables=(f"{_KUBERNETES_VERSION}gitVersion",),
        flags=(
            f"-X {_KUBERNETES_VERSION}gitMajor=1",
            f"-X {_KUBERNETES_VERSION}gitMinor=34",
            f"-X {_KUBERNETES_VERSION}gitTreeState=clean",
        ),
    ),
    GoModule(folder="coredns", module="github.com/coredns/coredns", packages=("coredns",), cold="about 3 min"),
    GoModule(folder="kwok", module="sigs.k8s.io/kwok", packages=("cmd/kwok",), cold="about 3 min"),
    GoModule(
        folder="helm",
        module="helm.sh/helm/v3",
        packages=("cmd/helm",),
        cold="about 2 min",
        version_variables=("helm.sh/helm/v3/internal/version.version",),
    ),
    GoModule(folder="kind", module="sigs.k8s.io/kind", packages=("kind",), cold="about 1 min"),
    GoModule(
        folder="versitygw",
        module="github.com/versity/versitygw",
        packages=("cmd/versitygw",),
        cold="about 2 min",
        version_variables=("main.Version",),
    ),
)
PAUSE_SOURCE = SOURCES / "pause"


def program(name: str) -> Path:
    """Return the path of a program in the cache, built first if need be."""
    return programs([name])[name]


def programs(names: Sequence[str]) -> dict[str, Path]:
    """Return the paths of programs in the cache, built first if need be; one build a module."""
    paths: dict[str, Path] = {}
    for module in MODULES:
        wanted = [package for package in module.packages if _name(package) in names]
        paths.update({_name(package): _target(module, package) for package in wanted})
        missing = [package for package in wanted if not _target(module, package).exists()]
        if missing:
            _build(module, missing)
    unknown = set(names) - set(paths)
    if unknown:
        raise HarnessError(f"no Go module is pinned for {', '.join(sorted(unknown))}")
    return paths


def all_programs() -> list[str]:
    """Return the names of all programs that can be built."""
    return [_name(package) for module in MODULES for package in module.packages]


def program_version(name: str) -> str:
    """Return the version pinned for a program."""
    return next(module for module in MODULES if name in map(_name, module.packages)).version()


def report_cached(names: Sequence[str]) -> None:
    """Say so for those of `names` that are in the cache already."""
    for module in MODULES:
        present = [
            package for package in module.packages if _name(package) in names and _target(module, package).exists()
        ]
        if present:
            cached(f"{module.folder} {module.version()} ({', '.join(map(_name, present))})")


def pause_program() -> Path:
    """Return the program that holds a pod's namespaces, and a node's; built if need be."""
    target = cache_directory() / "bin" / "pause" / "pause"
    source = PAUSE_SOURCE / "main.go"
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        prerequisites.require(prerequisites.GO)
        with file_lock(_lock("pause"), "building pause"):
            _go_build(PAUSE_SOURCE, ["."], target.parent, "-s -w")
            os.utime(target)
    return target


def _name(package: str) -> str:
    return package.rpartition("/")[2]


def _target(module: GoModule, package: str) -> Path:
    return cache_directory() / "bin" / f"{module.folder}-{module.version()}" / _name(package)


def _lock(what: str) -> Path:
    return cache_directory() / "locks" / f"{what}.lock"


def _build(module: GoModule, packages: Sequence[str]) -> None:
    prerequisites.require(prerequisites.GO)
    require_free_space(cache_directory(), 5, f"building {module.folder}", CACHE_VARIABLE)
    names = ", ".join(map(_name, packages))
    with file_lock(_lock(module.folder), f"building {module.folder}"):
        missing = [package for package in packages if not _target(module, package).exists()]
        if not missing:
            return
        with step(f"{names} {module.version()}: building from Go modules (cold: {module.cold} on 2 cores)"):
            targets = [
                module.module if package == module.folder else f"{module.module}/{package}" for package in missing
            ]
            destination = _target(module, missing[0]).parent
            _go_build(SOURCES / module.folder, targets, destination, module.linker_flags())


def _go_build(source: Path, packages: Sequence[str], destination: Path, linker_flags: str) -> None:
    """Build into a folder aside, then move: a build that was killed leaves no half program behind."""
    destination.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix="building-") as aside:
        run(
            ["go", "build", "-trimpath", "-ldflags", linker_flags, "-o", f"{aside}/", *packages],
            timeout=BUILD_SECONDS,
            directory=source,
            environment={**os.environ, "CGO_ENABLED": "0"},
            hint="the Go modules come from the proxy that `go env GOPROXY` names: is it reachable?",
        )
        for built in Path(aside).iterdir():
            built.replace(destination / built.name)
