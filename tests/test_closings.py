"""The numbers of the closing of the coupling section, from the table itself with pandas and least squares alone."""

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from capelib import claims, paths
from capelib.sections.prose import glued

SCORES = ["hellaswag", "truthfulqa_mc2", "arc_challenge", "winogrande", "mmlu"]
X, Y = SCORES[:2]
PAIR_OF_PAPER = {"Llama", "GPT-Neo/J"}  # names of families that the released panel spells otherwise


@pytest.fixture(scope="module")
def said():
    path = paths.notebooks_dir() / "coupling.ipynb"
    if not path.is_file():
        pytest.fail(f"{path} is missing; run: make book")
    return glued(json.loads(path.read_text(encoding="utf-8"))["cells"])


@pytest.fixture(scope="module")
def models():
    frame = pd.read_csv(paths.data_dir() / "panel_leaderboard.csv")
    return frame[frame["is_base"].astype(bool) & ~frame["is_code_model"].astype(bool)].assign(
        log_n=lambda rows: np.log10(rows["n_params"])
    )


def first(text):
    """The value at the head of a glued estimate, and how many decimals it has."""
    number = text.split(" ")[0]
    return float(number), 0.5 * 10.0 ** -len(number.partition(".")[2]) * (1 + 1e-6)


def sides(models):
    split = claims.value("nc.pythia") * 1e9
    return {"below": models[models["n_params"] < split], "above": models[models["n_params"] > split], "all": models}


def left_of_lines(own):
    design = np.column_stack([np.ones(len(own)), own["log_n"]])
    fitted = design @ np.linalg.lstsq(design, own[SCORES].to_numpy(), rcond=None)[0]
    return own[SCORES] - fitted


@pytest.mark.parametrize("side", ["below", "above", "all"])
@pytest.mark.parametrize("measure", ["r", "r_own_trend"])
def test_the_contrast_of_pairs_with_and_without_truthfulness(said, models, side, measure):
    rows = sides(models)[side].dropna(subset=SCORES)
    rows = rows[rows.groupby("family")["n_params"].transform("nunique") >= 2]
    families = [own for _, own in rows.groupby("family")]
    centred = pd.concat(
        [left_of_lines(own) if measure == "r_own_trend" else own[SCORES] - own[SCORES].mean() for own in families]
    )
    # scores are centred within families, so the correlation is about zero and not about a mean
    product = centred.T @ centred
    r = {pair: product.loc[pair] / np.sqrt(product.loc[pair[0], pair[0]] * product.loc[pair[1], pair[1]])
         for pair in combinations(SCORES, 2)}  # fmt: skip
    on, off = ([value for pair, value in r.items() if (Y in pair) is with_target] for with_target in (True, False))
    value, slack = first(said[f"coupling_{measure}_{side}"])
    assert value == pytest.approx(np.mean(on) - np.mean(off), abs=slack)


@pytest.mark.parametrize("side", ["below", "above"])
def test_the_correlation_among_models_of_one_size(said, models, side):
    rows = sides(models)[side].dropna(subset=[X, Y])
    rows = rows[rows["log_n"].between(7.5, 12, inclusive="left")]
    bin_of = np.floor(2 * rows["log_n"])
    centred = rows[[X, Y, "log_n"]] - rows.groupby(bin_of)[[X, Y, "log_n"]].transform("mean")
    size = centred[["log_n"]].to_numpy()
    left = centred[[X, Y]] - size @ np.linalg.lstsq(size, centred[[X, Y]].to_numpy(), rcond=None)[0]
    value, slack = first(said[f"coupling_pair_{side}"])
    assert value == pytest.approx((left[X] @ left[Y]) / np.sqrt((left[X] @ left[X]) * (left[Y] @ left[Y])), abs=slack)


@pytest.mark.parametrize("group", ["seen", "unseen"])
def test_the_common_minimum_and_the_common_curvature(said, models, group):
    released = set(pd.read_csv(paths.data_dir() / "panel_released.csv")["family"]) | PAIR_OF_PAPER
    rows = models.dropna(subset=[X, Y])
    rows = rows[rows.groupby("family")["n_params"].transform("nunique") >= 3]
    rows = rows[rows["family"].isin(released) == (group == "seen")]
    own = pd.get_dummies(rows["family"]).to_numpy(float)
    u = rows["log_n"].to_numpy() - 9.5
    level = np.column_stack([own, u, u**2])
    slope = np.column_stack([own, own * u[:, None], u**2])
    line = np.column_stack([own, own * u[:, None]])

    def solve(design, y):
        return np.linalg.lstsq(design, y, rcond=None)[0]

    y = rows[Y].to_numpy()
    straight = line @ solve(line, y)
    for key, scores in (("shared", y), ("straight", straight)):
        *_, b, a = solve(level, scores)
        value = float(said[f"coupling_{key}_{group}"].split(" ")[0])
        assert value == pytest.approx(10 ** (9.5 - b / (2 * a)) / 1e9, rel=0.05)
    value, slack = first(said[f"coupling_bend_{group}"])
    assert value == pytest.approx(solve(slope, y)[-1], abs=slack)


def test_the_partial_correlation_of_pythia(said, models):
    own = models[models["family"] == "Pythia"]
    left = left_of_lines(own)
    value, slack = first(said["coupling_partials_pythia"])
    assert value == pytest.approx(np.corrcoef(left[X], left[Y])[0, 1], abs=slack)
