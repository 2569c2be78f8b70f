"""The definitions tried in the open: plain recomputations, how many there are, which ones print the paper's number."""

import math
from dataclasses import replace
from itertools import accumulate, pairwise, permutations, product
from statistics import correlation, linear_regression

import numpy as np
import pandas as pd
import pytest
from scipy import integrate

from capelib.claims import claim, passes, value
from capelib.coupling.dimension import effective_dimension
from capelib.definitions import (
    bayes,
    critical,
    families,
    large,
    olmo,
    phases,
    points,
    pythia,
    running_line,
    whole_panel,
    width,
)
from capelib.definitions import effective_dimension as dimension
from capelib.errors import InputError
from capelib.estimate import Estimate
from capelib.tables import BENCHMARKS, panel, read

TABLE_1 = {
    "bloom": "BLOOM",
    "cerebras": "Cerebras-GPT",
    "falcon": "Falcon",
    "gptneo": "GPT-Neo",
    "opt": "OPT",
    "pythia": "Pythia",
}
# how many definitions were tried for each claim: a list must not grow or shrink unnoticed
TRIED = {
    "coupling.bayes_factor": 20,
    "coupling.intercept": 31,
    "coupling.n_standard_families": 9,
    "coupling.p_all63": 17,
    "coupling.p_pythia": 22,
    "coupling.r_all63": 29,
    "coupling.r_large": 19,
    "coupling.r_pythia": 16,
    "coupling.r_pythia_mmlu": 16,
    "coupling.r_pythia_wg": 16,
    "coupling.running_r2": 31,
    "coupling.slope": 31,
    "deff.bonus": 15,
    "deff.frontier": 6,
    "deff.n_transition": 10,
    "deff.tax": 15,
    "nc.bloom": 17,
    "nc.cerebras": 17,
    "nc.falcon": 17,
    "nc.gptneo": 17,
    "nc.n_phi": 5,
    "nc.n_qwen3": 5,
    "nc.opt": 17,
    "nc.pythia": 29,
    "nc.spread": 18,
    "olmo.delta_hs": 6,
    "olmo.gamma": 6,
    "olmo.tqa": 7,
    "width.bloom_norm": 9,
    "width.bloom_raw": 8,
    "width.cerebras_norm": 10,
    "width.cerebras_raw": 9,
    "width.gptneo_norm": 8,
    "width.gptneo_raw": 5,
    "width.opt_norm": 10,
    "width.opt_raw": 9,
    "width.pythia_norm": 9,
    "width.pythia_raw": 8,
}
# how many of them print the paper's number (or meet its bound); claims not named here: none
MATCHED = {
    "coupling.p_all63": 2,
    "coupling.p_pythia": 2,
    "coupling.r_large": 14,
    "coupling.r_pythia": 1,
    "deff.n_transition": 5,
    "nc.cerebras": 1,
    "nc.falcon": 4,
    "nc.gptneo": 4,
    "nc.spread": 1,  # Table 1's own ratio; no rule gives it from scores
    "nc.n_qwen3": 2,
    "nc.pythia": 1,
    "width.bloom_norm": 2,
    "width.cerebras_raw": 1,
    "width.pythia_norm": 3,
    "width.pythia_raw": 1,
}


@pytest.fixture(scope="module")
def released() -> pd.DataFrame:
    return panel("released")


@pytest.fixture(scope="module")
def variants() -> pd.DataFrame:
    return read("panel_pythia_variants")


@pytest.fixture(scope="module")
def bootstrap() -> pd.DataFrame:
    return read("panel_bootstrap_nc")


@pytest.fixture(scope="module")
def assigned(released: pd.DataFrame) -> dict[str, pd.Series]:
    return assign(released)


@pytest.fixture(scope="module")
def lists(released: pd.DataFrame, variants: pd.DataFrame, bootstrap: pd.DataFrame) -> dict[str, dict[str, float]]:
    return every_list(released, variants, bootstrap, panel("measured"))


def table_1() -> dict[str, float]:
    return {family: value(f"nc.{short}") * points.BILLION for short, family in TABLE_1.items()}


def assign(frame: pd.DataFrame) -> dict[str, pd.Series]:
    return phases.assignments(frame, value("nc.pythia") * points.BILLION, table_1())


