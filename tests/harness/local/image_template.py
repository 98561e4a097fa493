"""A containerd folder with images in it, made once and cloned for every node in a second or two.

Unpacked layers and their blobs are never changed by containerd, so clones share them as hard links. The
databases are changed, and are copied.
"""

import hashlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.harness import binaries
from tests.harness.command import run
from tests.harness.disk import require_free_space
from tests.harness.errors import HarnessError
from tests.harness.images.archive import ImageArchive
from tests.harness.local import containerd
from tests.harness.local.control_groups import ControlGroups
from tests.harness.local.namespaces import create_namespaces
from tests.harness.locks import file_lock, file_lock_if_free
from tests.harness.paths import CACHE_VARIABLE, cache_directory
from tests.harness.processes import ProcessIdentity, children_of, last_lines, spawn
from tests.harness.progress import step
from tests.harness.waiting import wait_until

# Another number makes every template anew: for when what is in them changes, their images being the same.
LAYOUT = 1
DATABASE_NAMES = ("meta.db", "metadata.db")
# No cluster's name ends like this.
GROUP = "template-"
UNFINISHED = "making-"
KEPT_TEMPLATES = 8
UNUSED_SECONDS = 3600.0


def template_key(digests: Sequence[str]) -> str:
    """Return a name for the template that has just these images, whatever their order."""
    return hashlib.sha256("\n".join([str(LAYOUT), *sorted(digests)]).encode()).hexdigest()[:16]


def image_template(archives: Sequence[ImageArchive]) -> Path:
    """Return a containerd folder that has these images, made first if need be.

    Each is made from the one with all images but the last, so put first what changes least.
    """
    target = _templates() / template_key([archive.digest() for archive in archives])
    if not target.is_dir():
        basis = image_template(archives[:-1]) if len(archives) > 1 else None
        with file_lock(_lock(), "unpacking images"):
            if not target.is_dir():
                _clear_unfinished()
                _prune()
                _make(target, basis, archives[-1])
    os.utime(target)
    return target


def clear_unfinished_templates() -> None:
    """End and remove what a killed run has left in the middle of making a template; wait for none that runs."""
    with file_lock_if_free(_lock()) as held:
        if held:
            _clear_unfinished()


def _make(target: Path, basis: Path | None, archive: ImageArchive) -> None:
    require_free_space(cache_directory(), 3, "unpacking images", CACHE_VARIABLE)
    aside = Path(tempfile.mkdtemp(dir=_templates(), prefix=UNFINISHED))
    groups = ControlGroups(GROUP)
    with step(f"unpacking {archive.reference} (cold: about 20 s)"):
        if basis is not None:
            clone_template(basis, aside / "root")
        try:
            _import_into(aside, archive.file, groups)
        finally:
            groups.kill_all()
            groups.remove()
        (aside / "root").replace(target)
    shutil.rmtree(aside, ignore_errors=True)


def _import_into(aside: Path, archive: Path, groups: ControlGroups) -> None:
    """Run a containerd on the folder `aside/root` for as long as it takes to import an archive."""
    log, root, group_files = aside / "containerd.log", aside / "root", groups.create("system")
    namespaces = create_namespaces(
        binaries.pause_program(), directory=aside, log=log, group_files=group_files, binds={}
    )
    config = containerd.write_containerd_config(aside, root=root, pods=None)
    process = spawn(namespaces.enter(containerd.containerd_command(config)), log=log, group_files=group_files)
    wait_until(
        lambda: containerd.is_serving(namespaces) or not process.is_alive(), timeout=30, what="containerd to serve"
    )
    if not process.is_alive():
        raise HarnessError(f"containerd ended right after its start\n{last_lines(log)}")
    containerd.import_missing_layers(namespaces, archive, root)
    # A clean end: its databases must be whole on disk.
    for pid in children_of(process.pid):
        if (child := ProcessIdentity.of(pid)) is not None:
            child.send(signal.SIGTERM)
    wait_until(lambda: not process.is_alive(), timeout=30, what="containerd to stop")
    namespaces.end()


def _clear_unfinished() -> None:
    groups = ControlGroups(GROUP)
    groups.kill_all()
    groups.remove()
    for left in _templates().glob(f"{UNFINISHED}*"):
        shutil.rmtree(left)


def _prune() -> None:
    """Keep the templates used last. Nodes have links of their own to all that they use."""
    newest_first = sorted(
        (path for path in _templates().iterdir() if path.is_dir()),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )
    for template in newest_first[KEPT_TEMPLATES:]:
        # Nobody may be cloning it just now.
        if template.stat().st_mtime < time.time() - UNUSED_SECONDS:
            shutil.rmtree(template)


def _templates() -> Path:
    folder = cache_directory() / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _lock() -> Path:
    return cache_directory() / "locks" / "templates.lock"


def clone_template(template: Path, root: Path) -> None:
    """Make `root` a containerd folder of its own with all that `template` has."""
    root.parent.mkdir(parents=True, exist_ok=True)
    same_file_system = template.stat().st_dev == root.parent.stat().st_dev
    run(["cp", "--archive", "--link" if same_file_system else "--reflink=auto", template, root], timeout=300)
    for name in DATABASE_NAMES:
        for database in template.rglob(name):
            if "snapshots" in database.relative_to(template).parts:
                continue
            copy = root / database.relative_to(template)
            copy.unlink()
            shutil.copy2(database, copy)
