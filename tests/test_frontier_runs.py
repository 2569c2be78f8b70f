"""Epoch's runs, what makers state, readings of printed numbers, and predictions that evaluate themselves."""

import numpy as np
import pandas as pd
import pytest

from capelib import claims, frontier, tables
from capelib.definitions import frontier as definitions
from capelib.errors import InputError
from capelib.frontier.predictions import FAILED, MET, OPEN, UNDECIDABLE

X, Y, SIMPLE = "swe_bench_verified", "gpqa_diamond", "simpleqa_verified"


@pytest.fixture(scope="module")
def runs():
    return tables.read("frontier_epoch")


@pytest.fixture(scope="module")
def panel():
    return tables.read("frontier").assign(year=lambda t: frontier.decimal_year(t["release_date"]))


def test_dates_of_any_precision_come_in_order():
    dates = pd.Series(["2024", "2025-01", "2025-01-31", "2025-12-31"])
    years = frontier.decimal_year(dates)
    assert years.is_monotonic_increasing
    assert years.iloc[3] < 2026
    assert frontier.released_by(dates, "2025-01-15").tolist() == [True, True, False, False]


def test_pairs_are_the_models_with_both_scores(runs):
    found = frontier.pairs(runs, SIMPLE, Y)
    both = set.intersection(*(set(runs.loc[runs["benchmark"] == name, "model"]) for name in (SIMPLE, Y)))
    assert set(found["model"]) == both
    row = runs[(runs["model"] == "gpt-5-2025-08-07_high") & (runs["benchmark"] == Y)].iloc[0]
    ours = found[found["model"] == "gpt-5-2025-08-07_high"].iloc[0]
    assert (ours[Y], ours[f"{Y}_se"], ours["lab"]) == (row["score"], row["stderr"], "OpenAI")
    assert found["lab"].eq("not stated").sum() == 2
    several = frontier.pairs(runs, Y, "otis_mock_aime").set_index("model")["lab"]
    assert several["gemini-2.0-flash-001"] == "Google DeepMind"  # the source names two laboratories
    assert not several.str.contains(",").any()
    with pytest.raises(InputError, match="unknown benchmark 'hle'"):
        frontier.pairs(runs, "hle", Y)


def test_each_model_counts_once_at_its_highest_effort(runs):
    found = frontier.once(frontier.pairs(runs, SIMPLE, Y))
    assert found["base"].is_unique
    kept = set(found["model"])
    assert "gpt-5.2-2025-12-11_xhigh" in kept
    assert "claude-sonnet-4-5-20250929_59K" in kept
    budgets = pd.DataFrame({"model": ["a_16K", "a", "a_64K", "b_low", "b_max"], "base": list("aaabb")})
    assert frontier.once(budgets)["model"].tolist() == ["a_64K", "b_max"]


def test_all_pairs_and_the_items_behind_a_standard_error(runs):
    table = frontier.all_pairs(runs).set_index(["x", "y"])
    rows = frontier.once(frontier.pairs(runs, Y, SIMPLE))
    assert table.loc[(Y, SIMPLE), "r"] == pytest.approx(np.corrcoef(rows[Y], rows[SIMPLE])[0, 1])
    assert (table["n"] >= 5).all()
    few = frontier.all_pairs(runs, rows["base"]).set_index(["x", "y"])
    assert (few["n"] <= table.loc[few.index, "n"]).all()
    exact = pd.DataFrame({"benchmark": "b", "model": list("cd"), "score": [20.0, 50.0],
                          "stderr": [100 * np.sqrt(0.16 / 400), 100 * np.sqrt(0.25 / 400)]})  # fmt: skip
    assert frontier.implied_items(exact, "b") == pytest.approx(400)


def test_a_report_stands_beside_the_nearest_run(panel, runs):
    names = tables.read("frontier_names")
    found = frontier.beside_reports(panel, runs, names, Y).set_index("model")
    own = runs[(runs["benchmark"] == Y) & runs["model"].str.startswith("claude-3-7-sonnet-20250219")]["score"]
    row = found.loc["Claude 3.7 Sonnet"]
    assert (row["lowest"], row["highest"], row["n_runs"]) == (own.min(), own.max(), len(own))
    assert row["nearest"] == own.iloc[(own - row["reported"]).abs().argmin()]
    assert (found["difference"].abs() <= (found["reported"] - found["highest"]).abs() + 1e-9).all()
    assert found.index.is_unique


def test_every_name_in_the_crosswalk_is_in_both_tables(panel, runs):
    names = tables.read("frontier_names")
    assert set(names["model"]) <= set(panel["model"])
    bases = {frontier.epoch.base(name) for name in runs["model"]}
    assert set(names["epoch_model"]) <= bases
    assert set(tables.read("frontier_makers")["model"]) <= set(panel["model"])


