"""Commands that look something up: claims, families, a table of the user's."""

from pathlib import Path
from typing import Annotated

import typer

from capelib.cli.output import as_json, how_to_build, note, table

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def claims(
    section: Annotated[str | None, typer.Option("--section", help="Only claims that this section checks.")] = None,
    verdict: Annotated[str | None, typer.Option("--verdict", help="Only claims with this verdict.")] = None,
    json: AsJson = False,
) -> None:
    """Print the paper's claims with the verdicts of the last build."""
    from capelib.claims import VERDICTS, ledger
    from capelib.errors import unknown

    rows = ledger.load()
    known = sorted({row["section"] for row in rows if row["section"]})
    if section and section not in known:
        raise unknown("section", section, known)
    if verdict and verdict not in VERDICTS:
        raise unknown("verdict", verdict, VERDICTS)
    if not ledger.ledger_path().is_file():
        note(f"no build yet, so every claim is unchecked; check them with: {how_to_build()}")
    rows = [row for row in rows if section in (None, row["section"]) and verdict in (None, row["verdict"])]
    if json:
        as_json(rows)
        return
    columns = ("id", "verdict", "paper", "released", "independent", "unit", "place", "section", "statement")
    narrow = ("id", "verdict", "paper", "released", "independent", "statement")
    table(columns, [[row[column] for column in columns] for row in rows], narrow)


def families(
    panel: Annotated[str, typer.Option("--panel", help="measured, released, or the path of a CSV file.")] = "measured",
    json: AsJson = False,
) -> None:
    """List the families of a panel: how many models, from which size to which."""
    from capelib import tables
    from capelib.vocabulary import rule

    rule("panel").check("panel", panel)
    grouped = tables.panel(panel).groupby("family")["n_params"].agg(["size", "min", "max"])
    if json:
        as_json([
            {"family": family, "n_models": int(n), "smallest": int(low), "largest": int(high)}
            for family, n, low, high in grouped.itertuples()
        ])  # fmt: skip
        return
    table(
        ("family", "models", "smallest", "largest"),
        [(family, n, _size(low), _size(high)) for family, n, low, high in grouped.itertuples()],
    )


def check(
    file: Annotated[Path, typer.Argument(help="A CSV file with one model per row.", show_default=False)],
) -> None:
    """Check a table of your own against the rules of the panel; prints every problem."""
    from capelib import tables

    frame = tables.read_csv(file)
    print(f"{file}: no problem in {len(frame)} rows")


def _size(n_params: float) -> str:
    return f"{n_params / 1e9:.3g}B" if n_params >= 1e9 else f"{n_params / 1e6:.3g}M"
