"""The audit, recomputed with nothing but the csv module and arithmetic."""

import csv
import math
from collections import Counter, defaultdict

import numpy as np
import pandas as pd
import pytest

from capelib import agreement, audit, paths, tables
from capelib.charts import data as draw
from capelib.errors import InputError

SCORES = {name: name for name in tables.BENCHMARKS} | {"truthfulqa": "truthfulqa_mc2"}


def stored(name):
    with (paths.data_dir() / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def plain_differences():
    there = {row["hf_repo"]: row for row in stored("panel_leaderboard")}
    found = {}
    for row in stored("panel_released"):
        for ours, theirs in SCORES.items():
            other = there.get(row["leaderboard_repo"], {}).get(theirs, "")
            if row[ours] and other:
                found[row["model"], ours] = float(row[ours]) - float(other)
    return found


@pytest.fixture(scope="module")
def released():
    return tables.panel("released")


@pytest.fixture(scope="module")
def found(released):
    return agreement.differences(released, tables.panel("measured"))


def test_differences_are_those_of_the_files(found):
    plain = plain_differences()
    ours = {(row.model, row.score): row.difference for row in found.cells.itertuples()}
    assert ours.keys() == plain.keys()
    assert all(math.isclose(ours[key], plain[key], abs_tol=1e-9) for key in plain)


@pytest.mark.parametrize("tolerance", [0.0, 0.1, 1.0, 3.0, 100.0])
def test_cells_beyond_a_tolerance(found, tolerance):
    plain = {key: value for key, value in plain_differences().items() if abs(value) > tolerance}
    above = found.above(tolerance)
    assert set(zip(above["model"], above["score"], strict=True)) == set(plain)
    assert above["difference"].abs().is_monotonic_decreasing
    by_score = Counter(score for _, score in plain)
    assert found.counts(tolerance)[f"above_{tolerance:g}"].to_dict() == {score: by_score[score] for score in SCORES}


def test_counts_by_source_add_up(found):
    by_source, by_score = found.counts(1.0, by="source"), found.counts(1.0)
    assert by_source["cells"].sum() == by_score["cells"].sum() == len(plain_differences())
    same = sum(abs(value) <= 0.005 + 1e-9 for value in plain_differences().values())
    assert by_source["same_number"].sum() == same
    assert 0 < same < len(plain_differences())


def test_flags_list_exactly_the_cells_beyond_one_point(found):
    listed = set()
    for row in stored("panel_released"):
        for tag in row["flags"].split(";"):
            if tag.startswith("obs_diff_"):
                score, _, points = tag.removeprefix("obs_diff_").partition(":")
                assert abs(plain_differences()[row["model"], score] - float(points)) <= 0.05 + 1e-9
                listed.add((row["model"], score))
    assert listed == {key for key, value in plain_differences().items() if abs(value) > 1}
    assert found.unlisted(1.0).empty


def test_unlisted_sees_a_missing_a_superfluous_and_a_wrong_flag(found):
    cells = found.cells.copy()
    beyond = cells.index[cells["difference"].abs() > 1][:2]
    within = cells.index[cells["difference"].abs() < 0.5][0]
    cells.loc[beyond[0], "listed"] = np.nan
    cells.loc[beyond[1], "listed"] += 0.2
    cells.loc[within, "listed"] = 1.5
    assert set(agreement.Differences(cells).unlisted(1.0).index) == {*beyond, within}


def test_repeated_models(released):
    groups = defaultdict(list)
    for row in stored("panel_released"):
        groups[row["hf_repo"]].append(row)
    plain = {row["model"] for rows in groups.values() for row in rows[1:]}
    twice = audit.repeated_models(released)
    assert plain
    assert set(twice.models) == plain
    assert set(twice.flagged) == {row["model"] for row in stored("panel_released") if "duplicate_of" in row["flags"]}
    for row in twice.rows.itertuples():
        first = next(each for each in groups[row.hf_repo] if each["model"] == row.same_as)
        again = next(each for each in groups[row.hf_repo] if each["model"] == row.model)
        gap = max(abs(float(first[score]) - float(again[score])) for score in SCORES if first[score] and again[score])
        assert row.largest_gap == pytest.approx(gap)


def test_filed_elsewhere_finds_a_row_moved_to_another_label(released):
    families = tables.read("architectures").set_index("hf_repo")["family"]
    before = set(audit.filed_elsewhere(released, families).models)
    moved = released.assign(family=released["family"].mask(released["model"] == "OPT-13B", "BLOOM"))
    assert set(audit.filed_elsewhere(moved, families).models) - before == {"OPT-13B"}
    assert before == {row["model"] for row in stored("panel_released") if "labelled_" in row["flags"]}


def test_not_base_by_name_and_by_card():
    panel = pd.DataFrame(
        {
            "model": list("abcdefg"),
            "hf_repo": ["o/x-it", "o/x-7b-Instruct", "o/x-chat-hf", "o/bit-7b", "o/instructional", "o/card", ""],
            "flags": ["arch_not_base:why", "", "", "", "", "", "x;arch_not_base"],
        }
    )
    result = audit.not_base(panel, pd.Series({"o/card": "moe;post_trained_repo", "o/bit-7b": "moe"}))
    assert result.models == ("a", "b", "c", "f")
    assert result.flagged == ("a", "g")
    assert result.unflagged == ("b", "c", "f")
    assert result.only_flagged == ("g",)
    assert result.to_frame().query("found and flagged")["model"].tolist() == ["a"]


def test_not_base_of_the_released_panel_is_what_its_flags_say(released):
    result = audit.not_base(released, tables.read("architectures").set_index("hf_repo")["flags"])
    assert set(result.models) == {row["model"] for row in stored("panel_released") if "arch_not_base" in row["flags"]}


def test_rounded(released):
    plain = {
        row["model"]
        for row in stored("panel_released")
        if sum(row[score] != "" and float(row[score]) == int(float(row[score])) for score in SCORES) >= 4
    }
    result = audit.rounded(released)
    assert set(result.models) == plain
    assert set(result.flagged) <= plain
    by_hand = 5 * 0.1**4 * 0.9 + 0.1**5
    assert audit.rounded_by_chance(63) == pytest.approx(63 * by_hand)


def test_census(released):
    rows = stored("panel_released")
    base = {row["hf_repo"]: row for row in reversed(rows) if "arch_not_base" not in row["flags"]}
    sizes = defaultdict(set)
    for row in base.values():
        sizes[row["family"]].add(int(row["n_params"]))
    count = audit.census(released)
    assert (count.rows, count.models) == (len(rows), len({row["hf_repo"] for row in rows}))
    assert (count.base_models, count.labels) == (len(base), len({row["family"] for row in rows}))
    assert count.base_families == len(sizes)
    assert count.series == {2: sum(len(s) >= 2 for s in sizes.values()), 3: sum(len(s) >= 3 for s in sizes.values())}
    assert count.to_frame()["number"].tolist()[:3] == [count.rows, count.models, count.base_models]


def test_variant_follows_the_published_pair_whichever_way_it_points(found, released):
    published = tables.read("truthfulqa_variants")
    variant = agreement.truthfulqa_variant(found, released, published)
    swapped = published.rename(
        columns={"mc1": "mc2", "mc2": "mc1", "mc1_stderr": "mc2_stderr", "mc2_stderr": "mc1_stderr"}
    )
    assert variant.index == 2
    assert agreement.truthfulqa_variant(found, released, swapped).index == 1
    assert math.isnan(agreement.truthfulqa_variant(found, released, published[:0]).index)
    sizes = sorted(abs(value) for (_, score), value in plain_differences().items() if score == "truthfulqa")
    assert variant.n_compared == len(sizes)
    assert variant.share_within == pytest.approx(sum(size <= 0.1 for size in sizes) / len(sizes))
    assert variant.median_difference == pytest.approx(np.median(sizes))
    assert variant.by_source["scores"].sum() == len(sizes)
    ours = next(row for row in stored("panel_released") if row["model"] == published["model"][0])
    assert variant.anchors["from_mc1"][0] == pytest.approx(float(ours["truthfulqa"]) - published["mc1"][0])


def test_correlation_of_every_pythia_table():
    rows = defaultdict(list)
    for row in stored("panel_pythia_variants"):
        rows[row["table_id"]].append((float(row["hellaswag"]), float(row["truthfulqa"])))
    ours = agreement.table_correlations(tables.read("panel_pythia_variants"))
    assert set(ours.index) == {table for table, pairs in rows.items() if len(pairs) >= 4}
    for table in ours.index:
        x, y = zip(*rows[table], strict=True)
        mx, my = sum(x) / len(x), sum(y) / len(y)
        cov = sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True))
        r = cov / math.sqrt(sum((a - mx) ** 2 for a in x) * sum((b - my) ** 2 for b in y))
        half = 1.959964 / math.sqrt(len(x) - 3)
        assert ours.loc[table, "value"] == pytest.approx(r)
        assert ours.loc[table, "low"] == pytest.approx(math.tanh(math.atanh(r) - half), abs=1e-6)
        assert ours.loc[table, "r"].n == len(x)