def test_better_dates_and_makers_scores_replace_only_what_they_know(panel, runs):
    dated = frontier.with_runs_dates(panel, runs, tables.read("frontier_names")).set_index("model")
    old = panel.set_index("model")
    assert dated.loc["Claude Opus 4.5", "year"] == pytest.approx(2025 + (10 + 23.5 / 31) / 12)
    assert dated.loc["MiniMax M2.5", "year"] == old.loc["MiniMax M2.5", "year"]
    assert dated.loc["GPT-4o", "year"] < 2024.5  # its earliest version
    makers = tables.read("frontier_makers")
    ours = frontier.with_makers_scores(panel, makers, [X, Y]).set_index("model")
    assert ours.loc["DeepSeek-V3", Y] == makers.set_index("model").loc["DeepSeek-V3", Y]
    assert ours.loc["Llama 4 Maverick", X] == old.loc["Llama 4 Maverick", X]
    changed = ours.index[(ours[[X, Y]] != old[[X, Y]]).any(axis=1)]
    assert set(changed) == set(makers["model"]) - {"o1-preview"}


def test_two_released_scores_are_the_makers_of_another_benchmark(panel):
    stated = tables.read("frontier_makers").merge(panel[["model", Y]], on="model", suffixes=("", "_released"))
    stated = stated.set_index("model")
    deepseek = stated.loc[["DeepSeek-V2.5", "DeepSeek-V3"]]
    assert (deepseek[f"{Y}_released"] == deepseek["mmlu_pro"]).all()


def test_readings_of_printed_numbers(panel):
    frozen = panel[panel["subset"] != "post_cutoff"]
    three = {"34 models": frozen, "39 models": panel}
    widths = definitions.half_widths(three, n_boot=500)
    line = frontier.fit_line(frozen)
    assert next(iter(widths.values()))["slope"] == pytest.approx((line.slope.high - line.slope.low) / 2)
    import statsmodels.api as sm

    fits = [sm.OLS(frozen[Y], sm.add_constant(frozen[X])).fit(cov_type=kind) for kind in ("nonrobust", "HC1")]
    errors = definitions.standard_errors(frozen)
    for fit, name in zip(fits, ("standard error", "robust standard error (HC1)"), strict=True):
        assert (errors[name]["slope"], errors[name]["intercept"]) == pytest.approx((fit.bse[X], fit.bse["const"]))
    p = definitions.p_values(three)
    assert p["t test, two-sided, 34 models"] == pytest.approx(line.p)
    assert p["t test, one-sided, 39 models"] == pytest.approx(frontier.fit_line(panel).p / 2)
    # the paper's interval of the leave-one-lab-out error is a standard deviation, to its printed digits
    stated, found = claims.claim("frontier.loo_mae"), next(iter(definitions.holdout(three).values()))
    assert [round(v, 1) for v in (found.value, found.low, found.high)] == [stated.value, stated.low, stated.high]


def test_the_fall_of_opt_is_that_of_the_printed_numbers_and_gamma_rises():
    panels = {"released": tables.panel("released")}
    found = definitions.opt_fall(tables.read("internals_reported"), panels)
    stated = claims.claim("companion.opt_drop")
    assert round(next(iter(found.values()))) == stated.value
    assert found["local coupling γ₁₂, released"] < 0


# predictions


def row(quantity, subject, met, failed=("", np.nan), n=2, deadline="2026-12-31", since="", number=1, part=1):
    return {"number": number, "part": part, "statement": "s", "quantity": quantity, "subject": subject, "n_min": n,
            "met_op": met[0], "met_value": met[1], "failed_op": failed[0] or None, "failed_value": failed[1],
            "since": since or None, "deadline": deadline or None, "source": "here"}  # fmt: skip


def models(*rows):
    columns = ["model", "lab", "release_date", X, Y, "subset"]
    first = [(f"m{i}", "A", "2025-01-01", 40.0 + i, 50.0 + i, "core") for i in range(4)]
    return pd.DataFrame([*first, *rows], columns=columns)


def state(rows, frame, today):
    return frontier.evaluate(pd.DataFrame(rows), frame, today).iloc[0]


def test_a_spread_is_open_then_met_or_failed_by_what_was_released_in_time():
    rows = [row("spread", X, ("<", 2), (">", 5), n=3)]
    close = models(("late", "A", "2026-12-20", 43.5, 60.0, "core"), ("after", "A", "2027-01-05", 90.0, 90.0, "core"))
    assert state(rows, close, "2026-12-31")["state"] == OPEN
    assert state(rows, close, "2027-02-01")["state"] == MET  # the model after the deadline does not count
    wide = models(("late", "A", "2026-12-20", 90.0, 60.0, "core"))
    assert state(rows, wide, "2027-01-01")["state"] == FAILED
    between = models(("late", "A", "2026-12-20", 45.0, 60.0, "core"))
    assert state(rows, between, "2027-01-01")["state"] == UNDECIDABLE


