"""Levers inside models: what the released couplings can tell apart, and charts that say where a number is from."""

import numpy as np
import pandas as pd
import pytest

from capelib import levers, present, tables
from capelib.charts import levers as draw
from capelib.charts import theme
from capelib.errors import InputError
from capelib.levers import matching, measures
from capelib.paths import data_dir

COLUMNS = [
    "model",
    "hf_repo",
    "family",
    "n_params",
    "quantity",
    "detail",
    "value",
    "measure_id",
    "flags",
    "source_file",
]


def internals(*rows):
    """Rows of (model, value, measure, flags), each a net coupling in a file of its own."""
    return pd.DataFrame(
        [
            (name, f"lab/{name}", name[0], 1e9, "net_coupling", "", value, measure, flags, f"file of {name}, {measure}")
            for name, value, measure, flags in rows
        ],
        columns=COLUMNS,
    )


def profile(name, measure, values):
    file = f"file of {name}, {measure}"
    rows = [(name, i, len(values), "coupling", value, file) for i, value in enumerate(values)]
    return pd.DataFrame(rows, columns=["model", "layer", "n_layers", "quantity", "value", "source_file"])


@pytest.fixture(scope="module")
def released():
    return tables.read("internals_reported"), tables.read("layer_profiles_reported")


def test_a_constant_and_a_measurement_are_told_apart():
    rows = internals(
        ("A1", 0.9, "constant", ""), ("A2", 0.9 + 1e-8, "constant", ""), ("B1", 0.8, "constant", ""),
        ("A1", 0.5, "measured", ""), ("A2", 0.6, "measured", ""),
    )  # fmt: skip
    layers = pd.concat([profile("A1", "constant", [0.9, 0.9]), profile("A1", "measured", [0.3, 0.7])])
    found = levers.audit(rows, layers).frame.set_index("measure")
    assert found["distinct"].to_dict() == {"constant": 2, "measured": 2}
    assert found["commonest"].to_dict() == {"constant": pytest.approx(2 / 3), "measured": 0.5}
    assert found.loc["constant", "within_family"] == pytest.approx(1e-8)
    assert found.loc["constant", "between_families"] == pytest.approx(0.1)
    assert found.loc["measured", "within_family"] == pytest.approx(0.1)
    assert np.isnan(found.loc["measured", "between_families"])
    assert found.loc["measured", "across_layers"] == pytest.approx(0.4)
    assert found.loc["measured", "off_mean"] == pytest.approx(0)
    assert found.loc["constant", "across_layers"] == 0


def test_the_released_attention_patterns_are_one_number_for_a_family(released):
    found = levers.audit(*released).frame.set_index("measure")
    flat = found.loc[measures.NAMES["attention_pattern_tl"]]
    rows = measures.couplings(released[0]).query("measure == 'attention_pattern_tl'")
    assert flat["distinct"] == rows["family"].nunique()
    assert max(flat["within_family"], flat["across_layers"]) < 2 * np.finfo(np.float32).eps
    heads = found.loc[measures.NAMES["head_level_nc2"]]
    assert heads["distinct"] == heads["models"]
    assert heads["off_mean"] < 1e-6  # the files print six decimals


def test_every_measure_with_a_coupling_has_a_name_and_every_model_one_coupling_of_it(released):
    rows = measures.couplings(released[0])
    assert set(rows["measure"]) == set(measures.NAMES)
    assert not rows.duplicated(["model", "measure"]).any()
    assert rows["value"].between(-1, 1).all()


def test_the_only_profile_of_a_qwen_is_the_largest_one_s(released):
    assert [name for name in released[1]["model"].unique() if "Qwen" in name] == ["Qwen2.5-72B"]


def test_where_a_number_comes_from():
    assert measures.origin("", "head_level_nc2") == measures.RUN
    assert measures.origin("rounded_2dp", "head_level_generation") == measures.ROUNDED
    assert measures.origin("base_run_not_released", "hidden_state_pair") == measures.QUOTED
    assert measures.origin("", "dashboard_constant") == measures.TYPED
    assert measures.origin("no_data_file", "paper_text") == measures.TYPED
    assert measures.worse(measures.QUOTED, measures.RUN) == measures.QUOTED


