"""Picking loss curves and gradient tables out of the tables of facts: frames in, tidy frames out."""

import numpy as np
import pandas as pd

from capelib.errors import unknown

GRADIENT_COLUMNS = {"grad_norm_mean": "grad_norm", "loss_mean": "loss"}


def stated_losses(pythia_loss: pd.DataFrame, table_id: str = "figures_script") -> pd.DataFrame:
    """The losses of one table of ``pythia_loss``: model, n_params, loss (nats), smallest first."""
    rows = _table(pythia_loss, table_id)
    rows = rows[rows["quantity"].isin(["loss", "loss_mean"])]
    return (
        rows.sort_values("n_params")[["model", "n_params", "value"]]
        .rename(columns={"value": "loss"})
        .reset_index(drop=True)
    )


def gradients(pythia_loss: pd.DataFrame, table_id: str) -> pd.DataFrame:
    """Gradient norms and losses of one table of ``pythia_loss``: model, n_params, loss (nats), grad_norm (L2)."""
    wide = _table(pythia_loss, table_id).pivot(index=["model", "n_params"], columns="quantity", values="value")
    wide = wide.rename(columns=GRADIENT_COLUMNS).reset_index().sort_values("n_params", ignore_index=True)
    return wide[["model", "n_params", "loss", "grad_norm"]].rename_axis(columns=None)


def text_losses(checkpoints: pd.DataFrame) -> pd.DataFrame:
    """Loss on wikitext, in bits per byte, of fully trained Pythia v0: variant, model, n_params, step, loss.

    The last step of each model is taken: half as many steps for the sizes that were trained with twice the batch, so
    that every size has seen the same number of tokens. Sizes without this evaluation are not in the table.
    """
    rows = checkpoints[(checkpoints["task"] == "wikitext") & (checkpoints["metric"] == "bits_per_byte")]
    return _last(rows.assign(loss=rows["value"]))


def last_word_losses(checkpoints: pd.DataFrame, suite: str = "v1", final: bool = True) -> pd.DataFrame:
    """Loss on the last word of LAMBADA passages, ln(perplexity) in nats, zero-shot: columns as `text_losses`.

    `suite` is "v0" or "v1" (one batch size for all sizes); `final` False keeps every checkpoint. Raises InputError for
    another suite.
    """
    if suite not in ("v0", "v1"):
        raise unknown("suite", suite, ("v0", "v1"))
    rows = checkpoints[
        (checkpoints["task"] == "lambada_openai")
        & (checkpoints["metric"] == "ppl")
        & (checkpoints["n_shot"] == 0)
        & (checkpoints["suite"] == suite)
        & checkpoints["variant"].isin(["standard", "deduped"])
    ]
    rows = rows.assign(loss=np.log(rows["value"]))
    return _last(rows) if final else _tidy(rows)


def average_twins(losses: pd.DataFrame) -> pd.DataFrame:
    """One loss per size, the mean over the variants: n_params, loss, smallest first.

    Standard and deduplicated models of one size are near-copies and share what a law misses; as two observations
    they would halve the variance of anything fitted. Sizes that lack a variant are left out, so that every mean is
    over the same variants.
    """
    sizes = losses.groupby("n_params").agg(loss=("loss", "mean"), variants=("variant", "nunique"))
    complete = sizes[sizes["variants"] == losses["variant"].nunique()]
    return complete[["loss"]].reset_index()


def _last(rows: pd.DataFrame) -> pd.DataFrame:
    return _tidy(rows.loc[rows.groupby(["variant", "model"])["step"].idxmax()])


def _tidy(rows: pd.DataFrame) -> pd.DataFrame:
    ordered = rows.sort_values(["variant", "n_params", "step"], ascending=[False, True, True], ignore_index=True)
    return ordered[["variant", "model", "n_params", "step", "loss"]]


def _table(pythia_loss: pd.DataFrame, table_id: str) -> pd.DataFrame:
    rows = pythia_loss[pythia_loss["table_id"] == table_id]
    if rows.empty:
        raise unknown("table_id", table_id, sorted(set(pythia_loss["table_id"])))
    return rows
