"""The kernel that executes sections: this interpreter, whatever kernels the machine has, and no network."""

import os
import signal
import sys
import weakref
from contextlib import suppress
from pathlib import Path

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from traitlets import default

OFFLINE = {
    "JUPYTER_PLATFORM_DIRS": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "PYTHONHASHSEED": "0",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
}
_running: "weakref.WeakSet[OwnKernel]" = weakref.WeakSet()


class OwnKernelSpec(KernelSpecManager):
    """Knows one kernel, the running interpreter's, under every name."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The running interpreter's kernel."""
        # what a kernel logs (plain connection, interrupted at its end) says nothing about the section
        spec = get_kernel_dict(extra_arguments=["--log-level=CRITICAL"])
        return KernelSpec(**{**spec, "argv": [sys.executable, *spec["argv"][1:]]})


class OwnKernel(AsyncKernelManager):
    """A kernel of the running interpreter; it ends when this process does, however that ends."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        _running.add(self)

    @default("kernel_spec_manager")
    def _own_spec(self) -> OwnKernelSpec:
        return OwnKernelSpec(parent=self)


def prepare(folder: Path, at_once: int = 1) -> None:
    """Set the environment that kernels inherit; what Jupyter would keep in the user's home goes to `folder`."""
    os.environ.update(OFFLINE, IPYTHONDIR=str(folder / "ipython"), JUPYTER_RUNTIME_DIR=str(folder / "runtime"))
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // at_once)))


def stop_all() -> None:
    """End every running kernel at once; the cells they execute fail."""
    for manager in list(_running):
        pid = getattr(manager.provisioner, "pid", None)
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