def every_list(released, variants, bootstrap, measured) -> dict[str, dict[str, float]]:
    lines = running_line.running_lines(released, variants, bootstrap)
    assigned, internals = assign(released), read("internals_reported")
    found = {
        "coupling.r_pythia": pythia.correlations(variants, released),
        "coupling.r_pythia_wg": pythia.correlations(variants, released, x="winogrande"),
        "coupling.r_pythia_mmlu": pythia.correlations(variants, released, x="mmlu"),
        "coupling.p_pythia": pythia.p_values(variants, released),
        "coupling.r_all63": whole_panel.whole_panel_r(released),
        "coupling.p_all63": whole_panel.whole_panel_p(released),
        "coupling.bayes_factor": bayes.bayes_factors(
            released, variants, bootstrap, value("nc.pythia") * points.BILLION
        ),
        "coupling.r_large": large.large_model_r(released, bootstrap),
        "coupling.n_standard_families": families.families_that_flip(released),
        "coupling.slope": running_line.line_part(lines, "slope"),
        "coupling.intercept": running_line.line_part(lines, "intercept"),
        "coupling.running_r2": running_line.line_part(lines, "r2"),
        "nc.n_phi": families.models_of_label(released, internals, "Phi"),
        "nc.n_qwen3": families.models_of_label(released, internals, "Qwen3"),
        "nc.spread": critical.spreads(released, table_1()),
        "olmo.gamma": olmo.gammas(released, measured),
        "olmo.delta_hs": olmo.hellaswag_gains(released, measured),
        "olmo.tqa": olmo.truthfulqa_scores(released, measured),
        "deff.n_transition": phases.transition_models(released, assigned),
        "deff.tax": dimension.dimensions(released, assigned, "tax"),
        "deff.bonus": dimension.dimensions(released, assigned, "bonus"),
        "deff.frontier": dimension.frontier_dimensions(released),
    }
    for short, family in TABLE_1.items():
        found[f"nc.{short}"] = critical.critical_scales(released, family, variants, bootstrap)
        if short != "falcon":
            found[f"width.{short}_raw"] = width.raw_correlations(released, variants, family)
            found[f"width.{short}_norm"] = width.normalised_correlations(released, variants, family)
    return found


def pick(found: dict[str, float], start: str) -> float:
    names = [name for name in found if name.startswith(start)]
    assert len(names) == 1, names
    return found[names[0]]


def test_every_definition_of_a_claim_is_counted(lists):
    assert {name: len(found) for name, found in lists.items()} == TRIED


def test_names_are_short_distinct_phrases_and_values_plain_numbers(lists):
    for name, found in lists.items():
        assert len({each.casefold() for each in found}) == len(found), name
        assert all(0 < len(each) <= 120 and each == each.strip() for each in found), name
        assert all(type(number) is float for number in found.values()), name


def test_which_definitions_give_the_papers_number(lists):
    matched = {}
    for name, found in lists.items():
        stated = claim(name)
        if stated.rule == "printed_interval":  # a definition has no interval: only its value is compared
            stated = replace(stated, rule="printed")
        matched[name] = sum(passes(stated, Estimate(number)) for number in found.values())
    assert {name: count for name, count in matched.items() if count} == MATCHED


def test_order_of_rows_changes_nothing(lists, released, variants, bootstrap):
    shuffled = [frame.sample(frac=1, random_state=3) for frame in (released, variants)]
    again = every_list(*shuffled, bootstrap, panel("measured").sample(frac=1, random_state=3))
    for name, found in lists.items():
        assert again[name].keys() == found.keys(), name
        for each, number in found.items():
            assert again[name][each] == pytest.approx(number, rel=1e-7, abs=1e-9, nan_ok=True), (name, each)


def test_pythia_by_hand(variants, released):
    rows = [row for row in variants.to_dict("records") if row["table_id"] == "figures_script"]
    expected = correlation([row["winogrande"] for row in rows], [row["truthfulqa"] for row in rows])
    assert pythia.correlations(variants, released, x="winogrande")["table figures_script"] == pytest.approx(expected)
    labelled = [row for row in released.to_dict("records") if row["family"] == "Pythia"]
    by_hand = correlation([row["hellaswag"] for row in labelled], [row["truthfulqa"] for row in labelled])
    name = "panel, all rows labelled Pythia (with GPT-J and GPT-NeoX)"
    assert pythia.correlations(variants, released)[name] == pytest.approx(by_hand)


def test_permutation_p_of_a_small_table_by_hand(variants, released):
    rows = [row for row in variants.to_dict("records") if row["table_id"] == "transition_residuals"]
    x, y = [row["hellaswag"] for row in rows], [row["truthfulqa"] for row in rows]
    seen = abs(correlation(x, y)) - 1e-9
    reached = [abs(correlation(x, order)) >= seen for order in permutations(y)]
    found = pythia.p_values(variants, released)
    assert found["table transition_residuals, exact permutation, two-sided"] == sum(reached) / math.factorial(len(y))


