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
class Program:
    """A program, the module that it comes from, and the package to build: by default a main.go in the folder.

    `version_variable` is set to the module's pinned version.
    """

    module: str
    package: str = "."
    version_variable: str | None = None

    @property
    def name(self) -> str:
        """The program's name."""
        return (self.module if self.package == "." else self.package).rpartition("/")[2]

    @property
    def release(self) -> str:
        """The name of what the program is released with."""
        return re.sub(r"/v\d+$", "", self.module).rpartition("/")[2]


@dataclass(frozen=True)
class GoFolder:
    """A folder below `go/` whose go.mod pins modules, and the programs built from them.

    Programs of one folder use the same versions of what they have in common, which is compiled once.
    `cold` says what to expect of an empty cache on two cores.
    """

    name: str
    programs: tuple[Program, ...]
    cold: str
    linker_flags: tuple[str, ...] = ()

    def version(self, program: Program) -> str:
        """Return the version that go.mod pins of a program's module."""
        text = (SOURCES / self.name / "go.mod").read_text()
        pinned = re.search(rf"^\s*(?:require\s+)?{re.escape(program.module)} (v\S+)", text, re.MULTILINE)
        if pinned is None:
            raise HarnessError(f"go/{self.name}/go.mod doesn't require {program.module}")
        return pinned[1]

    def target(self, program: Program) -> Path:
        """Return where a program is in the cache."""
        return cache_directory() / "bin" / f"{program.release}-{self.version(program)}" / program.name

    def all_linker_flags(self, programs: Sequence[Program]) -> str:
        """Return what the linker is told: no symbol tables, and the versions to report."""
        variables = {each.version_variable: self.version(each) for each in programs if each.version_variable}
        versions = [f"-X {variable}={version}" for variable, version in variables.items()]
        return " ".join(["-s", "-w", *versions, *self.linker_flags])


_KUBERNETES_VERSION = "k8s.io/component-base/version."
# What takes longest comes first.
FOLDERS = (
    GoFolder(
        name="kubernetes",
        programs=tuple(
            Program("k8s.io/kubernetes", f"k8s.io/kubernetes/cmd/{name}", f"{_KUBERNETES_VERSION}gitVersion")
            for name in (
                "kube-apiserver",
                "kube-controller-manager",
                "kube-scheduler",
                "kube-proxy",
                "kubelet",
                "kubectl",
            )
        ),
        cold="about 10 min",
        linker_flags=(
            f"-X {_KUBERNETES_VERSION}gitMajor=1",
            f"-X {_KUBERNETES_VERSION}gitMinor=34",
            f"-X {_KUBERNETES_VERSION}gitTreeState=clean",
        ),
    ),
    GoFolder(
        name="kwok-and-helm",
        programs=(
            Program("sigs.k8s.io/kwok", "sigs.k8s.io/kwok/cmd/kwok"),
            Program("helm.sh/helm/v3", "helm.sh/helm/v3/cmd/helm", "helm.sh/helm/v3/internal/version.version"),
        ),
        cold="about 2 min each",
    ),
    GoFolder(name="coredns", programs=(Program("github.com/coredns/coredns"),), cold="about 1 min"),
    GoFolder(
        name="versitygw",
        programs=(
            Program("github.com/versity/versitygw", "github.com/versity/versitygw/cmd/versitygw", "main.Version"),
        ),
        cold="about 2 min",
    ),
    GoFolder(name="kind", programs=(Program("sigs.k8s.io/kind", "sigs.k8s.io/kind"),), cold="about 10 s"),
)
PAUSE_SOURCE = SOURCES / "pause"


def program(name: str) -> Path:
    """Return the path of a program in the cache, built first if need be."""
    return programs([name])[name]


def programs(names: Sequence[str]) -> dict[str, Path]:
    """Return the paths of programs in the cache, built first if need be; one build a folder."""
    paths: dict[str, Path] = {}
    for folder in FOLDERS:
        wanted = [program for program in folder.programs if program.name in names]
        paths.update({program.name: folder.target(program) for program in wanted})
        if _missing(folder, wanted):
            _build(folder, wanted)
    unknown = set(names) - set(paths)
    if unknown:
        raise HarnessError(f"no Go module is pinned for {', '.join(sorted(unknown))}")
    return paths


def are_cached(names: Sequence[str]) -> bool:
    """Tell whether all of these programs have been built."""
    return not any(_missing(folder, [each for each in folder.programs if each.name in names]) for folder in FOLDERS)


def program_version(name: str) -> str:
    """Return the version pinned for a program."""
    return next(folder.version(each) for folder in FOLDERS for each in folder.programs if each.name == name)


def report_cached(names: Sequence[str]) -> None:
    """Say so for those of `names` that are in the cache already."""
    for folder in FOLDERS:
        present = [each.name for each in folder.programs if each.name in names and folder.target(each).exists()]
        if present:
            cached(f"{', '.join(present)} ({folder.version(folder.programs[0])})")


def pause_program() -> Path:
    """Return the program that holds a pod's namespaces, and a node's; built if need be."""
    target = cache_directory() / "bin" / "pause" / "pause"
    source = PAUSE_SOURCE / "main.go"
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        prerequisites.require(prerequisites.GO)
        with file_lock(_lock("pause"), "building pause"):
            _go_build(PAUSE_SOURCE, ["."], [target], "-s -w")
            os.utime(target)
    return target


def _missing(folder: GoFolder, wanted: Sequence[Program]) -> list[Program]:
    return [program for program in wanted if not folder.target(program).exists()]


def _lock(what: str) -> Path:
    return cache_directory() / "locks" / f"{what}.lock"


def _build(folder: GoFolder, wanted: Sequence[Program]) -> None:
    prerequisites.require(prerequisites.GO)
    require_free_space(cache_directory(), 5, f"building {folder.name}", CACHE_VARIABLE)
    names = ", ".join(program.name for program in wanted)
    with file_lock(_lock(folder.name), f"building {names}"):
        missing = _missing(folder, wanted)
        if not missing:
            return
        with step(f"{', '.join(each.name for each in missing)}: building from Go modules (cold: {folder.cold})"):
            targets = [folder.target(each) for each in missing]
            packages = [each.package for each in missing]
            _go_build(SOURCES / folder.name, packages, targets, folder.all_linker_flags(missing))


def _go_build(source: Path, packages: Sequence[str], targets: Sequence[Path], linker_flags: str) -> None:
    """Build into a folder aside, then move: a build that was killed leaves no half program behind."""
    folder = cache_directory() / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="building-") as aside:
        run(
            ["go", "build", "-trimpath", "-ldflags", linker_flags, "-o", f"{aside}/", *packages],
            timeout=BUILD_SECONDS,
            directory=source,
            environment={**os.environ, "CGO_ENABLED": "0"},
            hint="the Go modules come from the proxy that `go env GOPROXY` names: is it reachable?",
        )
        for target in targets:
            target.parent.mkdir(exist_ok=True)
            (Path(aside) / target.name).replace(target)
