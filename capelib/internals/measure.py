"""All measures of one model from one reading of its prompts."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import pandas as pd

from capelib.errors import InputError
from capelib.internals.anisotropy import anisotropy
from capelib.internals.competing import Competition, by_split, competition, opposed
from capelib.internals.coupling import CENTRED, RAW, Controlled, controlled
from capelib.internals.dimension import by_number, dimension
from capelib.internals.projection import Projection, projection
from capelib.internals.prompts import PromptSets
from capelib.internals.references import by_reference
from capelib.models import LanguageModel, head_outputs, patterns
from capelib.models.activations import residuals_at
from capelib.models.output import output_map, output_metrics, output_states

SHORT = {  # column names of a table of results
    "logits, mean removed": "logits mean removed",
    "the paper's wider map": "wider map",
    "the same map, not widened": "map not widened",
    "its nonlinearity alone": "nonlinearity alone",
}
STEPS = ("hidden states", "output map", "heads", "attention patterns", "dimension")
STRENGTHS = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 16.0)  # of the positive control, in widths of the cloud
READINGS = {"last": "last token", "mean": "mean over tokens", "mean_without_first": "mean without the first token"}


@dataclass(frozen=True)
class Heads:
    """Couplings of heads, by layer and head.

    `coupling` of their outputs and `images` of what they add to the residual stream, each with nulls; the competing
    rule on both sets (`rule`), on two halves of the neutral prompts (`rule_neutral`), how many heads it calls competing
    in random halves of them (`neutral_counts`), and on neutral prompts pushed apart (`positive`: strength, then the
    shares of heads in which it fires, as_defined and centred on the reference).
    """

    coupling: Controlled
    images: Controlled
    rule: Competition
    rule_neutral: Competition
    neutral_counts: np.ndarray
    positive: pd.DataFrame


@dataclass(frozen=True)
class Internals:
    """What was measured in one model. `heads` and `attention` are None for a model without attention heads.

    `hidden` is of the last token; `readings` has it beside the means over tokens, by their names in words; `references`
    is the centred coupling with the mean of one kind of other prompts after another taken away.
    """

    model: str
    facts: dict[str, object]
    hidden: Controlled
    readings: dict[str, Controlled]
    references: pd.DataFrame
    anisotropy: pd.DataFrame
    heads: Heads | None
    attention: Controlled | None
    projection: Projection
    dimension: pd.DataFrame
    d_rep: pd.DataFrame


def measure(
    model: LanguageModel,
    prompts: PromptSets,
    n_draws: int = 500,
    seed: int = 0,
    on_step: Callable[[str], None] | None = None,
) -> Internals:
    """Read a model once per quantity and compute every coupling with its nulls. Amin (2026), Sec. 6 and App. A.5.

    `on_step` hears which of `STEPS` comes next. Raises InputError as `residuals` and `controlled` do.
    """
    tell, places, texts = on_step or (lambda _: None), prompts.places(), prompts.all

    def parts(array: np.ndarray, axis: int) -> list[np.ndarray]:
        return [np.take(array, range(*place.indices(len(texts))), axis=axis) for place in places]

    ways = {"n_draws": n_draws, "seed": seed, "paired": prompts.paired}
    tell("hidden states")
    read = residuals_at(model, texts, tuple(READINGS))
    readings = {READINGS[name]: controlled(*parts(vectors, 1), **ways) for name, vectors in read.items()}
    streams = read["last"]
    tell("output map")
    states = parts(output_states(model, texts), 0)[:3]
    through = projection(*states, output_metrics(model), vocabulary=len(output_map(model)[0]), **ways)
    heads = attention = None
    try:
        tell("heads")
        heads = _heads(model, texts, parts, ways)
        tell("attention patterns")
        seen = patterns(model, texts)
        attention = controlled(*parts(seen.reshape(*seen.shape[:3], -1), 2), **ways)
    except InputError:  # no heads, or none that show where they look
        pass
    tell("dimension")
    sizes = [size for size in (8, 16, 32, 64, 128) if size <= len(texts)]
    dimensions = pd.concat([
        by_number(read[name][-1], sizes, seed=seed).assign(tokens=words) for name, words in READINGS.items()
    ])  # fmt: skip
    d_rep = pd.DataFrame(
        [(layer, *dimension(streams[layer])) for layer in range(model.n_layers)], columns=["layer", "d_rep", "to_90"]
    )
    return Internals(
        model.name, _facts(model, prompts, n_draws, seed), readings[READINGS["last"]], readings,
        _references(parts(streams, 1), prompts, ways), anisotropy(streams), heads, attention, through, dimensions,
        d_rep,
    )  # fmt: skip


def _facts(model: LanguageModel, prompts: PromptSets, n_draws: int, seed: int) -> dict[str, object]:
    return {
        "n_params": model.n_params, "n_layers": model.n_layers, "d_model": model.d_model,
        "source": model.source, "revision": model.revision, "dtype": str(model.model.dtype).removeprefix("torch."),
        "first": prompts.names[0], "second": prompts.names[1], "n_prompts": len(prompts.first),
        "prompts": sha256("\n".join(prompts.all).encode()).hexdigest()[:12],
        "paired": prompts.paired, "n_draws": n_draws, "seed": seed,
    }  # fmt: skip


def _references(parts: list[np.ndarray], prompts: PromptSets, ways: dict) -> pd.DataFrame:
    first, second, neutral, reference = parts
    kinds = np.array(prompts.reference_sets)
    named = {"all kinds alike": reference}
    named |= {f"{kind} only": reference[:, kinds == kind] for kind in dict.fromkeys(kinds)}
    return by_reference(first, second, neutral, named, **ways)


def _heads(model: LanguageModel, texts: tuple[str, ...], parts: Callable, ways: dict) -> Heads:
    found, seed = head_outputs(model, texts), ways["seed"]
    first, second, neutral, reference = parts(found.z, 2)
    half, centre = neutral.shape[2] // 2, reference.mean(axis=2, keepdims=True)
    return Heads(
        controlled(first, second, neutral, reference, **ways),
        controlled(first, second, neutral, reference, found.metric, **ways),
        competition(first, second),
        competition(neutral[:, :, :half], neutral[:, :, half:]),
        by_split(neutral, seed=seed),
        pd.DataFrame({
            "strength": STRENGTHS,
            "as_defined": opposed(neutral, STRENGTHS, seed=seed),
            "centred": opposed(neutral, STRENGTHS, centre=centre, seed=seed),
        }),
    )  # fmt: skip


def need_heads(found: Internals) -> Heads:
    """The heads that were measured. Raises InputError for a model without attention heads."""
    if found.heads is None:
        raise InputError(f"{found.model} has no attention heads that could be compared")
    return found.heads


def need_attention(found: Internals) -> Controlled:
    """The attention patterns that were measured. Raises InputError for a model that gives none out."""
    if found.attention is None:
        raise InputError(f"{found.model} gives out no attention patterns")
    return found.attention


def summary(found: Internals) -> dict[str, object]:
    """One row for a table of models: facts, couplings by depth with their nulls, heads, output map, dimension."""
    raw, centred = (found.hidden.measure(name).set_index("layer") for name in (RAW, CENTRED))
    thirds = np.array_split(np.arange(len(raw)), 3)
    net = found.hidden.overall.set_index("measure").loc[RAW]
    row: dict[str, object] = {
        "model": found.model, **found.facts,
        "net_coupling": net["value"], "net_low": net["low"], "net_high": net["high"],
        "net_neutral": net["neutral_mid"], "layers_below_neutral": int((raw["value"] < raw["neutral_low"]).sum()),
        "layers_with_contrast": int((raw["p"] < 0.05).sum()),
    }  # fmt: skip
    for name, layers in zip(("early", "mid", "late"), thirds, strict=True):
        row[f"{name}_coupling"] = raw["value"].iloc[layers].mean()
        row[f"{name}_neutral"] = raw["neutral_mid"].iloc[layers].mean()
        row[f"{name}_centred"] = centred["value"].iloc[layers].mean()
    row["last_layer_coupling"] = raw["value"].iloc[-1]
    row["last_layer_neutral"] = raw["neutral_mid"].iloc[-1]
    row["common_power"] = found.anisotropy["common"].mean()
    if found.heads is not None:
        rule = found.heads.rule
        row |= {
            "n_heads": rule.fires.size,
            "n_competing": int(rule.fires.sum()),
            "n_competing_neutral": float(found.heads.neutral_counts.mean()),
            "pct_cooperative_heads": 100 * float((rule.cosines > 0).mean()),
            "median_head_cosine": float(np.median(rule.cosines)),
        }
    through = found.projection.table.set_index("map")["value"]
    row |= {f"projection_{SHORT.get(name, name).replace(' ', '_')}": value for name, value in through.items()}
    row["d_rep"] = found.d_rep["d_rep"].iloc[-1]
    return row