def test_equal_pythia_tables_stand_once(variants):
    tables = pythia.score_tables(variants)
    listed = [name for joined in tables for name in joined.split(" = ")]
    assert len(listed) == len(set(listed))
    assert any(" = " in name for name in tables)
    assert not any("ode_curve" in name for name in listed)


def test_whole_panel_by_hand(released):
    found = whole_panel.whole_panel_r(released)
    rows = released.to_dict("records")
    r = correlation([row["hellaswag"] for row in rows], [row["truthfulqa"] for row in rows])
    assert pick(found, f"all {len(rows)} models, Pearson") == pytest.approx(r)
    by_family: dict[str, list[dict]] = {}
    for row in rows:
        by_family.setdefault(row["family"], []).append(row)
    x, y = (
        [row[score] - sum(other[score] for other in own) / len(own) for own in by_family.values() for row in own]
        for score in ("hellaswag", "truthfulqa")
    )
    assert found["family-demeaned"] == pytest.approx(correlation(x, y))
    wide = [row for row in rows if row["d_model"] == row["d_model"]]
    over = correlation(
        [row["hellaswag"] / row["d_model"] for row in wide], [row["truthfulqa"] / row["d_model"] for row in wide]
    )
    assert found["both scores divided by d_model"] == pytest.approx(over)


def test_p_of_the_whole_panel_go_with_its_r(released):
    r, p = whole_panel.whole_panel_r(released), whole_panel.whole_panel_p(released)
    assert set(p) < set(r)
    assert "both scores divided by d_model" not in p


def test_p_of_the_whole_panel_against_statsmodels(released):
    import statsmodels.api as sm

    found = whole_panel.whole_panel_p(released)
    kept = released.dropna(subset=["hellaswag", "truthfulqa"])
    x, y, size = (kept[name].to_numpy(float) for name in ("hellaswag", "truthfulqa", "log10_params"))
    for name, terms in (("its square", [x, x**2]), ("log N and their product", [x, size, x * size])):
        standard = [(term - term.mean()) / term.std() for term in terms]
        expected = sm.OLS(y, sm.add_constant(np.column_stack(standard))).fit().f_pvalue
        assert found[next(each for each in found if each.endswith(name))] == pytest.approx(expected, rel=1e-6), name
    dummies = pd.get_dummies(kept["family"]).to_numpy(float)  # a level of its own for every family
    expected = sm.OLS(y, np.column_stack([x, dummies])).fit().pvalues[0]
    assert found["family-demeaned"] == pytest.approx(expected, rel=1e-6)


def test_default_bayes_factor_against_its_integral():
    r, n = 0.5, 20

    def integrand(g: float) -> float:
        fit = (1 + g) ** ((n - 2) / 2) * (1 + (1 - r * r) * g) ** (-(n - 1) / 2)
        return fit * math.sqrt(n / 2) / math.gamma(0.5) * g**-1.5 * math.exp(-n / (2 * g))

    assert bayes.correlation_factor(r, n) == pytest.approx(integrate.quad(integrand, 0, math.inf)[0], rel=1e-6)
    assert bayes.correlation_factor(0.0, 50) < 1 < bayes.correlation_factor(0.9, 50)


def test_sign_factor_by_hand():
    # shares 2 of 2 and 0 of 2 under uniform priors: (1/3)(1/3); one share, 2 of 4: 2! 2! / 5!
    assert bayes.sign_factor([1, 1, 0, 0], [1, 1, 0, 0]) == pytest.approx((1 / 9) / (4 / 120))


def test_large_models_by_hand(released, bootstrap):
    rows = [
        row
        for row in released.to_dict("records")
        if row["family"].startswith(("Llama", "Falcon", "OPT")) and row["n_params"] > 7e9
    ]
    r = correlation([row["hellaswag"] for row in rows], [row["truthfulqa"] for row in rows])
    name, first = next(iter(large.large_model_r(released, bootstrap).items()))
    assert first == pytest.approx(r)
    assert f"above 7B, {len(rows)} models" in name


