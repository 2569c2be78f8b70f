"""`cape steer MODEL PROMPT`: both texts side by side, the probabilities that moved, and what the controls do."""

import json as encoder
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING
from unicodedata import category

from capelib.cli.output import as_json, note, plain, table
from capelib.cli.progress import steps
from capelib.cli.steer_open import Wanted, describe, facts, in_unit, keep, open_model, prepare

if TYPE_CHECKING:
    from capelib.steering.side_by_side import SideBySide

LEGEND = (
    "permuted labels: fitted after true and false were exchanged at random, so that they mean nothing; Gaussian: "
    "random, as long; moved: half the sum of all changes of probability; rank p: how often a control moves as much"
)
N_NEUTRAL = 8  # texts behind the perplexity that is shown beside a strength


@dataclass(frozen=True)
class Writing:
    """How a text is written."""

    new_tokens: int
    temperature: float
    top_p: float
    tokens: str


def show(wanted: Wanted, prompt: str, writing: Writing, json: bool) -> None:
    """Write a text twice, and print what the push changed."""
    from capelib import tables
    from capelib.models.batches import tokenize
    from capelib.steering.side_by_side import side_by_side

    neutral = tables.read("neutral_text")["text"].head(N_NEUTRAL).tolist()
    with steps(3) as begin:
        begin("loading")
        model = open_model(wanted)
        tokenize(model, [prompt], room=writing.new_tokens)  # too long a prompt is told before any work
        begin("reading the statements")
        own = prepare(wanted, model)
        keep(wanted, model, own.direction)
        used = in_unit(wanted, own)
        begin("writing")
        start = "new" if writing.tokens == "new" else 0
        options = {"new_tokens": writing.new_tokens, "temperature": writing.temperature, "top_p": writing.top_p}
        found = side_by_side(model, used, prompt, wanted.strength, neutral, **options, start=start, seed=wanted.seed)
    describe(own.direction)
    if writing.tokens == "new":
        note("the texts are steered from their first new token on; everything else below steers every token")
    if json:
        told = {"sentence": found.summary(), "stands_out": found.stands_out, "n_neutral_texts": N_NEUTRAL}
        as_json(
            facts(wanted, model, own) | {"prompt": prompt} | options | {"tokens": writing.tokens} | plain(found) | told
        )
    else:
        _print(found, prompt, wanted.shown_strength)


def _print(found: "SideBySide", prompt: str, strength: str) -> None:
    if sys.stdout.isatty():
        _side_by_side(found, prompt, strength)
    else:
        for label, text in (("prompt", prompt), ("base", found.base), ("steered", found.steered)):
            print(f"{label}: {in_one_line(text)}")
    if found.afresh is not None:
        same = "stays the same" if found.afresh == found.base else "changes too"
        print(f"Without any push, drawn with other random numbers, the text {same}: {in_one_line(found.afresh)}")
    rows = [
        (
            encoder.dumps(row.token, ensure_ascii=False),
            f"{row.base:.2%}",
            f"{row.steered:.2%}",
            f"{100 * row.change:+.2f}",
        )
        for row in found.moved.itertuples()
        if row.change
    ]
    if rows:
        table(("next token", "base", "steered", "change, points"), rows)
    print(found.summary())
    note(LEGEND)
    print(
        f"Perplexity on {N_NEUTRAL} neutral texts: {found.perplexity:.4g} base, {found.perplexity_steered:.4g} steered "
        f"(times {found.perplexity_steered / found.perplexity:.3g}) at strength {strength}."
    )


def _side_by_side(found: "SideBySide", prompt: str, strength: str) -> None:
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    heads = [Column("base", ratio=1), Column(f"steered, strength {strength}", ratio=1)]
    drawn = Table(*heads, title=Text(printable(prompt)), title_justify="left", expand=True, header_style="bold")
    drawn.add_row(*(Text(printable(text)) for text in (found.base, found.steered)))
    Console().print(drawn)


def printable(text: str) -> str:
    """A text that a terminal shows and does not obey: control characters are written as escapes."""
    return "".join(ascii(each)[1:-1] if category(each) in ("Cc", "Cs") and each != "\n" else each for each in text)


def in_one_line(text: str) -> str:
    """The same, with ends of lines as escapes too."""
    return printable(text).replace("\n", "\\n")