def test_one_released_value_is_found_or_refused(released):
    value = levers.reported(released[0], "Gemma-3-4B", "pair_coupling", "hidden_state_pair", "pair=HS_TQA")
    rows = released[0].query("model == 'Gemma-3-4B' and detail == 'pair=HS_TQA'")
    assert (value.value, value.method) == (rows["value"].item(), measures.RUN)
    with pytest.raises(InputError, match="0 released values of d_rep for 'Gemma-5'"):
        levers.reported(released[0], "Gemma-5", "d_rep", "hidden_state_pair")
    with pytest.raises(InputError, match="exactly one"):
        levers.reported(pd.concat([rows, rows]), "Gemma-3-4B", "pair_coupling", "hidden_state_pair", "pair=HS_TQA")


def test_a_typed_copy_of_another_measure_is_no_second_measure():
    rows = internals(
        ("A1", 0.3558, "head_level_nc2", ""), ("A1", 0.356, "dashboard_constant", ""),
        ("A2", 0.9, "attention_pattern_tl", ""), ("A2", 0.6, "dashboard_constant", ""),
        ("A2", 0.6, "paper_text", "no_data_file"), ("A3", 0.5, "head_level_nc2", ""),
    )  # fmt: skip
    found = levers.same_model(rows)
    assert found["model"].tolist() == ["A2", "A2"]
    assert found["spread"].unique() == pytest.approx([0.3])


def test_generations_are_compared_within_a_measure_and_untuned():
    rows = internals(("A1", 0.5, "one", ""), ("B1", 0.7, "one", ""), ("B0-it", 0.9, "one", ""), ("B1", 0.1, "two", ""))
    found = levers.within_measure(rows, [("A", "B")])
    assert found[["older", "newer"]].to_numpy().tolist() == [["A1", "B1"]]
    assert found["difference"].item() == pytest.approx(0.2)


def test_a_constant_times_a_share_is_recognised_up_to_rounding():
    share = np.array([1.0, 0.997, 0.031, 0.5])
    low, high = levers.constant_times_share(share.round(3), (0.8297 * share).round(3), 5e-4, 5e-4)
    assert low <= 0.8297 <= high
    low, high = levers.constant_times_share(share, 0.8297 * share**2, 5e-4, 5e-4)
    assert low > high


# charts


def charts(released):
    rows, layers = released
    typed = measures.couplings(rows)
    panel = tables.panel("measured")
    phi = levers.find_model(panel, "microsoft/phi-1_5")
    web = levers.others(panel, "Phi")
    found = levers.readings(web, phi, {name: 1000 for name in tables.BENCHMARKS}, n_boot=100)
    drawn = layers[layers["quantity"] == "coupling"].assign(measure="one", depth=0.5)
    told, source = "What one sees.", ["internals_reported"]
    marked = {"the paper": 1e10, "the model": 1.3e9}
    return {
        "profiles": draw.profiles(drawn, told, source),
        "same": draw.same_model(levers.same_model(rows), told, source),
        "size": draw.by_size(typed[typed["measure"] == "head_level_generation"], told, source),
        "plane": draw.plane(levers.dimensions(rows), told, source),
        "web": draw.against_web(web, {"hellaswag": levers.curve(web, "hellaswag", n_boot=100)}, phi, told, source),
        "sizes": draw.equivalents(matching.table(found).assign(series="s"), marked, told, source),
    }


def test_every_chart_draws_describes_itself_and_names_tables_that_exist(released):
    theme.enable()
    for name, chart in charts(released).items():
        spec = chart.to_dict()
        assert spec["description"], name
        assert all((data_dir() / f"{table}.csv").is_file() for table in spec["usermeta"]["cape"]["tables"]), name
        assert "<svg" in present.static_svg(spec), name


def test_every_origin_has_a_shape_of_its_own(released):
    assert set(draw.ORIGINS) == {measures.RUN, measures.ROUNDED, measures.QUOTED, measures.TYPED}
    assert len(set(draw.ORIGINS.values())) == len(draw.ORIGINS)
    assert set(measures.couplings(released[0])["origin"]) <= set(draw.ORIGINS)


def test_the_figure_s_points_carry_the_less_documented_origin(released):
    plane = levers.dimensions(released[0]).set_index("model")
    assert plane.loc["Gemma-4-E4B", "origin"] == measures.TYPED
    assert plane.loc["Gemma-3-4B", "origin"] == measures.RUN