def test_running_line_by_hand(released, variants, bootstrap):
    rows = sorted(
        (row for row in variants.to_dict("records") if row["table_id"] == "null_model"), key=lambda row: row["n_params"]
    )
    mid, gamma = [], []
    for small, big in pairwise(rows):
        mid.append((math.log10(small["n_params"]) + math.log10(big["n_params"])) / 2)
        gamma.append((big["truthfulqa"] - small["truthfulqa"]) / (big["hellaswag"] - small["hellaswag"]))
    slope, intercept = linear_regression(mid, gamma)
    lines = running_line.running_lines(released, variants, bootstrap).set_index("name")
    ours = lines.loc["Pythia, table null_model; mid-size"]
    assert (ours["slope"], ours["intercept"]) == pytest.approx((slope, intercept))
    assert ours["r2"] == pytest.approx(correlation(mid, gamma) ** 2)


def test_line_search_holds_every_subset_and_no_line_of_the_paper(released, variants, bootstrap):
    search = running_line.line_search(released, variants)
    lines = running_line.running_lines(released, variants, bootstrap).set_index("name")
    alone = search[(search["families"] == "") & search["pythia"].str.endswith("null_model")]
    for row in alone.itertuples():
        assert (row.slope, row.intercept, row.r2) == pytest.approx(
            tuple(lines.loc[f"{row.pythia}; {row.size}", ["slope", "intercept", "r2"]])
        )
    everything = search[search["pythia"].str.contains("all rows of that label") & (search["size"] == "mid-size")]
    widest = everything.loc[everything["n"].idxmax()]
    ours = lines.loc["all families of the panel; mid-size"]
    assert widest["n"] == ours["n"]
    assert widest["slope"] == pytest.approx(ours["slope"])
    assert not search.duplicated(["pythia", "size", "families"]).any()
    slope, intercept = claim("coupling.slope"), claim("coupling.intercept")
    near = search[(search["slope"] - slope.value).abs() < 1e-3]  # the rest cannot print the slope
    assert not near.empty
    assert not any(
        passes(slope, Estimate(row.slope)) and passes(intercept, Estimate(row.intercept)) for row in near.itertuples()
    )


def test_critical_scales_by_hand(released):
    rows = [row for row in released.to_dict("records") if row["family"] == "Falcon"]
    found = critical.critical_scales(released, "Falcon")
    lowest = min(rows, key=lambda row: row["truthfulqa"])
    assert found["size with the lowest TruthfulQA"] == lowest["n_params"] / 1e9
    log_n = [math.log10(row["n_params"]) for row in rows]
    a, b, _ = np.polyfit(log_n, [row["truthfulqa"] for row in rows], 2)
    assert found["minimum of a parabola of TruthfulQA in log N"] == pytest.approx(10 ** (-b / 2 / a) / 1e9)
    sizes = critical.scales_by_size_alone(released, "Falcon")
    assert sizes["middle size"] == sorted(row["n_params"] for row in rows)[1] / 1e9


def test_no_rule_gives_the_whole_of_table_1(lists):
    shorts = [short for short in TABLE_1 if short != "pythia"]
    shared = set.intersection(*(set(lists[f"nc.{short}"]) for short in shorts))
    assert shared
    for rule in shared:
        assert not all(passes(claim(f"nc.{short}"), Estimate(lists[f"nc.{short}"][rule])) for short in shorts), rule


def test_rules_for_a_family_that_turns_once():
    family = pd.DataFrame(
        {
            "model": list("abcd"),
            "family": "F",
            "n_params": [10**8, 10**9, 10**10, 10**11],
            "hellaswag": [30.0, 40.0, 50.0, 60.0],
            "truthfulqa": [45.0, 41.0, 42.0, 46.0],
        }
    )
    assert families.sign_changes(family).loc["F"].all()
    assert set(families.families_that_flip(family).values()) == {1.0}
    upside_down = family.assign(truthfulqa=100 - family["truthfulqa"])
    assert not families.sign_changes(upside_down)["a negative step and later a positive one"].any()


@pytest.mark.parametrize("signs", list(product((-1, 1), repeat=4)))
def test_rules_of_sign_by_hand(signs):
    score = list(accumulate((sign * size for sign, size in zip(signs, (5, 4, 7, 3), strict=True)), initial=45.0))
    sizes = [10 ** (8 + i) for i in range(5)]
    family = pd.DataFrame({"model": list("abcde"), "family": "F", "n_params": sizes, "truthfulqa": score})
    found = families.sign_changes(family.assign(hellaswag=[30.0, 40.0, 50.0, 60.0, 70.0])).loc["F"]
    text = "".join("-+"[sign > 0] for sign in signs)
    assert found["a negative step and later a positive one"] == ("-+" in text)
    assert found["first step negative, last step positive"] == (text[0] == "-" and text[-1] == "+")
    assert found["one change only, from negative to positive"] == (text in ("-+++", "--++", "---+"))
    assert found["a tax step and later a bonus step (beyond the threshold)"] == ("-+" in text)