def test_a_table_that_ends_too_early_decides_nothing():
    rows = [row("spread", X, ("<", 5), (">", 9), n=3)]
    found = state(rows, models(), "2027-01-01")
    assert found["state"] == UNDECIDABLE
    assert "ends too early" in found["lacking"]


def test_conditions_join_and_too_few_models_are_told():
    late = ("late", "A", "2026-12-20", 44.0, 60.0, "core")
    both = [row("spread", X, ("<", 9), n=3), row("spread", f"{X};{Y}", (">", 5), n=3, part=2)]
    assert state(both, models(late), "2027-01-01")["state"] == MET
    many = [row("r", f"{X};{Y}", (">", 0.5), ("<", 0.3), n=30)]
    found = state(many, models(late), "2027-01-01")
    assert (found["state"], found["lacking"]) == (UNDECIDABLE, "5 models, 30 needed")
    counted = [*many, row("models", f"{X};{Y}", (">=", 30), ("<", 6), n=0, part=2)]
    assert state(counted, models(late), "2027-01-01")["state"] == FAILED


def test_a_score_in_no_table_is_not_decidable_unless_another_part_fails():
    rows = [row("r", f"{X};hle", ("<", 0), (">", 0.3), n=3)]
    found = state(rows, models(), "2025-06-01")
    assert (found["state"], found["lacking"]) == (UNDECIDABLE, "no table has hle")
    late = ("late", "A", "2026-12-20", 90.0, 60.0, "core")
    two = [row("spread", X, ("<", 3), (">", 8), n=3), row("spread", f"{X};hle", (">", 15), n=3, part=2)]
    assert state(two, models(late), "2027-01-01")["state"] == FAILED


def test_next_releases_wait_fail_with_the_first_and_pass_with_all():
    rows = [row("largest h of the next releases", "B", ("<", 0), (">", 5), deadline="", since="2026-05-31")]
    before = ("old", "B", "2026-05", 50.0, 90.0, "post_cutoff")  # y = x + 10 is the line: far above, but too early
    assert state(rows, models(before), "2030-01-01")["state"] == OPEN
    low = ("one", "B", "2026-06-02", 50.0, 55.0, "post_cutoff")
    assert state(rows, models(before, low), "2026-07-01")["state"] == OPEN
    high = ("two", "B", "2026-08-01", 50.0, 70.0, "post_cutoff")
    assert state(rows, models(before, low, high), "2026-07-01")["state"] == OPEN  # not out on that day
    assert state(rows, models(before, low, high), "2026-09-01")["state"] == FAILED
    assert state(rows, models(before, high), "2026-09-01")["state"] == FAILED  # either is enough
    third = ("three", "B", "2026-08-01", 50.0, 58.0, "post_cutoff")
    assert state(rows, models(before, low, third), "2026-09-01")["state"] == MET
    middle = ("four", "B", "2026-08-01", 50.0, 63.0, "post_cutoff")
    assert state(rows, models(before, low, middle), "2026-09-01")["state"] == UNDECIDABLE
    assert state(rows, models(before, low, middle), "2026-09-01")["now"] == "3 (n = 2)"


def test_a_release_without_a_score_is_waited_for_and_no_later_row_moves_the_line():
    rows = [row("largest h of the next releases", "B", ("<", 0), (">", 5), deadline="", since="2026-05-31")]
    low, bare = ("one", "B", "2026-06-02", 50.0, 55.0, "core"), ("two", "B", "2026-08-01", 50.0, np.nan, "core")
    for pair in ((low, bare), ((*bare[:2], "2026-06-01", *bare[3:]), low)):
        found = state(rows, models(*pair), "2026-09-01")
        assert (found["state"], found["if_due_now"]) == (OPEN, UNDECIDABLE)
        assert (found["now"], found["lacking"]) == ("-5 (n = 1)", "no score of two")
    none = state(rows, models(bare), "2026-09-01")
    assert (none["state"], none["now"], none["lacking"]) == (OPEN, "–", "1 of 2 releases; no score of two")
    # y = x + 10 through the models before `since`, whatever a later one called "core" would do to it
    other = ("other", "A", "2026-06-15", 90.0, 0.0, "core")
    second = ("two", "B", "2026-08-01", 50.0, 58.0, "core")
    assert state(rows, models(low, second, other), "2026-09-01")["now"] == "-2 (n = 2)"


def test_the_seven_predictions_evaluate_on_any_day(panel):
    table = tables.read("predictions")
    day = frontier.newest(panel)
    assert day == max(date for date in panel["release_date"] if len(date) == 10)
    for today in (day, "2024-06-01", "2030-01-01"):
        states = frontier.evaluate(table, panel, today)
        assert states["number"].tolist() == list(range(1, 8))
        assert set(states["state"]) <= {OPEN, MET, FAILED, UNDECIDABLE}
    with pytest.raises(InputError, match="unknown quantity 'mean'"):
        frontier.evaluate(pd.DataFrame([row("mean", X, ("<", 2))]), panel, day)
