"""Commands that list and execute sections."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from capelib.cli.output import as_json, note, table

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def sections(json: AsJson = False) -> None:
    """List the sections with their parameters: type, default, allowed values, help."""
    from capelib.sections import discover
    from capelib.vocabulary import rule

    found = discover().values()
    if json:
        as_json([
            {
                "name": section.name,
                "title": section.title,
                "source": str(section.path),
                "parameters": [
                    {**asdict(each), "allowed": rule(each.name).allowed} for each in section.parameters.values()
                ],
            }
            for section in found
        ])  # fmt: skip
        return
    rows = [
        (section.name, each.name, each.type, each.default, rule(each.name).allowed, each.help)
        for section in found
        for each in section.parameters.values()
    ]
    table(("section", "parameter", "type", "default", "allowed", "what it is"), rows)


def run(
    section: Annotated[str, typer.Argument(help="Name of a section; cape sections lists them.", show_default=False)],
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="Set a parameter; repeatable.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="YAML", help="Take parameters from a YAML file.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where to write; default: _build/runs.")
    ] = None,
) -> None:
    """Execute a section with other parameters: leaves NAME.ipynb, and NAME.html, which needs no network.

    For example: cape run coupling -p family=OPT -p n_boot=2000 --out opt
    """
    from capelib.cli.progress import progress
    from capelib.errors import InputError
    from capelib.sections import find
    from capelib.sections.given import given
    from capelib.sections.run import run as execute

    source = find(section)
    values = given(source, parameter or [], file)
    if out and out.exists() and not out.is_dir():
        raise InputError(f"--out must be a folder; {out} is a file")
    with progress(every_cell=True) as on_cell:
        written = execute(source, values, out, on_cell)
    for path in written:
        print(path)


def notebooks() -> None:
    """Write the notebook (.ipynb) beside every section's source, for JupyterLab and plain papermill."""
    from capelib import paths
    from capelib.sections import discover
    from capelib.sections.pair import write_pairs

    write_pairs(discover(), paths.CLONE, note)
