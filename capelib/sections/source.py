"""Sections as they stand on disk: one jupytext source each, with its declared parameters."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from capelib import paths
from capelib.errors import InputError, unknown

if TYPE_CHECKING:
    from nbformat import NotebookNode


KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


@dataclass(frozen=True)
class Parameter:
    """One name of a section's parameters cell: ``name: type = default  # help``."""

    name: str
    type: str
    default: object
    help: str


@dataclass(frozen=True)
class Section:
    """A section of the edition; `path` is its source, a Python script in jupytext's percent format."""

    name: str
    path: Path

    @property
    def notebook(self) -> Path:
        """The paired notebook beside the source."""
        return self.path.with_suffix(".ipynb")

    @cached_property
    def node(self) -> "NotebookNode":
        """The source as a notebook without outputs."""
        import jupytext

        notebook = jupytext.read(self.path)
        notebook.metadata.setdefault("kernelspec", dict(KERNEL))
        return notebook

    def named(self) -> "NotebookNode":
        """The source with names on the folds of its first two cells, which the book would all call by one name."""
        from copy import deepcopy

        notebook = deepcopy(self.node)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        first = next((n for n, cell in enumerate(code) if "parameters" in cell.metadata.get("tags", [])), None)
        for cell, name in zip(code[first:], ("parameters", "imports"), strict=False) if first is not None else ():
            cell.metadata["mystnb"] = {
                "code_prompt_show": f"Show the {name}",
                "code_prompt_hide": f"Hide the {name}",
            }
        return notebook

    @cached_property
    def title(self) -> str:
        """The first heading, or the name if there is none."""
        for cell in self.node.cells:
            heading = re.search(r"^# +(.+?) *$", cell.source, re.M) if cell.cell_type == "markdown" else None
            if heading:
                return heading[1]
        return self.name

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """The declared parameters by name, in the order of the cell.

        Raises InputError if a default is no plain value.
        """
        import papermill

        declared = papermill.inspect_notebook(self.node)
        return {name: self._parameter(**entry) for name, entry in declared.items()}

    def _parameter(self, name: str, inferred_type_name: str, default: str, help: str) -> Parameter:
        try:
            value = ast.literal_eval(default)
        except (ValueError, SyntaxError):
            raise InputError(
                f"{self.path.name}: default of parameter {name!r} must be a plain value, got {default}"
            ) from None
        return Parameter(name, inferred_type_name, value, help)


def discover(folder: Path | None = None, toc: Path | None = None) -> dict[str, Section]:
    """Every section by name: in the order of the book's table of contents, then those it leaves out, by name."""
    folder = folder or paths.notebooks_dir()
    toc = toc or folder.parent / "_toc.yml"
    order = list(_names_in(toc, folder.name)) if toc.is_file() else []
    sources = {path.stem: path for path in sorted(folder.glob("*.py")) if not path.stem.startswith("_")}
    return {name: Section(name, sources[name]) for name in dict.fromkeys([*order, *sources]) if name in sources}


def find(name: str, folder: Path | None = None) -> Section:
    """The section of that name. Raises InputError, with the nearest name, if there is none."""
    sections = discover(folder)
    if name not in sections:
        raise unknown("section", name, sections, "list them with: cape sections")
    return sections[name]


def _names_in(toc: Path, folder: str) -> Iterator[str]:
    # the table of contents nests parts, chapters and sections; only its `file` entries matter
    import yaml

    def files(entry: object) -> Iterator[str]:
        if isinstance(entry, dict):
            for key, value in entry.items():
                if key == "file":
                    yield str(value)
                else:
                    yield from files(value)
        elif isinstance(entry, list):
            for item in entry:
                yield from files(item)

    for file in files(yaml.safe_load(toc.read_text(encoding="utf-8"))):
        if Path(file).parent.name == folder:
            yield Path(file).stem