def test_tables_with_the_same_scores_share_a_name():
    variants = tables.read("panel_pythia_variants")
    held = defaultdict(set)
    for row in stored("panel_pythia_variants"):
        held[row["table_id"]].add((row["model"], float(row["hellaswag"]), float(row["truthfulqa"])))
    names = agreement.same_tables(variants)
    for table, name in zip(variants["table_id"], names, strict=True):
        assert set(name.split(", ")) == {other for other in held if held[other] == held[table]}


def test_charts_show_every_cell_and_say_what_one_sees(found):
    cells = found.cells
    strip = draw.difference_strip(cells, 1.0, 3.0, "a strip").to_dict()
    shown = next(rows for rows in strip["datasets"].values() if len(rows) == len(cells))
    classes = Counter(row["apart"] for row in shown)
    assert classes["above 3"] == len(found.above(3.0))
    assert classes["up to 1"] == len(cells) - len(found.above(1.0))
    heat = draw.difference_map(cells[cells["model"].isin(found.above(1.0)["model"])], 3.0, "a map").to_dict()
    assert {strip["description"], heat["description"]} == {"a strip", "a map"}


# which measured rows are the released numbers again


def test_copies_are_rows_whose_every_score_is_the_released_number(released):
    measured = tables.panel("measured")
    pair = ["hellaswag", "truthfulqa"]
    there = {row["hf_repo"]: row for row in stored("panel_leaderboard")}
    plain = set()
    for row in stored("panel_released"):
        other = there.get(row["leaderboard_repo"])
        if other and all(
            row[ours] and other[SCORES[ours]] and abs(float(row[ours]) - float(other[SCORES[ours]])) <= 0.005 + 1e-9
            for ours in pair
        ):
            plain.add(row["leaderboard_repo"])
    same = agreement.copies(measured, released, pair)
    assert set(measured.loc[same, "hf_repo"]) == plain
    assert 0 < len(plain) < len(measured)
    one = agreement.copies(measured, released, pair[:1])
    assert (one | ~same).all()  # more scores, fewer copies
    assert one.sum() >= same.sum()


