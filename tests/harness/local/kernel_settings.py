"""The machine's settings that a kubelet changes when it starts: noted before, put back after the last one."""

import json
from contextlib import AbstractContextManager
from pathlib import Path

from tests.harness.locks import file_lock
from tests.harness.paths import clusters_directory

SETTINGS = (
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "kernel/panic",
    "kernel/panic_on_oops",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
)


class KernelSettings:
    """The settings as they were, in a file that all clusters of this machine share."""

    def __init__(self, file: Path | None = None, kernel: Path = Path("/proc/sys")) -> None:
        """Name the file; `kernel` is where the settings are."""
        self.file = file or clusters_directory().parent / "kernel-settings.json"
        self.kernel = kernel

    def note(self) -> None:
        """Note the settings, unless another cluster's kubelets have changed them already."""
        with self._lock():
            if not self.file.exists():
                self.file.parent.mkdir(parents=True, exist_ok=True)
                self.file.write_text(json.dumps({name: (self.kernel / name).read_text() for name in SETTINGS}))

    def restore(self) -> None:
        """Put back what was noted. To be called when no kubelet runs any more."""
        with self._lock():
            if self.file.exists():
                for name, value in json.loads(self.file.read_text()).items():
                    (self.kernel / name).write_text(value)
                self.file.unlink()

    def _lock(self) -> AbstractContextManager[None]:
        return file_lock(self.file.with_suffix(".lock"), "the kernel's settings")
