"""Commands that open a language model."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capelib.cli.output import as_json, note, table
from capelib.cli.paths import can_write
from capelib.cli.progress import steps

if TYPE_CHECKING:
    from capelib.internals.measure import Internals

Device = Annotated[str, typer.Option("--device", help="Where to compute: auto, cpu, cuda, cuda:1, mps.")]
Dtype = Annotated[str, typer.Option("--dtype", help="Number format: auto, float32, bfloat16, float16.")]
Revision = Annotated[str | None, typer.Option("--revision", help="Branch, tag or commit of a model of the hub.")]
OWN_PROMPTS = "Prompts of your own: columns set and text; n of both sets, 2n of the set neutral, and a few more."


def internals(
    models: Annotated[
        list[str],
        typer.Argument(
            help="Built-in name (smollm2-135m, gemma3-270m), folder, GGUF file or hub id; several are compared.",
            show_default=False,
        ),
    ],
    prompts: Annotated[
        Path | None,
        typer.Option(
            "--prompts",
            metavar="CSV",
            help="Prompts of your own: columns set and text; n of each set compared, 2n of the set neutral, 4 others.",
        ),
    ] = None,
    n_prompts: Annotated[int, typer.Option("--n-prompts", help="Prompts of each set.")] = 16,
    first: Annotated[str, typer.Option("--first", help="One set of the table of prompts.")] = "reasoning",
    second: Annotated[str, typer.Option("--second", help="The other set.")] = "truthfulness",
    n_draws: Annotated[int, typer.Option("--n-draws", help="Resamples of every interval and null.")] = 500,
    seed: Annotated[int, typer.Option("--seed", help="Seed of every random draw.")] = 0,
    device: Device = "auto",
    dtype: Dtype = "auto",
    revision: Revision = None,
    results: Annotated[
        Path | None, typer.Option("--results", metavar="CSV", help="Add a row per model to this table, or begin it.")
    ] = None,
    chart: Annotated[
        Path | None, typer.Option("--chart", metavar="HTML", help="Draw the models of the table by family and size.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure the couplings inside language models, each beside its nulls.

    For example: cape internals smollm2-135m --results table.csv
    """
    from capelib import tables
    from capelib.internals import results as kept
    from capelib.internals.measure import STEPS, measure, summary
    from capelib.internals.prompts import choose
    from capelib.models import check_settings, load
    from capelib.vocabulary import number

    number(4, 10_000, whole=True).check("--n-prompts", n_prompts)
    number(20, 1_000_000, whole=True).check("--n-draws", n_draws)
    number(0, 2**32 - 1, whole=True).check("--seed", seed)
    for option, path, ending in (("--results", results, ".csv"), ("--chart", chart, ".html")):
        if path:
            can_write(option, path, ending)
    models = list(dict.fromkeys(models))
    old = kept.read(results) if results and results.is_file() else None
    listed = tables.read_csv(prompts, "prompts_own") if prompts else tables.read("prompts")
    sets = choose(listed, n_prompts, seed, first, second)
    check_settings(models, device, dtype, revision)
    rows, shown = [], []
    for name in models:
        with steps(1 + len(STEPS)) as begin:

            def tell(step: str, name: str = name, begin: Callable = begin) -> None:
                begin(f"{name}: {step}")

            tell("loading")
            model = load(name, device, dtype, revision, tell=note)
            found = measure(model, sets, n_draws, seed, on_step=tell)
        rows.append(summary(found))
        shown.append(_record(found))
        if not json:
            _print(found)
        if results:  # after every model, so that an interruption keeps what is done
            note(f"written: {kept.save(kept.join(old, rows), results)}")
    if json:
        as_json(shown)
    if chart:
        _draw(kept.join(old, rows), chart)
        note(f"written: {chart}")


LEGEND = (
    "coupling: cosine of the two sets' mean states after each layer, with its spread over prompts; neutral, shuffled: "
    "95 % of two samples of neutral prompts, and of the same prompts with shuffled labels; p: share of shuffles with a "
    "coupling as low; centred: the mean of other prompts taken away"
)


