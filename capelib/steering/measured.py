"""What was measured once of every question and layer, the table `steering_measured`: the effect and all layers."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from capelib.errors import InputError
from capelib.estimate import Estimate
from capelib.steering.controls import GAUSSIAN, PERMUTED
from capelib.steering.detectable import Detectable, smallest_mean, smallest_share
from capelib.steering.experiment import TRUTH
from capelib.steering.null import Ranked, rank
from capelib.steering.paired import Changes, from_counts
from capelib.steering.verdict import decided

OUTCOMES = ("mc1", "mc2")


@dataclass(frozen=True, eq=False)
class Fixed:
    """A push fixed beforehand, at `layer` and `strength`, on all questions.

    `base` is MC1 and MC2 of the plain model, in percent. `changes` are those of MC1; `mc2` is the mean change of MC2 in
    points, with the interval of `paired.shift`; `ranked` sets the changes of MC1 and MC2, in points, among those of
    directions on permuted labels; `could_find` is the smallest change of both, of MC1 as a share, of MC2 in points.
    """

    layer: int
    strength: float
    base: dict[str, float]
    changes: Changes
    mc2: Estimate
    ranked: dict[str, Ranked]
    could_find: dict[str, Detectable]

    @property
    def verdict(self) -> str:
        """By the rule of `verdict.decided`."""
        return decided(self.changes, self.ranked["mc1"])


def changes(table: pd.DataFrame) -> pd.DataFrame:
    """Every push with mc1_change and mc2_change, in points against the plain model.

    `table` has the columns of `steering_measured`, of one model. Raises InputError without the plain model in it.
    """
    plain = table[table["kind"] == "plain"]
    if len(plain) != 1:
        raise InputError(f"a table of pushes of one model has the plain model once; got it {len(plain)} times")
    pushes, base = table[table["kind"] != "plain"].copy(), plain.iloc[0]
    n = pushes["n_questions"]
    pushes["mc1_change"] = 100 * (pushes["corrected"] - pushes["broken"]) / n
    pushes["mc2_change"] = pushes["mc2_pct"] - base["mc2_pct"]
    return pushes


def fixed(table: pd.DataFrame) -> list[Fixed]:
    """The pushes fixed beforehand, which have Gaussian directions beside them, each with its nulls.

    The first is at the paper's layer, that of the plain model's row; the other, if there is one, at a layer chosen by
    statements alone.
    """
    base, noise = table[table["kind"] == "plain"].iloc[0], table[table["kind"] == GAUSSIAN]
    if noise.empty:
        raise InputError("no push of the table was fixed beforehand: none has Gaussian directions beside it")
    layers = sorted(noise["layer"].unique(), key=lambda layer: layer != base["layer"])
    return [_fixed(table, layer, noise.loc[noise["layer"] == layer, "strength"].iloc[0]) for layer in layers]


def _fixed(table: pd.DataFrame, layer: int, strength: float) -> Fixed:
    pushes, base = changes(table), table[table["kind"] == "plain"].iloc[0]
    here = pushes[(pushes["layer"] == layer) & (pushes["strength"] == strength)]
    own, null = here[here["kind"] == TRUTH].iloc[0], here[here["kind"] == PERMUTED]
    n, corrected, broken = (int(own[name]) for name in ("n_questions", "corrected", "broken"))
    right = round(n * base["mc1_pct"] / 100)
    found = from_counts(corrected, broken, right - broken, n - right - corrected)
    return Fixed(
        layer=int(layer),
        strength=float(strength),
        base={name: float(base[f"{name}_pct"]) for name in OUTCOMES},
        changes=found,
        mc2=Estimate(own["mc2_change"], own["mc2_low"], own["mc2_high"], n=n, method="bootstrap over questions (BCa)"),
        ranked={name: rank(own[f"{name}_change"], null[f"{name}_change"], "two-sided") for name in OUTCOMES},
        could_find={"mc1": smallest_share(n, found.discordance), "mc2": smallest_mean(n, own["mc2_change_sd"])},
    )


def told(pushes: Sequence[Fixed]) -> pd.DataFrame:
    """A row per push and outcome: layer, outcome, base in percent, change with its 95 % interval (low, high), the
    middle 95 % of the changes under permuted labels (null_low, null_high), in points; p of McNemar's exact test, of MC1
    alone; rank_p.
    """
    rows = []
    for each in pushes:
        difference = each.changes.difference
        mc1 = [100 * end for end in (difference.value, difference.low, difference.high)]
        mc2 = [each.mc2.value, each.mc2.low, each.mc2.high]
        for name, change, p in (("mc1", mc1, each.changes.p), ("mc2", mc2, float("nan"))):
            null = each.ranked[name]
            rows.append((each.layer, name.upper(), each.base[name], *change, null.low, null.high, p, null.p))
    columns = ["layer", "outcome", "base", "change", "low", "high", "null_low", "null_high", "p", "rank_p"]
    return pd.DataFrame(rows, columns=columns)


def ladder(table: pd.DataFrame, layer: int) -> pd.DataFrame:
    """The direction at one layer by strength, with the range of MC2's change under permuted labels.

    `table` is that of `changes`. Columns: layer, strength, corrected, broken, mc2_change, mc2_low, mc2_high, null_low,
    null_high (points), completions_right_pct, perplexity_ratio.
    """
    pushes = changes(table)
    here = pushes[pushes["layer"] == layer]
    null = here[here["kind"] == PERMUTED]
    null = null[null["draw"] < null.groupby("strength").size().min()]  # of every strength the same draws
    null = null.groupby("strength")["mc2_change"].agg(null_low="min", null_high="max")
    own = here[here["kind"] == TRUTH].sort_values("strength").join(null, on="strength")
    columns = ["layer", "strength", "corrected", "broken", "mc2_change", "mc2_low", "mc2_high", "null_low", "null_high"]
    return own[[*columns, "completions_right_pct", "perplexity_ratio"]].reset_index(drop=True)


def by_layer(table: pd.DataFrame) -> pd.DataFrame:
    """The direction and its controls on permuted labels at every layer, with the strength fixed beforehand.

    Of every layer the same draws of permuted labels: the fewest that any layer has.
    """
    pushes = changes(table)
    strength = fixed(table)[0].strength
    rows = pushes[(pushes["strength"] == strength) & pushes["kind"].isin([TRUTH, PERMUTED])]
    null = rows[rows["kind"] == PERMUTED]
    fewest = null.groupby("layer").size().min()
    return rows[(rows["kind"] == TRUTH) | (rows["draw"] < fewest)].reset_index(drop=True)


def beyond_zero(layers: pd.DataFrame) -> pd.DataFrame:
    """In how many layers the interval of MC2's change lies above zero and below it: a row for the direction (draw -1)
    and for each draw of permuted labels. `layers` is the frame of `by_layer`. Columns: draw, above, below.
    """
    draw = layers["draw"].where(layers["kind"] == PERMUTED, -1)
    counted = pd.DataFrame({"draw": draw, "above": layers["mc2_low"] > 0, "below": layers["mc2_high"] < 0})
    return counted.groupby("draw", as_index=False).sum()


def best_layer(layers: pd.DataFrame, outcomes: Sequence[str] = OUTCOMES) -> pd.DataFrame:
    """The layer in which a direction raises an outcome most, beside the best layer of each direction on permuted
    labels, which is searched as the direction is.

    `layers` is the frame of `by_layer`. Columns: outcome, layer, change (points), perplexity_ratio there, null_low and
    null_high (the range of the best changes of the draws), n_null, and p, the share of them at least as high, the
    direction itself counted.
    """
    found = []
    for name in outcomes:
        column = f"{name}_change"
        own, null = layers[layers["kind"] == TRUTH], layers[layers["kind"] == PERMUTED]
        top, highest = own.loc[own[column].idxmax()], null.groupby("draw")[column].max()
        p = rank(top[column], highest).p
        own = int(top["layer"]), top[column], top["perplexity_ratio"]
        found.append((name, *own, highest.min(), highest.max(), len(highest), p))
    return pd.DataFrame(
        found, columns=["outcome", "layer", "change", "perplexity_ratio", "null_low", "null_high", "n_null", "p"]
    )