def test_fewer_families_have_two_steps_than_are_said_to_flip(released):
    table = families.sign_changes(released)
    assert len(table) < value("coupling.n_standard_families") == families.families_by_name(released)


def test_olmo_by_hand(released):
    measured = panel("measured")
    small, big = (row for row in released.to_dict("records") if row["family"] == "OLMo")
    gamma = (big["truthfulqa"] - small["truthfulqa"]) / (big["hellaswag"] - small["hellaswag"])
    assert olmo.gammas(released, measured)[f"released {small['model']} to released {big['model']}"] == gamma
    own = released.loc[released["family"] == "OLMo", "gamma12_stored"].dropna()
    assert own.tolist() == pytest.approx([gamma], abs=1e-6)
    printed = olmo.as_printed(read("olmo_reported"))
    low, high = olmo.implied_pair(printed["hellaswag"], value("olmo.delta_hs"))
    assert (low + high) / 2 == pytest.approx(printed["hellaswag"])
    assert high - low == pytest.approx(value("olmo.delta_hs"))
    assert [low, high] == pytest.approx([round(low, 1), round(high, 1)])  # both print with one decimal, exactly
    assert not np.isclose(olmo.olmo_scores(released, measured)["hellaswag"], low, atol=0.05).any()


def test_phases_by_hand(released, assigned):
    stored = released["gamma12_stored"]
    first = assigned["stored γ₁₂ (the step that ends at the model)"]
    assert int((first == "tax").sum()) == sum(g < -0.1 for g in stored)
    assert int((first == "bonus").sum()) == sum(g > 0.1 for g in stored)
    counts = phases.phase_counts(released, assigned)
    total = counts[[column for column in counts if column.endswith("_models")]].sum(axis=1)
    assert (total == len(released)).all()
    leaving = assigned["stored γ₁₂ of the next model (the step that starts at the model)"]
    assert phases.phase_counts(released, {"x": leaving}).loc["x", "tax_models"] == (first == "tax").sum()


def test_dimension_by_hand(released, assigned):
    name, phase = next(iter(assigned.items()))
    rows = released[(phase == "bonus").to_numpy()].dropna(subset=list(BENCHMARKS))
    eigen = np.linalg.eigvalsh(np.cov(rows[list(BENCHMARKS)].to_numpy().T))
    found = dimension.dimensions(released, assigned, "bonus")
    assert found[name] == pytest.approx(eigen.sum() ** 2 / (eigen**2).sum())


def test_no_way_of_sharing_out_the_unassigned_models_gives_both_dimensions(released, assigned):
    phase = next(iter(assigned.values()))
    tax, bonus = claim("deff.tax"), claim("deff.bonus")
    search = dimension.split_search(released, phase, tax.n, bonus.n)
    free = int((phase == "undefined").sum())
    to_tax = tax.n - int((phase == "tax").sum())
    assert len(search) == math.comb(free, to_tax) * math.comb(free - to_tax, 3)
    nearest = search["bonus"].iloc[(search["bonus"] - bonus.value).abs().argmin()]
    assert not passes(bonus, Estimate(nearest))
    added = np.flatnonzero(phase == "undefined")[:to_tax]  # the first way gives the first models to tax
    rows = released[(phase == "tax").to_numpy() | np.isin(np.arange(len(released)), added)]
    complete = rows.dropna(subset=list(BENCHMARKS))
    assert search["tax"].iloc[0] == pytest.approx(effective_dimension(complete[list(BENCHMARKS)]))
    assert search["tax_families"].iloc[0] == rows["family"].nunique()


def test_users_mistakes_are_told_in_one_line(released, variants, bootstrap, assigned):
    for mistake in (
        lambda: critical.critical_scales(released, "Falcn"),
        lambda: width.raw_correlations(released, variants, "Opt"),
        lambda: width.normalised_correlations(released.assign(d_model=np.nan), variants, "OPT"),
        lambda: whole_panel.whole_panel_r(released.drop(columns="flags")),
        lambda: running_line.line_part(running_line.running_lines(released, variants, bootstrap), "slop"),
        lambda: olmo.gammas(released, released[released["family"] != "OLMo"]),
        lambda: dimension.split_search(released, next(iter(assigned.values())), 1, 1),
        lambda: pythia.correlations(variants, released, x="hellaswg"),
    ):
        with pytest.raises(InputError) as caught:
            mistake()
        assert "\n" not in str(caught.value)