def _print(found: "Internals") -> None:
    from capelib.internals.coupling import CENTRED, RAW

    facts = found.facts
    note(f"{found.model}: {facts['n_params']:,} parameters, {facts['n_layers']} layers, {facts['dtype']}")
    raw, centred = (found.hidden.measure(name).set_index("layer") for name in (RAW, CENTRED))
    head = ("layer", "coupling", "spread", "neutral", "shuffled", "p", "centred", "neutral, centred")
    table(head, [
        (layer, f"{row.value:.3f}", _span(row.low, row.high), _span(row.neutral_low, row.neutral_high),
         _span(row.shuffled_low, row.shuffled_high), f"{row.p:.3f}", f"{centred.value[layer]:.2f}",
         _span(centred.neutral_low[layer], centred.neutral_high[layer], 2))
        for layer, row in raw.iterrows()
    ], narrow=("layer", "coupling", "neutral", "p", "centred"))  # fmt: skip
    if found.heads is not None:
        rule, contrast = found.heads.rule, found.heads.coupling.measure(RAW)
        table(
            ("heads", "competing", "competing, neutral", "cosine above 0", "median cosine", "p below 0.05"),
            [(rule.fires.size, int(rule.fires.sum()), f"{found.heads.neutral_counts.mean():.1f}",
              int((rule.cosines > 0).sum()), f"{contrast['value'].median():.3f}", int((contrast["p"] < 0.05).sum()))],
        )  # fmt: skip
    table(("map", "outputs", "coupling", "spread", "neutral", "shuffled"), [
        (row.map, row.width, f"{row.value:.3f}", _span(row.low, row.high), _span(row.neutral_low, row.neutral_high),
         _span(row.shuffled_low, row.shuffled_high))
        for row in found.projection.table.itertuples()
    ], narrow=("map", "coupling", "neutral", "shuffled"))  # fmt: skip
    table(("d_rep of the last layer, prompts", "tokens", "d_rep", "coordinates shuffled"), [
        (row.n, row.tokens, f"{row.d_rep:.1f}", f"{row.independent:.1f}") for row in found.dimension.itertuples()
    ])  # fmt: skip
    below = int((raw["value"] < raw["neutral_low"]).sum())
    note(LEGEND)
    note(f"the two sets lie below the neutral samples in {below} of {len(raw)} layers")


def _record(found: "Internals") -> dict:
    from capelib.internals.measure import summary

    def records(controlled: object) -> list[dict]:
        return controlled.table.to_dict("records")

    heads = found.heads
    return {
        "summary": summary(found),
        "hidden": records(found.hidden),
        "readings": {name: each.overall.to_dict("records") for name, each in found.readings.items()},
        "references": found.references.to_dict("records"),
        "anisotropy": found.anisotropy.to_dict("records"),
        "projection": found.projection.table.to_dict("records"),
        "linear_maps": found.projection.linear.to_dict("records"),
        "heads": None if heads is None else records(heads.coupling),
        "head_images": None if heads is None else records(heads.images),
        "rule": None if heads is None else {
            "competing": heads.rule.fires.tolist(), "share_of_pairs": heads.rule.share.tolist(),
            "mean_cosine": heads.rule.cosines.tolist(), "competing_in_neutral_splits": heads.neutral_counts.tolist(),
            "positive_control": heads.positive.to_dict("records"),
        },
        "attention": None if found.attention is None else records(found.attention),
        "d_rep": found.d_rep.to_dict("records"),
        "d_rep_by_number": found.dimension.to_dict("records"),
    }  # fmt: skip


def _draw(results: object, path: Path) -> None:
    from capelib.charts import internals as charts
    from capelib.charts import page, theme
    from capelib.internals.results import by_depth, comparable

    theme.enable()
    alike, others = comparable(results)
    if others:
        note(f"{others} rows were read with other prompts or seeds and are not drawn")
    told = "Couplings by size, by third of the layers: the two sets (filled) and neutral prompts (hollow)"
    page.leave(charts.by_size(by_depth(alike), told, width=640).properties(title=told), path, told)


def _span(low: float, high: float, digits: int = 3) -> str:
    return f"[{low:.{digits}f}, {high:.{digits}f}]"
