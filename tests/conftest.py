"""Shared by all tests: how hypothesis behaves, and small clones of the edition to run the real commands in."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# A shell that starts the suite in the background has it ignore Ctrl-C, and what it starts inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Threads that wait for each other cost a tiny model far more than they save on a busy machine."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


HEADER = """# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

"""


@dataclass(frozen=True)
class Clone:
    """A clone of the edition with sections of the test's own; commands in it use the clone's capelib."""

    root: Path

    def section(self, name: str, body: str) -> Path:
        """Write a section's source and return its path."""
        path = self.root / "notebooks" / f"{name}.py"
        path.write_text(HEADER + body, encoding="utf-8")
        return path

    def start(self, *arguments: str, **options: object) -> subprocess.Popen:
        """Start ``cape`` in the clone."""
        command = [sys.executable, "-m", "capelib.cli", *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, **{"cwd": self.root, **pipes, **options})

    def cape(self, *arguments: str, **options: object) -> subprocess.CompletedProcess:
        """Run ``cape`` in the clone to its end."""
        with self.start(*arguments, **options) as process:
            out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def make_clone(root: Path) -> Clone:
    """Copy what a clone needs to execute sections, without any section."""
    root.mkdir(parents=True)
    shutil.copytree(ROOT / "capelib", root / "capelib", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "data", root / "data")
    shutil.copy(ROOT / "requirements.lock", root)
    (root / "notebooks").mkdir()
    (root / "_toc.yml").write_text("format: jb-book\nroot: intro\n", encoding="utf-8")
    return Clone(root)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A clone of the test's own."""
    return make_clone(tmp_path / "clone")