def test_a_model_of_which_one_score_differs_is_no_copy():
    measured = pd.DataFrame({"hf_repo": ["a", "b"], "hellaswag": [10.0, 20.0], "truthfulqa": [40.0, 41.0]})
    measured.index = [7, 9]
    released = pd.DataFrame({"leaderboard_repo": ["a", "b"], "hellaswag": [10.0, 20.0], "truthfulqa": [40.0, 42.0]})
    assert agreement.copies(measured, released, ["hellaswag", "truthfulqa"]).to_dict() == {7: True, 9: False}
    assert agreement.copies(measured, released, ["hellaswag"]).all()


def test_copies_are_told_with_the_value_of_the_others():
    measured = pd.DataFrame({"hf_repo": ["a", "b", "c", "d"], "hellaswag": [10.004, 20.0, 30.0, np.nan]})
    released = pd.DataFrame({"leaderboard_repo": ["a", "b", ""], "hellaswag": [10.0, 20.1, 30.0]})

    def told(rows):
        return agreement.copies_told(rows, released, ["hellaswag"], lambda left: -left["hellaswag"].mean())

    assert told(measured) == (
        "1 of the 3 leaderboard models is a copy: the released score again; the other 2 give -25.00."
    )
    assert told(measured.iloc[[0]]).endswith("no model is left that was measured twice.")
    assert told(measured.iloc[1:]) == ""

    def refuses(rows):
        raise InputError("too few")

    assert agreement.copies_told(measured, released, ["hellaswag"], refuses).endswith("the other 2 give no value.")
